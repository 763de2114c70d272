"""Listing and replaying dead letters."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bus import Bus, Received, Record, TopicPartition, dead_letters
from bus.memory import MemoryBus

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def with_letters(values: Sequence[bytes]) -> Bus:
    bus = MemoryBus()
    bus.ensure_topics({"posts": 2, "posts.dead": 1})
    for offset, value in enumerate(values):
        failed = Received(TopicPartition("posts", 1), offset, Record("k", value, NOW, {"schema": "post/1"}))
        bus.publish("posts.dead", [dead_letters.letter(failed, "tagger", ValueError("плохо"), NOW)])
    return bus


def test_letters_are_listed_with_their_origin() -> None:
    bus = with_letters([b"a", b"b"])
    letters = dead_letters.waiting(bus, "posts")
    assert [found.id for found in letters] == ["0:0", "0:1"]
    assert (letters[1].error, letters[1].error_type, letters[1].group) == ("плохо", "ValueError", "tagger")
    assert (letters[1].origin, letters[1].origin_offset) == (TopicPartition("posts", 1), 1)


def test_a_topic_without_letters() -> None:
    assert dead_letters.waiting(MemoryBus(), "posts") == []


def test_one_letter_is_shown() -> None:
    bus = with_letters([b"a", b"b"])
    found = dead_letters.show(bus, "posts", "0:1")
    assert found is not None
    assert found.record.value == b"b"
    assert [dead_letters.show(bus, "posts", id_) for id_ in ("0:2", "7:0", "x", "", "0:-1")] == [None] * 5


def test_chosen_letters_are_replayed_once() -> None:
    bus = with_letters([b"a", b"b", b"c"])
    assert dead_letters.replay(bus, "posts", {"0:2", "0:0", "0:99"}, NOW) == ["0:0", "0:2"]
    assert [found.id for found in dead_letters.waiting(bus, "posts")] == ["0:1"]
    assert dead_letters.replay(bus, "posts", {"0:0"}, NOW) == []
    again = [r.record for r in bus.read("posts")]
    headers = {"schema": "post/1", "replayed": "2026-03-01T08:00:00+00:00", "replay-for": "tagger"}
    assert again == [Record("k", b"a", NOW, headers), Record("k", b"c", NOW, headers)]


def test_all_letters_are_replayed() -> None:
    bus = with_letters([b"a", b"b"])
    assert dead_letters.replay(bus, "posts", None, NOW) == ["0:0", "0:1"]
    assert dead_letters.waiting(bus, "posts") == []


def test_a_replayed_record_that_fails_again_is_a_new_letter() -> None:
    bus = with_letters([b"a"])
    dead_letters.replay(bus, "posts", None, NOW)
    (again,) = bus.read("posts")
    bus.publish("posts.dead", [dead_letters.letter(again, "tagger", None, NOW)])
    (found,) = dead_letters.waiting(bus, "posts")
    assert (found.id, found.error_type) == ("0:1", "crash")
    assert "replayed" not in found.record.headers


def test_a_long_error_is_cut() -> None:
    failed = Received(TopicPartition("posts", 0), 0, Record("k", b"", NOW))
    assert len(dead_letters.letter(failed, "g", ValueError("x" * 5000), NOW).headers["error"]) == 1000
