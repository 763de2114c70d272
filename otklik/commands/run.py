"""`otklik run`: every role on this machine."""

from typing import Annotated

import typer

from otklik.commands.common import ConfigFile, command, load, options

Once = Annotated[
    bool, typer.Option("--once", help="Обойти каждый источник один раз, обработать всё и закончить с кодом 0.")
]
Watch = Annotated[bool, typer.Option("--watch", help="Показывать инциденты по мере появления.")]


def register(app: typer.Typer) -> None:
    @command(app, "run")
    def run(file: ConfigFile, once: Once = False, watch: Watch = False) -> int:
        """Запустить все роли на этой машине и следить за ними.

        Упавшая роль запускается снова. SIGHUP перечитывает файл (негодный не принимается, работа идёт по прежнему),
        Ctrl-C или SIGTERM останавливает всё по порядку. Таблицы базы SQLite создаются и обновляются сами.
        """
        config = load(file, author_key=True)
        for note in config.notes:
            typer.echo(f"Заметка: {note}", err=True)
        from otklik.running import run_all  # noqa: PLC0415

        flags = [flag for flag, given in (("--verbose", options.verbose), ("--debug", options.debug)) if given]
        return run_all(config, once=once, watch=watch, flags=flags)
