"""Posts for `otklik replay` out of a labelled data set: seeded times and municipalities, since the set has neither.

python scripts/perm_posts.py [--rows 2000] [--seed 1] [--data ../shared/data/perm.csv.gz] > posts.jsonl
"""

import argparse
import csv
import gzip
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

MUNICIPALITIES = ("Челябинск", "Магнитогорск", "Миасс", "Златоуст", "Копейск", "Озёрск", "Троицк", "Сатка")
START = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = timedelta(days=28)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/perm.csv.gz"))
    options = parser.parse_args()
    csv.field_size_limit(1 << 24)
    with gzip.open(options.data, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    draw = random.Random(options.seed)
    for number, row in enumerate(draw.sample(rows, options.rows)):
        post = {
            "id": f"perm:{number}",
            "text": row["text"],
            "published": (START + draw.random() * SPAN).isoformat(),
            "source_municipality": draw.choice(MUNICIPALITIES),
        }
        sys.stdout.write(json.dumps(post, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
