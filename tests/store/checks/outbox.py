import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from schemas import Incident, IncidentData, IncidentEvent
from store import Outbox
from store.outbox import MOST_SCANNED
from tests.store.kit import HOUR, Kit, check


class BusIsDown(Exception):
    pass


def fail(_: object = None) -> None:
    raise BusIsDown


def event(incident: int, sequence: int, kind: str = "incident.updated") -> IncidentEvent:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    body = Incident(
        id=incident,
        sequence=sequence,
        title="Прорыв трубы на улице Труда",
        group="ЖКХ",
        topic="★ Прорыв трубы/трубопровода",
        opened=now,
        updated=now,
        first_published=now,
        last_published=now,
        posts=("vk:-1_2",),
    )
    return IncidentEvent.model_validate(
        {
            "id": f"{incident}.{sequence}",
            "source": "/otklik/chelyabinsk",
            "type": kind,
            "subject": str(incident),
            "time": now,
            "data": IncidentData(incident=body),
        }
    )


def add(kit: Kit, *events: IncidentEvent) -> Outbox:
    store = kit.open()
    outbox = kit.outbox(store)
    with store.transaction() as conn:
        outbox.add_all(conn, events)
    return outbox


def assert_in_order(events: list[IncidentEvent]) -> None:
    """The first arrivals of each incident's events rise by one from 1."""
    seen: Counter[int] = Counter()
    for one in events:
        incident = one.data.incident
        assert incident.sequence <= seen[incident.id] + 1
        seen[incident.id] = max(seen[incident.id], incident.sequence)


@check
def events_leave_once_and_in_order(kit: Kit) -> None:
    events = [event(incident, sequence) for sequence in range(1, 6) for incident in (1, 2, 3)]
    outbox = add(kit, *events)
    assert outbox.unsent() == 15
    sent: list[IncidentEvent] = []
    assert [outbox.relay(sent.extend, limit=4) for _ in range(6)] == [4, 4, 4, 3, 0, 0]
    assert sent == events
    assert (outbox.unsent(), outbox.last_position()) == (0, 15)
    assert outbox.after(0, 99).events == list(enumerate(events, start=1))


@check
def a_rolled_back_effect_sends_nothing(kit: Kit) -> None:
    store = kit.open()
    outbox = kit.outbox(store)

    def fail_after_adding() -> None:
        with store.transaction() as conn:
            outbox.add(conn, event(1, 1))
            raise BusIsDown

    with pytest.raises(BusIsDown):
        fail_after_adding()
    add(kit, event(2, 1))
    sent: list[IncidentEvent] = []
    assert outbox.relay(sent.extend) == 1
    assert sent == [event(2, 1)]
    assert [position for position, _ in outbox.after(0).events] == [1]


@check
def a_failed_publish_loses_nothing(kit: Kit) -> None:
    outbox = add(kit, event(1, 1), event(1, 2))
    with pytest.raises(BusIsDown):
        outbox.relay(fail)
    assert outbox.unsent() == 2
    sent: list[IncidentEvent] = []
    assert outbox.relay(sent.extend) == 2
    assert sent == [event(1, 1), event(1, 2)]


@check
def a_crash_before_the_mark_sends_again(kit: Kit) -> None:
    outbox = add(kit, event(1, 1))
    sent: list[IncidentEvent] = []
    with pytest.raises(BusIsDown):
        outbox.relay(sent.extend, after_publish=fail)
    assert sent == [event(1, 1)]
    assert kit.outbox(kit.open()).relay(sent.extend) == 1
    assert sent == [event(1, 1)] * 2
    assert [position for position, _ in outbox.after(0).events] == [1]


@check
def a_slow_bus_holds_up_no_writer_and_no_second_relay_overtakes(kit: Kit) -> None:
    outbox = add(kit, event(1, 1))
    second: list[IncidentEvent] = []

    def publish(_: list[IncidentEvent]) -> None:
        other = add(kit, event(1, 2))
        assert other.relay(second.extend) == 0

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(outbox.relay, publish).result(timeout=60) == 1
    assert second == []
    assert outbox.relay(second.extend) == 1
    assert second == [event(1, 2)]


@check
def a_filter_pages_through(kit: Kit) -> None:
    outbox = add(kit, *(event(1, n, "incident.overdue" if n % 5 == 0 else "incident.updated") for n in range(1, 31)))
    outbox.relay(lambda _: None)

    def overdue(one: IncidentEvent) -> bool:
        return one.type == "incident.overdue"

    def page(after: int, limit: int, keep: Callable[[IncidentEvent], bool] | None) -> tuple[list[int], int, bool]:
        found = outbox.after(after, limit, keep)
        return [position for position, _ in found.events], found.position, found.more

    assert page(0, 4, overdue) == ([5, 10, 15, 20], 20, True)
    assert page(20, 4, overdue) == ([25, 30], 30, False)
    assert page(20, 2, overdue) == ([25, 30], 30, True)
    assert page(0, 4, lambda _: False) == ([], 30, False)
    assert page(28, 9, None) == ([29, 30], 30, False)
    assert page(30, 9, None) == ([], 30, False)


@check
def a_filter_that_lets_nothing_through_looks_at_so_many_at_once(kit: Kit) -> None:
    total, wanted = 2 * MOST_SCANNED + 7, {1, MOST_SCANNED, MOST_SCANNED + 1, 2 * MOST_SCANNED + 7}
    outbox = add(kit, *(event(n, 1) for n in range(1, total + 1)))
    while outbox.relay(lambda _: None, limit=total):
        pass
    looked_at: list[int] = []

    def keep(one: IncidentEvent) -> bool:
        looked_at.append(one.data.incident.id)
        return one.data.incident.id in wanted

    position, more = 0, True
    found: list[int] = []
    while more:
        before = len(looked_at)
        page = outbox.after(position, 100, keep)
        position, more = page.position, page.more
        found += [place for place, _ in page.events]
        assert len(looked_at) - before <= MOST_SCANNED
        assert looked_at[-1] == position
    assert found == sorted(wanted)
    assert looked_at == list(range(1, total + 1))


@check
def old_events_are_pruned_when_sent(kit: Kit) -> None:
    outbox = add(kit, event(1, 1))
    outbox.relay(lambda _: None)
    kit.clock.move(HOUR)
    add(kit, event(1, 2)).relay(lambda _: None)
    add(kit, event(1, 3))
    assert outbox.prune(kit.clock()) == 1
    assert outbox.after(0).events == [(2, event(1, 2))]
    sent: list[IncidentEvent] = []
    assert outbox.relay(sent.extend) == 1
    assert outbox.after(2).events == [(3, event(1, 3))]


@check
def writers_and_relays_at_once_lose_and_reorder_nothing(kit: Kit) -> None:
    incidents, per_incident = 4, 25
    done = threading.Event()
    arrived: list[IncidentEvent] = []
    followed: list[int] = []

    def write(incident: int) -> None:
        for sequence in range(1, per_incident + 1):
            add(kit, event(incident, sequence))

    def relay() -> None:
        outbox = kit.outbox(kit.live())
        while not done.is_set() or outbox.unsent():
            outbox.relay(arrived.extend, limit=7)
            time.sleep(0.001)

    def follow() -> None:
        """A reader that never looks back."""
        outbox = kit.outbox(kit.live())
        while len(followed) < incidents * per_incident and not gave_up.is_set():
            followed.extend(position for position, _ in outbox.after(followed[-1] if followed else 0, 10).events)
            time.sleep(0.001)

    gave_up = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        relays = [pool.submit(relay) for _ in range(2)]
        reader = pool.submit(follow)
        try:
            for writer in [pool.submit(write, incident) for incident in range(1, incidents + 1)]:
                writer.result(timeout=60)
            done.set()
            for one in relays:
                one.result(timeout=60)
            reader.result(timeout=60)
        finally:
            done.set()
            gave_up.set()
    assert len(arrived) == incidents * per_incident
    assert_in_order(arrived)
    assert followed == list(range(1, incidents * per_incident + 1))
