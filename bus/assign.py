"""Which partition a key goes to, which member of a group gets which partition (fair, and with as few moves as fairness
allows), and which partition a member looks at first."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from bus.base import TopicPartition


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key, on the buses that are not Kafka (which has a rule of its own)."""
    return zlib.crc32(key.encode()) % partitions


def in_turn(partitions: Iterable[TopicPartition], topics: Sequence[str], turn: int) -> list[TopicPartition]:
    """In which order a consumer looks at its partitions: by the preference of `topics`, and within a topic another one
    first at each `turn`, so that a full one starves nobody."""
    ordered = sorted(partitions)
    start = turn % len(ordered) if ordered else 0
    return sorted(ordered[start:] + ordered[:start], key=lambda at: topics.index(at.topic))


def assign(
    partitions: Iterable[TopicPartition],
    subscriptions: Mapping[str, Collection[str]],
    owners: Mapping[TopicPartition, str],
) -> dict[TopicPartition, str]:
    """The member that should own each partition; partitions whose topic nobody reads are left out.

    `subscriptions` maps a member to its topics, `owners` a partition to the member that holds it now. The result
    depends on nothing else, so every member comes to the same one. Two members with the same topics end up with
    numbers of partitions that differ by at most one.
    """
    load = dict.fromkeys(sorted(subscriptions), 0)
    readers: dict[str, list[str]] = {}
    for member in load:
        for topic in subscriptions[member]:
            readers.setdefault(topic, []).append(member)

    target: dict[TopicPartition, str] = {}
    free: list[TopicPartition] = []
    for partition in sorted(partitions):
        owner = owners.get(partition)
        if owner is not None and owner in readers.get(partition.topic, ()):
            target[partition] = owner
            load[owner] += 1
        elif partition.topic in readers:
            free.append(partition)
    for partition in free:
        member = min(readers[partition.topic], key=load.__getitem__)
        target[partition] = member
        load[member] += 1

    moved = True
    while moved:  # each move lowers the sum of squared loads, so this ends
        moved = False
        for partition, member in target.items():
            least = min(readers[partition.topic], key=load.__getitem__)
            if load[member] - load[least] >= 2:
                target[partition] = least
                load[member] -= 1
                load[least] += 1
                moved = True
    return target
