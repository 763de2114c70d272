"""`python -m tests.soak [--minutes M] [--seed N] [--folder DIR]`."""

import argparse
import tempfile
from pathlib import Path

from tests.soak.world import soak


def main() -> int:
    parser = argparse.ArgumentParser(description="Crawl simulators through faults and kills; compare at the end.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="an empty one, kept; else a temporary one")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="otklik-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    result = soak(folder, arguments.minutes * 60, arguments.seed, lambda line: print(line, flush=True))
    for name, counts in (("acts", result.acts), ("faults", result.trouble)):
        print(f"{name}: {counts.total()} ({', '.join(f'{what} {n}' for what, n in sorted(counts.items()))})")
    print(f"crawlers killed: {result.kills}")
    print(f"standing at the end: {result.standing}; deletions followed: {result.deletions}; edits: {result.edits}")
    print(f"records that came again, the same: {result.repeated}")
    for name in ("missing", "stale", "undead", "invented", "twice"):
        found = getattr(result, name)
        print(f"{name}: {len(found)} {found[:10] if found else ''}")
    print("EXACT" if result.exact else f"NOT EXACT; see {folder}")
    return 0 if result.exact else 1


raise SystemExit(main())
