"""Records that could not be processed: their headers, and how to list and replay them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bus.base import Bus, Received, Record, TopicPartition, UnknownTopic
from schemas.topics import dead

ERROR_CHARACTERS = 1_000
"""Of an error's text; the type and the start say what is wrong."""
CRASH = "crash"
"""`error_type` of a record that killed the process."""
REPLAYED = ".replayed"
"""Suffix of the topic that remembers which letters were replayed: one small record each, the id as its key."""


def letter(received: Received, group: str, error: Exception | None, now: datetime) -> Record:
    """The record as it was, with what happened to it in its headers; `error` is None for a crash."""
    crashed = "The process was killed twice while it worked on this record alone."
    return Record(
        key=received.record.key,
        value=received.record.value,
        time=received.record.time,
        headers={
            **{
                name: value for name, value in received.record.headers.items() if name not in ("replayed", "replay-for")
            },
            "error": (crashed if error is None else str(error))[:ERROR_CHARACTERS],
            "error_type": CRASH if error is None else type(error).__name__,
            "failed_at": now.isoformat(),
            "group": group,
            "origin_topic": received.at.topic,
            "origin_partition": str(received.at.partition),
            "origin_offset": str(received.offset),
        },
    )


_OURS = frozenset({"error", "error_type", "failed_at", "group", "origin_topic", "origin_partition", "origin_offset"})


def is_for(record: Record, group: str) -> bool:
    """A replayed record is meant for the group that failed on it; the others have had it."""
    return record.headers.get("replay-for", group) == group


@dataclass(frozen=True, slots=True)
class Letter:
    id: str
    """`partition:offset` in the dead-letter topic."""
    record: Record
    error: str
    error_type: str
    failed_at: str
    group: str
    origin: TopicPartition
    origin_offset: int


def _letter(received: Received) -> Letter:
    headers = received.record.headers
    return Letter(
        id=f"{received.at.partition}:{received.offset}",
        record=received.record,
        error=headers["error"],
        error_type=headers["error_type"],
        failed_at=headers["failed_at"],
        group=headers["group"],
        origin=TopicPartition(headers["origin_topic"], int(headers["origin_partition"])),
        origin_offset=int(headers["origin_offset"]),
    )


def waiting(bus: Bus, topic: str) -> list[Letter]:
    """Dead letters of `topic` that nobody has replayed, oldest first in each partition.

    Raises:
        BusError: the bus does not answer.
    """
    replayed = {received.record.key for received in _read(bus, dead(topic) + REPLAYED)}
    letters = [_letter(received) for received in _read(bus, dead(topic))]
    return [letter for letter in letters if letter.id not in replayed]


def show(bus: Bus, topic: str, id_: str) -> Letter | None:
    """One letter, replayed or not; None where there is none with this id."""
    for received in _read(bus, dead(topic)):
        if f"{received.at.partition}:{received.offset}" == id_:
            return _letter(received)
    return None


def replay(bus: Bus, topic: str, ids: Collection[str] | None, now: datetime) -> list[str]:
    """Publish the letters with these ids (None: all that wait) to their topic again, for the group that failed.

    A letter is marked after it was published, so that a crash between the two repeats it rather than loses it.
    Returns the ids replayed; those that do not wait are left out.
    """
    bus.ensure_topics({dead(topic) + REPLAYED: 1})
    chosen = [found for found in waiting(bus, topic) if ids is None or found.id in ids]
    for found in chosen:
        headers = {name: value for name, value in found.record.headers.items() if name not in _OURS}
        headers |= {"replayed": now.isoformat(), "replay-for": found.group}
        again = Record(found.record.key, found.record.value, found.record.time, headers)
        bus.publish(topic, [again])
        bus.publish(dead(topic) + REPLAYED, [Record(found.id, b"", now)])
    return [found.id for found in chosen]


def _read(bus: Bus, topic: str) -> list[Received]:
    """What is on the topic; nothing where nobody has created it."""
    try:
        return bus.read(topic)
    except UnknownTopic:
        return []
