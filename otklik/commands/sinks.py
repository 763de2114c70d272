"""`otklik sinks`: the receivers, one by one."""

from typing import Annotated

import typer

from otklik.clock import now
from otklik.commands.common import ConfigFile, command, group, load
from otklik.commands.crawl import unknown
from otklik.exits import Exit, Failed

One = Annotated[str, typer.Argument(metavar="ID", help="Имя получателя из раздела sinks.")]


def register(app: typer.Typer) -> None:
    sinks = group(app, "sinks", "Получатели: проверить, доходит ли до них.")

    @command(sinks, "test")
    def test(file: ConfigFile, sink: One) -> int:
        """Отправить получателю одно пробное событие, помеченное как проверка.

        Условия when и расписание не смотрятся: событие уходит сразу. В нём data.test: true, название «Проверка связи»
        и номер, какого не бывает у инцидентов. Ничего не отправить, только спросить: otklik check --live.
        """
        from otklik.roles.deliver import open_sink  # noqa: PLC0415
        from sinks import DeliveryFailed, EventRefused  # noqa: PLC0415
        from sinks.probe import probe  # noqa: PLC0415

        config = load(file)
        known = [one.id for one in config.file.sinks]
        if sink not in known:
            raise Failed(unknown("получателя", sink, known, file))
        opened, _ = open_sink(config, sink)
        event = probe(config.region.slug, now())
        try:
            opened.deliver([event])
        except EventRefused as error:
            raise Failed(f"Не принято: {error.reason}.", Exit.SOME_BAD) from error
        except DeliveryFailed as error:
            raise Failed(f"Не доставлено: {error}", Exit.UNREACHABLE) from error
        finally:
            opened.close()
        typer.echo(f"Получатель {sink} принял пробное событие {event.id}.")
        return Exit.OK
