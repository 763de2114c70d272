"""What a digest says and when it is due."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas import EVENT_OF, Health, Outcome, SourceEvent, SourceStatus
from sinks.digest import LISTED, due, news
from store import Fare, Standing

NOW = datetime(2026, 3, 10, 9, 5, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Yekaterinburg")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def fare(source: str, health: Health = Health.FAILING, outcome: Outcome = Outcome.BROKEN, **standing: Any) -> Fare:
    bad = outcome not in (Outcome.OK, Outcome.EMPTY)
    given = {"since": NOW - 5 * MINUTE, "bad_visits": int(bad), "bad_since": NOW - 5 * MINUTE if bad else None}
    return Fare(source, "news", outcome, "почему", "что делать", NOW, Standing(health, **(given | standing)))


def well(source: str, finished: datetime = NOW) -> Fare:
    return Fare(source, "news", Outcome.OK, "", None, finished, Standing(good=finished))


def event(of: Fare, at: datetime = NOW - 2 * MINUTE) -> SourceEvent:
    health = of.standing.health
    data = SourceStatus(source=of.source, kind=of.kind, health=health, since=at, outcome=of.outcome, reason=of.reason)
    return SourceEvent(
        id=f"{of.source}.1", source="/otklik/x", type=EVENT_OF[health], subject=of.source, time=at, data=data
    )


def test_nothing_is_no_news() -> None:
    assert news([], [], {}, ZONE) is None
    assert news([well("a"), fare("b")], [], {"b": Health.FAILING}, ZONE) is None


def test_what_fails_falls_quiet_and_recovers_is_said_in_one_line() -> None:
    a = fare("a", outcome=Outcome.BLOCKED)
    b = fare("b", Health.QUIET, Outcome.EMPTY, reason="тихо", action="взгляните")
    c, d = well("c"), fare("d")
    found = news(
        [a, b, c, d], [event(a), event(b), event(c, NOW - 9 * MINUTE)], {"c": Health.FAILING, "d": Health.FAILING}, ZONE
    )
    assert found is not None
    assert found.data.summary == (
        "Не работают источники: a. Необычно тихи: b. Снова работают: c. Как и раньше, не в порядке: 1."
    )
    assert [(one.source, one.health.value) for one in found.data.changed] == [
        ("a", "failing"), ("b", "quiet"), ("c", "healthy"),
    ]  # fmt: skip
    assert [(one.reason, one.action) for one in found.data.changed] == [
        ("почему", "что делать"), ("тихо", "взгляните"), ("снова работает", None),
    ]  # fmt: skip
    assert [one.source for one in found.data.ongoing] == ["d"]
    assert found.named == {"a": Health.FAILING, "b": Health.QUIET, "d": Health.FAILING}
    assert found.since == NOW - 9 * MINUTE
    assert not found.data.network_suspected


def test_a_source_that_failed_and_came_back_between_two_digests_is_told() -> None:
    back = well("a")
    found = news([back], [event(fare("a")), event(back)], {}, ZONE)
    assert found is not None
    assert found.data.summary == "Снова работают: a."


def test_a_source_that_left_the_configuration_is_forgotten() -> None:
    assert news([well("b")], [event(fare("a"))], {"a": Health.FAILING}, ZONE) is None


def test_many_names_are_cut_short_and_counted() -> None:
    fares = [fare(f"s{n:03}", outcome=Outcome.BLOCKED) for n in range(150)]
    found = news(fares, [], {}, ZONE)
    assert found is not None
    assert found.data.summary == "Не работают источники: s000, s001, s002, s003, s004 и ещё 145."
    assert (len(found.data.changed), found.data.changed_total) == (LISTED, 150)
    assert len(found.named) == 150
    known = news([*fares, fare("new", outcome=Outcome.GONE)], [], found.named, ZONE)
    assert known is not None
    assert (len(known.data.ongoing), known.data.ongoing_total) == (LISTED, 150)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (300, "300 источников не отвечают, первый с 14:00; похоже на сеть этой машины."),
        (21, "21 источник не отвечает, первый с 14:00; похоже на сеть этой машины."),
        (22, "22 источника не отвечают, первый с 14:00; похоже на сеть этой машины."),
        (112, "112 источников не отвечают, первый с 14:00; похоже на сеть этой машины."),
    ],
)
def test_an_outage_of_this_machines_network_is_one_message(count: int, said: str) -> None:
    first = fare("s0")
    # The others were visited once or twice since: by themselves they would be told of later, each at its time.
    rest = [fare(f"s{n}", Health.HEALTHY, since=None, bad_since=NOW - 3 * MINUTE) for n in range(1, count)]
    untouched = [well(f"w{n}", NOW - 30 * MINUTE) for n in range(40)]
    found = news([first, *rest, *untouched], [event(first)], {}, ZONE)
    assert found is not None
    assert found.data.summary == said
    assert (found.data.network_suspected, found.data.changed_total) == (True, count)
    # When their own time comes, they are known.
    later = [fare(f"s{n}") for n in range(count)]
    assert news([*later, *untouched], [event(one) for one in later[1:]], found.named, ZONE) is None
    # Meanwhile they are neither news nor well again.
    assert news([first, *rest, *untouched], [], found.named, ZONE) is None
    # Those that came back without ever having failed by themselves are told of all the same.
    back = news([well("s0"), *(well(one.source) for one in rest)], [event(well("s0"))], found.named, ZONE)
    assert back is not None
    assert back.data.changed_total == count


def test_it_is_not_the_network_where_others_answer_or_where_nobody_must_know_yet() -> None:
    failing = [fare(f"s{n}") for n in range(9)]
    found = news([*failing, *(well(f"w{n}") for n in range(2))], [event(one) for one in failing], {}, ZONE)
    assert found is not None
    assert not found.data.network_suspected
    assert found.data.summary == "Не работают источники: s0, s1, s2, s3, s4 и ещё 4."
    shaky = [fare(f"s{n}", Health.HEALTHY, since=None) for n in range(50)]
    assert news(shaky, [], {}, ZONE) is None


def test_a_hiccup_of_a_source_that_was_quiet_is_no_failure() -> None:
    shaky = fare("a", Health.HEALTHY, since=NOW - MINUTE)
    found = news([shaky], [], {"a": Health.QUIET}, ZONE)
    assert found is not None
    assert (found.data.summary, found.named) == ("Снова работают: a.", {})


@pytest.mark.parametrize(
    ("since", "sent", "found"),
    [
        (None, None, True),
        (NOW - 59 * timedelta(seconds=1), None, False),  # others may follow
        (NOW - MINUTE, None, True),
        (NOW - MINUTE, NOW - HOUR, True),
        (NOW - 50 * MINUTE, NOW - HOUR + MINUTE, False),  # the next digest tells
        (NOW + 9 * HOUR, NOW + 9 * HOUR, True),  # the clock was set back
    ],
)
def test_when_it_is_due(since: datetime | None, sent: datetime | None, found: bool) -> None:
    assert due(since, sent, HOUR, NOW) is found
