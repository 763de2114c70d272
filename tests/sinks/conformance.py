"""What every sink must do, checked against a real receiver. A kind joins by subclassing `SinkConformance`."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from sinks import DeliveryFailed, Sink
from tests.sinks.events import TOPIC, digest, event, story


class Target(ABC):
    """A real receiver of one kind, and how to look into it."""

    whole = True
    """It keeps events as they are; otherwise `received` gives of each `id`, `type` and, in `data.incident`, the id,
    sequence and title that people are shown."""
    once = False
    """It keeps an event once, however often it comes."""

    @abstractmethod
    def open(self) -> Sink:
        """A new sink that delivers here; its id is `test`."""

    @abstractmethod
    def received(self) -> list[Mapping[str, Any]]:
        """The CloudEvents taken so far, in order of arrival."""

    @abstractmethod
    def down(self) -> AbstractContextManager[Sink]:
        """A sink whose receiver takes nothing until the context ends."""

    def shown(self, title: str) -> str:
        """A title as this receiver has it."""
        return title


def by_incident(events: Iterable[Mapping[str, Any]]) -> dict[int, list[int]]:
    """Incident number to the sequences received, in order."""
    found: dict[int, list[int]] = defaultdict(list)
    for item in events:
        incident = item["data"]["incident"]
        found[incident["id"]].append(incident["sequence"])
    return dict(found)


class AnyConformance:
    """What holds for sinks of events and for those on a schedule. Subclasses give a fixture `target`."""

    def left(self, sequences: list[int]) -> list[int]:
        """Which events of an incident a receiver has after they came in one batch."""
        return sequences

    def test_an_empty_batch_is_no_delivery(self, target: Target) -> None:
        sink = target.open()
        sink.deliver([])
        assert target.received() == []
        sink.close()

    def test_a_receiver_that_is_down_is_said_so_and_loses_nothing(self, target: Target) -> None:
        events = story(2, 3)
        with target.down() as sink:
            with pytest.raises(DeliveryFailed, match=r"^получатель «test»") as failure:
                sink.deliver(events)
            complaint = sink.check()
            assert complaint is not None
            assert complaint.startswith("получатель «test»")
            assert failure.value.taken == 0
            sink.close()
        assert target.received() == []
        sink = target.open()
        sink.deliver(events)
        assert by_incident(target.received()) == {1: self.left([1, 2, 3]), 2: self.left([1, 2, 3])}
        sink.close()

    def test_check_says_nothing_when_all_is_well_and_leaves_nothing(self, target: Target) -> None:
        sink = target.open()
        assert sink.check() is None
        assert target.received() == []
        sink.deliver([event()])
        assert sink.check() is None
        assert len(target.received()) == 1
        sink.close()

    def test_close_may_be_called_twice(self, target: Target) -> None:
        sink = target.open()
        sink.close()
        sink.close()

    def test_nothing_is_written_elsewhere(
        self, target: Target, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        elsewhere: Path = tmp_path_factory.mktemp("elsewhere")
        monkeypatch.chdir(elsewhere)
        monkeypatch.setenv("HOME", str(elsewhere))
        monkeypatch.setenv("TMPDIR", str(elsewhere))
        sink = target.open()
        sink.check()
        sink.deliver(story())
        sink.close()
        assert list(elsewhere.iterdir()) == []

    def test_any_text_arrives_as_it_was(self, target: Target) -> None:
        title = 'Ёлка «упала»\u2028на дорогу\n\t"вчера" \\ \U0001f332 \x7f'
        sink = target.open()
        sink.deliver([event(title=title)])
        assert [item["data"]["incident"]["title"] for item in target.received()] == [target.shown(title)]
        sink.close()


class SinkConformance(AnyConformance):
    """Every event arrives."""

    def test_every_event_arrives_whole_and_in_order(self, target: Target) -> None:
        sink, events = target.open(), story()
        sink.deliver(events[:5])
        sink.deliver(events[5:])
        received = target.received()
        assert by_incident(received) == {1: [1, 2, 3, 4], 2: [1, 2, 3, 4], 3: [1, 2, 3, 4]}
        assert {item["id"]: item["type"] for item in received} == {item.id: item.type for item in events}
        if target.whole:
            wanted = {item.id: item.model_dump(mode="json") for item in events}
            assert {item["id"]: item for item in received} == wanted
        sink.close()

    def test_digests_of_sources_arrive_whole_beside_incidents(self, target: Target) -> None:
        sink = target.open()
        sink.deliver([digest(1)])
        sink.deliver([event(), digest(2), digest(3)])
        found = {item["id"]: item for item in target.received()}
        assert sorted(found) == ["1.1", "test.1", "test.2", "test.3"]
        if target.whole:
            assert found == {item.id: item.model_dump(mode="json") for item in (event(), *map(digest, (1, 2, 3)))}
        assert [item["id"] for item in target.received() if item["type"] == "source.digest"] == [
            "test.1", "test.2", "test.3",
        ]  # fmt: skip
        sink.close()

    def test_deliver_returns_only_when_the_receiver_has_it(self, target: Target) -> None:
        sink = target.open()
        for count, item in enumerate(story(1, 5), start=1):
            sink.deliver([item])
            assert len(target.received()) == count
        sink.close()

    def test_what_is_sent_again_has_the_same_ids(self, target: Target) -> None:
        sink, events = target.open(), story(2, 2)
        sink.deliver(events)
        sink.deliver(events)
        ids = [item["id"] for item in target.received()]
        assert sorted(ids) == sorted([item.id for item in events] * (1 if target.once else 2))
        sink.close()

    def test_a_new_sink_goes_on_where_the_last_one_stopped(self, target: Target) -> None:
        for sequence in (1, 2, 3):
            sink = target.open()
            sink.deliver([event(sequence=sequence)])
            sink.close()
        assert by_incident(target.received()) == {1: [1, 2, 3]}


class KeyedConformance(SinkConformance):
    """An event is kept once, by its id, and can be changed there."""

    @pytest.mark.parametrize("apart", [True, False])
    def test_no_late_event_brings_back_what_was_erased(self, target: Target, apart: bool) -> None:
        links, old, new = ("https://vk.com/wall-1_2",), "Нет воды — Тютняры", "Нет воды — Аргаяш"
        others = event(2, 1, title=old, urls=links)
        events = [
            event(1, 1, title=old, urls=links),
            others,
            event(1, 4, "incident.redacted", title=new),
            event(1, 5, title=new),
            event(1, 2, title=old, urls=links),  # late, and once more
            event(1, 1, title=old, urls=links),
            event(1, 3, title=old, urls=links),
        ]
        sink = target.open()
        for batch in [[one] for one in events] if apart else [events]:
            sink.deliver(batch)
        sink.close()
        found = {item["id"]: item["data"]["incident"] for item in target.received()}
        assert {id_: (one["title"], tuple(one["urls"])) for id_, one in found.items()} == {"2.1": (old, links)} | {
            f"1.{sequence}": (TOPIC if sequence < 4 else new, ()) for sequence in range(1, 6)
        }

    def test_word_of_an_earlier_erasure_that_comes_late_brings_nothing_back(self, target: Target) -> None:
        links, old, then, new = ("https://vk.com/wall-1_2",), "Снег — Тютняры", "Снег — Бажикаева", "Снег — Аргаяш"
        sink = target.open()
        for one in (
            event(1, 1, title=old, urls=links),
            event(1, 3, "incident.redacted", title=new),
            event(1, 2, "incident.redacted", title=then, urls=links),
        ):
            sink.deliver([one])
        sink.close()
        found = {item["id"]: item["data"]["incident"] for item in target.received()}
        assert {id_: (one["title"], tuple(one["urls"])) for id_, one in found.items()} == {
            "1.1": (TOPIC, ()),
            "1.2": (TOPIC, ()),
            "1.3": (new, ()),
        }

    def test_where_a_person_said_that_it_is_goes_with_what_was_erased(self, target: Target) -> None:
        placed = event(1, 1, "incident.moved", address="Мира, 3")
        placed = placed.model_copy(update={"data": placed.data.model_copy(update={"place": "Аргаяш → Тютняры"})})
        sink = target.open()
        sink.deliver([placed, event(1, 2, "incident.redacted")])
        sink.close()
        said = {item["id"]: item["data"] for item in target.received()}
        assert [(said[id_]["place"], said[id_]["incident"]["address"]) for id_ in ("1.1", "1.2")] == [(None, None)] * 2


class ScheduledConformance(AnyConformance):
    """A batch arrives as one document, each incident in its last state."""

    def left(self, sequences: list[int]) -> list[int]:
        return sequences[-1:]

    def test_each_incident_arrives_once_in_its_last_state(self, target: Target) -> None:
        sink, events = target.open(), story(3, 4)
        sink.deliver([*events, event(2, 5, "incident.overdue", title="Нет воды в Аше")])
        received = target.received()
        assert by_incident(received) == {1: [4], 2: [5], 3: [4]}
        assert received[0]["data"]["incident"]["title"] == "Нет воды в Аше"  # the most pressing first
        sink.close()

    def test_two_batches_are_two_documents(self, target: Target) -> None:
        sink = target.open()
        sink.deliver(story(1, 2))
        sink.deliver(story(1, 2))
        assert by_incident(target.received()) == {1: [2, 2]}
        sink.close()
