"""The configured sources as the runner and the store want them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from pydantic import SecretStr

from crawlers.base import Collector, Live, Source
from crawlers.schedule import Schedule, nominal_seconds
from store import SourceRow

Collectors = Mapping[str, Collector[Any, Any]]
"""By kind."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A configured source, its kind, and when it is to be visited."""

    source: Source[Any]
    kind: str
    schedule: Schedule


def source_rows(planned: Iterable[Planned], collectors: Collectors) -> list[SourceRow]:
    """What `store.Sources.sync` gets."""
    return [
        SourceRow(
            id=one.source.id,
            kind=one.kind,
            slot=collectors[one.kind].slot(one.source.settings),
            every_seconds=nominal_seconds(one.schedule),
            settings_digest=_digest(one),
        )
        for one in planned
    ]


def sessions(planned: Iterable[Planned], collectors: Collectors) -> dict[str, str]:
    """By the id of the source, what a process has to hold to visit it."""
    found = {}
    for one in planned:
        collector = collectors[one.kind]
        session = collector.session(one.source.settings) if isinstance(collector, Live) else None
        if session is not None:
            found[one.source.id] = session
    return found


def _digest(one: Planned) -> str:
    """Changes with anything the operator changes, the token included; the token can't be read back from it."""

    def plain(value: Any) -> str:
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

    settings = one.source.settings.model_dump(mode="python")
    text = json.dumps(
        [one.kind, settings, one.source.place_hint, one.source.time_zone, repr(one.schedule)],
        default=plain,
        sort_keys=True,
    )
    return blake2b(text.encode(), digest_size=16).hexdigest()
