"""`otklik deliver`: the role that hands events to sinks; with `--from`, once more what a sink has missed."""

from typing import Annotated

import typer

from otklik.commands.common import ConfigFile, bar, command, load, moment
from otklik.commands.crawl import unknown
from otklik.exits import Exit, Failed

One = Annotated[str | None, typer.Option("--sink", metavar="ID", help="Только этот получатель.")]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="ВРЕМЯ",
        help="Отдать ещё раз события с этого времени (2026-03-05T14:00, пояс региона) и закончить; нужен --sink.",
    ),
]


def register(app: typer.Typer) -> None:
    @command(app, "deliver")
    def deliver(file: ConfigFile, sink: One = None, since: From = None) -> int:
        """Роль: отдавать события получателям.

        У каждого получателя своя очередь: недоступный задерживает только себя. С --from — повторить после сбоя
        у получателя; у событий прежние id, по ним он узнаёт повторы.
        """
        config = load(file)
        known = [one.id for one in config.file.sinks]
        if sink is not None and sink not in known:
            raise Failed(unknown("получателя", sink, known, file))
        if since is None:
            from otklik.roles.deliver import run_deliver  # noqa: PLC0415

            return run_deliver(config, only=sink)
        if sink is None:
            raise typer.BadParameter("нужен --sink: какому получателю повторить", param_hint="--from")
        from otklik.roles.deliver import deliver_again  # noqa: PLC0415

        with bar("события") as done:
            resent = deliver_again(config, sink, moment(since, config.region.timezone.key), done)
        typer.echo(f"Получателю {sink} отдано ещё раз событий: {resent.sent}.")
        if resent.refused:
            raise Failed(f"От этих событий он отказался: {', '.join(resent.refused)}.", Exit.SOME_BAD)
        return Exit.OK
