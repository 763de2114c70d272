"""`make eval`: measure, write docs/evaluation.md and docs/evaluation.json, fail below the floors.

python -m otklik.evaluation [FOLDER OF DATA] [--only SECTION] [--rivals] [--lower-floors] [--out docs]
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from classifier.evaluation.gate import breaches, lowered, pinned
from classifier.evaluation.report import report
from classifier.evaluation.sections import Given, Section
from classifier.evaluation.sections import sections as _sections
from classifier.model import Model
from classifier.training.data import DataError, data_digest

DATA = "../shared/data"
HOW_TO_GET = (
    "Нет данных для проверки: {folder}. Положите туда perm.csv.gz, kursk.csv.gz, spb.csv.gz и telegram.csv.gz "
    "(что это и откуда — docs/model-card.md) и укажите папку: OTKLIK_DATA=ПАПКА make eval."
)


def main(arguments: list[str] | None = None, sections: Sequence[Section] | None = None) -> int:
    """The exit code: 0, 1 below a floor, 2 for missing data or a lowered floor."""
    known = _sections() if sections is None else sections
    parser = argparse.ArgumentParser(prog="python -m otklik.evaluation")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("OTKLIK_DATA") or DATA))
    parser.add_argument("--only", action="append", choices=[one.name for one in known])
    parser.add_argument(
        "--rivals", action="store_true", help="train the rivals too (20 minutes); else their last figures stay"
    )
    parser.add_argument("--lower-floors", action="store_true", help="accept floors below those of the last report")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    given = parser.parse_args(arguments)
    earlier = _earlier(given.out)
    weaker = lowered(pinned(), earlier.get("floors", {}))
    if weaker and not given.lower_floors:
        print("Пороги понижены: " + ", ".join(weaker) + ". Если так и надо: --lower-floors.", file=sys.stderr)
        return 2
    if not given.folder.is_dir():
        print(HOW_TO_GET.format(folder=given.folder), file=sys.stderr)
        return 2
    try:
        found = _measured(given.folder, Model.load(), earlier, _only(known, given.only), again=given.rivals)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    found["floors"] = pinned()
    written = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (given.out / "evaluation.json").write_text(written, encoding="utf-8")
    # Of the file itself: its order is the report's.
    (given.out / "evaluation.md").write_text(report(json.loads(written), known), encoding="utf-8")
    failed = breaches(found["sections"], pinned())
    for breach in failed:
        print(f"Ниже порога: {breach}", file=sys.stderr)
    return 1 if failed else 0


def _only(known: Sequence[Section], names: Sequence[str] | None) -> list[Section]:
    return [one for one in known if not names or one.name in names]


def _earlier(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _measured(
    folder: Path, model: Model, earlier: Mapping[str, Any], wanted: Sequence[Section], *, again: bool
) -> dict[str, Any]:
    digest = data_digest(folder)
    before = earlier.get("sections", {})
    # figures of other data or of another model are no figures of this one
    same = earlier.get("data_sha256") == digest and earlier.get("model_sha256") == model.header["sha256"]
    result = dict(before) if same else {}
    for section in wanted:
        result[section.name] = _timed(section, Given(folder, model, _say, before.get(section.name, {}), again))
    return {
        "date": date.today().isoformat(),  # noqa: DTZ011  the day on the developer's calendar
        "model": model.version,
        "model_sha256": model.header["sha256"],
        "data_sha256": digest,
        "sections": result,
    }


def _timed(section: Section, given: Given) -> dict[str, Any]:
    start = time.monotonic()
    figures = section.measure(given)
    _say(f"{section.title}: {time.monotonic() - start:.0f} с")
    return figures


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
