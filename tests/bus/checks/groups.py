"""What a group of consumers may rely on: who gets which record, what comes again, what is left."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count

from bus import Bus, Received, TopicPartition
from tests.bus import kit
from tests.bus.kit import (
    KEYS,
    QUIET,
    SLOW,
    Bench,
    Member,
    after,
    by_partition,
    nothing,
    numbers,
    record,
    take,
    topic,
    until,
)


def _two_at_work(bus: Bus, name: str) -> tuple[list[Member], Iterator[int]]:
    """Two members of a group that have both received something, and the numbers not sent yet."""
    members = [Member(bus, [name], "g") for _ in range(2)]
    for member in members:
        member.start()
    sent = count()

    def both_receive() -> bool:
        bus.publish(name, [record(next(sent)) for _ in range(len(KEYS))])
        return all(member.received for member in members)

    until(both_receive, "one of two members got nothing")
    return members, sent


MOMENTS = 200
"""Batches of twenty: ten seconds at least, and a 25th of the history."""


def check_a_fresh_record_is_given_before_a_hundred_thousand_that_can_wait(bench: Bench) -> None:
    fresh, history, bus = topic(bench, 1), topic(bench), bench.bus()
    for _ in range(10):
        bus.publish(history, [record(n, value=b"") for n in range(10_000)])
    with closing(bus.consume([fresh, history], "g")) as consumer:
        waited = take(consumer, 512, at_once=256)
        assert {r.at.topic for r in waited} == {history}
        bus.publish(fresh, [record(n) for n in range(50)])
        # What was on its way comes first, and a broker needs a moment; a step of a worker takes one, too.
        batches = []
        while len(fresh_ones := [r for batch in batches for r in batch if r.at.topic == fresh]) < 50:
            assert len(batches) < MOMENTS, "history was given all the while"
            time.sleep(0.05)
            batches.append(consumer.poll(20, 0.2))
        assert numbers(fresh_ones) == list(range(50))
        given = [{r.at.topic for r in batch} for batch in batches]
        first = next(place for place, topics in enumerate(given) if fresh in topics)
        assert [fresh in topics for topics in given[first : first + 3]] == [True] * 3
        consumer.commit(after([r for batch in [waited, *batches] for r in batch]))
    assert sum(bus.group_lag(fresh, "g").values()) == 0
    assert sum(bus.group_lag(history, "g").values()) >= 100_000 - 512 - MOMENTS * 20
    bus.close()


def check_what_was_not_committed_comes_again(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    bus.publish(name, [record(n) for n in range(20)])
    for _ in range(2):
        with closing(bus.consume([name], "g")) as consumer:
            assert sorted(numbers(take(consumer, 20))) == list(range(20))
    bus.close()


def check_a_commit_survives_a_restart(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    bus.publish(name, [record(n) for n in range(40)])
    consumer = bus.consume([name], "g")
    done: list[Received] = []
    while len(done) < 15:
        done += take(consumer, 5, at_once=5)
    consumer.commit(after(done))
    consumer.close()
    bus.close()
    bus = bench.bus()
    with closing(bus.consume([name], "g")) as consumer:
        assert sorted(numbers(take(consumer, 25))) == sorted(set(range(40)) - set(numbers(done)))
        nothing(consumer)
    with closing(bus.consume([name], "another group")) as consumer:
        assert sorted(numbers(take(consumer, 40))) == list(range(40))
    bus.close()


def check_committed_records_do_not_come_again(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    with closing(bus.consume([name], "g")) as consumer:
        for start in (0, 10, 20):
            bus.publish(name, [record(n) for n in range(start, start + 10)])
            got = take(consumer, 10)
            assert sorted(numbers(got)) == list(range(start, start + 10))
            consumer.commit(after(got))
        nothing(consumer)
    with closing(bus.consume([name], "g")) as consumer:
        nothing(consumer)
    bus.close()


def check_a_partition_has_one_consumer(bench: Bench) -> None:
    name, bus = topic(bench, 4), bench.bus()
    members, sent = _two_at_work(bus, name)
    try:
        time.sleep(QUIET)  # the group has settled by now
        before = [len(member.received) for member in members]
        first = next(sent)
        for start in range(first, first + 200, 20):
            bus.publish(name, [record(n) for n in range(start, start + 20)])
        until(lambda: sum(len(m.received) for m in members) >= sum(before) + 200, "records are missing")
        time.sleep(QUIET)
    finally:
        for member in members:
            member.stop()
    mine, theirs = (by_partition(m.received[n:]) for m, n in zip(members, before, strict=True))
    assert mine.keys().isdisjoint(theirs), "two consumers of one group shared a partition"
    assert mine
    assert theirs
    assert sum(len(offsets) for offsets in (*mine.values(), *theirs.values())) == 200
    bus.close()


def check_a_joining_member_gets_its_share(bench: Bench) -> None:
    name, bus = topic(bench, 4), bench.bus()
    bus.publish(name, [record(n) for n in range(100)])
    first = Member(bus, [name], "g")
    first.start()
    until(lambda: len(first.received) == 100, "the first member did not get all")
    assert first.revoked == set()
    second = Member(bus, [name], "g")
    second.start()
    until(lambda: len(first.revoked) == 2, "the first member was not told to give up two partitions")
    sent = count(100)

    def second_receives() -> bool:
        bus.publish(name, [record(next(sent)) for _ in range(len(KEYS))])
        return bool(second.received)

    until(second_receives, "the second member got nothing")
    total = next(sent)
    until(lambda: len(first.received) + len(second.received) >= total, "records are missing")
    time.sleep(QUIET)
    first.stop()
    second.stop()
    # What was committed in `on_revoked` does not come again.
    assert sorted(numbers(first.received) + numbers(second.received)) == list(range(total))
    assert {r.at for r in second.received} <= first.revoked
    bus.close()


def check_a_leaving_member_gives_its_share_back(bench: Bench) -> None:
    name, bus = topic(bench, 4), bench.bus()
    members, sent = _two_at_work(bus, name)
    members[1].stop()
    assert members[1].revoked, "a closing member was not told that it gives its partitions away"
    before = len(members[0].received)
    start = next(sent)
    bus.publish(name, [record(n) for n in range(start, start + 50)])
    until(lambda: len(members[0].received) >= before + 50, "the partitions did not come back")
    time.sleep(QUIET)
    members[0].stop()
    assert set(numbers(members[0].received)) >= set(range(start, start + 50))
    bus.close()


def check_a_dead_member_loses_its_partitions(bench: Bench) -> None:
    name, bus = topic(bench, 2), bench.bus()
    bus.publish(name, [record(n) for n in range(30)])
    bench.die([name], "g", 30)
    with closing(bus.consume([name], "g")) as consumer:
        assert sorted(numbers(take(consumer, 30))) == list(range(30))
    bus.close()


def check_a_slow_step_keeps_its_partitions(bench: Bench) -> None:
    name, bus = topic(bench, 1), bench.bus()
    bus.publish(name, [record(n) for n in range(20)])
    revoked: set[TopicPartition] = set()
    slow = bus.consume([name], "g", on_revoked=revoked.update)
    got = take(slow, 10, at_once=10)
    other = Member(bus, [name], "g")
    other.start()
    time.sleep(SLOW)
    assert not revoked
    assert other.received == []
    slow.commit(after(got))
    slow.close()
    until(lambda: len(other.received) >= 10, "the rest did not come")
    other.stop()
    assert sorted(numbers(got) + numbers(other.received)) == list(range(20))
    bus.close()


def check_positions_of_others_are_ignored(bench: Bench) -> None:
    name, bus = topic(bench, 1), bench.bus()
    bus.publish(name, [record(n) for n in range(10)])
    consumer = bus.consume([name], "g")
    got = take(consumer, 10)
    consumer.commit({got[0].at: 10, TopicPartition(name, 7): 3, TopicPartition("no such topic", 0): 3})
    consumer.close()
    with closing(bus.consume([name], "g")) as consumer:
        nothing(consumer)
    bus.close()


def check_keeping_alive_takes_nothing(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    bus.publish(name, [record(n) for n in range(20)])
    with closing(bus.consume([name], "g")) as consumer:
        for _ in range(3):
            assert consumer.poll(0, 0.2) == []
        assert sorted(numbers(take(consumer, 20))) == list(range(20))
        bus.publish(name, [record(n) for n in range(20, 30)])
        assert consumer.poll(0, 0.2) == []
        assert sorted(numbers(take(consumer, 10))) == list(range(20, 30))
    bus.close()


def check_a_waiting_consumer_wakes(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    with closing(bus.consume([name], "g")) as consumer:
        bus.publish(name, [record(0)])
        take(consumer, 1)
        timer = threading.Timer(0.3, bus.publish, (name, [record(1)]))
        timer.start()
        started = time.monotonic()
        assert numbers(consumer.poll(10, kit.PATIENCE)) == [1]
        assert time.monotonic() - started < kit.PATIENCE / 2
        timer.join()
    bus.close()


def check_lag_counts_what_is_not_committed(bench: Bench) -> None:
    name, bus = topic(bench, 2), bench.bus()
    assert bus.group_lag(name, "g") == {0: 0, 1: 0}
    bus.publish(name, [record(n) for n in range(30)])
    assert sum(bus.group_lag(name, "g").values()) == 30
    with closing(bus.consume([name], "g")) as consumer:
        got = take(consumer, 30)
        assert sum(consumer.lag().values()) == 30
        consumer.commit(after(got))
        assert consumer.lag() == {TopicPartition(name, 0): 0, TopicPartition(name, 1): 0}
    assert bus.group_lag(name, "g") == {0: 0, 1: 0}
    assert sum(bus.group_lag(name, "another group").values()) == 30
    bus.close()
