"""In which order incidents deserve an operator's look. The formula and its reasons: docs/priority.md."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from math import log2

from schemas import Urgency
from schemas.words import URGENCY

POINTS: dict[Urgency, int] = {"now": 40, "soon": 20, "normal": 0}
"""Danger to life outweighs anything that numbers of posts can say short of overdue."""
PER_DOUBLING = 8
"""Points for each doubling of distinct authors: 2 authors 8, 16 authors 32."""
MOST_AUTHORS = 32
RECENT = timedelta(hours=3)
"""Growth is what came within this time before the last post."""
PER_RECENT = 2
MOST_GROWTH = 10
RECURRING = 10
DUE_SOON = 10
OVERDUE = 20


def priority(
    *,
    urgency: Urgency,
    authors: Collection[str | None],
    published: Collection[datetime],
    due_soon: bool = False,
    overdue: bool = False,
    recurring: bool = False,
) -> tuple[int, tuple[str, ...]]:
    """Points, 0 to 112, and what they are for, in Russian, the most points first.

    `authors` are keyed hashes, one per post: only their number leaves this function. Posts without a known author
    count as one author together. The clock has no part in it but for the two marks, so it does not go stale.
    """
    parts: list[tuple[int, str]] = [(POINTS[urgency], URGENCY[urgency])]
    different = len(set(authors))
    if different > 1:
        parts.append((min(MOST_AUTHORS, round(PER_DOUBLING * log2(different))), f"разных авторов: {different}"))
    last = max(published)
    recent = sum(last - RECENT <= one for one in published) - 1
    parts.append((min(MOST_GROWTH, PER_RECENT * recent), f"за 3 часа прибавилось: {recent}"))
    if recurring:
        parts.append((RECURRING, "повторяется"))
    found = sorted((part for part in parts if part[0]), key=lambda part: -part[0])
    reasons = tuple(f"{why} (+{points})" for points, why in found)
    return marked(sum(points for points, _ in found), reasons, due_soon=due_soon, overdue=overdue)


CLOSENESS = {f"срок близко (+{DUE_SOON})": DUE_SOON, f"срок прошёл (+{OVERDUE})": OVERDUE}


def marked(points: int, reasons: Sequence[str], *, due_soon: bool, overdue: bool) -> tuple[int, tuple[str, ...]]:
    """The same with the closeness of the deadline as it is now, whatever it was before."""
    soon, over = CLOSENESS
    now = over if overdue else soon if due_soon else None
    base = points - sum(CLOSENESS.get(reason, 0) for reason in reasons)
    found = [reason for reason in reasons if reason not in CLOSENESS]
    if now is not None:
        base += CLOSENESS[now]
        found.append(now)
    return base, tuple(sorted(found, key=lambda reason: -int(reason.rpartition("+")[2].rstrip(")"))))
