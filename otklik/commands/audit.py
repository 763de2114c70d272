"""`otklik audit`: who looked at what, who erased what."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from otklik.commands.common import ConfigFile, Json, command, load, moment, opened_store, print_json
from otklik.exits import Exit

if TYPE_CHECKING:
    from datetime import tzinfo

    from store import Entry

PAGE = 50
"""Lines of a list: two screens."""
ACTIONS = {"read": "смотрит", "export": "выгружает", "forget": "стирает", "report": "подаёт обращение"}
"""What was done, for people; what is not here is shown as it is spelt."""

Since = Annotated[str | None, typer.Option("--since", metavar="ВРЕМЯ", help="С этого времени, например 2026-03-05.")]
Actor = Annotated[str | None, typer.Option("--who", metavar="ИМЯ", help="Только этот человек или токен.")]
Thing = Annotated[str | None, typer.Option("--object", metavar="ЧТО", help="Только это, например incident:17.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, metavar="N", help="Сколько строк.")]
Before = Annotated[int | None, typer.Option("--before", min=1, metavar="НОМЕР", help="Страница после этого номера.")]


def register(app: typer.Typer) -> None:
    @command(app, "audit")
    def audit(
        file: ConfigFile,
        *,
        since: Since = None,
        who: Actor = None,
        object_: Thing = None,
        limit: Limit = PAGE,
        before: Before = None,
        as_json: Json = False,
    ) -> int:
        """Показать журнал: кто на что смотрел и кто что стёр, новые записи первыми. Текстов в журнале нет."""
        from store import Audit  # noqa: PLC0415

        config = load(file)
        begin = moment(since, config.region.timezone.key) if since else None
        with opened_store(config) as store:
            found = Audit(store).list(limit, object_, before, since=begin, actor=who)
        if as_json:
            print_json([_as_json(entry) for entry in found])
            return Exit.OK
        for entry in found:
            typer.echo(_line(entry, config.region.timezone))
        if not found:
            typer.echo("Таких записей нет.")
        if len(found) == limit:
            typer.echo(f"Дальше: --before {found[-1].id}")
        return Exit.OK


def _as_json(entry: "Entry") -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "object": entry.object,
        "details": entry.details,
    }


def _line(entry: "Entry", zone: "tzinfo") -> str:
    details = ", ".join(f"{name}: {_shown(value)}" for name, value in sorted((entry.details or {}).items()))
    said = f" ({details})" if details else ""
    action = ACTIONS.get(entry.action, entry.action)
    return f"{entry.id}. {entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S} {entry.actor} {action} {entry.object}{said}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}={_shown(one)}" for name, one in sorted(value.items()))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
