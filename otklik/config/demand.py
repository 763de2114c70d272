"""Whether the sources, visited as often as configured, fit into their tokens' daily quotas. See docs/quotas.md."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from crawlers.schedule import parse, visits_per_day
from crawlers.settings import Account
from otklik.config.document import Document
from otklik.config.messages import docs_of
from otklik.config.problems import Path, Problem, shown
from text.suggest import listed

NICE = [*range(1, 11), 12, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440]
"""Minutes that people write."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A source that is asked with tokens."""

    id: str
    path: Path
    settings: Any
    accounts: Sequence[Account]
    visits: float
    """A day."""

    def wants(self, method: str) -> float:
        """Calls of a method a day."""
        calls: float = self.settings.calls_per_day(self.visits).get(method, 0.0)
        return calls


@dataclass(frozen=True, slots=True)
class Overload:
    """A method of which the sources want more calls than their tokens have."""

    tokens: int
    method: str
    calls: float
    per_day: int
    """Of all the tokens together."""


def notes(document: Document, file: Any, zone: str) -> Iterator[Problem]:
    """What does not fit, once for each set of tokens and method, with the interval that would."""
    for sources in shared(asking(file, zone)):
        left = sources
        while found := overload(left):
            users = [one for one in left if one.wants(found.method)]
            left = [one for one in left if one not in users]
            most = max(users, key=lambda one: one.wants(found.method))
            path = (*most.path, "every")
            at = document.place(path) or document.place(most.path)
            hint = _hint(users, fitting(users))
            yield Problem(
                document.file, _message(found, users), path, at, _every(document, path), None, hint, docs_of(path)
            )


def asking(file: Any, zone: str) -> list[Asking]:
    """The sources of the file that are asked with tokens."""
    found = []
    for number, one in enumerate(file.sources):
        accounts = one.settings.accounts()
        if accounts:
            visits = visits_per_day(parse(one.every, one.time_zone or zone))
            found.append(Asking(one.id, ("sources", number), one.settings, accounts, visits))
    return found


def shared(sources: Sequence[Asking]) -> list[list[Asking]]:
    """Sources put together with those that they share a token with, directly or through others."""
    groups: list[list[Asking]] = []
    for one in sources:
        mine = _tokens([one])
        joined = [group for group in groups if _tokens(group) & mine]
        groups = [group for group in groups if group not in joined]
        groups.append([*(other for group in joined for other in group), one])
    return [sorted(group, key=lambda one: one.path) for group in groups]


def overload(sources: Sequence[Asking], slower: float = 1.0) -> Overload | None:
    """The method that is asked for most beyond its quota, were all sources visited so many times less often."""
    calls: defaultdict[str, float] = defaultdict(float)
    for one in sources:
        for method, number in one.settings.calls_per_day(one.visits / slower).items():
            calls[method] += number
    accounts = {(one.service, one.token): one for source in sources for one in source.accounts}.values()
    worst: Overload | None = None
    for method, number in calls.items():
        limits = [one.per_day[method] for one in accounts if method in one.per_day]
        if len(limits) < len(accounts) or number <= sum(limits):
            continue
        if worst is None or number / sum(limits) > worst.calls / worst.per_day:
            worst = Overload(len(accounts), method, number, sum(limits))
    return worst


def fitting(sources: Sequence[Asking]) -> float | None:
    """How many times less often all sources have to be visited; None where even once in a month is too often."""
    low, high = 1.0, max(one.visits for one in sources) * 31
    if overload(sources, high) is not None:
        return None
    while high / low > 1.001:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if overload(sources, middle) else (low, middle)
    return high


def _message(found: Overload, users: Sequence[Asking]) -> str:
    whose = users[0].accounts[0].whose if found.tokens == 1 else f"этих токенов (их {found.tokens})"
    return (
        f"Суточного запаса {whose} не хватит: вызовов {found.method} понадобится около {ceil(found.calls)}, "
        f"а можно {found.per_day}. Источники: {listed([one.id for one in users])}."
    )


def _hint(sources: Sequence[Asking], slower: float | None) -> str:
    more = sources[0].accounts[0].more
    if slower is None:
        return f"Не поможет и самый редкий обход: {more} или уберите часть источников."
    same = {one.visits for one in sources}
    if len(same) == 1:
        each = " у каждого" if len(sources) > 1 else ""
        return f"Поместится every: {written(slower / same.pop())}{each}; или {more}."
    times = f"{ceil(slower * 10) / 10:g}".replace(".", ",")
    return f"Поместится, если все промежутки увеличить в {times} раза; или {more}."


def written(days: float) -> str:
    """An interval of at least so many days, as an operator would write it."""
    minutes = ceil(days * 1440 - 1e-6)
    minutes = next((nice for nice in NICE if nice >= minutes), ceil(minutes / 1440) * 1440)
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"


def _every(document: Document, path: Path) -> str | None:
    value = document.filled_value(path)
    return None if value is None else shown(value)


def _tokens(sources: Sequence[Asking]) -> set[tuple[str, str]]:
    return {(account.service, account.token) for one in sources for account in one.accounts}
