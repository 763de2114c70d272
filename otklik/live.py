"""Would everything work now? What `check --live` and `crawl --dry-run` ask, leaving nothing behind."""

import asyncio
from dataclasses import dataclass

from bus import BusError, open_bus
from crawlers.context import Uncounted
from crawlers.net import LocalSlots
from crawlers.trial import check_live, dry_run
from otklik.clock import now
from otklik.config import Config
from otklik.roles.crawl import collectors_of, hasher, planned
from otklik.roles.deliver import open_sink
from otklik.russian import sentences
from schemas import Outcome, Post, topics
from store import Store, StoreError


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
    """

    async def visit() -> list[Post]:
        async with collectors_of(config, LocalSlots(now), Uncounted(now)) as collectors:
            one = next(one for one in planned(config) if one.source.id == source)
            return await dry_run(collectors[one.kind], one.source, hasher=hasher(), now=now, limit=limit)

    return asyncio.run(visit())


def _store(config: Config) -> Result:
    store = None
    try:
        store = Store(config.file.store, now)
        if store.path is not None and not store.path.exists():
            return Result("база", True, f"{store.name}: будет создана при запуске")
        store.open()
        return Result("база", True, f"{store.name}: отвечает, таблицы в порядке")
    except StoreError as error:
        return Result("база", False, str(error))
    finally:
        if store is not None:
            store.close()


def _bus(config: Config) -> Result:
    url = config.file.bus
    if url.startswith("sqlite:"):
        return Result("шина", True, f"{url}: файл, будет создан при запуске")
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


async def _sources(config: Config) -> list[Result]:
    if not config.file.sources:
        return []
    found: list[Result] = []
    async with collectors_of(config, LocalSlots(now), Uncounted(now)) as collectors:
        trials = await asyncio.gather(
            *(check_live(collectors[one.kind], one.source) for one in planned(config)), return_exceptions=True
        )
    for one, trial in zip(planned(config), trials, strict=True):
        what = f"источник {one.source.id}"
        if isinstance(trial, BaseException):
            found.append(Result(what, False, f"внутренняя ошибка: {type(trial).__name__}"))
            continue
        said = sentences(trial.reason, trial.action)
        found.append(Result(what, trial.outcome is Outcome.OK, f"{trial.outcome.value}: {said}"))
    return found


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
