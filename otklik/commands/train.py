"""`otklik train`: a new model from labelled data."""

from pathlib import Path
from typing import Annotated

import typer

from otklik.commands.common import command, logs
from otklik.exits import Exit

Data = Annotated[Path, typer.Option("--data", metavar="ПАПКА", help="Папка с размеченными данными (perm.csv.gz…).")]
Out = Annotated[Path, typer.Option("--out", metavar="МОДЕЛЬ.npz", help="Куда записать модель.")]


Corrections = Annotated[
    Path | None,
    typer.Option("--corrections", metavar="ФАЙЛ.jsonl", help="Исправления операторов (otklik correct): учесть и их."),
]


def register(app: typer.Typer) -> None:
    @command(app, "train")
    def train(data: Data, out: Out, corrections: Corrections = None) -> int:
        """Обучить модель классификатора на размеченных данных.

        Готовая модель уже есть в программе. Новую указывают в файле региона: classifier: {model: МОДЕЛЬ.npz}.
        """
        logs()
        from classifier import train as train_model  # noqa: PLC0415

        train_model(data, out, lambda line: typer.echo(line, err=True), corrections=corrections)
        typer.echo(f"Модель записана: {out}.")
        return Exit.OK
