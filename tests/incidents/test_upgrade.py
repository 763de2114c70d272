"""What was open at an upgrade goes on: nothing that a new column is for opens a twin of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from incidents.common import TOPICS
from incidents.config import Grouping
from store import Store, schema
from store.incident_tables import incidents, posts
from tests.incidents.bench import Bench, tagged
from tests.incidents.make import KOPEYSK, NO_WATER, START
from tests.store.kit import Clock

HOLES = "Ямы и выбоины на дороге"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Of revision 0014, which noted no common trouble: №1 with the post `a` about water."""
    sqlite = request.param == "sqlite"
    store = Store(f"sqlite:///{tmp_path}/store.db" if sqlite else request.getfixturevalue("postgres_db"), Clock())
    matter = {"group": "ЖКХ", "topic": NO_WATER, "urgency": "normal", "municipality": KOPEYSK}
    matter |= {"municipality_name": "Копейский", "needs_review": False, "history": False}
    times = dict.fromkeys(("opened", "updated", "first_published", "last_published"), START)
    with store.transaction() as conn:
        schema.upgrade(conn, store.name, "0014")
        conn.execute(insert(incidents).values(id=1, sequence=1, status="new", title="Нет воды", **matter, **times))
        conn.execute(
            insert(posts), [post("a", incident=1, **matter), post("h", incident=None, **matter | {"topic": HOLES})]
        )
    yield store
    store.close()


def post(id_: str, **more: object) -> dict[str, object]:
    seen = {"revision": 0, "collected": START, "deleted": False, "tagged_revision": 0, "tagged_collected": START}
    return {"id": id_, "kind": "post", "source": "vk", "published": START, "relevant": True} | seen | more


def commons(store: Store) -> dict[str, str | None]:
    with store.reading() as conn:
        return {row.id: row.common for row in conn.execute(select(posts.c.id, posts.c.common))}


def test_the_next_post_on_a_matter_that_was_open_attaches(old: Store) -> None:
    old.upgrade()
    bench = Bench(old, Grouping())
    assert bench.types(tagged("b", 1)) == ["updated 1.2"]
    assert commons(old) == {"a": "water", "h": None, "b": "water"}
    assert bench.all()[0].posts == ("a", "b")


def test_every_topic_is_given_its_trouble_and_nothing_that_was_erased(old: Store) -> None:
    found = [(name, topic) for name, topics in TOPICS.items() for topic in topics]
    with old.transaction() as conn:
        conn.execute(
            insert(posts),
            [
                post(name + topic, topic=topic, group="x", urgency="normal", history=False, needs_review=False)
                for name, topic in found
            ],
        )
        conn.execute(update(posts).where(posts.c.id == "a").values(erased=True))
    old.upgrade()
    assert commons(old) == {"a": None, "h": None} | {name + topic: name for name, topic in found}
