"""`when:`: what fits, and what is a mistake."""

from typing import Any

import pytest
from pydantic import ValidationError

from sinks import When
from tests.sinks.events import event


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({}, True),
        ({"municipality": ["75526000"]}, True),
        ({"municipality": "75526000"}, True),
        ({"municipality": 75526000}, True),
        ({"municipality": ["каслинский муниципальный округ"]}, True),
        ({"municipality": ["75701000"]}, False),
        ({"municipality": ["none"]}, False),
        ({"group": ["ЖКХ", "Благоустройство"]}, True),
        ({"group": "ЖКХ"}, False),
        ({"topic": "Неисправные фонари освещения"}, True),
        ({"topic": ["★ Неисправные фонари освещения"]}, True),
        ({"topic": ["Ямы во дворах"]}, False),
        ({"urgency": "normal"}, True),
        ({"urgency": ["now", "soon"]}, False),
        ({"authority": ["kasli"]}, True),
        ({"authority": ["minzdrav"]}, False),
        ({"events": ["opened", "closed"]}, True),
        ({"events": "incident.opened"}, True),
        ({"events": ["closed"]}, False),
        ({"events": ["source.*"]}, False),
        ({"events": ["source.*", "incident.*"]}, True),
        ({"events": ["source.*", "opened"], "group": "ЖКХ"}, False),
        ({"group": "Благоустройство", "events": ["closed"]}, False),
        ({"status": ["new", "confirmed"]}, True),
        ({"status": "closed"}, False),
        ({"needs_review": False}, True),
        ({"needs_review": True}, False),
        ({"posts": 1}, True),
        ({"posts": 2}, False),
        ({"group": "Благоустройство", "without": {"municipality": "75701000"}}, True),
        ({"group": "Благоустройство", "without": {"municipality": "75526000"}}, False),
        ({"without": {"events": "updated"}}, True),
        ({"without": {"events": "opened", "urgency": "now"}}, True),
        ({"without": {"events": "opened", "urgency": "normal"}}, False),
    ],
)
def test_all_keys_and_any_value_of_a_key(when: dict[str, Any], fits: bool):
    assert When.model_validate(when).matches(event()) is fits


def test_an_escalation_reaches_whom_it_is_for():
    governor = When.model_validate({"authority": "governor"})
    assert governor.matches(event(type="incident.escalated", escalated_to="governor"))
    assert not governor.matches(event(type="incident.escalated", escalated_to="minzdrav"))
    assert governor.matches(event(type="incident.redacted", escalated_to="governor"))
    assert not governor.matches(event(type="incident.updated", escalated_to="governor"))
    assert When.model_validate({"authority": "kasli"}).matches(
        event(type="incident.escalated", escalated_to="governor")
    )


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({"events": "opened"}, True),
        ({"urgency": "now", "status": "closed", "needs_review": True, "posts": 5, "events": ["opened"]}, True),
        ({"events": ["source.*"]}, False),
        ({"events": ["source.*", "opened"]}, True),
        ({"municipality": "75701000", "authority": "kasli"}, True),
        ({"group": "ЖКХ", "topic": "Ямы", "events": "redacted"}, True),
        ({"without": {"events": "redacted"}}, False),
        ({"without": {"events": "updated"}}, True),
        ({"without": {"group": "Благоустройство"}}, True),
        ({"without": {"group": "Благоустройство", "urgency": "normal"}}, True),
    ],
)
def test_word_of_an_erasure_goes_to_whoever_may_know_the_incident(when: dict[str, Any], fits: bool):
    assert When.model_validate(when).matches(event(1, 2, "incident.redacted")) is fits


def test_digests_of_sources_go_only_to_who_asks_for_them():
    assert not When().wants_sources
    assert not When.model_validate({"events": ["incident.*"]}).wants_sources
    assert When.model_validate({"events": "source.*", "municipality": "75526000"}).wants_sources


def test_an_incident_without_a_place_or_an_authority():
    nowhere = event(municipality=None, municipality_name=None, authority=None)
    assert When.model_validate({"municipality": "none"}).matches(nowhere)
    assert not When.model_validate({"municipality": "75526000"}).matches(nowhere)
    assert not When.model_validate({"authority": "kasli"}).matches(nowhere)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"grupa": "ЖКХ"}, "Extra inputs are not permitted"),
        ({"group": []}, "Value should have at least 1 item after validation, not 0"),
        ({"urgency": "asap"}, "Value error, «asap» — неизвестная срочность; бывает: now, soon, normal"),
        (
            {"events": ["open"]},
            "Value error, «open» — неизвестное событие; бывают: opened, updated, confirmed, assigned, waiting, "
            "answered, solved, closed, rejected, reopened, merged, split, moved, due_soon, overdue, escalated, "
            "redacted, incident.*, source.*",
        ),
    ],
)
def test_mistakes(when: dict[str, Any], message: str):
    with pytest.raises(ValidationError) as error:
        When.model_validate(when)
    assert [item["msg"] for item in error.value.errors()] == [message]


@pytest.mark.parametrize(("when", "fits"), [({}, False), ({"events": "opened"}, False), ({"history": True}, True)])
def test_what_was_back_filled_reaches_only_who_asks_for_it(when: dict[str, Any], fits: bool):
    found = event()
    old = found.model_copy(update={"data": found.data.model_copy(update={"history": True})})
    assert When.model_validate(when).matches(old) is fits
    assert When.model_validate(when).matches(found) is True
