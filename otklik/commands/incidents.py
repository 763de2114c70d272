"""`otklik incidents`: the role; lists, one incident, a file of many. What changes them: `deciding`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otklik.clock import now
from otklik.commands import deciding
from otklik.commands.common import ConfigFile, Json, bar, command, group, load, opened_store, print_json
from otklik.commands.looking import looked
from otklik.exits import Exit, Failed
from otklik.russian import RoleGroup

if TYPE_CHECKING:
    from otklik.config import Config
    from schemas import Incident, IncidentStatus
    from store import IncidentFilter, Incidents, Store

PAGE = 50
"""Lines of a list: two screens."""

Id = Annotated[int, typer.Argument(metavar="НОМЕР", help="Номер инцидента.")]
Status = Annotated[
    list[str] | None, typer.Option("--status", metavar="СОСТОЯНИЕ", help="Например new, assigned; можно несколько раз.")
]
Place = Annotated[
    list[str] | None,
    typer.Option("--municipality", metavar="МЕСТО", help="Название, город, ОКТМО или none (место не названо)."),
]
GroupOption = Annotated[list[str] | None, typer.Option("--group", metavar="ГРУППА", help="Группа тем.")]
Topic = Annotated[list[str] | None, typer.Option("--topic", metavar="ТЕМА", help="Тема.")]
AuthorityOption = Annotated[
    list[str] | None, typer.Option("--authority", metavar="ВЕДОМСТВО", help="id или название из authorities.")
]
Overdue = Annotated[bool, typer.Option("--overdue", help="Только без ответа и с прошедшим сроком.")]
Words = Annotated[str | None, typer.Option("--text", metavar="СЛОВА", help="Что есть в заголовке, регистр не важен.")]
Queue = Annotated[
    bool, typer.Option("--queue", help="Очередь: сначала то, что важнее (docs/priority.ru.md), а не то, что новее.")
]
Everything = Annotated[bool, typer.Option("--all", help="И законченные; без ключа — те, по которым есть что делать.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N", help="Сколько строк.")]
Before = Annotated[int | None, typer.Option("--before", min=1, metavar="НОМЕР", help="Страница после этого номера.")]
Reader = Annotated[
    str | None, typer.Option("--as", metavar="ИМЯ", help="Кто смотрит: для журнала; без ключа — имя в системе.")
]
Out = Annotated[Path, typer.Option("--out", metavar="ФАЙЛ", help="Куда: имя.csv или имя.jsonl.")]


def register(app: typer.Typer) -> None:
    made = group(
        app,
        "incidents",
        "Инциденты: посмотреть, передать, ответить, объединить. otklik incidents ФАЙЛ — роль, как incidents run.",
        RoleGroup,
    )

    deciding.register(made)

    @command(made, "run")
    def run(file: ConfigFile) -> int:
        """Роль: собирать публикации об одной беде в инцидент и выпускать события."""
        from otklik.roles.incidents import run_incidents  # noqa: PLC0415

        return run_incidents(load(file))

    @command(made, "list")
    def list_(
        file: ConfigFile,
        *,
        status: Status = None,
        municipality: Place = None,
        group_: GroupOption = None,
        topic: Topic = None,
        authority: AuthorityOption = None,
        overdue: Overdue = False,
        text: Words = None,
        everything: Everything = False,
        queue: Queue = False,
        limit: Limit = PAGE,
        before: Before = None,
        as_json: Json = False,
    ) -> int:
        """Перечислить инциденты, новые первыми. Без --status и --all — те, по которым есть что делать."""
        from incidents.workflow import OPEN  # noqa: PLC0415
        from otklik import showing  # noqa: PLC0415
        from store import Incidents  # noqa: PLC0415

        config = load(file)
        default = () if everything or overdue else OPEN
        with opened_store(config) as store:
            incidents = Incidents(store)
            wanted = _filter(
                config,
                incidents,
                status=status,
                places=municipality,
                groups=group_,
                topics=topic,
                authorities=authority,
                default=default,
                overdue=overdue,
                text=text,
            )
            total = incidents.count(wanted)
            found = _page(incidents, wanted, limit, before, queue=queue)
        if as_json:
            print_json([one.model_dump(mode="json") for one in found])
            return Exit.OK
        showing.print_list(found, config.region.timezone, now())
        typer.echo(f"Показано: {len(found)}, всего подходит: {total}.")
        if not queue and len(found) == limit and found[-1].id > 1:
            typer.echo(f"Дальше: --before {found[-1].id}")
        return Exit.OK

    @command(made, "show")
    def show(file: ConfigFile, incident: Id, as_json: Json = False, who: Reader = None) -> int:
        """Показать инцидент: что, где, чей, срок, публикации и вся история. Версия — для --seen."""
        from otklik import showing  # noqa: PLC0415
        from store import Incidents, PostReader  # noqa: PLC0415

        config = load(file)
        with opened_store(config) as store:
            found = _shown(store, incident, who)
            history = Incidents(store).history(incident)
            posts = PostReader(store).of_incident(incident)
        if as_json:
            print_json(showing.as_json(found, history, posts))
        else:
            showing.print_one(found, history, posts, config.region.timezone, now())
        return Exit.OK

    _register_export(made)


def _register_export(made: typer.Typer) -> None:
    @command(made, "export")
    def export(
        file: ConfigFile,
        *,
        out: Out,
        status: Status = None,
        municipality: Place = None,
        group_: GroupOption = None,
        topic: Topic = None,
        authority: AuthorityOption = None,
        overdue: Overdue = False,
        text: Words = None,
        who: Reader = None,
    ) -> int:
        """Записать инциденты в файл CSV (для таблиц) или JSON Lines: все или подходящие, новые первыми.

        Если не вышло, прежний файл остаётся, каким был.
        """
        if out.suffix not in (".csv", ".jsonl"):
            raise typer.BadParameter(f"«{out}» не понято; нужно имя.csv или имя.jsonl", param_hint="--out")
        from otklik.exporting import write  # noqa: PLC0415
        from store import Incidents  # noqa: PLC0415

        config = load(file)
        with opened_store(config) as store:
            incidents = Incidents(store)
            wanted = _filter(
                config,
                incidents,
                status=status,
                places=municipality,
                groups=group_,
                topics=topic,
                authorities=authority,
                default=(),
                overdue=overdue,
                text=text,
            )
            looked(store, who, "export", "incidents", wanted)
            with bar("Инциденты", incidents.count(wanted)) as done:
                count = write(out, incidents, wanted, config.region.timezone, done)
        typer.echo(f"Записано инцидентов: {count}, файл {out}.")
        return Exit.OK


def _page(
    incidents: "Incidents", wanted: "IncidentFilter", limit: int, before: int | None, *, queue: bool
) -> "list[Incident]":
    if not queue:
        return incidents.find(wanted, before=before, limit=limit)
    if before is not None:
        raise typer.BadParameter("страницы есть только у списка по новизне: без --queue", param_hint="--before")
    return incidents.by_priority(wanted, limit=limit)


def _shown(store: "Store", id_: int, who: str | None) -> "Incident":
    """The incident; that somebody looks at it is noted."""
    from store import Incidents  # noqa: PLC0415

    found = Incidents(store).get(id_)
    if found is None:
        raise Failed(f"Инцидента №{id_} нет. Номера показывает otklik incidents list.")
    looked(store, who, "read", f"incident:{id_}")
    return found


def _filter(
    config: "Config",
    incidents: "Incidents",
    *,
    status: list[str] | None,
    places: list[str] | None,
    groups: list[str] | None,
    topics: list[str] | None,
    authorities: list[str] | None,
    default: Any,
    overdue: bool,
    text: str | None,
) -> "IncidentFilter":
    from otklik import naming  # noqa: PLC0415
    from store import IncidentFilter  # noqa: PLC0415
    from store.posts import NOWHERE  # noqa: PLC0415

    moment: datetime | None = now() if overdue else None
    had = incidents.open_by_authority() if authorities else {}
    return IncidentFilter(
        municipality=[one if one == NOWHERE else naming.oktmo(config, one) for one in places or ()],
        group=[naming.group(config, one) for one in groups or ()],
        topic=[naming.topic(config, one) for one in topics or ()],
        status=[_status(one) for one in status or ()] or default,
        authority=[naming.authority(config, one, had) for one in authorities or ()],
        overdue=moment,
        text=text,
    )


def _status(name: str) -> "IncidentStatus":
    from schemas import IncidentStatus  # noqa: PLC0415
    from schemas.words import STATUSES  # noqa: PLC0415
    from text.suggest import did_you_mean  # noqa: PLC0415

    known = {status.value: status for status in IncidentStatus} | {word: status for status, word in STATUSES.items()}
    if name not in known:
        hint = did_you_mean(name, known)
        allowed = ", ".join(IncidentStatus)
        raise typer.BadParameter(
            f"нет состояния «{name}».{f' {hint}' if hint else ''} Бывают: {allowed}", param_hint="--status"
        )
    return known[name]
