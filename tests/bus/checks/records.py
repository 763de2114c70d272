"""What a log of records may rely on: they come back as they were, in order, and go when they are old."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bus import Record, RecordTooLarge, UnknownTopic
from tests.bus.kit import (
    KEYS,
    T0,
    Bench,
    by_partition,
    nothing,
    numbers,
    record,
    take,
    topic,
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
    for ask in (
        lambda: bus.ends("never-created"),
        lambda: bus.read("never-created"),
        lambda: bus.offsets_at("never-created", T0),
        lambda: bus.group_lag("never-created", "g"),
        lambda: bus.publish("never-created", [record(0)]),
        lambda: bus.ends("never-created"),
    ):
        with pytest.raises(UnknownTopic) as caught:
            ask()
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
