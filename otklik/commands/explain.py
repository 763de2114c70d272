"""`otklik explain`: why a text is judged as it is."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from otklik.clock import now
from otklik.commands.common import Json, command, load, logs, moment, print_json
from otklik.exits import Exit

TextArgument = Annotated[str, typer.Argument(metavar="ТЕКСТ", help="Текст публикации; «-» — прочесть со входа.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="ФАЙЛ", help="Файл региона; без него — вся Россия и темы без изменений."),
]
Published = Annotated[
    str | None,
    typer.Option(
        "--published", metavar="ВРЕМЯ", help="Когда опубликовано (зимой срочность другая); без него — сейчас."
    ),
]


def register(app: typer.Typer) -> None:
    @command(app, "explain")
    def explain(
        text: TextArgument, config: ConfigOption = None, published: Published = None, as_json: Json = False
    ) -> int:
        """Объяснить разметку текста: какие слова решили тему и значимость, на чём стоят место и срочность.

        Веса слов складываются в оценку точно; доля — какую часть всего, что говорит за
        одну из двух тем, дало слово: с минусом — за вторую. Внизу — перевес первой.
        """
        if config is None:
            logs()
        settings = None if config is None else load(config)
        from rich.console import Console  # noqa: PLC0415

        from classifier import Classifier, Item  # noqa: PLC0415
        from classifier.explain import explain as explained  # noqa: PLC0415
        from otklik import explaining  # noqa: PLC0415
        from otklik.roles.classify import load_classifier  # noqa: PLC0415
        from text import clean_cut, mask  # noqa: PLC0415

        when = now()
        if published is not None:
            when = moment(published, settings.region.timezone.key if settings else "UTC")
        raw = sys.stdin.buffer.read().decode("utf-8", "replace") if text == "-" else text
        cleaned, truncated = clean_cut(raw)
        if truncated:
            typer.echo("Текст длиннее 20 000 символов: остаток отброшен.", err=True)
        classifier = Classifier.load() if settings is None else load_classifier(settings)
        found = explained(classifier, Item(mask(cleaned), published=when))
        if as_json:
            print_json(explaining.as_json(found, classifier))
        else:
            explaining.show(found, classifier, Console(highlight=False))
        return Exit.OK
