"""Which authority an incident is proposed to, and why."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from incidents.config import Authority
from incidents.routing import RouteRule, Routing
from schemas import Urgency

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What the rules look at. `heads`: value and probability by the head's name, of the surest post."""

    group: str
    topic: str
    municipality: str | None = None
    municipality_name: str | None = None
    settlement: str | None = None
    sources: Collection[str] = ()
    urgency: Urgency = "normal"
    texts: Sequence[str] = ()
    heads: Mapping[str, tuple[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was looked at. `missing` says why it does not fit; None: it does. `path`: its place in the file."""

    path: tuple[str | int, ...]
    authority: str
    missing: str | None
    because: str = ""


def steps(routing: Routing, authorities: Sequence[Authority], matter: Matter) -> Iterator[Step]:
    """Every rule in the order in which it is asked; the first without `missing` decides.

    First `routing.rules`, then the authorities' own groups, topics and municipalities, then what was learned, then
    the default.
    """
    for index, rule in enumerate(routing.rules):
        missing = _missing(rule, matter)
        yield Step(("routing", "rules", index), rule.to, missing, f"правило {index + 1}: {_said(rule)}")
    for index, one in enumerate(authorities):
        if one.groups or one.topics or one.municipalities:
            yield Step(("authorities", index), one.id, _foreign(one, matter), "отвечает за это по разделу authorities")
    if routing.learned is not None:
        yield _learned(routing, matter)
    for index, one in enumerate(authorities):
        if one.default:
            yield Step(("authorities", index, "default"), one.id, None, "получает всё, что не досталось другим")


def route(routing: Routing, authorities: Sequence[Authority], matter: Matter) -> tuple[Authority | None, str | None]:
    """Who is proposed, and why in Russian; None where nothing fits."""
    by_id = {one.id: one for one in authorities}
    for step in steps(routing, authorities, matter):
        if step.missing is None:
            return by_id[step.authority], step.because
    return None, None


def covers(first: RouteRule, second: RouteRule, group_of: Mapping[str, str]) -> bool:
    """Whether `first` fits wherever `second` does, so that `second`, standing later, can never decide."""
    if first.groups or first.topics:
        if not (second.groups or second.topics) or not set(second.groups) <= set(first.groups):
            return False
        if any(one not in first.topics and group_of.get(one) not in first.groups for one in second.topics):
            return False
    for name in ("municipalities", "settlements", "sources", "urgency"):
        wide, narrow = set(getattr(first, name)), set(getattr(second, name))
        if wide and (not narrow or not narrow <= wide):
            return False
    if not first.words:
        return True
    wider = tuple(_plain(word) for word in first.words)
    return bool(second.words) and all(_plain(word).startswith(wider) for word in second.words)


def _missing(rule: RouteRule, matter: Matter) -> str | None:  # noqa: PLR0911  (one for each condition)
    places = (matter.municipality, matter.municipality_name)
    if (rule.groups or rule.topics) and matter.group not in rule.groups and matter.topic not in rule.topics:
        return f"другая тема: {matter.topic}"
    if rule.municipalities and not any(place in rule.municipalities for place in places):
        return f"другой муниципалитет: {matter.municipality_name or matter.municipality or 'не назван'}"
    if rule.settlements and _plain(matter.settlement or "") not in map(_plain, rule.settlements):
        return f"другой населённый пункт: {matter.settlement or 'не назван'}"
    if rule.sources and not set(rule.sources) & set(matter.sources):
        return f"другой источник: {', '.join(sorted(matter.sources)) or 'не назван'}"
    if rule.urgency and matter.urgency not in rule.urgency:
        return f"другая срочность: {matter.urgency}"
    if rule.words:
        begins = tuple(map(_plain, rule.words))
        if not any(word.startswith(begins) for text in matter.texts for word in _WORD.findall(_plain(text))):
            return f"нет слов: {', '.join(rule.words)}"
    return None


def _foreign(one: Authority, matter: Matter) -> str | None:
    if (one.groups or one.topics) and matter.group not in one.groups and matter.topic not in one.topics:
        return f"другая тема: {matter.topic}"
    places = (matter.municipality, matter.municipality_name)
    if one.municipalities and not any(place in one.municipalities for place in places):
        return f"другой муниципалитет: {matter.municipality_name or matter.municipality or 'не назван'}"
    return None


def _learned(routing: Routing, matter: Matter) -> Step:
    learned = routing.learned
    assert learned is not None
    path = ("routing", "learned")
    value, probability = matter.heads.get(learned.head, ("", 0.0))
    to = learned.authorities.get(value, "")
    sure = f"{probability:.2f}".replace(".", ",")
    if not value:
        return Step(path, to, f"модель {learned.head} ничего не сказала")
    if not to:
        return Step(path, to, f"ответ модели «{value}» не назван в learned.authorities")
    if probability < learned.at_least:
        return Step(path, to, f"модель уверена лишь на {sure}")
    return Step(path, to, None, f"так отвечает обученная модель: «{value}», {sure}")


def _said(rule: RouteRule) -> str:
    parts = (rule.topics or rule.groups, rule.municipalities, rule.settlements, rule.sources, rule.urgency, rule.words)
    return "; ".join(", ".join(part[:3]) + (", …" if len(part) > 3 else "") for part in parts if part)


def _plain(text: str) -> str:
    return text.casefold().replace("ё", "е")
