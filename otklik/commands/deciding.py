"""What people do with incidents: `otklik incidents confirm`, `assign`, … `merge`, `split`, `move`, `undo`."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otklik.clock import now
from otklik.commands.common import ConfigFile, command, load, opened_store, progress
from otklik.exits import Exit, Failed

if TYPE_CHECKING:
    from incidents.desk import Desk, Ruled
    from otklik.config import Config
    from schemas import Incident

MANY = 10
"""More incidents at once than this are changed only after a question: a slip costs as many returns by hand."""

Ids = Annotated[list[int], typer.Argument(metavar="НОМЕР...", help="Номера инцидентов.")]
Id = Annotated[int, typer.Argument(metavar="НОМЕР", help="Номер инцидента.")]
Into = Annotated[int, typer.Argument(metavar="НОМЕР", help="Инцидент, который останется.")]
Others = Annotated[list[int], typer.Argument(metavar="ДРУГИЕ...", help="Инциденты о той же беде.")]
Posts = Annotated[list[str], typer.Argument(metavar="ПУБЛИКАЦИЯ...", help="Имена публикаций, например vk:-1_2.")]
To = Annotated[int, typer.Option("--to", metavar="НОМЕР", help="В какой инцидент.")]
Who = Annotated[str, typer.Option("--as", metavar="ИМЯ", help="Кто решает: останется в истории.")]
Comment = Annotated[str | None, typer.Option("--comment", metavar="ТЕКСТ", help="Пояснение: останется в истории.")]
Reason = Annotated[str, typer.Option("--comment", metavar="ТЕКСТ", help="Почему: останется в истории.")]
Answer = Annotated[str, typer.Option("--answer", metavar="ТЕКСТ", help="Текст ответа или ссылка на него.")]
ToWhom = Annotated[
    str | None, typer.Option("--authority", metavar="ВЕДОМСТВО", help="id или название; без ключа — предложенное.")
]
Seen = Annotated[
    int | None,
    typer.Option("--seen", min=1, metavar="ВЕРСИЯ", help="Версия из show: если уже другая, ничего не изменится."),
]
Yes = Annotated[bool, typer.Option("--yes", help=f"Не спрашивать, когда инцидентов больше {MANY}.")]
MergeYes = Annotated[
    bool, typer.Option("--yes", help=f"Не спрашивать: ни о разном, ни когда инцидентов больше {MANY}.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Вопреки прежним решениям людей об этих публикациях.")]
Municipality = Annotated[
    str | None, typer.Option("--municipality", metavar="МЕСТО", help="Муниципалитет: название, город или ОКТМО.")
]
Settlement = Annotated[str | None, typer.Option("--settlement", metavar="НАЗВАНИЕ", help="Населённый пункт.")]
Address = Annotated[
    str | None, typer.Option("--address", metavar="АДРЕС", help="Улица и дом, например «ул. Ленина, д. 5».")
]
Number = Annotated[int | None, typer.Argument(metavar="РЕШЕНИЕ", help="Номер решения; без него — ваше последнее.")]


def register(made: typer.Typer) -> None:
    @command(made, "confirm")
    def confirm(
        file: ConfigFile, ids: Ids, *, who: Who, comment: Comment = None, seen: Seen = None, yes: Yes = False
    ) -> int:
        """Подтвердить: беда есть."""
        return _act(file, ids, "confirm", who, seen=seen, yes=yes, comment=comment)

    @command(made, "assign")
    def assign(
        file: ConfigFile,
        ids: Ids,
        *,
        who: Who,
        authority: ToWhom = None,
        comment: Comment = None,
        seen: Seen = None,
        yes: Yes = False,
    ) -> int:
        """Передать ведомству: предложенному или названному. Срок считается заново, если ведомство другое."""
        return _act(file, ids, "assign", who, seen=seen, yes=yes, comment=comment, authority=authority)

    @command(made, "wait")
    def wait(file: ConfigFile, ids: Ids, *, who: Who, comment: Reason, seen: Seen = None, yes: Yes = False) -> int:
        """Отложить, пока житель не ответит: скажите, чего от него ждут."""
        return _act(file, ids, "wait", who, seen=seen, yes=yes, comment=comment)

    @command(made, "answer")
    def answer(
        file: ConfigFile,
        ids: Ids,
        *,
        who: Who,
        answer: Answer,
        comment: Comment = None,
        seen: Seen = None,
        yes: Yes = False,
    ) -> int:
        """Записать ответ жителю. Ответ — ещё не решение: беду закрывает solve. Личные номера в тексте скрываются."""
        return _act(file, ids, "answer", who, seen=seen, yes=yes, comment=comment, answer=answer)

    @command(made, "solve")
    def solve(
        file: ConfigFile, ids: Ids, *, who: Who, comment: Comment = None, seen: Seen = None, yes: Yes = False
    ) -> int:
        """Отметить, что беды больше нет."""
        return _act(file, ids, "solve", who, seen=seen, yes=yes, comment=comment)

    @command(made, "close")
    def close(
        file: ConfigFile, ids: Ids, *, who: Who, comment: Comment = None, seen: Seen = None, yes: Yes = False
    ) -> int:
        """Закрыть решённый инцидент. Закрыть после одного лишь ответа можно, сказав почему (--comment)."""
        return _act(file, ids, "close", who, seen=seen, yes=yes, comment=comment)

    @command(made, "reject")
    def reject(file: ConfigFile, ids: Ids, *, who: Who, comment: Reason, seen: Seen = None, yes: Yes = False) -> int:
        """Отклонить: это не беда или не к нам. Дубль не отклоняют, а объединяют (merge)."""
        return _act(file, ids, "reject", who, seen=seen, yes=yes, comment=comment)

    @command(made, "reopen")
    def reopen(file: ConfigFile, ids: Ids, *, who: Who, comment: Reason, seen: Seen = None, yes: Yes = False) -> int:
        """Вернуть в работу: житель вернул ответ, беда не решена. Срок ответа начинается заново."""
        return _act(file, ids, "reopen", who, seen=seen, yes=yes, comment=comment)

    @command(made, "merge")
    def merge(
        file: ConfigFile,
        into: Into,
        others: Others,
        *,
        who: Who,
        comment: Comment = None,
        replace: Replace = False,
        yes: MergeYes = False,
    ) -> int:
        """Объединить: ДРУГИЕ — дубли первого. Программа не разъединит; отменить — undo.

        О другом муниципалитете или другой группе тем спрашивает; не в терминале нужен --yes.
        """
        from otklik.roles.incidents import desk  # noqa: PLC0415
        from store import IncidentFilter, Incidents  # noqa: PLC0415

        _sure(len(others) + 1, yes)
        config = load(file)
        with opened_store(config) as store:
            if not yes:
                found = Incidents(store).find(IncidentFilter(ids=[into, *others]), limit=MANY)
                _one_matter(into, found)
            return _told(desk(config, store, now).merge(into, others, who, comment=comment, replace=replace))

    @command(made, "split")
    def split(
        file: ConfigFile,
        incident: Id,
        posts: Posts,
        *,
        who: Who,
        comment: Comment = None,
        seen: Seen = None,
        replace: Replace = False,
    ) -> int:
        """Выделить публикации инцидента в новый инцидент. Программа не соединит; отменить — undo."""
        expected = {} if seen is None else {incident: seen}
        with _desk(file) as (desk, _):
            return _told(desk.split(incident, posts, who, comment=comment, expected=expected, replace=replace))

    @command(made, "move")
    def move(
        file: ConfigFile,
        posts: Posts,
        *,
        to: To,
        who: Who,
        comment: Comment = None,
        seen: Seen = None,
        replace: Replace = False,
    ) -> int:
        """Перенести публикации в другой инцидент (--seen — его версия). Программа не вернёт; отменить — undo."""
        expected = {} if seen is None else {to: seen}
        with _desk(file) as (desk, _):
            return _told(desk.move(posts, to, who, comment=comment, expected=expected, replace=replace))

    @command(made, "place")
    def place(
        file: ConfigFile,
        incident: Id,
        *,
        who: Who,
        municipality: Municipality = None,
        settlement: Settlement = None,
        address: Address = None,
        comment: Comment = None,
        seen: Seen = None,
    ) -> int:
        """Назвать место: всего инцидента, вопреки тому, что поняла программа. Она не изменит его; отменить — undo.

        Ведомство (пока решает программа) и сроки считаются заново. Что названо, сбрасывает более узкое, если и оно не
        названо: муниципалитет — населённый пункт и адрес, населённый пункт — адрес. Номер квартиры не хранится.
        """
        from incidents.placing import Said  # noqa: PLC0415
        from otklik import naming  # noqa: PLC0415

        expected = {} if seen is None else {incident: seen}
        with _desk(file) as (desk, config):
            named = naming.code_and_name(config, municipality) if municipality is not None else None
            said = Said(municipality=named, settlement=settlement, address=address)
            return _told(desk.place(incident, said, who, comment=comment, expected=expected))

    @command(made, "undo")
    def undo(file: ConfigFile, ruling: Number = None, *, who: Who) -> int:
        """Отменить merge, split, move или place: названное решение или своё последнее. Состояния это не меняет."""
        with _desk(file) as (desk, _):
            return _told(desk.undo(who, ruling), undone=True)


def _act(file: Path, ids: list[int], action: str, who: str, *, seen: int | None, yes: bool, **said: str | None) -> int:
    """One change of each incident, each in a transaction of its own; what is refused is told, the rest is done."""
    ids = list(dict.fromkeys(ids))
    if seen is not None and len(ids) > 1:
        raise typer.BadParameter("версия бывает только у одного инцидента", param_hint="--seen")
    _sure(len(ids), yes)
    from incidents.acts import Act  # noqa: PLC0415
    from incidents.refusals import Refused  # noqa: PLC0415
    from incidents.workflow import Action  # noqa: PLC0415
    from schemas.words import STATUSES  # noqa: PLC0415

    refused = 0
    with _desk(file) as (desk, config):
        act = Act(Action(action), **_named(config, said))
        for id_ in progress(ids, "Инциденты", len(ids)) if len(ids) > MANY else ids:
            try:
                after = desk.act(id_, act, who, seen)
            except Refused as error:
                if len(ids) == 1:
                    raise
                refused += 1
                typer.echo(str(error), err=True)
                continue
            whom = f", {after.authority_name}" if action == "assign" else ""
            typer.echo(f"№{id_}: {STATUSES[after.status]}{whom} (версия {after.sequence}).")
    if refused:
        typer.echo(f"Изменено: {len(ids) - refused}, не изменено: {refused}.", err=True)
    return Exit.SOME_BAD if refused else Exit.OK


def _named(config: "Config", said: dict[str, str | None]) -> dict[str, str | None]:
    """With the authority's id in place of its name."""
    from otklik import naming  # noqa: PLC0415

    if (name := said.get("authority")) is None:
        return said
    return said | {"authority": naming.authority(config, name)}


def _sure(count: int, yes: bool) -> None:
    if count <= MANY or yes:
        return
    if not sys.stdin.isatty():
        raise Failed(f"Инцидентов {count}: чтобы изменить больше {MANY} без вопроса, добавьте --yes.")
    typer.confirm(f"Изменить сразу {count} инцидентов?", abort=True)


def _one_matter(into: int, found: "Sequence[Incident]") -> None:
    """Ask, where the incidents are not of one municipality and one group. Those that there are not, the desk tells."""
    by_id = {one.id: one for one in found}
    if (kept := by_id.get(into)) is None:
        return
    pairs = [(one, f"№{one.id}: {differs}") for one in reversed(found) if (differs := _differences(one, kept))]
    if not pairs:
        return
    told = f"Инциденты о разном. {'; '.join(line for _, line in pairs)}."
    if not sys.stdin.isatty():
        raise Failed(f"{told} Если это всё же одна беда, добавьте --yes.")
    typer.confirm(f"{told} Всё равно объединить?", abort=True)


def _differences(one: "Incident", kept: "Incident") -> str:
    there, here = (each.municipality_name or "не назван" for each in (one, kept))
    places = f"муниципалитет {there}, а у №{kept.id} {here}" if one.municipality != kept.municipality else None
    groups = f"группа тем {one.group}, а у №{kept.id} {kept.group}" if one.group != kept.group else None
    return ", ".join(part for part in (places, groups) if part)


@contextmanager
def _desk(file: Path) -> "Iterator[tuple[Desk, Config]]":
    from otklik.roles.incidents import desk  # noqa: PLC0415

    config = load(file)
    with opened_store(config) as store:
        yield desk(config, store, now), config


def _told(found: "Ruled", *, undone: bool = False) -> int:
    from incidents.words import happened  # noqa: PLC0415

    typer.echo(f"Решение №{found.ruling.id} {'отменено' if undone else 'записано'}.")
    for change in found.changes:
        one = change.incident
        what = happened(change.type, placed=bool(change.place) and not change.added and not change.removed)
        typer.echo(f"№{one.id}: {what}, публикаций: {len(one.posts)} — {one.title}")
        if change.place:
            typer.echo(f"    {change.place}")
    return Exit.OK
