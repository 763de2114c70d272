"""Posts, decisions and naive reference implementations for the tests of grouping."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from incidents.config import Grouping
from store import Decision, Link, Member
from store.posts import Range, Wanted

START = datetime(2026, 2, 2, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

CHELYABINSK = "75701000"
KOPEYSK = "75728000"
NO_WATER = "Отсутствие холодной воды"
BURST = "★ Прорыв трубы/трубопровода"
SNOW = "Неубранный снег"


def post(id_: str, hours: float = 0, municipality: str | None = KOPEYSK, topic: str = NO_WATER, **more: Any) -> Member:
    group = "Дороги" if topic == SNOW else "ЖКХ"
    return Member(
        id=id_,
        published=START + hours * HOUR,
        kind="post",
        municipality=municipality,
        topic=topic,
        **{"source": "vk", "group": group, "relevant": True, **more},
    )


def must(id_: int, left: str, right: str) -> Decision:
    return Decision(id_, Link.MUST, left, right, "petrova", START)


def cannot(id_: int, left: str, right: str) -> Decision:
    return Decision(id_, Link.CANNOT, left, right, "petrova", START)


def sets(*words: str) -> frozenset[frozenset[str]]:
    """`sets("a b", "c")`: a partition."""
    return frozenset(frozenset(word.split()) for word in words)


def cut_at_largest(posts: Sequence[Member], window: timedelta, span: timedelta) -> list[tuple[Member, ...]]:
    """The rule as it is written down: what is too long, or has too long a pause, is cut at its largest gap."""
    if len(posts) < 2:
        return [tuple(posts)]
    largest = max(range(1, len(posts)), key=lambda n: (posts[n].published - posts[n - 1].published, posts[n].id))
    gap = posts[largest].published - posts[largest - 1].published
    if gap <= window and posts[-1].published - posts[0].published <= span:
        return [tuple(posts)]
    return cut_at_largest(posts[:largest], window, span) + cut_at_largest(posts[largest:], window, span)


@dataclass
class Memory:
    """All posts that there are, read as the neighbourhood reads them."""

    posts: Iterable[Member]
    all_decisions: Iterable[Decision] = ()

    def read(self, wanted: Wanted) -> list[Member]:
        return [
            one
            for one in self.posts
            if one.id in wanted.ids
            or one.incident in wanted.incidents
            or (one.relevant and (one.parent in wanted.answers_to or self._near(one, wanted.ranges)))
        ]

    @staticmethod
    def _near(one: Member, ranges: Sequence[Range]) -> bool:
        return any(
            (one.municipality, getattr(one, wanted.by)) == (wanted.municipality, wanted.value)
            and wanted.start <= one.published <= wanted.end
            for wanted in ranges
        )

    def decisions(self, ids: Collection[str]) -> list[Decision]:
        return [one for one in self.all_decisions if one.left in ids or one.right in ids]


RULES = Grouping.model_validate(
    {
        "default": {"window": "4h", "span": "12h"},
        "water": {"window": "6h", "span": "10h", "topics": [NO_WATER, BURST], "together": True},
        "address": {"window": "8h", "span": "20h"},
    }
)
