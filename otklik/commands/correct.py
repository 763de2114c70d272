"""`otklik correct`: an operator's word on a text, obeyed from then on."""

from pathlib import Path
from typing import Annotated

import typer

from otklik import naming
from otklik.clock import now
from otklik.commands.common import ConfigFile, command, load
from otklik.exits import Exit, Failed

TextOption = Annotated[str | None, typer.Option("--text", metavar="ТЕКСТ", help="Текст публикации, как он написан.")]
Id = Annotated[str | None, typer.Option("--id", metavar="ID", help="Имя публикации, например vk:-1_2.")]
Topic = Annotated[
    str | None, typer.Option("--topic", metavar="ТЕМА", help="Верная тема: как в ответах, как на экране или id.")
]
GroupOption = Annotated[str | None, typer.Option("--group", metavar="ГРУППА", help="Верная группа, если тема неясна.")]
Relevant = Annotated[
    bool | None, typer.Option("--relevant/--irrelevant", help="О беде публикация или нет.", show_default=False)
]
Municipality = Annotated[
    str | None, typer.Option("--municipality", metavar="МЕСТО", help="Верный муниципалитет: название, город или ОКТМО.")
]
Who = Annotated[str, typer.Option("--as", metavar="ИМЯ", help="Кто исправляет.")]


def register(app: typer.Typer) -> None:
    @command(app, "correct")
    def correct(
        file: ConfigFile,
        *,
        who: Who,
        text: TextOption = None,
        id_: Id = None,
        topic: Topic = None,
        group: GroupOption = None,
        relevant: Relevant = None,
        municipality: Municipality = None,
    ) -> int:
        """Исправить разметку: классификатор слушается сразу, следующее обучение — с train --corrections.

        Строка дописывается в файл из ключа corrections. Тот же текст узнаётся без учёта регистра, знаков и форм слов;
        из нескольких исправлений одного текста действует последнее. Личные номера в файл не попадают.
        """
        if text is None and id_ is None:
            raise typer.BadParameter("укажите --text или --id: какую публикацию исправить", param_hint="--text")
        if topic is None and group is None and relevant is None and municipality is None:
            raise typer.BadParameter(
                "скажите, что верно: --topic, --group, --relevant, --irrelevant или --municipality",
                param_hint="--topic",
            )
        if not who.strip():
            raise typer.BadParameter("нужно имя", param_hint="--as")
        config = load(file)
        target: Path | None = config.file.corrections
        if target is None:
            raise Failed(f"В файле {file} нет ключа corrections: напишите, куда складывать исправления, например\n"
                         "corrections: var/corrections.jsonl")  # fmt: skip
        from classifier.corrections import Correction, append, key  # noqa: PLC0415
        from text import clean, lemmas, mask  # noqa: PLC0415

        spelling = None if topic is None else naming.topic(config, topic)
        parent = None if group is None else naming.group(config, group)
        if spelling is not None and parent not in (None, config.topics.group_of[spelling]):
            raise Failed(f"Тема «{spelling}» — из группы «{config.topics.group_of[spelling]}», а не «{parent}».")
        said = None if text is None else mask(clean(text))
        if said is not None and not key(lemmas(said)):
            raise Failed("В этом тексте нет слов: узнать его нельзя. Исправляйте по --id.")
        correction = Correction(
            text=said,
            id=id_,
            topic=spelling,
            group=parent,
            relevant=relevant,
            municipality=None if municipality is None else naming.municipality(config, municipality),
            by=who.strip(),
            at=now(),
        )
        append(target, correction)
        typer.echo(f"Исправление записано: {target}.")
        return Exit.OK
