"""`otklik check`: every mistake of the file at once; with `--live`, whether sources and receivers would work now."""

from pathlib import Path
from typing import Annotated

import typer

from otklik.commands.common import Json, command, load, print_json
from otklik.exits import Exit

SchemaOnly = Annotated[
    bool, typer.Option("--schema", help="Напечатать JSON Schema файла региона (для редакторов) и выйти.")
]
Live = Annotated[
    bool, typer.Option("--live", help="Спросить каждый источник, получателя, базу и шину, работают ли они сейчас.")
]
OptionalFile = Annotated[Path | None, typer.Argument(metavar="ФАЙЛ", help="Файл региона.")]


def register(app: typer.Typer) -> None:
    @command(app, "check")
    def check(file: OptionalFile = None, live: Live = False, schema: SchemaOnly = False, as_json: Json = False) -> int:
        """Проверить файл региона: все ошибки сразу, каждая с местом и подсказкой.

        С --live посещает источники (ничего не сохраняя) и проверяет получателей, базу, шину и модель.
        Код 0 — всё в порядке, 1 — что-то сейчас не работает (--live), 2 — ошибки в файле.
        """
        if schema:
            from otklik.config.schema import schema_text  # noqa: PLC0415

            typer.echo(schema_text(), nl=False)
            return Exit.OK
        if file is None:
            raise typer.BadParameter("укажите файл региона", param_hint="ФАЙЛ")
        return _check(file, live=live, as_json=as_json)


def _check(file: Path, *, live: bool, as_json: bool) -> Exit:
    from otklik.config import ConfigErrors  # noqa: PLC0415

    try:
        config = load(file, author_key=True)
        if config.file.routing.tests:
            from otklik.routing import run_tests  # noqa: PLC0415

            run_tests(config)
    except ConfigErrors as errors:
        if not as_json:
            raise
        print_json({"ok": False, "problems": [p.as_json() for p in errors.problems], "notes": [], "live": None})
        return Exit.USAGE
    results = []
    if live:
        from otklik.live import check_all  # noqa: PLC0415

        results = check_all(config)
    bad = [result for result in results if not result.ok]
    if as_json:
        notes = [note.as_json() for note in config.notes]
        shown = [result.as_json() for result in results] if live else None
        print_json({"ok": not bad, "problems": [], "notes": notes, "live": shown})
    else:
        for note in config.notes:
            typer.echo(f"Заметка: {note}", err=True)
        for result in results:
            typer.echo(str(result))
        f = config.file
        found = (
            f"{file}: ошибок нет."
            if not bad
            else (f"{file}: в файле ошибок нет, но сейчас не работает {len(bad)} из {len(results)}: строки с «НЕТ».")
        )
        typer.echo(f"{found} Источников: {len(f.sources)}, получателей: {len(f.sinks)}.")
    return Exit.SOME_BAD if bad else Exit.OK
