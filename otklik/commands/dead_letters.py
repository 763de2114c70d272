"""`otklik dead-letters`: records that could not be processed."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otklik.clock import now
from otklik.commands.common import ConfigFile, Json, command, group, load, opened_bus, print_json
from otklik.exits import Exit, Failed

if TYPE_CHECKING:
    from bus.dead_letters import Letter

Topic = Annotated[str | None, typer.Option("--topic", metavar="ТОПИК", help="Только этот топик, например posts.")]
Where = Annotated[str, typer.Argument(metavar="ЗАПИСЬ", help="Обозначение из списка, например posts/0:17.")]
Wanted = Annotated[
    list[str] | None, typer.Argument(metavar="ЗАПИСЬ", help="Обозначения из списка; без них нужен --all.")
]
All = Annotated[bool, typer.Option("--all", help="Все записи (выбранного топика).")]


def register(app: typer.Typer) -> None:
    letters = group(app, "dead-letters", "Записи, которые не удалось обработать: посмотреть, вернуть в работу.")

    @command(letters, "list")
    def list_(file: ConfigFile, topic: Topic = None, as_json: Json = False) -> int:
        """Перечислить: что, когда, почему. Возвращённые в работу не показываются."""
        from bus import dead_letters  # noqa: PLC0415

        names = _topics(topic)
        config = load(file)
        with opened_bus(config) as bus:
            found = [(name, letter) for name in names for letter in dead_letters.waiting(bus, name)]
        if as_json:
            print_json([_as_json(name, letter) for name, letter in found])
            return Exit.OK
        for name, letter in found:
            failed = datetime.fromisoformat(letter.failed_at).astimezone(config.region.timezone)
            typer.echo(f"{name}/{letter.id}  {failed:%Y-%m-%d %H:%M}  {letter.group}: {_error(letter)}")
        typer.echo(f"Необработанных записей: {len(found)}.")
        return Exit.OK

    @command(letters, "show")
    def show(file: ConfigFile, where: Where) -> int:
        """Показать запись целиком (JSON)."""
        from bus import dead_letters  # noqa: PLC0415

        name, id_ = _place(where)
        with opened_bus(load(file)) as bus:
            letter = dead_letters.show(bus, name, id_)
        if letter is None:
            raise Failed(f"Записи {where} нет. Обозначения показывает otklik dead-letters list.")
        print_json(_as_json(name, letter) | {"value": letter.record.value.decode(errors="replace")})
        return Exit.OK

    @command(letters, "replay")
    def replay(file: ConfigFile, where: Wanted = None, topic: Topic = None, every: All = False) -> int:
        """Вернуть записи в работу: их обработает ещё раз та же роль."""
        from bus import dead_letters  # noqa: PLC0415

        if bool(where) == every:
            raise typer.BadParameter("укажите записи или --all", param_hint="ЗАПИСЬ")
        wanted: dict[str, list[str] | None] = dict.fromkeys(_topics(topic)) if every else {}
        for place in where or ():
            name, id_ = _place(place)
            wanted[name] = [*(wanted.get(name) or ()), id_]
        with opened_bus(load(file)) as bus:
            done = {f"{n}/{id_}" for n, ids in wanted.items() for id_ in dead_letters.replay(bus, n, ids, now())}
        typer.echo(f"Возвращено в работу записей: {len(done)}.")
        missing = [place for place in where or () if place not in done]
        if missing:
            raise Failed(f"Таких записей нет, или они уже возвращены: {', '.join(missing)}.", Exit.SOME_BAD)
        return Exit.OK


def _as_json(topic: str, letter: "Letter") -> dict[str, Any]:
    return {
        "id": f"{topic}/{letter.id}",
        "key": letter.record.key,
        "time": letter.record.time,
        "error": letter.error,
        "error_type": letter.error_type,
        "failed_at": letter.failed_at,
        "group": letter.group,
        "origin": f"{letter.origin.topic}/{letter.origin.partition}:{letter.origin_offset}",
    }


def _error(letter: "Letter") -> str:
    return f"{letter.error_type}: {' '.join(letter.error.split())}"


def _place(where: str) -> tuple[str, str]:
    topic, slash, id_ = where.partition("/")
    if not slash or not id_:
        raise typer.BadParameter(f"«{where}» не понято; нужно так: posts/0:17", param_hint="ЗАПИСЬ")
    return _topics(topic)[0], id_


def _topics(topic: str | None) -> list[str]:
    from schemas import topics  # noqa: PLC0415

    if topic is None:
        return list(topics.MODELS)
    name = topic.removesuffix(topics.DEAD_SUFFIX)
    if name not in topics.MODELS:
        raise typer.BadParameter(f"нет топика «{topic}»; есть {', '.join(topics.MODELS)}")
    return [name]
