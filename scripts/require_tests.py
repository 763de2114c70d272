"""Fails when a JUnit report shows that a test was skipped, or that none ran against Kafka or PostgreSQL."""

import sys
from collections import Counter
from xml.etree import ElementTree

REQUIRED = ("kafka", "postgres")
"""Markers: tests/conftest.py writes them into the report as properties."""


def main(path: str) -> int:
    cases = list(ElementTree.parse(path).iter("testcase"))
    skipped = [case for case in cases if case.find("skipped") is not None]
    properties = (p for case in cases if case not in skipped for p in case.iter("property"))
    markers = Counter(p.get("value") for p in properties if p.get("name") == "marker")
    ran = {marker: markers[marker] for marker in REQUIRED}
    print("; ".join(f"{marker}: {count} tests ran" for marker, count in ran.items()))
    for case in skipped:
        print(f"skipped: {case.get('classname')}::{case.get('name')}", file=sys.stderr)
    for marker, count in ran.items():
        if not count:
            print(f"no test ran against {marker}", file=sys.stderr)
    return 1 if skipped or not all(ran.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
