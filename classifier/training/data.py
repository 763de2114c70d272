"""Training texts: the sets of `../shared/data`, cleaned, masked and lemmatised."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from classifier.features import judged_lemmas
from text import clean, mask
from text.refusal import refusal

PERM = "perm.csv.gz"
TELEGRAM = "telegram.csv.gz"
KURSK = "kursk.csv.gz"
SPB = "spb.csv.gz"
OWN_FILES = ("relevance.jsonl", "relevance_hard.jsonl")
"""Texts of our own for relevance, beside this module."""
_EMPTY = "сообщение без текста"

csv.field_size_limit(2**27)


class DataError(Exception):
    """Training data is missing or not in the expected form; the message is in Russian."""


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled text. `group`, `topic`, `executor` (the body it went to) and `relevant` are None where unknown."""

    text: str
    lemmas: tuple[str, ...]
    group: str | None = None
    topic: str | None = None
    relevant: bool | None = None
    origin: str = ""
    executor: str | None = None


def prepare(text: str) -> tuple[str, tuple[str, ...]]:
    """Text as it would stand in a post, and its lemmas."""
    ready = mask(clean(text))
    return ready, tuple(judged_lemmas(ready))


def read_rows(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = sorted(set(columns) - set(reader.fieldnames or ()))
            if missing:
                raise DataError(f"В файле данных {path} нет столбцов: {', '.join(missing)}.")
            return list(reader)
    except OSError as error:
        raise DataError(
            f"Файл данных {path} не читается: {refusal(error)}. "
            "Укажите папку с perm.csv.gz и telegram.csv.gz: otklik train --data ПАПКА."
        ) from error


def perm(folder: Path) -> list[Row]:
    """Citizens' messages with group and topic; all are relevant."""
    rows = []
    for row in read_rows(folder / PERM, ("group", "topic", "text")):
        text, found = prepare(row["text"])
        relevant = None if _is_empty(text) else True
        rows.append(Row(text, found, row["group"], row["topic"], relevant, "perm", row.get("executor") or None))
    return rows


def _is_empty(text: str) -> bool:
    return text.lower().startswith(_EMPTY) or not text


def telegram(folder: Path) -> list[Row]:
    """Posts of channels: news of everything else, advertisements, talk. None is taken as relevant."""
    rows = []
    for row in read_rows(folder / TELEGRAM, ("channel", "text")):
        text, found = prepare(row["text"])
        rows.append(Row(text, found, relevant=False, origin=row["channel"]))
    return rows


def kursk(folder: Path) -> list[Row]:
    """Appeals of Kursk region with their category as `topic`. Only measured with, never trained on."""
    table = read_rows(folder / KURSK, ("category", "text"))
    return [Row(*prepare(row["text"]), topic=row["category"], origin="kursk") for row in table]


def spb(folder: Path) -> list[Row]:
    """Different texts of Saint Petersburg's portal with their most frequent category as `topic`."""
    categories: dict[str, Counter[str]] = {}
    for row in read_rows(folder / SPB, ("category", "text")):
        categories.setdefault(row["text"], Counter())[row["category"]] += 1
    return [Row(*prepare(text), topic=counts.most_common(1)[0][0], origin="spb") for text, counts in categories.items()]


def data_digest(folder: Path) -> str:
    """SHA-256 over the bytes of everything a model is trained on."""
    total = sha256()
    for name in (PERM, TELEGRAM):
        total.update(name.encode())
        total.update((folder / name).read_bytes())
    for name in OWN_FILES:
        total.update(files("classifier.training").joinpath(name).read_bytes())
    return total.hexdigest()
