"""What every bus has to do. Each check is a plain function over a `Bench`, so that it can also be called on a bus
that is broken on purpose, where it must fail (`test_broken.py`)."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from bus import BusError, Received, Record, RecordTooLarge, TopicPartition
from tests.bus import kit
from tests.bus.kit import (
    KEYS,
    QUIET,
    SLOW,
    T0,
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


def check_a_record_comes_back_as_it_was(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    sent = Record(
        "Копейск", bytes(range(256)), datetime(2024, 2, 29, 23, 59, 59, 123_000, UTC), {"ошибка": "нет воды", "e": ""}
    )
    bus.publish(name, [sent, Record("", b"", T0)])
    with closing(bus.consume([name], "g")) as consumer:
        got = take(consumer, 2)
    assert {r.record.key: r.record for r in got} == {"Копейск": sent, "": Record("", b"", T0)}
    assert [r.at.topic for r in got] == [name, name]
    bus.close()


def check_order_is_kept_per_key(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    for start in range(0, 500, 50):
        bus.publish(name, [record(n) for n in range(start, start + 50)])
    with closing(bus.consume([name], "g")) as consumer:
        got = take(consumer, 500)
    for key in KEYS:
        mine = [r for r in got if r.record.key == key]
        assert len({r.at for r in mine}) == 1
        assert numbers(mine) == sorted(n for n in range(500) if KEYS[n % len(KEYS)] == key)
    for offsets in by_partition(got).values():
        assert offsets == sorted(set(offsets))
    bus.close()


def check_published_records_survive_a_restart(bench: Bench) -> None:
    name = topic(bench)
    for start in (0, 30):
        bus = bench.bus()
        bus.publish(name, [record(n) for n in range(start, start + 30)])
        bus.close()
    bus = bench.bus()
    with closing(bus.consume([name], "g")) as consumer:
        assert sorted(numbers(take(consumer, 60))) == list(range(60))
        nothing(consumer)
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
    members = [Member(bus, [name], "g") for _ in range(2)]
    for member in members:
        member.start()
    sent = count()

    def both_receive() -> bool:
        bus.publish(name, [record(next(sent)) for _ in range(len(KEYS))])
        return all(member.received for member in members)

    try:
        until(both_receive, "one of two members got nothing")
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
    members = [Member(bus, [name], "g") for _ in range(2)]
    for member in members:
        member.start()
    sent = count()

    def both_receive() -> bool:
        bus.publish(name, [record(next(sent)) for _ in range(len(KEYS))])
        return all(member.received for member in members)

    until(both_receive, "one of two members got nothing")
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


def check_reading_without_a_group(bench: Bench) -> None:
    name, bus = topic(bench, 2), bench.bus()
    assert bus.read(name) == []
    assert bus.ends(name) == {0: 0, 1: 0}
    bus.publish(name, [record(n) for n in range(40)])
    ends = bus.ends(name)
    assert sum(ends.values()) == 40
    everything = bus.read(name)
    assert sorted(numbers(everything)) == list(range(40))
    assert [(r.at, r.offset) for r in everything] == sorted((r.at, r.offset) for r in everything)
    start = {number: end // 2 for number, end in ends.items()}
    assert bus.read(name, start) == [r for r in everything if r.offset >= start[r.at.partition]]
    assert bus.read(name, limit=7) == everything[:7]
    assert bus.read(name, ends) == []
    bus.close()


def check_places_by_event_time(bench: Bench) -> None:
    name, bus = topic(bench, 2), bench.bus()
    bus.publish(name, [record(n) for n in range(40)])
    everything, ends = bus.read(name), bus.ends(name)
    for second in (-5, 0, 17, 39, 40):
        moment = T0 + timedelta(seconds=second)
        expected = {
            number: min(
                (r.offset for r in everything if r.at.partition == number and r.record.time >= moment), default=end
            )
            for number, end in ends.items()
        }
        assert bus.offsets_at(name, moment) == expected
    bus.close()


def check_event_times_may_be_far_off(bench: Bench) -> None:
    name, bus = topic(bench, 1), bench.bus()
    now = datetime.now(UTC).replace(microsecond=0)
    times = [now - timedelta(days=2000), now + timedelta(hours=23)]
    bus.publish(name, [Record("k", b"", moment) for moment in times])
    assert [r.record.time for r in bus.read(name)] == times
    bus.close()


def check_a_record_that_is_too_large_stops_the_batch(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    huge = record(2, value=b"\0" * 5_000_000)
    with pytest.raises(RecordTooLarge) as caught:
        bus.publish(name, [record(0), record(1), huge, record(3)])
    assert caught.value.index == 2
    size = 5_000_000 + len(KEYS[2])
    assert str(caught.value) == f"Запись № 3: {size} байт при пределе 1000000. Её не принимает шина."
    assert bus.read(name) == []
    largest = record(0, "k", bytes(bus.max_record_bytes - 1))
    bus.publish(name, [largest, record(1)])
    assert largest in [r.record for r in bus.read(name)]
    bus.close()


def check_an_unknown_topic_is_named(bench: Bench) -> None:
    bus = bench.bus()
    with pytest.raises(BusError) as caught:
        bus.publish("never-created", [record(0)])
    assert str(caught.value) == (
        "Темы «never-created» нет на шине. Её создаёт при запуске любая роль otklik; проверьте, "
        "что «bus» в конфигурации указывает на ту же шину."
    )
    bus.close()


def check_existing_topics_stay_as_they_are(bench: Bench) -> None:
    name, bus = topic(bench, 2), bench.bus()
    bus.publish(name, [record(n) for n in range(10)])
    bus.ensure_topics({name: 9, name + "-new": 1})
    assert len(bus.ends(name)) == 2
    assert len(bus.ends(name + "-new")) == 1
    assert len(bus.read(name)) == 10
    bus.close()


def check_pruning_deletes_the_old(bench: Bench) -> None:
    name, bus = topic(bench, 2), bench.bus()
    bus.publish(name, [record(n) for n in range(40)])
    if not bench.prunes:
        assert bus.prune(name, T0 + timedelta(seconds=25)) == 0
        assert len(bus.read(name)) == 40
        return
    ends = bus.ends(name)
    assert bus.prune(name, T0 + timedelta(seconds=25)) == 25
    assert sorted(numbers(bus.read(name))) == list(range(25, 40))
    assert bus.ends(name) == ends
    assert sum(bus.group_lag(name, "g").values()) == 15
    with closing(bus.consume([name], "g")) as consumer:
        assert sorted(numbers(take(consumer, 15))) == list(range(25, 40))
    assert bus.prune(name, T0 + timedelta(days=1)) == 15
    bus.publish(name, [record(99)])
    assert sum(bus.ends(name).values()) == 41
    bus.close()


def check_pruning_leaves_what_a_reader_has_not_committed(bench: Bench) -> None:
    name, bus = topic(bench, 1), bench.bus()
    bus.publish(name, [record(n) for n in range(40)])
    late = T0 + timedelta(days=1)
    assert bus.prune(name, late, ["fast", "slow"]) == 0
    for group, done in (("fast", 40), ("slow", 15)):
        with closing(bus.consume([name], group)) as consumer:
            last = take(consumer, 40)[done - 1]
            consumer.commit({last.at: last.offset + 1})
    assert bus.prune(name, late, ["fast", "slow"]) == (15 if bench.prunes else 0)
    with closing(bus.consume([name], "slow")) as consumer:
        assert numbers(take(consumer, 25)) == list(range(15, 40))
    bus.close()


def check_closing_twice_is_harmless(bench: Bench) -> None:
    name, bus = topic(bench), bench.bus()
    consumer = bus.consume([name], "g")
    consumer.poll(1, 0.1)
    consumer.close()
    consumer.close()
    bus.close()
    bus.close()


CHECKS: dict[str, Callable[[Bench], None]] = {
    name.removeprefix("check_"): value for name, value in list(globals().items()) if name.startswith("check_")
}
