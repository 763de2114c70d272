"""Lines in, judged lines out: what `tag` does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson
import typer

from classifier import Classifier, Item
from classifier.corrections import BadLine
from classifier.tagline import BadLine as NotJudged
from classifier.tagline import id_of_line, item_of_line, tag_line
from otklik.commands.common import progress
from otklik.config import Config
from otklik.exits import Exit
from otklik.lines import POSTS, parsed, recognised
from otklik.roles.classify import load_classifier


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    item: Item


def tag_lines(source: BinaryIO, out: BinaryIO, config: Config | None, heads: Mapping[str, Path], batch: int) -> Exit:
    """Write the judgement of each good line, in their order; name each bad one with its number on standard error.

    Raises:
        ModelError: a model's file can't be used.
        Failed: the input is no file of posts.
    """
    classifier = Classifier.load(heads=heads) if config is None else load_classifier(config, heads)
    bad = 0
    lines = iter(progress(recognised(_lines(source), "Вход", POSTS), "разметка"))
    while some := list(islice(lines, batch)):
        good = [line for line in some if isinstance(line, Line)]
        for line in some:
            if isinstance(line, BadLine):
                bad += 1
                typer.echo(str(line), err=True)
        for one, tags in zip(good, classifier.classify([line.item for line in good]), strict=True):
            out.write(orjson.dumps(tag_line(one.id, tags, truncated=one.item.truncated)) + b"\n")
        out.flush()
    return Exit.SOME_BAD if bad else Exit.OK


def _lines(source: BinaryIO) -> Iterator[Line | BadLine]:
    for number, value in parsed(source):
        if isinstance(value, BadLine):
            yield value
            continue
        try:
            line = Line(id_of_line(value) or str(number), item_of_line(value))
        except NotJudged as error:
            yield BadLine(number, str(error))
        else:
            yield line
