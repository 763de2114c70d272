"""What a person may ask of one incident, and what the incident is after it: no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.changes import Change, moved_term
from incidents.config import Authority
from incidents.describe import Describer
from incidents.refusals import Invalid, NoSuch, not_allowed
from incidents.workflow import REOPENED, WAITING, Action, rule
from schemas import Incident, IncidentStatus
from schemas.incident import Pause
from text import clean, mask
from text.suggest import did_you_mean

LONGEST_NAME = 100
"""Characters of a person's name: the longest full name with a post fits."""
LONGEST_TEXT = 10_000
"""Characters of a comment or an answer: an official letter has some 3,000."""
MACHINE = "otklik"
"""Who makes the machine's own changes."""

BY_HAND = "передано человеком"
"""Why an authority answers that nobody's rules have proposed."""

LACKING = {
    "comment": {
        Action.REJECT: "скажите, почему инцидент отклонён",
        Action.WAIT: "скажите, чего ждут от жителя",
        Action.CLOSE: "ответ ещё не решение: скажите, почему инцидент закрыт без решения",
        Action.REOPEN: "скажите, почему инцидент вернулся в работу",
    },
    "answer": {Action.ANSWER: "нужен текст ответа или ссылка на него"},
    "authority": {Action.ASSIGN: "никто не предложен: скажите, кому передать инцидент"},
}


@dataclass(frozen=True, slots=True)
class Act:
    """A change of status. `authority` (an id) for `assign`, without it the one that is proposed; `answer` (a text or
    a link) for `answer`; `comment` for any. Personal numbers in both are masked."""

    action: Action
    comment: str | None = None
    answer: str | None = None
    authority: str | None = None


def perform(
    before: Incident,
    act: Act,
    actor: str,
    *,
    now: datetime,
    authorities: Sequence[Authority],
    describer: Describer,
) -> Change:
    """What the act makes of the incident, by the table in `incidents.workflow`.

    Raises:
        NotAllowed: not from its status.
        Invalid: what the table asks for is missing.
        NoSuch: no such authority.
    """
    found = rule(act.action, before.status)
    if found is None:
        raise not_allowed(before, act.action)
    comment, answer = tidy(act.comment, "комментарий"), tidy(act.answer, "ответ")
    update: dict[str, object] = {
        "status": found.to,
        "status_since": now,
        "sequence": before.sequence + 1,
        "updated": now,
        "auto_assigned": False,
    }
    if act.action is Action.ASSIGN:
        update |= _assigned(before, act.authority, authorities)
    elif act.authority is not None:
        raise Invalid("Ведомство указывают только при передаче (assign).")
    if act.action is Action.ANSWER:
        update["answer"] = answer
    elif answer is not None:
        raise Invalid("Текст ответа указывают только при ответе (answer).")
    given = {"comment": comment, "answer": answer, "authority": update.get("authority")}
    if found.needs is not None and not given[found.needs]:
        raise Invalid(f"Инцидент №{before.id}: {LACKING[found.needs][act.action]}.")
    if found.to is REOPENED:
        update["reopened"] = now
    update["pauses"] = _pauses(before, found.to, now)
    after = describer.timed(before.model_copy(update=update), before)
    was = before.status if after.status is not before.status else None
    return Change(
        found.event, after, comment=comment, terms=moved_term(before, after, describer.zone), before=was, actor=actor
    )


def _pauses(before: Incident, to: IncidentStatus, now: datetime) -> tuple[Pause, ...]:
    """A pause begins with the waiting for the citizen and ends with it."""
    last = before.pauses[-1] if before.pauses else None
    if to is WAITING:
        return (*before.pauses, Pause(since=now))
    if last is None or last.until is not None:
        return before.pauses
    return (*before.pauses[:-1], Pause(since=last.since, until=max(now, last.since)))


def tidy(text: str | None, what: str) -> str | None:
    """A text that a person typed, masked; None where there is nothing in it.

    Raises:
        Invalid: it is too long.
    """
    if text is None:
        return None
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"Слишком длинный {what}: {len(text)} знаков, можно не больше {LONGEST_TEXT}.")
    return mask(clean(text)) or None


def person(name: str) -> str:
    """The name of whoever decides.

    Raises:
        Invalid: it names nobody.
    """
    found = " ".join(name.split())
    if not found or len(found) > LONGEST_NAME or not found.isprintable():
        raise Invalid(f"Нужно имя того, кто решает: от 1 до {LONGEST_NAME} знаков.")
    if found.casefold() == MACHINE:
        raise Invalid(f"Именем {MACHINE} подписаны решения самой программы: назовите человека.")
    return found


def _assigned(before: Incident, wanted: str | None, authorities: Sequence[Authority]) -> dict[str, object]:
    names = {one.id: one.name for one in authorities}
    if wanted is None:
        if before.authority is not None and before.authority not in names:
            raise NoSuch(
                f"Ведомства «{before.authority}», которому предложен инцидент №{before.id}, нет в разделе authorities: "
                "скажите, кому передать."
            )
        return {"authority": before.authority, "authority_name": before.authority_name}
    if wanted not in names:
        hint = did_you_mean(wanted, names)
        known = ", ".join(names) or "ни одного"
        raise NoSuch(f"Ведомства «{wanted}» нет.{f' {hint}' if hint else ''} В разделе authorities есть: {known}.")
    return {"authority": wanted, "authority_name": names[wanted], "authority_reason": BY_HAND}
