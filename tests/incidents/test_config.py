from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ValidationError

from incidents.calendar import Calendar
from incidents.config import Authority, Deadlines, Grouping, parse_duration
from incidents.deadlines import About, choose, due
from incidents.route import Matter, route
from incidents.routing import Routing
from tests.incidents.make import BURST, CHELYABINSK, KOPEYSK, NO_WATER, SNOW

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def said(model: type[BaseModel], values: dict) -> tuple[tuple, str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    (error,) = caught.value.errors()
    return error["loc"], error["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("30m", timedelta(minutes=30)), (" 24h", timedelta(hours=24)), ("10d", timedelta(days=10))],
)
def test_durations(written: str, meant: timedelta) -> None:
    assert parse_duration(written) == parse_duration(meant) == meant


@pytest.mark.parametrize("written", ["24", "24 h", "1w", "h", "-1h", "1.5h", 24, None, "24h 30m"])
def test_what_is_no_duration(written: object) -> None:
    with pytest.raises(ValueError) as caught:
        parse_duration(written)
    assert str(caught.value) == (
        f"непонятный срок «{written}»: нужно число и m (минуты), h (часы) или d (дни), например 24h"
    )


@pytest.mark.parametrize("written", ["0h", "367d"])
def test_durations_have_limits(written: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_duration(written)
    assert str(caught.value) == f"срок «{written}» не подходит: он должен быть больше нуля и не больше 366d"


def test_an_authority_gets_something() -> None:
    assert said(Authority, {"id": "a", "name": "А"}) == (
        (),
        "«a» никогда ничего не получит: напишите groups, topics, municipalities или default: true",
    )


def test_deadlines_are_checked() -> None:
    term = {"answer": "4h", "topics": [BURST]}
    assert said(Deadlines, {"default": term}) == (
        (),
        "срок default действует для всего остального: условия пишите у срока с другим именем",
    )
    assert said(Deadlines, {"fast": {"answer": "4h"}}) == (
        (),
        "у срока «fast» нет условий: напишите groups, topics, urgency, authorities или municipalities",
    )
    assert said(Deadlines, {"fast": {**term, "answr": "4h"}})[0] == ("fast", "answr")
    assert said(Deadlines, {"fast": {**term, "answer": "0h"}}) == (
        ("fast", "answer"),
        "срок «0h» не подходит: он должен быть больше нуля и не больше 8784h",
    )


def test_grouping_is_checked() -> None:
    assert said(Grouping, {"default": {"window": "4d"}}) == (
        ("default",),
        "перерыв window не может быть больше, чем всё время span",
    )
    assert said(Grouping, {"water": {"together": True}}) == (
        ("water",),
        "правило ни к чему не относится: напишите groups или topics",
    )
    assert said(Grouping, {"water": {"groups": ["ЖКХ"], "together": True}}) == (
        ("water",),
        "together объединяет темы: перечислите их в topics, без groups",
    )


def test_the_first_rule_that_fits_says_how_a_topic_is_grouped() -> None:
    rules = Grouping.model_validate(
        {
            "water": {"topics": [NO_WATER, BURST], "together": True, "window": "12h"},
            "housing": {"groups": ["ЖКХ"], "span": "10d"},
        }
    )
    assert rules.matter("ЖКХ", BURST) == rules.matter("ЖКХ", NO_WATER)
    assert rules.matter("ЖКХ", BURST).topics == (NO_WATER, BURST)
    assert rules.matter("ЖКХ", BURST).reach == timedelta(hours=12, days=3)
    other = rules.matter("ЖКХ", "Отопление")
    assert (other.key, other.topics, other.window, other.span) == (
        "Отопление",
        ("Отопление",),
        timedelta(hours=24),
        timedelta(days=10),
    )
    assert rules.matter("Дороги", SNOW).span == timedelta(days=3)


AUTHORITIES = (
    Authority(id="kopeysk-roads", name="Дороги Копейска", groups=("Дороги",), municipalities=("Копейский",)),
    Authority(id="roads", name="Дороги", groups=("Дороги",), topics=(BURST,)),
    Authority(id="chelyabinsk", name="Челябинск", municipalities=(CHELYABINSK,)),
)


@pytest.mark.parametrize(
    ("group", "topic", "municipality", "name", "expected"),
    [
        ("Дороги", SNOW, KOPEYSK, "Копейский", "kopeysk-roads"),
        ("Дороги", SNOW, CHELYABINSK, "Челябинский", "roads"),
        ("ЖКХ", BURST, None, None, "roads"),
        ("ЖКХ", NO_WATER, CHELYABINSK, "Челябинский", "chelyabinsk"),
        ("ЖКХ", NO_WATER, KOPEYSK, "Копейский", None),
        ("ЖКХ", NO_WATER, None, None, None),
    ],
)
def test_routes(group: str, topic: str, municipality: str | None, name: str | None, expected: str | None) -> None:
    incident = {"group": group, "topic": topic, "municipality": municipality, "municipality_name": name}
    found, _ = route(Routing(), AUTHORITIES, Matter(**incident))
    assert (found and found.id) == expected
    duty = Authority(id="duty", name="Дежурная служба", default=True)
    found, _ = route(Routing(), (duty, *AUTHORITIES), Matter(**incident))
    assert found is not None
    assert found.id == (expected or "duty")


@pytest.mark.parametrize(
    ("topic", "authority", "name", "hours"),
    [(BURST, "roads", "Копейский", 4), (NO_WATER, "roads", "Копейский", 8), (NO_WATER, None, "Копейский", 24)],
)
def test_deadlines_count_from_registration(topic: str, authority: str | None, name: str, hours: int) -> None:
    deadlines = Deadlines.model_validate(
        {
            "fast": {"answer": "4h", "topics": [BURST]},
            "roads": {"answer": "8h", "authorities": ["roads"], "municipalities": [KOPEYSK]},
        }
    )
    about = {"group": "ЖКХ", "topic": topic, "municipality": KOPEYSK, "municipality_name": name}
    _, term = choose(deadlines, About(authority=authority, **about))
    assert due(term, NOON, Calendar(ZoneInfo("Asia/Yekaterinburg"))).answer == NOON + timedelta(hours=hours)
