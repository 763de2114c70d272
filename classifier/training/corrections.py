"""What operators corrected, as training texts."""

from collections.abc import Callable, Mapping
from pathlib import Path

from classifier.corrections import BadLine, last, parsed
from classifier.training.data import DataError, Row, prepare
from text.refusal import refusal

COPIES = 5
"""Times a corrected text counts for its topic: somebody looked at it twice, and of labels in the data a third of the
topics is ambiguous."""


def corrected(file: Path, group_of: Mapping[str, str], report: Callable[[BadLine], None]) -> list[Row]:
    """The last word on each text. A correction by id alone, or of the place, teaches nothing here.

    `group_of` are the topics that can be learned; a line with another one is reported and left out, as a bad line is.

    Raises:
        DataError: the file can't be read.
    """
    try:
        lines = list(parsed(file, lambda what, name: what != "topic" or name in group_of))
    except OSError as error:
        raise DataError(f"Файл исправлений {file} не читается: {refusal(error)}.") from error
    rows = []
    for line in lines:
        if isinstance(line, BadLine):
            report(line)
    for one in last(line for line in lines if not isinstance(line, BadLine)):
        if one.text is None or (one.topic is None and one.relevant is None):
            continue
        text, lemmas = prepare(one.text)
        group = group_of[one.topic] if one.topic else None
        relevant = one.relevant if one.relevant is not None else True
        rows.append(Row(text, lemmas, group, one.topic, relevant, "own:corrected"))
    return rows
