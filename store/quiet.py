"""Whether a source is much quieter than it has been: a pure function of its new posts per hour.

The past weeks are compared hour of the week by hour of the week, so that nights and Sundays alarm nobody. Hours are
counted from 1970-01-01T00:00Z. See docs/source-health.md for what was measured.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WEEK = 7 * 24
DAY = 24
WEEKS = 4
"""Compared with. Fewer say little about an hour of the week; more would remember another season."""
LEAST_WEEKS = 2
"""Of history, before which nothing is said: one week cannot tell a rhythm from a chance."""
KEPT = (WEEKS + 3) * WEEK
"""Hours of history that are needed: the past weeks and a silence of up to three more, since one of ten days is what
it takes where a post comes a day."""
ALARMS_PER_YEAR = 0.05
"""False ones, per source, as far as the model holds: a region of a thousand sources would see one a week."""
SHARE = 0.2
"""Of what is usual. However sure the figures are, a source that still brings a fifth of its posts is not quiet."""


@dataclass(frozen=True, slots=True)
class Silence:
    since: int
    """The hour from which on there was too little."""
    hours: int
    posts: int
    """Seen in these hours, and"""
    usual: float
    """as many as came in the same hours of the past weeks."""


def silence(posts: Mapping[int, int], watched: int, now: int) -> Silence | None:
    """What is too quiet about the source, up to the hour `now`, which is not over yet; None where nothing is.

    `posts` by the hour in which they were collected. `watched` is the hour since which the source has been visited
    without a gap: before it, silence proves nothing.

    Two spans are tried: since the last post, and the last seven days. In a span with `x` posts, whose hours of the week
    brought `n` posts in the `m` weeks before it, each of the n + x posts would, had nothing changed, have fallen into
    the span with probability 1/(m + 1): a binomial test, which needs no estimate of any rate. Posts that come in swarms
    (comments under one post) count as many times less as their daily numbers vary more than independent ones would:
    the dispersion of a quasi-Poisson model. It alarms where the probability of x or fewer is below `ALARMS_PER_YEAR`
    over the number of swarms in a year, since every pause between two is a chance for a false alarm.
    """
    past = {hour: count for hour, count in posts.items() if now - KEPT <= hour < now and count > 0}
    if not past:
        return None
    last = max(past)
    return _tested(past, max(last + 1, watched + 1), now) or (
        _tested(past, now - WEEK, now) if watched < now - WEEK <= last else None
    )


def is_back(posts: Mapping[int, int], now: int) -> bool:
    """Whether a quiet source has recovered: the last 24 hours, the present one among them, brought a fifth of what the
    same hours did in the past weeks. A post is enough where one a day was usual, not where a hundred were.
    """
    hours = range(now - DAY + 1, now + 1)
    weeks = min((now - min(posts, default=now)) // WEEK, WEEKS)
    usual = sum(posts.get(hour - week * WEEK, 0) for hour in hours for week in range(1, weeks + 1)) / max(weeks, 1)
    return sum(posts.get(hour, 0) for hour in hours) >= usual * SHARE


def _tested(past: Mapping[int, int], start: int, end: int) -> Silence | None:
    weeks = min((start - min(past)) // WEEK, WEEKS)
    if start >= end or weeks < LEAST_WEEKS:
        return None
    seen, before, expected, logarithm = 0, 0, 0, 0.0
    days = [[0] * weeks for _ in range(7)]
    for hour, count in past.items():
        back = start - 1 - hour
        if back < 0:
            seen += count
        elif back < weeks * WEEK:
            offset = WEEK - 1 - back % WEEK
            days[offset // 24][back // WEEK] += count
            times = (end - start - 1 - offset) // WEEK + 1  # that the span holds this hour of the week
            before += count * (times > 0)
            expected += count * times
            logarithm += count * math.log(weeks / (weeks + times))
    usual = expected / weeks
    if seen > usual * SHARE:
        return None
    if seen:
        logarithm = _at_most(seen, before + seen, 1 / (weeks + 1))
    swarm = _dispersion(days)
    swarms_a_year = sum(map(sum, days)) / weeks * 52 / swarm
    if logarithm / swarm >= math.log(ALARMS_PER_YEAR / max(swarms_a_year, 1)):
        return None
    return Silence(start, end - start, seen, usual)


def _at_most(seen: int, of: int, chance: float) -> float:
    """Logarithm of an upper bound (Chernoff's) on the probability of `seen` or fewer of `of`, 0 < seen/of < chance."""
    share = seen / of
    return -of * (share * math.log(share / chance) + (1 - share) * math.log((1 - share) / (1 - chance)))


def _dispersion(days: Sequence[Sequence[int]]) -> float:
    """Variance over mean of the same weekday's posts from week to week; 1 for independent posts, and never less."""
    variance = sum(sum((count - sum(day) / len(day)) ** 2 for count in day) / (len(day) - 1) for day in days)
    mean = sum(sum(day) / len(day) for day in days)
    return max(variance / mean, 1.0) if mean else 1.0
