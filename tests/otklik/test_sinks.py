"""`otklik sinks test`: one marked event, at once."""

import pytest

from tests.otklik.test_deliver import published
from tests.sinks.events import event
from tests.sinks.receiver import SECRET, Receiver, reply
from tests.sinks.test_step import until


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def configure(otklik, receiver: Receiver) -> None:
    otklik.env["SECRET"] = SECRET
    webhook = f'{{url: "{receiver.url}", secret: "${{SECRET}}", allow_private: true}}'
    otklik.config(
        f"sinks:\n  - id: out\n    webhook: {webhook}\n    when: {{urgency: now}}\n"
        '  - id: week\n    report: {path: "out/{date}.csv", schedule: "0 8 * * 1"}\n'
    )


def test_the_receiver_gets_an_event_that_no_incident_stands_behind(otklik, receiver):
    configure(otklik, receiver)
    done = otklik("sinks", "test", "region.yaml", "out")
    assert (done.returncode, done.stderr) == (0, "")
    [event] = receiver.taken
    assert event["data"]["test"] is True
    assert event["data"]["incident"]["id"] == 9007199254740991
    assert event["data"]["incident"]["title"] == "Проверка связи: это не обращение"
    assert event["source"] == "/otklik/chelyabinsk"
    assert done.stdout == f"Получатель out принял пробное событие {event['id']}.\n"


def test_a_schedule_is_not_waited_for(otklik, receiver):
    configure(otklik, receiver)
    assert otklik("sinks", "test", "region.yaml", "week").returncode == 0
    [file] = (otklik.folder / "out").iterdir()
    assert "Проверка связи: это не обращение" in file.read_text(encoding="utf-8-sig")


def test_a_receiver_that_refuses(otklik, receiver):
    configure(otklik, receiver)
    receiver.always = reply(422)
    done = otklik("sinks", "test", "region.yaml", "out")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Не принято: получатель «out» ({receiver.url}): ответ 422 на событие ")


def test_a_receiver_that_is_down(otklik, receiver):
    configure(otklik, receiver)
    receiver.always = reply(500)
    done = otklik("sinks", "test", "region.yaml", "out")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"Не доставлено: получатель «out» ({receiver.url}): ответ 500. События дождутся; проверьте получателя.\n"
    )


def test_a_sink_that_is_not_there(otklik, receiver):
    configure(otklik, receiver)
    done = otklik("sinks", "test", "region.yaml", "aut")
    assert (done.returncode, done.stdout) == (2, "")
    assert "«out»" in done.stderr


def test_the_role_hands_a_scheduled_sink_what_is_overdue(otklik, receiver):
    configure(otklik, receiver)
    published(otklik, event(1), event(2))
    role = otklik.start("deliver", "region.yaml", "--sink", "week")
    try:
        until(lambda: list((otklik.folder / "out").glob("*.csv")) != [])
    finally:
        role.terminate()
        assert role.wait(30) == 0
    [file] = (otklik.folder / "out").iterdir()
    assert len(file.read_text(encoding="utf-8-sig").splitlines()) == 3
