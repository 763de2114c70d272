"""A head of an operator's own, from a table of texts and labels."""

import csv
import gzip
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from classifier.head import TextHead
from classifier.training.data import DataError, prepare
from classifier.training.fit import SEED
from classifier.training.names import unknown_capitals
from classifier.training.net import Labelled, Told, settings, train_net
from classifier.training.vectors import MISSING, installed
from text.refusal import refusal

TEXT = "text"
MOST_ROWS = 100_000
"""More are drawn from by chance: then training ends within a quarter of an hour on one core, whatever the table."""
FEWEST_ROWS = 10
"""Below that nothing is learned that a person would not see at a glance."""


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """A table as text; gzip is known by its first bytes, a BOM (Excel writes one) is dropped."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    opener = gzip.open if packed else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield file


def read_table(path: Path, text: str, target: str) -> list[tuple[str, str]]:
    """Pairs of text and label; rows without a label are left out. A comma or a semicolon separates,
    as the first line shows.

    Raises:
        DataError: the file can't be read, or a column is missing.
    """
    try:
        with _opened(path) as file:
            first = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=";" if first.count(";") > first.count(",") else ",")
            columns = [name for name in reader.fieldnames or () if name]
            missing = [name for name in (text, target) if name not in columns]
            if missing:
                raise DataError(
                    f"В файле {path} нет столбцов: {', '.join(missing)}. Есть: {', '.join(columns) or 'ни одного'}. "
                    "Назовите нужные: --target СТОЛБЕЦ, --text СТОЛБЕЦ."
                )
            # a label is one line: it is kept as one in the model's file
            return [(row[text] or "", label) for row in reader if (label := " ".join((row[target] or "").split()))]
    except OSError as error:
        raise DataError(f"Файл {path} не читается: {refusal(error)}.") from error
    except (UnicodeDecodeError, EOFError, csv.Error) as error:
        raise DataError(f"Файл {path} не понят: нужна таблица CSV в кодировке UTF-8.") from error


def train_head(
    path: Path,
    out: Path,
    target: str,
    *,
    text: str = TEXT,
    progress: Callable[[str], None] = lambda _: None,
    told: Told = lambda _: None,
    created: date | None = None,
) -> TextHead:
    """Train a head on a column of a table and write it to `out`; the head as read back is returned.

    Same table and date, same bytes.

    Raises:
        DataError: the table can't be read, or teaches nothing.
    """
    progress("Чтение и разбор текстов")
    table = read_table(path, text, target)
    known = Counter(label for _, label in table)
    if len(table) < FEWEST_ROWS or len(known) < 2:
        raise DataError(
            f"В файле {path} строк с меткой {target}: {len(table)}, разных меток: {len(known)}. "
            f"Нужно не меньше {FEWEST_ROWS} строк и двух меток."
        )
    if len(table) > MOST_ROWS:
        progress(f"Строк {len(table)}, для обучения взято {MOST_ROWS} случайных")
        table = random.Random(SEED).sample(table, MOST_ROWS)  # noqa: S311  reproducible, not secret
    texts = [prepare(said) for said, _ in table]
    progress(f"Обучение: {len(table)} текстов, {len(known)} меток")
    if not installed():
        progress(MISSING)
    data = Labelled([lemmas for _, lemmas in texts], [label for _, label in table])
    net = train_net(data, unknown_capitals(ready for ready, _ in texts), told).net
    progress("Запись модели")
    TextHead(target, net).save(
        out,
        {
            "created": (created or date.today()).isoformat(),  # noqa: DTZ011  the operator's calendar day
            "data_sha256": sha256(path.read_bytes()).hexdigest(),
            "settings": settings(),
            "texts": len(table),
        },
    )
    return TextHead.load(out)
