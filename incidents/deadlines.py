"""By when an authority has to answer and to solve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.calendar import Calendar, Interval
from incidents.config import Deadlines, Term
from incidents.terms import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the choice of a term looks at."""

    group: str
    topic: str
    urgency: str = "normal"
    authority: str | None = None
    municipality: str | None = None
    municipality_name: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """`solution` is never before `answer`."""

    answer: datetime
    solution: datetime | None


def choose(deadlines: Deadlines, about: About) -> tuple[str, Term]:
    """The first term whose conditions all hold, with its name, else the default."""
    fitting = (pair for pair in deadlines.named() if _fits(pair[1], about))
    return next(fitting, ("default", deadlines.default))


def due(term: Term, registered: datetime, calendar: Calendar, pauses: Sequence[Interval] = ()) -> Due:
    """When the answer and the solution are due.

    `pauses` are the times of waiting for the citizen, none overlapping another. Each term is put off by as much of
    its own time as they took: a clock term by all of it, a working term by the working time in it. What was paused
    before registration or after the term was over does not count.

    Raises:
        MissingYear: a working term reaches into a year whose days off are not known.
    """
    answer = _paused(term.answer, registered, calendar, pauses)
    if term.solution is None:
        return Due(answer, None)
    return Due(answer, max(answer, _paused(term.solution, registered, calendar, pauses)))


def _paused(span: Span, registered: datetime, calendar: Calendar, pauses: Sequence[Interval]) -> datetime:
    end = span.after(registered, calendar)
    for begin, until in sorted(pauses):
        start = max(begin, registered)
        if start >= end or until <= start:
            continue
        if span.working:
            end = calendar.add_time(end, calendar.working_time(start, until))
        else:
            end += max(until - start, timedelta(0))
    return end


def _fits(term: Term, about: About) -> bool:
    places = (about.municipality, about.municipality_name)
    return (
        (not term.groups or about.group in term.groups)
        and (not term.topics or about.topic in term.topics)
        and (not term.urgency or about.urgency in term.urgency)
        and (not term.authorities or about.authority in term.authorities)
        and (not term.municipalities or any(place in term.municipalities for place in places))
    )
