"""Russian for statuses, actions and what happened: for messages, lists and the console."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from incidents.edges import Reason
from incidents.workflow import Action
from schemas.words import EVENTS
from store import Attachment, Change

_ACTIONS = {
    Action.CONFIRM: "подтвердить",
    Action.ASSIGN: "передать",
    Action.WAIT: "отложить до ответа жителя",
    Action.ANSWER: "ответить",
    Action.SOLVE: "решить",
    Action.CLOSE: "закрыть",
    Action.REJECT: "отклонить",
    Action.REOPEN: "вернуть в работу",
}

_REASONS = {
    Reason.ADDRESS: "тот же дом",
    Reason.STREET: "та же улица",
    Reason.REPOST: "те же слова",
    Reason.LINK: "та же страница",
    Reason.THREAD: "тот же разговор",
    Reason.TEXT: "похожие слова",
    Reason.COMMON: "та же общая беда, рядом по времени",
    Reason.TOPIC: "та же тема, рядом по времени",
    Reason.PERSON: "так решил человек",
}


def named(actions: Iterable[Action]) -> str:
    """Actions with their commands."""
    return ", ".join(f"{_ACTIONS[action]} ({action})" for action in actions)


def happened(type_: str, *, placed: bool = False) -> str:
    """What an event of this type means. `placed`: the place has changed."""
    if placed and type_ == "incident.updated":
        return "изменилось место"
    return EVENTS.get(type_, type_)


def moment(at: datetime, zone: tzinfo) -> str:
    """`28.11 10:15`, in the region's time."""
    return f"{at.astimezone(zone):%d.%m %H:%M}"


def line(change: Change, zone: tzinfo) -> str:
    """A line of the history: when, who, what, and to whom or into what."""
    details = change.details
    more = [
        details.get("authority"),
        f"№{details['merged_into']}" if details.get("merged_into") else None,
        taken_in(details["merged"]) if details.get("merged") else None,
        f"+{len(details['posts_added'])}" if details.get("posts_added") else None,
        f"−{len(details['posts_removed'])}" if details.get("posts_removed") else None,
    ]
    told = ", ".join(one for one in more if one)
    what = happened(change.type, placed="place" in details and not details.keys() & {"posts_added", "posts_removed"})
    return f"{moment(change.at, zone)} {change.actor} — {what}{f' ({told})' if told else ''}"


def taken_in(ids: Sequence[int]) -> str:
    """The duplicates that an incident has taken in: `вошли №2, №3`."""
    return f"{'вошёл' if len(ids) == 1 else 'вошли'} {', '.join(f'№{id_}' for id_ in ids)}"


def attached(why: Attachment) -> str:
    """Why a post is in its incident: `тот же дом, что у vk:-1_2 (0.95)`."""
    said = _REASONS[Reason(why.by)]
    return said if why.to is None else f"{said}, что у {why.to} ({why.sure:.2f})"
