"""How single visits add up to a source's health."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from schemas import Health, Outcome, SourceHealth
from store.quiet import Silence
from store.standing import LOOK, Standing, after, hour_of, status

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def visit(outcome: Outcome, at: datetime) -> SourceHealth:
    return SourceHealth(
        source="a",
        kind="news",
        started=at,
        finished=at,
        outcome=outcome,
        reason=f"почему: {outcome.value}",
        action="что делать",
        next_due=at,
    )


@dataclass
class Past:
    """Answers as it is told to, and remembers what it was asked."""

    quiet: bool = False
    back: bool = False
    asked: list[tuple[int, ...]] = field(default_factory=list)

    def silence(self, watched: int, now: int) -> Silence | None:
        self.asked.append((watched, now))
        return Silence(now - 80, 80, 0, 40.0) if self.quiet else None

    def is_back(self, now: int) -> bool:
        self.asked.append((now,))
        return self.back


def walk(*steps: tuple[str, float], start: Standing | None = None) -> list[Standing]:
    """Visits with these outcomes, so many minutes after the beginning each."""
    standing, walked = start or Standing(), []
    for outcome, minutes in steps:
        standing = after(standing, visit(Outcome(outcome), START + minutes * MINUTE), 1, 300.0, Past())
        walked.append(standing)
    return walked


def healths(*steps: tuple[str, float]) -> list[str]:
    return [standing.health.value for standing in walk(*steps)]


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in (Outcome.OK, Outcome.EMPTY)])
def test_a_single_hiccup_pages_nobody(outcome: Outcome) -> None:
    assert set(healths(("ok", 0), (outcome, 5), ("ok", 10), (outcome, 600), ("empty", 2000))) == {"healthy"}


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([("blocked", 0), ("blocked", 1)], "failing"),
        ([("gone", 0), ("gone", 60)], "failing"),
        ([("changed", 0), ("changed", 1)], "failing"),
        ([("broken", 0), ("gone", 60)], "failing"),
        ([("broken", 0), ("broken", 5)], "healthy"),
        ([("broken", 0), ("broken", 3), ("broken", 6), ("broken", 9)], "healthy"),
        ([("broken", 0), ("broken", 5), ("broken", 10)], "failing"),
        ([("broken", 0), ("broken", 119)], "healthy"),
        ([("broken", 0), ("broken", 120)], "failing"),
        ([("quota", 0), ("quota", 5), ("quota", 359)], "healthy"),
        ([("quota", 0), ("quota", 360)], "failing"),
    ],
)
def test_when_a_person_must_know(steps: list[tuple[str, float]], found: str) -> None:
    assert healths(*steps)[-1] == found


def test_failing_lasts_until_a_good_visit_and_counts_once() -> None:
    walked = walk(("broken", 0), ("broken", 5), ("broken", 10), ("gone", 15), ("quota", 20), ("empty", 25), ("ok", 30))
    assert [(one.health.value, one.changes) for one in walked] == [
        ("healthy", 0), ("healthy", 0), ("failing", 1), ("failing", 1), ("failing", 1), ("healthy", 2), ("healthy", 2),
    ]  # fmt: skip
    assert walked[2].since == walked[4].since == START
    assert walked[5].since == START + 25 * MINUTE


def test_a_clock_set_back_in_an_outage_does_not_put_its_beginning_into_the_future() -> None:
    walked = walk(("broken", 10_000), ("broken", 0), ("broken", 5), ("broken", 10))
    assert [one.health.value for one in walked] == ["healthy", "healthy", "healthy", "failing"]
    assert walked[-1].since == START


def test_a_quiet_source_says_how_quiet_and_what_to_do() -> None:
    before = Standing(good=START, watched=START - timedelta(days=9))
    empty = visit(Outcome.EMPTY, START + 5 * MINUTE)
    standing = after(before, empty, 0, 300.0, Past(quiet=True))
    assert (standing.health, standing.changes, standing.watched) == (Health.QUIET, 1, before.watched)
    assert standing.reason == "за 3 д нет новых публикаций, обычно за такое время их около 40"
    assert standing.action == LOOK
    told = status("a", standing, empty, before)
    assert (told.health, told.outcome, told.reason, told.action) == (
        Health.QUIET, Outcome.EMPTY, standing.reason, LOOK,
    )  # fmt: skip


def test_a_quiet_source_recovers_with_its_posts_and_not_by_being_forgotten() -> None:
    quiet = Standing(Health.QUIET, START, 1, good=START, watched=START, reason="тихо", action=LOOK)
    still = after(quiet, visit(Outcome.EMPTY, START + 5 * MINUTE), 0, 300.0, Past(back=True))
    assert still.health is Health.QUIET
    assert after(still, visit(Outcome.OK, START + 9 * MINUTE), 1, 300.0, Past()).health is Health.QUIET
    back = visit(Outcome.OK, START + 10 * MINUTE)
    well = after(still, back, 3, 300.0, Past(back=True))
    assert (well.health, well.changes, well.reason, well.action) == (Health.HEALTHY, 2, None, None)
    told = status("a", well, back, still)
    assert (told.reason, told.action) == ("снова приходят публикации", None)


def test_a_failing_source_is_not_quiet() -> None:
    past = Past(quiet=True)
    before = Standing(good=START, watched=START)
    after(before, visit(Outcome.BROKEN, START + 5 * MINUTE), 0, 300.0, past)
    after(before, visit(Outcome.OK, START + 5 * MINUTE), 2, 300.0, past)
    assert past.asked == []


@pytest.mark.parametrize(
    ("minutes", "interval", "goes_on"),
    [
        (5, 300.0, True),
        (69, 300.0, True),  # hiccups in between
        (71, 300.0, False),  # the crawler was off, or the clock jumped
        (-1, 300.0, False),
        (60 * 24 * 900, 300.0, False),
        (60 * 48, 86400.0, True),
        (60 * 48, None, True),  # a cron line
        (60 * 50, None, False),
    ],
)
def test_a_gap_between_visits_starts_the_watch_anew(minutes: int, interval: float | None, goes_on: bool) -> None:
    began = START - timedelta(days=3)
    now = START + minutes * MINUTE
    before = Standing(good=START, watched=began)
    standing = after(before, visit(Outcome.EMPTY, now), 0, interval, Past())
    assert standing.watched == (began if goes_on else now)
    assert standing.good == now


def test_the_judge_hears_since_when_and_until_when() -> None:
    past = Past()
    before = Standing(good=START, watched=START - timedelta(hours=7))
    after(before, visit(Outcome.EMPTY, START + MINUTE), 0, 300.0, past)
    assert past.asked == [(hour_of(START) - 7, hour_of(START))]
