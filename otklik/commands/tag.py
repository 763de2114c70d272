"""`otklik tag`: posts in, judgements out, a line for a line."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from otklik.commands.common import command, load, logs
from otklik.exits import Failed

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="ФАЙЛ", help="Файл региона; без него — вся Россия и никаких предположений."),
]
Heads = Annotated[
    list[str] | None,
    typer.Option("--head", metavar="ИМЯ=ФАЙЛ.npz", help="Дополнительная голова; можно несколько раз."),
]
BATCH = 64
"""Lines judged at once: batches of 32 and more are some ten times as fast as single texts, and a pipe still flows."""


def register(app: typer.Typer) -> None:
    @command(app, "tag")
    def tag(config: ConfigOption = None, head: Heads = None) -> int:
        """Разметить публикации: JSON Lines на входе, по строке на выходе, в том же порядке.

        Поля строки: text и, по желанию, id, title, context, kind, published, source, author, source_municipality.
        Без id им становится номер строки. Негодная строка называется в stderr и пропускается; код выхода тогда 1.
        """
        heads = dict(_head(value) for value in head or ())
        if config is None:
            logs()
        settings = None if config is None else load(config)
        from otklik.tagging import tag_lines  # noqa: PLC0415

        return tag_lines(sys.stdin.buffer, sys.stdout.buffer, settings, heads, BATCH)


def _head(value: str) -> tuple[str, Path]:
    name, equals, file = value.partition("=")
    if not (name and equals and file):
        raise typer.BadParameter(f"«{value}» не понято; нужно ИМЯ=ФАЙЛ.npz", param_hint="--head")
    if not Path(file).is_file():
        raise Failed(f"Нет файла модели {file} (--head {name}).")
    return name, Path(file)
