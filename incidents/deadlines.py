"""By when an authority has to answer."""

from datetime import datetime

from incidents.config import Deadlines, Term


def answer_due(
    deadlines: Deadlines,
    registered: datetime,
    *,
    group: str,
    topic: str,
    authority: str | None,
    municipality: str | None,
    municipality_name: str | None,
) -> datetime:
    """Registration plus the term that fits: by the clock, day and night, holidays or not."""
    places = (municipality, municipality_name)
    for _, term in deadlines.named():
        if _fits(term, group, topic, authority, places):
            return registered + term.answer
    return registered + deadlines.default.answer


def _fits(term: Term, group: str, topic: str, authority: str | None, places: tuple[str | None, ...]) -> bool:
    return (
        (not term.groups or group in term.groups)
        and (not term.topics or topic in term.topics)
        and (not term.authorities or authority in term.authorities)
        and (not term.municipalities or any(place in term.municipalities for place in places))
    )
