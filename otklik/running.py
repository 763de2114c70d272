"""`otklik run`: the supervisor with this region's roles, until it is stopped or, with `--once`, until all is done."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
import typer

from bus import Bus, BusError, open_bus
from bus.metrics import SHARED_FOLDER
from console.server import ConsoleError, listening
from otklik.clock import now
from otklik.commands.common import data_folder
from otklik.config import Config, ConfigErrors, load
from otklik.exits import Exit
from otklik.process import ACCEPTED, SUPERVISED
from otklik.roles.common import ensure_topics, readers_of, sink_group
from otklik.supervisor import Role, Supervisor, command
from otklik.watching import Watcher
from schemas import topics
from sinks import KINDS
from sinks.schedule import last_due
from store import Outbox, Sources, Store, StoreError
from text.refusal import refusal

log = structlog.get_logger()

LOOK = 0.5
"""Seconds between two looks at how far everything is, with `--once` and `--watch`."""
SETTLED = 3
"""Looks in a row that must find nothing left to do: between a worker's commit and the relay's next look there is a
moment at which every queue seems empty."""


def run_all(config: Config, *, once: bool, watch: bool, flags: Sequence[str]) -> Exit:
    """Until SIGTERM or Ctrl-C.

    Raises:
        Failed: another process works with the data folder.
        StoreError: the store is not ready.
    """
    with data_folder(config):
        store = Store(config.file.store, now)
        try:
            store.upgrade() if store.is_sqlite else store.open()
            bus = open_bus(config.file.bus, now=now)
            try:
                return asyncio.run(_run(config, store, bus, once=once, watch=watch, flags=flags))
            finally:
                bus.close()
        finally:
            store.close()


async def _run(config: Config, store: Store, bus: Bus, *, once: bool, watch: bool, flags: Sequence[str]) -> Exit:
    current = config

    async def reload() -> Sequence[Role] | None:
        nonlocal current
        accepted = await asyncio.to_thread(_reloaded, current)
        if accepted is None:
            return None
        try:
            _keep(accepted)
        except OSError as error:
            say(f"Не записать {_kept(accepted)} ({refusal(error)}): работа идёт по прежнему файлу.")
            return None
        current = accepted
        say(f"Файл {accepted.path} перечитан. Роли перезапускаются.")
        return roles_of(accepted, flags)

    _keep(config)
    env = os.environ | {
        SUPERVISED: "1",
        ACCEPTED: str(_kept(config).absolute()),
        SHARED_FOLDER: str(_empty(config.data / "metrics")),
    }
    supervisor = Supervisor(roles_of(config, flags), say, env, reload)
    helpers: list[Coroutine[Any, Any, None]] = []
    watcher = Watcher(config, Outbox(store)) if watch else None
    if watcher is not None:
        helpers.append(watcher.run(LOOK))
    if once:
        helpers.append(_stop_when_done(config, store, bus, supervisor.stop))
    say(f"Отклик работает. {_feed(config)} Остановить: Ctrl-C.")
    tasks = [asyncio.create_task(helper) for helper in helpers]
    try:
        code = await supervisor.run()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if watcher is not None:
        await watcher.rest()
    say("Отклик остановлен.")
    return code


def _empty(folder: Path) -> Path:
    """The counts of an earlier run are not this one's: Prometheus takes the drop for a restart."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.absolute()


def _feed(config: Config) -> str:
    """Where the feed is, or that there is none yet: a taken port doesn't keep the other roles from their work."""
    console = config.file.console
    try:
        listening(console.host, console.port).close()
    except ConsoleError:
        return "Лент и API пока нет: консоль не запускается (почему, скажет она сама)."
    return f"Лента: {console.url}/feeds/incidents.atom."


def _kept(config: Config) -> Path:
    return config.data / "accepted.yaml"


def _keep(config: Config) -> None:
    """Put the file as it is now where the roles read it: one that starts again must not see what was edited since."""
    new = _kept(config).with_suffix(".new")
    new.write_text(config.text, encoding="utf-8")
    new.replace(_kept(config))


def say(text: str) -> None:
    """To the operator, beside the logs."""
    typer.echo(text, err=True)


def roles_of(config: Config, flags: Sequence[str]) -> list[Role]:
    """In the order in which they stop: who writes before who reads."""
    file = str(config.path)
    names = ["crawl", "classify", "incidents"]
    names += ["deliver"] if config.file.sinks else []
    names += ["console"]
    return [Role(name, command(name, file, *flags)) for name in names]


def _reloaded(current: Config) -> Config | None:
    """The file as it is now, or None where it can't be used; why, has been said."""
    try:
        new = load(current.path, os.environ, author_key=True)
    except ConfigErrors as errors:
        say(f"{errors}\n\nФайл {current.path} с ошибками ({len(errors.problems)}): работа идёт по прежнему файлу.")
        return None
    changed = [key for key in ("bus", "store", "region") if getattr(new.file, key) != getattr(current.file, key)]
    if new.data != current.data:
        changed.append("data")
    if changed:
        say(
            f"В файле {current.path} изменилось: {', '.join(changed)}. На ходу это не меняют: остановите otklik и "
            "запустите снова. Работа идёт по прежнему файлу."
        )
        return None
    return new


async def _stop_when_done(config: Config, store: Store, bus: Bus, stop: Callable[[], None]) -> None:
    """Ask for a stop once every source was visited after now and everything it brought has come through."""
    started = now()
    with contextlib.suppress(StoreError):
        for source in config.file.sources:
            await asyncio.to_thread(Sources(store).force_due, source.id)
    settled = 0
    while settled < SETTLED:
        await asyncio.sleep(LOOK)
        try:
            left = await asyncio.to_thread(_left, config, store, bus, started)
        except (StoreError, BusError) as error:
            log.warning("cannot_see_progress", reason=str(error))
            left = None
        settled = settled + 1 if left == 0 else 0
    stop()


def _left(config: Config, store: Store, bus: Bus, started: datetime) -> int:
    """Sources to visit, records to process and events to send."""
    wanted = {one.id for one in config.file.sources}
    states = [one for one in Sources(store).list() if one.id in wanted]
    visited = {one.id for one in states if one.last_started is not None and one.last_started >= started}
    left = len(wanted - visited)
    if left:
        return left
    ensure_topics(bus)
    scheduled = {sink_group(one.id): one.settings.schedule for one in config.file.sinks if KINDS[one.kind].scheduled}
    for topic in topics.MODELS:
        for group in readers_of(config, topic):
            lag = bus.group_lag(topic, group)
            left += sum(lag.values())
            if group in scheduled:  # what it gathers for its next letter stays on the bus until then
                left -= not_due(bus, lag, scheduled[group], config.region.timezone, now())
    return left + Outbox(store).unsent()


def not_due(bus: Bus, lag: Mapping[int, int], schedule: str, zone: ZoneInfo, moment: datetime) -> int:
    """Of the events that a sink has yet to take, those that wait for a time of its schedule which has not come at
    `moment`."""
    due = last_due(schedule, moment, zone)
    if due is None:
        return sum(lag.values())
    first, ends = bus.offsets_at(topics.INCIDENTS, due), bus.ends(topics.INCIDENTS)
    return sum(min(left, ends[partition] - first[partition]) for partition, left in lag.items())
