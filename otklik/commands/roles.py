"""`otklik classify` and `console`: one role each; `crawl`, `deliver` and `incidents` have modules of their own."""

import typer

from otklik.commands.common import ConfigFile, command, load


def register(app: typer.Typer) -> None:
    @command(app, "classify")
    def classify(file: ConfigFile) -> int:
        """Роль: определять тему, место и значимость публикаций."""
        from otklik.roles.classify import run_classify  # noqa: PLC0415

        return run_classify(load(file))

    @command(app, "console")
    def console(file: ConfigFile) -> int:
        """Роль: ленты, API, здоровье и метрики по HTTP."""
        from otklik.roles.console import run_console  # noqa: PLC0415

        return run_console(load(file))
