"""`otklik train`: a new model from labelled data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from otklik.commands.common import command, logs
from otklik.exits import Exit, Failed

Labels = Annotated[
    Path | None, typer.Argument(metavar="ТАБЛИЦА.csv", help="Таблица с текстами и метками: обучить свою голову.")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="ПАПКА", help="Папка с perm.csv.gz и telegram.csv.gz: обучить основную модель."),
]
Out = Annotated[Path, typer.Option("--out", metavar="МОДЕЛЬ.npz", help="Куда записать модель.")]
Target = Annotated[str | None, typer.Option("--target", metavar="СТОЛБЕЦ", help="Столбец таблицы, которому учить.")]
TextName = Annotated[str, typer.Option("--text", metavar="СТОЛБЕЦ", help="Столбец таблицы с текстами.")]


Corrections = Annotated[
    Path | None,
    typer.Option("--corrections", metavar="ФАЙЛ.jsonl", help="Исправления операторов (otklik correct): учесть и их."),
]


def register(app: typer.Typer) -> None:
    @command(app, "train")
    def train(
        *,
        labels: Labels = None,
        data: Data = None,
        out: Out,
        target: Target = None,
        text: TextName = "text",
        corrections: Corrections = None,
    ) -> int:
        """Обучить классификатор: основную модель (--data) или свою голову на столбце таблицы (--target).

        Готовая модель уже есть в программе. Новую указывают в файле региона: classifier: {model: МОДЕЛЬ.npz}, свою
        голову — classifier: {heads: {executor: МОДЕЛЬ.npz}} или ключом --head у tag. Проверить голову: otklik evaluate.
        """
        if (labels is None) == (data is None):
            raise typer.BadParameter("укажите одно: таблицу или --data ПАПКА", param_hint="--data")
        if labels is not None and target is None:
            raise typer.BadParameter("какому столбцу таблицы учить?", param_hint="--target")
        if labels is not None and corrections is not None:
            raise typer.BadParameter("исправления учитывает основная модель (--data)", param_hint="--corrections")
        if not out.parent.is_dir():
            raise Failed(f"Нет папки {out.parent}: модель некуда записать. Создайте её.")
        logs()
        with bar() as told:
            if data is not None:
                from classifier import train as train_model  # noqa: PLC0415

                train_model(data, out, _say, told=told, corrections=corrections)
            else:
                from classifier.training.heads import train_head  # noqa: PLC0415

                train_head(labels, out, target, text=text, progress=_say, told=told)  # type: ignore[arg-type]
        typer.echo(f"Модель записана: {out}.")
        return Exit.OK


def _say(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def bar() -> Iterator[Callable[[float], None]]:
    """A progress bar on a terminal's stderr; nothing where the output goes to a file."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("осталось"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Обучение", total=1.0)
        yield lambda done: progress.update(task, completed=done)
