"""`otklik deliver --from`: a receiver gets once more what it has lost."""

import json

import pytest

from bus import Record, open_bus
from schemas import IncidentEvent, headers, topics
from tests.sinks.events import event
from tests.sinks.receiver import SECRET, Receiver, reply

MAGNITOGORSK = {"municipality": "75738000", "municipality_name": "Магнитогорский городской округ"}
FROM = ("deliver", "region.yaml", "--sink", "out", "--from", "2026-03-10")


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def published(otklik, *events: IncidentEvent) -> None:
    bus = open_bus(f"sqlite:///{otklik.folder}/bus.db")
    bus.ensure_topics({topics.INCIDENTS: 1})
    bus.publish(topics.INCIDENTS, [Record(e.subject, e.encode(), e.time, headers(IncidentEvent)) for e in events])
    bus.close()


def configure(otklik, receiver: Receiver, when: str = "") -> None:
    otklik.env["SECRET"] = SECRET
    webhook = f'{{url: "{receiver.url}", secret: "${{SECRET}}", allow_private: true}}'
    otklik.config(f"sinks:\n  - id: out\n    webhook: {webhook}\n{when}")


def test_only_what_the_receiver_wants_by_the_name_of_its_town(otklik, receiver):
    configure(otklik, receiver, "    when: {municipality: [Магнитогорск], group: [ЖКХ]}\n")
    topic = {"group": "ЖКХ", "topic": "★ Прорыв трубы/трубопровода"}
    published(otklik, event(1, **MAGNITOGORSK, **topic), event(2, **topic), event(3, **MAGNITOGORSK))
    done = otklik(*FROM)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Получателю out отдано ещё раз событий: 1.\n"
    assert [one["id"] for one in receiver.taken] == ["1.1"]


def test_refused_events_are_named_and_the_others_delivered(otklik, receiver):
    configure(otklik, receiver)
    published(otklik, event(1), event(2), event(3))
    receiver.replies = [reply(204), reply(422)]
    done = otklik(*FROM)
    assert done.returncode == 1
    assert done.stdout == "Получателю out отдано ещё раз событий: 2.\n"
    assert done.stderr.splitlines()[-1] == "От этих событий он отказался: 2.1."
    assert [one["id"] for one in receiver.taken] == ["1.1", "3.1"]


def test_a_receiver_that_fails_is_tried_again(otklik, receiver):
    configure(otklik, receiver)
    published(otklik, event(1), event(2))
    receiver.replies = [reply(204), reply(503, retry_after="1")]
    done = otklik(*FROM)
    assert (done.returncode, done.stdout) == (0, "Получателю out отдано ещё раз событий: 2.\n")
    assert [one["id"] for one in receiver.taken] == ["1.1", "2.1"]
    (logged,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert (logged["event"], logged["level"]) == ("delivery_failed", "warning")


def test_a_time_that_is_no_time(otklik, receiver):
    configure(otklik, receiver)
    done = otklik("deliver", "region.yaml", "--sink", "out", "--from", "вчера")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Ошибка: Неверное значение: «вчера» — не время; нужно так: 2026-03-05T14:00 или 2026-03-05\n"
        "Справка: otklik deliver --help\n"
    )
