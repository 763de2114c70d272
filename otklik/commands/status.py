"""`otklik status`: how each source fares, what its tokens have left, what waits in each topic."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from otklik.clock import now
from otklik.commands.common import ConfigFile, Json, command, load, opened_bus, opened_store, print_json
from otklik.exits import Exit
from otklik.russian import sentences

if TYPE_CHECKING:
    from bus import Bus
    from otklik.config import Config
    from store import SourceState

BAD = ("quota", "blocked", "gone", "changed", "broken")
STALLED_AFTER = timedelta(minutes=2)
"""Crawlers look for due sources every second, and take over those of one that was killed within a minute."""


def register(app: typer.Typer) -> None:
    @command(app, "status")
    def status(file: ConfigFile, as_json: Json = False) -> int:
        """Показать состояние: каждый источник — когда, чем кончилось, когда снова; каждый топик — очередь.

        Источники, которые не работают, — первыми: с какого времени, почему и что делать.
        Для каждого токена — сколько вызовов осталось на сутки и когда снова можно.

        Код 1 — какой-то источник не работает или необычно тих, обходы стоят или есть необработанные записи.
        """
        config = load(file)
        found = collect(config)
        if as_json:
            print_json(found)
        else:
            _print(found, config.region.timezone, now())
        troubled = any(one["outcome"] in BAD or one["health"] != "healthy" for one in found["sources"])
        troubled = troubled or found["stalled_since"] is not None or any(one["dead_letters"] for one in found["topics"])
        return Exit.SOME_BAD if troubled else Exit.OK


def collect(config: "Config") -> dict[str, Any]:
    """What `--json` prints.

    Raises:
        StoreError, BusError: they do not answer.
    """
    from otklik.roles.common import readers_of  # noqa: PLC0415
    from otklik.tokens import tokens_of  # noqa: PLC0415
    from schemas import topics  # noqa: PLC0415
    from store import Backfills, Outbox, Quotas, Sources  # noqa: PLC0415

    with opened_store(config) as store:
        states = sorted((one for one in Sources(store).list() if one.enabled), key=worst_first)
        sources = [
            {
                "id": one.id,
                "kind": one.kind,
                "health": one.standing.health.value,
                "since": since(one),
                "last_run": one.last_finished,
                "outcome": one.outcome and one.outcome.value,
                "reason": one.standing.reason or one.reason,
                "action": one.standing.action or one.action,
                "next_run": one.next_due,
                "running": one.lease_owner is not None,
                "posts_last": one.posts,
                "posts_total": one.posts_total,
            }
            for one in states
        ]
        pasts = [
            {
                "source": one.source,
                "since": one.since,
                "until": one.until,
                "reached": one.reached,
                "posts": one.posts,
                "running": one.lease_owner is not None,
            }
            for one in Backfills(store).list()
            if one.finished is None
        ]
        stalled = stalled_since(states, now())
        unsent = Outbox(store).unsent()
        tokens = tokens_of(config, Quotas(store).balances(), now())
    with opened_bus(config) as bus:
        rows = [_topic(bus, topic, readers_of(config, topic)) for topic in topics.MODELS]
    return {
        "sources": sources,
        "stalled_since": stalled,
        "backfills": pasts,
        "tokens": tokens,
        "topics": rows,
        "outbox": unsent,
    }


def _topic(bus: "Bus", topic: str, groups: Sequence[str]) -> dict[str, Any]:
    """Of a topic that no role has made yet `records` is None. Looking makes none."""
    from bus import UnknownTopic, dead_letters  # noqa: PLC0415

    try:
        records = sum(bus.ends(topic).values())
        lag = {group: sum(bus.group_lag(topic, group).values()) for group in groups}
    except UnknownTopic:
        records, lag = None, dict.fromkeys(groups, 0)
    return {"topic": topic, "records": records, "lag": lag, "dead_letters": len(dead_letters.waiting(bus, topic))}


def worst_first(one: "SourceState") -> tuple[bool, bool, bool, str]:
    """Failing sources, those whose last visit ended badly, quiet ones, the others; each by id."""
    health = one.standing.health
    return health != "failing", one.outcome not in BAD, health != "quiet", one.id


def since(one: "SourceState") -> datetime | None:
    """When the trouble began; None where there is none."""
    return one.standing.bad_since or (one.standing.since if one.standing.health != "healthy" else None)


def stalled_since(states: Sequence["SourceState"], moment: datetime) -> datetime | None:
    """Since when visits have been due that nobody makes; None where crawlers are at work or have nothing to do."""
    at_work = any(one.lease_until is not None and one.lease_until > moment for one in states)
    finished = max((one.last_finished for one in states if one.last_finished is not None), default=None)
    first_due = min((one.next_due for one in states), default=moment)
    since = first_due if finished is None else max(first_due, finished)
    return since if not at_work and moment - since > STALLED_AFTER else None


def _print(found: dict[str, Any], zone: Any, moment: datetime) -> None:
    from rich.table import Table  # noqa: PLC0415

    from otklik.showing import console  # noqa: PLC0415

    out = console()
    sources = Table(title="Источники", title_justify="left", box=None, pad_edge=False)
    for name in ("источник", "состояние", "с", "был", "снова", "новых", "всего", "что сказать"):
        sources.add_column(name, overflow="fold")
    for one in found["sources"]:
        state, style = _state(one)
        sources.add_row(
            one["id"],
            f"[{style}]{state}[/]" if style else state,
            _when(one["since"], zone, moment),
            _when(one["last_run"], zone, moment),
            "сейчас" if one["running"] else _when(one["next_run"], zone, moment),
            str(one["posts_last"] if one["posts_last"] is not None else ""),
            str(one["posts_total"]),
            sentences(one["reason"], one["action"]),
        )
    out.print(sources)
    out.print()
    if found["stalled_since"] is not None:
        out.print(_STALLED.format(_when(found["stalled_since"], zone, moment)), style="bold red")
        out.print()
    for one in found["backfills"]:
        out.print(_past(one, zone))
    if found["backfills"]:
        out.print()
    if found["tokens"]:
        out.print(_tokens(found["tokens"], zone, moment))
        out.print()
    topics = Table(title="Топики", title_justify="left", box=None, pad_edge=False)
    for name in ("топик", "записей", "ждут обработки", "не удалось"):
        topics.add_column(name, overflow="fold")
    for one in found["topics"]:
        lag = ", ".join(f"{group}: {count}" for group, count in one["lag"].items())
        records = "ещё нет" if one["records"] is None else str(one["records"])
        topics.add_row(one["topic"], records, lag or "—", str(one["dead_letters"]))
    out.print(topics)
    out.print(f"Событий ждут отправки на шину: {found['outbox']}.")


def _past(one: dict[str, Any], zone: Any) -> str:
    since, until = (f"{one[name].astimezone(zone):%d.%m.%Y}" for name in ("since", "until"))
    reached = f", дошли до {one['reached'].astimezone(zone):%d.%m.%Y}" if one["reached"] else ""
    state = "собирается" if one["running"] else "не дособрано, продолжит та же команда crawl --since"
    return f"Прошлое {one['source']}, {since} — {until}: {state}{reached}, публикаций: {one['posts']}."


_STALLED = (
    "Обходы стоят с {}: источникам пора, а никто к ним не идёт. Проверьте, работает ли otklik run (или otklik crawl), "
    "и запустите его; накопившееся он соберёт сам."
)


def _state(one: dict[str, Any]) -> tuple[str, str]:
    """In words, and how to colour it."""
    outcome = one["outcome"]
    if outcome is None:
        return "ещё не был", ""
    if one["health"] == "failing":
        return f"не работает: {outcome}", "bold red"
    if outcome in BAD:
        return f"сбой: {outcome}", "red"
    if one["health"] == "quiet":
        return "необычно тих", "yellow"
    return outcome, "green" if outcome == "ok" else ""


def _tokens(found: list[dict[str, Any]], zone: Any, moment: datetime) -> Any:
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="Токены: вызовы за сутки", title_justify="left", box=None, pad_edge=False)
    for name in ("токен", "источники", "метод", "осталось", "из", "снова", "что сказать"):
        table.add_column(name, overflow="fold")
    for one in found:
        ids = ", ".join(one["sources"][:3]) + (f" и ещё {len(one['sources']) - 3}" if len(one["sources"]) > 3 else "")
        said = []
        if one["reason"]:
            said.append(one["reason"])
        if one["slow_until"]:
            said.append(f"вдвое медленнее до {_when(one['slow_until'], zone, moment)}")
        table.add_row(f"{one['kind']} {one['token']}", ids, "все", "", "", _back(one, zone, moment), sentences(*said))
        for method in one["methods"]:
            table.add_row(
                "",
                "",
                method["method"],
                "" if method["left"] is None else str(method["left"]),
                "" if method["per_day"] is None else str(method["per_day"]),
                _back(method, zone, moment),
                method["reason"] or "",
            )
    return table


def _back(row: dict[str, Any], zone: Any, moment: datetime) -> str:
    return _when(row["back_at"], zone, moment) if row["back_at"] else ""


def _when(time: datetime | None, zone: Any, moment: datetime) -> str:
    if time is None:
        return "—"
    local = time.astimezone(zone)
    return f"{local:%H:%M:%S}" if local.date() == moment.astimezone(zone).date() else f"{local:%d.%m %H:%M}"
