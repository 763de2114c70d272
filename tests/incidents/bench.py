"""Tagged posts in, incidents and events out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bus import Received, Record, TopicPartition
from incidents.config import Authority, Deadlines, Grouping
from incidents.group import Partition
from incidents.process import IncidentStep
from schemas import Incident, IncidentEvent, Municipality, Post, TaggedPost, Tags, headers, topics
from store import Incidents, Outbox, Store
from store.incident_tables import posts
from tests.incidents.make import HOUR, KOPEYSK, NO_WATER, SNOW, START

NAMES = {"75701000": "Челябинский", "75728000": "Копейский"}
AUTHORITIES = (
    Authority(id="vodokanal", name="Водоканал", topics=(NO_WATER,)),
    Authority(id="roads", name="Управление дорог", groups=("Дороги",)),
    Authority(id="duty", name="Дежурная служба", default=True),
)
DEADLINES = Deadlines.model_validate({"roads": {"answer": "10d", "groups": ["Дороги"]}})


def tagged(
    id_: str,
    hours: float = 0,
    municipality: str | None = KOPEYSK,
    topic: str = NO_WATER,
    *,
    revision: int = 0,
    collected: datetime | None = None,
    deleted: bool = False,
    relevant: bool = True,
    history: bool = False,
    text: str = "Второй день нет воды",
    model: str = "m1",
    parent: str | None = None,
    source: str = "vk",
    **tags: Any,
) -> TaggedPost:
    published = START + hours * HOUR
    post = Post(
        id=id_,
        revision=revision,
        deleted=deleted,
        source=source,
        parent=parent,
        url=f"https://vk.example/{id_}",
        published=published,
        collected=collected or published + timedelta(minutes=5),
        text="" if deleted else text,
        history=history,
    )
    place = None
    if municipality is not None:
        place = Municipality(oktmo=municipality, name=NAMES[municipality], probability=0.9, found_by="text")
    return TaggedPost(
        post=post,
        tags=Tags(
            relevance=0.9 if relevant else 0.1,
            relevant=relevant,
            group="Дороги" if topic == SNOW else "ЖКХ",
            group_probability=0.9,
            topic=topic,
            topic_probability=0.8,
            municipality=place,
            model=model,
            **tags,
        ),
    )


class Bench:
    def __init__(self, store: Store, rules: Grouping | None = None) -> None:
        self.store = store
        self.incidents = Incidents(store)
        self.outbox = Outbox(store)
        self.step = self.new_step(rules or Grouping())

    def new_step(self, rules: Grouping) -> IncidentStep:
        return IncidentStep(
            self.store,
            "chelyabinsk",
            authorities=AUTHORITIES,
            deadlines=DEADLINES,
            windows=rules,
            now=self.store.now,
        )

    def take(self, *batch: TaggedPost) -> list[IncidentEvent]:
        """Process one batch; the events that it made."""
        self.step.process(records(batch))
        return self.events()

    def events(self) -> list[IncidentEvent]:
        """The events since the last call."""
        found: list[IncidentEvent] = []
        self.outbox.relay(found.extend, limit=10_000)
        return found

    def types(self, *batch: TaggedPost) -> list[str]:
        return [f"{event.type.removeprefix('incident.')} {event.id}" for event in self.take(*batch)]

    def all(self) -> list[Incident]:
        return self.incidents.find(limit=1000)[::-1]

    def partition(self) -> Partition:
        """As the posts' own rows have it."""
        found: dict[int, set[str]] = {}
        with self.store.reading() as conn:
            for row in conn.execute(select(posts.c.id, posts.c.incident).where(posts.c.incident.is_not(None))):
                found.setdefault(row.incident, set()).add(row.id)
        return frozenset(frozenset(members) for members in found.values())


def records(batch: Sequence[TaggedPost]) -> list[Received]:
    found = []
    for offset, one in enumerate(batch):
        record = Record("none", one.encode(), one.post.published, headers(TaggedPost))
        found.append(Received(TopicPartition(topics.TAGGED, 0), offset, record))
    return found
