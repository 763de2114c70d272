"""Fails when a JUnit report shows that a test was skipped, or that none ran against Kafka or PostgreSQL."""

import sys
from xml.etree import ElementTree

REQUIRED = ("kafka", "postgres")
"""Markers: tests/conftest.py writes them into the report as properties."""


def main(path: str) -> int:
    cases = list(ElementTree.parse(path).iter("testcase"))
    skipped = [f"{c.get('classname')}::{c.get('name')}" for c in cases if c.find("skipped") is not None]
    ran = {
        marker: sum(
            any(p.get("name") == "marker" and p.get("value") == marker for p in case.iter("property")) for case in cases
        )
        for marker in REQUIRED
    }
    print("; ".join(f"{marker}: {count} tests ran" for marker, count in ran.items()))
    for name in skipped:
        print(f"skipped: {name}", file=sys.stderr)
    for marker, count in ran.items():
        if not count:
            print(f"no test ran against {marker}", file=sys.stderr)
    return 1 if skipped or not all(ran.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
