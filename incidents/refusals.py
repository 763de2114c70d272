"""Why a change by hand is refused. Messages are for the operator, in Russian, and say what to do."""

from collections.abc import Sequence
from datetime import tzinfo

from incidents.words import line, moment, named
from incidents.workflow import MERGED, Action, allowed
from schemas import Incident
from schemas.words import STATUSES
from store import Change, Ruling


class Refused(Exception):
    """Nothing was changed. `code` is for programs."""

    code = "refused"


class NoSuch(Refused):
    """There is no such incident, post, authority or ruling."""

    code = "no_such"


class Invalid(Refused):
    """The request lacks something, or says what cannot be."""

    code = "invalid"


class NotAllowed(Refused):
    """The incident's status, or what has been decided, does not allow it."""

    code = "not_allowed"


class Stale(Refused):
    """Somebody has changed the incident since it was looked at."""

    code = "stale"


class Contradicts(Refused):
    """It contradicts what was decided by hand; `replace` overrides that."""

    code = "contradicts"

    def __init__(self, message: str, rulings: Sequence[Ruling]) -> None:
        super().__init__(message)
        self.rulings = tuple(rulings)


def no_incident(id_: int) -> NoSuch:
    return NoSuch(f"Инцидента №{id_} нет. Номера показывает otklik incidents list.")


def not_allowed(incident: Incident, action: Action) -> NotAllowed:
    if incident.status is MERGED:
        return duplicate(incident)
    return NotAllowed(
        f"Инцидент №{incident.id} сейчас в состоянии «{STATUSES[incident.status]}»: нельзя {named([action])}. "
        f"Можно: {named(allowed(incident.status))}."
    )


def duplicate(incident: Incident) -> NotAllowed:
    return NotAllowed(
        f"Инцидент №{incident.id} объединён с №{incident.merged_into}: работайте с ним "
        "или отмените объединение (otklik incidents undo)."
    )


def stale(incident: Incident, seen: int, since: Sequence[Change], zone: tzinfo) -> Stale:
    if not since:
        return Stale(
            f"У инцидента №{incident.id} нет версии {seen}: сейчас {incident.sequence}. "
            "Посмотрите его заново и решите ещё раз."
        )
    told = "; ".join(line(change, zone) for change in since)
    return Stale(
        f"Инцидент №{incident.id} изменился, пока вы решали: вы видели версию {seen}, сейчас {incident.sequence}. "
        f"Что было: {told}. Посмотрите его заново и решите ещё раз."
    )


def contradicts(rulings: Sequence[Ruling], zone: tzinfo) -> Contradicts:
    told = "; ".join(f"№{one.id} ({one.actor}, {moment(one.made, zone)}: {RULED[one.kind]})" for one in rulings)
    return Contradicts(
        f"Этому противоречит решение {told}. Отмените его (otklik incidents undo) или повторите с --replace: "
        "тогда действует новое.",
        rulings,
    )


RULED = {"merge": "объединение", "split": "разделение", "move": "перенос публикаций", "place": "место"}
