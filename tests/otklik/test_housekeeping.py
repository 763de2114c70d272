"""What is over its term goes, what waits for a reader stays."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from bus import Record, open_bus
from otklik.config.model import Retention
from otklik.housekeeping import Housekeeper
from otklik.roles.common import ensure_topics
from schemas import topics
from store import Store, Version, Versions

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_only_what_nobody_waits_for_is_deleted(tmp_path):
    clock = [NOW - timedelta(days=100)]
    store = Store(f"sqlite:///{tmp_path}/store.db", lambda: clock[0])
    store.upgrade()
    Versions(store).store([Version("old", 0, "a")])
    clock[0] = NOW
    Versions(store).store([Version("new", 0, "b")])
    bus = open_bus(f"sqlite:///{tmp_path}/bus.db", now=lambda: NOW)
    ensure_topics(bus)
    for topic in (topics.POSTS, topics.TAGGED, topics.SOURCES):
        bus.publish(topic, [Record("k", b"old", NOW - timedelta(days=20)), Record("k", b"new", NOW)])
    with closing(bus.consume([topics.TAGGED], "incidents")) as consumer:
        consumer.commit({one.at: one.offset + 1 for one in consumer.poll(10, 5)})
    readers = {topics.POSTS: ["classify"], topics.TAGGED: ["incidents"], topics.SOURCES: []}
    deleted = Housekeeper(Retention(topics=14, versions=31), bus, store, lambda: NOW, readers).tidy()
    assert deleted == {
        "runs": 0,
        "versions": 1,
        "outbox": 0,
        "source_events": 0,
        "source_hours": 0,
        "texts": 0,
        "comments": 0,
        "audit": 0,
        "posts": 0,
        "tagged": 1,
        "sources": 1,
    }
    assert set(Versions(store).known(["old", "new"])) == {"new"}
    left = {topic: [one.record.value for one in bus.read(topic)] for topic in readers}
    assert left == {topics.POSTS: [b"old", b"new"], topics.TAGGED: [b"new"], topics.SOURCES: [b"new"]}
    bus.close()
    store.close()
