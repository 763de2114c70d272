"""`otklik evaluate`: how good a head is on rows it has not seen."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otklik.commands.common import Json, command, logs, print_json
from otklik.exits import Exit

if TYPE_CHECKING:
    from classifier.evaluation.tables import Figures

ModelFile = Annotated[Path, typer.Argument(metavar="МОДЕЛЬ.npz", help="Голова, обученная otklik train.")]
Rows = Annotated[Path, typer.Argument(metavar="ТАБЛИЦА.csv", help="Таблица с текстами и верными метками.")]
Target = Annotated[
    str | None, typer.Option("--target", metavar="СТОЛБЕЦ", help="Столбец с меткой; без ключа — тот, на котором учили.")
]
TextName = Annotated[str, typer.Option("--text", metavar="СТОЛБЕЦ", help="Столбец с текстами.")]


def register(app: typer.Typer) -> None:
    @command(app, "evaluate")
    def evaluate(
        model: ModelFile, rows: Rows, *, target: Target = None, text: TextName = "text", as_json: Json = False
    ) -> int:
        """Проверить голову на размеченных строках, которых она не видела.

        F1 — среднее точности и полноты: взвешенное по числу строк каждой метки и простое (редкие метки весят столько
        же). Доля верных — accuracy. Метка, которой не было при обучении, считается ошибкой.
        """
        logs()
        from classifier.evaluation.tables import evaluate_head  # noqa: PLC0415
        from classifier.head import TextHead  # noqa: PLC0415

        figures = evaluate_head(TextHead.load(model), rows, text=text, target=target)
        if as_json:
            print_json(asdict(figures))
        else:
            _show(figures)
        return Exit.OK


def _show(figures: "Figures") -> None:
    typer.echo(f"Метка: {figures.label}, строк: {figures.n}")
    typer.echo(f"F1 взвешенное {figures.weighted_f1:.3f}, F1 простое {figures.macro_f1:.3f}, "
               f"доля верных {figures.accuracy:.3f}")  # fmt: skip
    if figures.unknown:
        typer.echo(f"Строк с метками, которых не было при обучении: {figures.unknown}")
    typer.echo(f"\n{'F1':>6}{'точность':>10}{'полнота':>9}{'строк':>7}{'ответов':>9}  метка")
    for one in sorted(figures.labels, key=lambda one: (-one.texts, one.label)):
        typer.echo(f"{one.f1:6.3f}{one.precision:10.3f}{one.recall:9.3f}{one.texts:7d}{one.answers:9d}  {one.label}")
