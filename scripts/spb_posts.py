"""Appeals for `otklik replay` out of a labelled data set, each with the time and the address that the portal gave it.

python scripts/spb_posts.py [--rows 10000] [--data ../shared/data/spb.csv.gz] > posts.jsonl
"""

import argparse
import csv
import gzip
import json
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/spb.csv.gz"))
    options = parser.parse_args()
    csv.field_size_limit(1 << 24)
    with gzip.open(options.data, "rt", encoding="utf-8", newline="") as file:
        for row in islice(csv.DictReader(file), options.rows):
            post = {
                "id": f"appeal:spb-{row['id']}",
                "kind": "appeal",
                "text": row["text"],
                "published": datetime.fromisoformat(row["created"][:19]).replace(tzinfo=UTC).isoformat(),
                "address": row["address"],
                "source_municipality": row["district"],
            }
            sys.stdout.write(json.dumps({k: v for k, v in post.items() if v}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
