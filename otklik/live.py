"""Would everything work now? What `check --live` and `crawl --dry-run` ask, leaving nothing behind."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bus import BusError, open_bus
from crawlers.base import Live
from crawlers.context import Uncounted
from crawlers.holding import Holding
from crawlers.net import LocalSlots
from crawlers.plan import Collectors, Planned, sessions
from crawlers.runner import TERM
from crawlers.trial import Trial, check_live, dry_run
from otklik.clock import now
from otklik.config import Config
from otklik.exits import Exit, Failed
from otklik.roles.common import owner
from otklik.roles.crawl import collectors_of, hasher, planned
from otklik.roles.deliver import open_sink
from otklik.russian import sentences
from schemas import Post, topics
from store import Holds, Incidents, Store, StoreError


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was asked. `message` is in Russian."""

    what: str
    ok: bool
    message: str

    def __str__(self) -> str:
        return f"{'да ' if self.ok else 'НЕТ'}  {self.what}: {self.message}"

    def as_json(self) -> dict[str, object]:
        """For `check --live --json`."""
        return {"what": self.what, "ok": self.ok, "message": self.message}


def check_all(config: Config) -> list[Result]:
    """Store, bus, model, sources, sinks."""
    return [_store(config), _bus(config), _model(config), *asyncio.run(_sources(config)), *_sinks(config)]


def dry_run_source(config: Config, source: str, limit: int) -> list[Post]:
    """The posts that a first visit to a source would bring.

    Raises:
        SourceProblem: the visit did not work out.
        Failed: a crawler at work holds the session that the source is read with.
    """

    async def visit() -> list[Post]:
        one = next(one for one in planned(config) if one.source.id == source)
        async with (
            collectors_of(config, LocalSlots(now), Uncounted(now)) as collectors,
            _held(config, [one], collectors) as elsewhere,
        ):
            if one.source.id in elsewhere:
                raise Failed(f"{source}: {_BUSY.format(elsewhere[source])}.", Exit.BUSY)
            return await dry_run(collectors[one.kind], one.source, hasher=hasher(), now=now, limit=limit)

    return asyncio.run(visit())


def _store(config: Config) -> Result:
    store = None
    try:
        store = Store(config.file.store, now)
        if store.path is not None and not store.path.exists():
            return _to_be_made("база", store.name, store.path)
        store.open()
        if gone := _gone(config, store):
            return Result("база", False, gone)
        return Result("база", True, f"{store.name}: отвечает, таблицы в порядке")
    except StoreError as error:
        return Result("база", False, str(error))
    finally:
        if store is not None:
            store.close()


def _gone(config: Config, store: Store) -> str | None:
    """Open incidents of authorities that the file does not have (any more)."""
    known = {one.id for one in config.file.authorities}
    gone = {id_: count for id_, count in Incidents(store).open_by_authority().items() if id_ not in known}
    if not gone:
        return None
    listed = ", ".join(f"{id_} ({count})" for id_, count in sorted(gone.items()))
    return (
        f"открытые инциденты у органов, которых нет в файле: {listed}. Они остаются за ними; верните органы в "
        "authorities или передайте инциденты другим"
    )


def _to_be_made(what: str, name: str, path: Path) -> Result:
    """A file that `run` makes, with its folders."""
    folder = next(one for one in path.absolute().parents if one.exists())
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Result(what, True, f"{name}: файл, будет создан при запуске")
    why = f"писать в {folder} этому пользователю нельзя" if folder.is_dir() else f"{folder} — не папка"
    return Result(what, False, f"{name}: файла нет, и создать его нельзя: {why}. Дайте место или измените адрес.")


def _bus(config: Config) -> Result:
    url = config.file.bus
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:///"))
        return Result("шина", True, f"{url}: файл на месте") if path.exists() else _to_be_made("шина", url, path)
    bus = open_bus(url, now=now)
    try:
        bus.ends(topics.POSTS)
    except BusError as error:
        return Result("шина", False, str(error))
    finally:
        bus.close()
    return Result("шина", True, f"{url}: отвечает")


def _model(config: Config) -> Result:
    from classifier import ModelError  # noqa: PLC0415
    from otklik.roles.classify import load_classifier  # noqa: PLC0415

    try:
        load_classifier(config)
    except ModelError as error:
        return Result("модель", False, str(error))
    return Result("модель", True, "читается")


_BUSY = (
    "сессию Telegram сейчас держит обходчик {}; второму соединению с ней быть нельзя. Как идут обходы, покажет otklik "
    "status"
)


@asynccontextmanager
async def _held(config: Config, plan: Iterable[Planned], collectors: Collectors) -> AsyncIterator[dict[str, str]]:
    """The sessions that the sources need are ours while inside; of sources for which that can't be, who has theirs."""
    needed = sessions(plan, collectors)
    store = Store(config.file.store, now) if needed else None
    if store is None or (store.path is not None and not store.path.exists()):  # nothing has ever run here
        yield {}
        return
    try:
        store.open()
        holds = Holds(store)

        async def leave(session: str) -> None:
            for one in collectors.values():
                if isinstance(one, Live):
                    await one.leave(session)

        holding = Holding(holds, owner("check"), TERM, asyncio.to_thread, leave)
        try:
            await holding.seek(set(needed.values()))
            yield {id_: holds.holder(one) or "?" for id_, one in needed.items() if one not in holding}
        finally:
            await holding.give_back()
    finally:
        store.close()


async def _sources(config: Config) -> list[Result]:
    if not config.file.sources:
        return []
    found: list[Result] = []
    plan = planned(config)
    async with collectors_of(config, LocalSlots(now), Uncounted(now)) as collectors:
        try:
            async with _held(config, plan, collectors) as elsewhere:
                free = [one for one in plan if one.source.id not in elsewhere]
                trials = await _tried(free, collectors)
        except StoreError:  # told already, and without it nobody knows whether a session is free
            elsewhere = {}
            free = [one for one in plan if one.source.id not in sessions(plan, collectors)]
            trials = await _tried(free, collectors)
    asked = {one.source.id: trial for one, trial in zip(free, trials, strict=True)}
    for one in plan:
        id_ = one.source.id
        trial = asked.get(id_)
        if isinstance(trial, BaseException):
            found.append(Result(f"источник {id_}", False, f"внутренняя ошибка: {type(trial).__name__}"))
        elif trial is not None:
            said = sentences(trial.reason, trial.action)
            found.append(Result(f"источник {id_}", trial.ok, f"{trial.outcome.value}: {said}"))
        elif id_ in elsewhere:
            found.append(Result(f"источник {id_}", True, _BUSY.format(elsewhere[id_])))
        else:
            found.append(Result(f"источник {id_}", False, "не проверен: база не отвечает"))
    return found


async def _tried(plan: Iterable[Planned], collectors: Collectors) -> list[Trial | BaseException]:
    return await asyncio.gather(*(check_live(collectors[one.kind], one.source) for one in plan), return_exceptions=True)


def _sinks(config: Config) -> list[Result]:
    found = []
    for section in config.file.sinks:
        sink, _ = open_sink(config, section.id)
        try:
            problem = sink.check()
        finally:
            sink.close()
        found.append(Result(f"получатель {section.id}", problem is None, problem or "принимает"))
    return found
