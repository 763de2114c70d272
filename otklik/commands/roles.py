"""`otklik classify`, `incidents` and `console`: one role each; `crawl` and `deliver` have commands of their own."""

import typer

from otklik.commands.common import ConfigFile, command, load


def register(app: typer.Typer) -> None:
    @command(app, "classify")
    def classify(file: ConfigFile) -> int:
        """Роль: определять тему, место и значимость публикаций."""
        from otklik.roles.classify import run_classify  # noqa: PLC0415

        return run_classify(load(file))

    @command(app, "incidents")
    def incidents(file: ConfigFile) -> int:
        """Роль: собирать публикации об одной беде в инцидент и выпускать события."""
        from otklik.roles.incidents import run_incidents  # noqa: PLC0415

        return run_incidents(load(file))

    @command(app, "console")
    def console(file: ConfigFile) -> int:
        """Роль: ленты, API, здоровье и метрики по HTTP."""
        from otklik.roles.console import run_console  # noqa: PLC0415

        return run_console(load(file))
