"""False alarms and delays of `store.quiet` on simulated sources: `python -m benchmarks.quiet`.

Sources publish at 1, 10 and 100 posts a day: evenly; by day with a quiet weekend; in office hours only. Their posts are
independent of each other (Poisson), or come in swarms: one and four more on average in the next hours. A source that
nothing is wrong with is watched for some years; another stops at a random hour of its sixth week.
"""

import argparse
import math
import random
from collections.abc import Callable
from statistics import median

from store.quiet import KEPT, WEEK, is_back, silence

RHYTHMS: dict[str, Callable[[int, int], float]] = {
    "evenly": lambda _day, _hour: 1.0,
    "by day": lambda day, hour: (1.0 if 8 <= hour < 23 else 0.05) * {5: 0.6, 6: 0.3}.get(day, 1.0),
    "office": lambda day, hour: float(day < 5 and 9 <= hour < 18),
}
SWARM = 4.0
"""Posts that follow one, on average, and"""
SWARM_HOURS = 2.0
"""the mean of how many hours later each comes."""
LONGEST = 40 * 24


def rates(per_day: float, rhythm: str) -> list[float]:
    """Posts per hour of the week."""
    weights = [RHYTHMS[rhythm](hour // 24, hour % 24) for hour in range(WEEK)]
    return [weight * per_day * 7 / sum(weights) for weight in weights]


def poisson(choose: random.Random, mean: float) -> int:
    """Knuth's, for means up to some tens."""
    limit, count, product = math.exp(-mean), 0, choose.random()
    while product > limit:
        count, product = count + 1, product * choose.random()
    return count


def history(choose: random.Random, per_day: float, rhythm: str, hours: int, *, swarms: bool) -> list[int]:
    """Posts in each hour."""
    hourly, counts = rates(per_day / (1 + SWARM) if swarms else per_day, rhythm), [0] * hours
    for hour in range(hours):
        for _ in range(poisson(choose, hourly[hour % WEEK])):
            counts[hour] += 1
            for _ in range(poisson(choose, SWARM) if swarms else 0):
                later = hour + int(choose.expovariate(1 / SWARM_HOURS))
                if later < hours:
                    counts[later] += 1
    return counts


def false_alarms(counts: list[int]) -> int:
    """How often a source that is well is called quiet."""
    past: dict[int, int] = {}
    alarms, alarmed = 0, False
    for hour, count in enumerate(counts):
        if hour > KEPT:
            if count and alarmed:
                alarmed = not is_back(past | {hour: count}, hour)
            elif not alarmed and not counts[hour - 1] and silence(past, 0, hour):
                alarms, alarmed = alarms + 1, True
        if count:
            past[hour] = count
        past.pop(hour - KEPT - 1, None)
    return alarms


def delay(choose: random.Random, per_day: float, rhythm: str, *, swarms: bool) -> int | None:
    """Hours from a real stop to the alarm; None: not within forty days."""
    stop = 5 * WEEK + choose.randrange(WEEK)
    posts = {hour: n for hour, n in enumerate(history(choose, per_day, rhythm, stop, swarms=swarms)) if n}
    return next((hour - stop for hour in range(stop + 1, stop + LONGEST) if silence(posts, 0, hour)), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=5, help="watched, per kind of source")
    parser.add_argument("--stops", type=int, default=40)
    arguments = parser.parse_args()
    print("| posts | a day | rhythm | false alarms a year | stop noticed after, median | 9 of 10 | not in 40 days |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for swarms in (False, True):
        for per_day in (1, 10, 100):
            for rhythm in RHYTHMS:
                choose = random.Random(f"{swarms} {per_day} {rhythm}")
                counts = history(choose, per_day, rhythm, arguments.years * 365 * 24, swarms=swarms)
                alarms = false_alarms(counts) / (arguments.years - KEPT / (365 * 24))
                delays = [delay(choose, per_day, rhythm, swarms=swarms) for _ in range(arguments.stops)]
                found = sorted(hours for hours in delays if hours is not None)
                spans = [median(found), found[len(found) * 9 // 10]] if found else []
                shown = (
                    " | ".join(f"{span:.0f} h" if span < 72 else f"{span / 24:.1f} days" for span in spans) or "— | —"
                )
                print(
                    f"| {'in swarms' if swarms else 'independent'} | {per_day} | {rhythm} | {alarms:.2f} | {shown} "
                    f"| {len(delays) - len(found)} of {len(delays)} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
