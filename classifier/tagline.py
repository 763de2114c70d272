"""Lines of `otklik tag`: a JSON object in, a JSON object out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from classifier.item import Item
from schemas import Address, PostKind, Tags
from text import clean, clean_cut, mask

KEYS = (
    "id",
    "relevance",
    "group",
    "group_probability",
    "topic",
    "topic_probability",
    "municipality",
    "settlement",
    "address",
    "urgency",
    "needs_review",
    "heads",
    "model",
)
"""The keys of an output line, in order. `language` and `truncated` follow where there is something to say."""
_OPTIONAL_TEXTS = ("title", "context", "kind", "published", "source", "author", "source_municipality")
_KINDS = tuple(kind.value for kind in PostKind)


class BadLine(ValueError):
    """An input line can't be judged; the message (Russian) says why."""


def item_of_line(line: object) -> Item:
    """The item of a parsed input line. The text is cleaned and masked as if it had come from a source.

    Raises:
        BadLine: it is no object, has no `text` or an empty one, or a field of the wrong type.
    """
    if not isinstance(line, Mapping):
        raise BadLine("строка должна быть объектом JSON с полем text")
    if "text" not in line:
        raise BadLine("нет поля text")
    text = line["text"]
    if not isinstance(text, str):
        raise BadLine(f"поле text должно быть строкой, а не {_type(text)}")
    for name in _OPTIONAL_TEXTS:
        value = line.get(name)
        if value is not None and not isinstance(value, str):
            raise BadLine(f"поле {name} должно быть строкой или null, а не {_type(value)}")
    text, truncated = clean_cut(text)
    kind = line.get("kind") or PostKind.POST
    if kind not in _KINDS:
        raise BadLine(f"поле kind: «{kind}», допустимо: {', '.join(_KINDS)}")
    title = _cleaned(line.get("title"))
    if not text.strip() and title is None:
        raise BadLine("поле text пусто")
    return Item(
        text=mask(text),
        title=title,
        context=_cleaned(line.get("context")),
        kind=kind,
        source_municipality=line.get("source_municipality"),
        id=id_of_line(line),
        published=_moment(line.get("published")),
        truncated=truncated,
    )


def _moment(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if value else None
    except ValueError as error:
        raise BadLine("поле published — не время; нужно так: 2026-03-05T14:00:00+05:00") from error


def id_of_line(line: object) -> str | None:
    """The id of a parsed input line as text; None where it has none. A whole number is taken for its digits.

    Raises:
        BadLine: it is something else.
    """
    given = line.get("id") if isinstance(line, Mapping) else None
    if type(given) is int:
        return str(given)
    if given is None or isinstance(given, str):
        return given or None
    raise BadLine(f"поле id должно быть строкой, целым числом или null, а не {_type(given)}")


def _cleaned(value: str | None) -> str | None:
    return mask(clean(value)) or None if value else None


def _type(value: object) -> str:
    names = {bool: "логическое значение", int: "число", float: "число", list: "массив", dict: "объект"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _address(found: Address) -> dict[str, Any]:
    return {
        "street": found.street,
        "street_type": found.street_type,
        "house": found.house,
        "text": found.text,
        "key": found.key,
        "street_key": found.street_key,
        "probability": round(found.probability, 4),
    }


def tag_line(id_: str, tags: Tags, *, truncated: bool = False) -> dict[str, Any]:
    """The output line of a text: `KEYS`, in their order; probabilities with 4 decimals. `language` is added to a text
    that is not Russian, `truncated` to one that was cut."""
    place = tags.municipality
    values = (
        id_,
        round(tags.relevance, 4),
        tags.group,
        round(tags.group_probability, 4),
        tags.topic,
        round(tags.topic_probability, 4),
        {
            "oktmo": place.oktmo,
            "name": place.name,
            "probability": round(place.probability, 4),
            "found_by": place.found_by,
            "span": list(place.span) if place.span else None,
            "others": list(place.others),
        }
        if place
        else None,
        tags.settlement,
        _address(tags.address) if tags.address else None,
        tags.urgency,
        tags.needs_review,
        {name: {"value": head.value, "probability": round(head.probability, 4)} for name, head in tags.heads.items()},
        tags.model,
    )
    line = dict(zip(KEYS, values, strict=True))
    if tags.language != "ru":
        line["language"] = tags.language
    if truncated:
        line["truncated"] = True
    return line
