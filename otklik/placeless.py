"""Texts of posts in which no place is named: what `places add` looks at."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from classifier.corrections import BadLine
from classifier.places import Resolver
from classifier.tagline import BadLine as NotJudged
from classifier.tagline import item_of_line
from otklik.lines import parsed


def placeless(source: BinaryIO, resolver: Resolver) -> Iterator[str | BadLine]:
    """Cleaned and masked texts without a place, and the lines that are no posts.

    A line is a post as `tag` reads it, or a record of the topic `tagged`, whose own judgement is believed.
    """
    for number, value in parsed(source):
        if isinstance(value, BadLine):
            yield value
            continue
        post, placed = _opened(value)
        try:
            item = item_of_line(post)
        except NotJudged as error:
            yield BadLine(number, str(error))
            continue
        if placed is None:
            placed = _names_a_place(resolver, item.whole)
        if not placed:
            yield item.whole


def _opened(value: Any) -> tuple[Any, bool | None]:
    """The post of a line, and whether a place was found in it; None where the line does not say."""
    if not isinstance(value, Mapping) or not isinstance(value.get("post"), Mapping):
        return value, None
    tags = value.get("tags")
    place = tags.get("municipality") if isinstance(tags, Mapping) else None
    return value["post"], isinstance(place, Mapping) and place.get("found_by") in {"text", "operator"}


def _names_a_place(resolver: Resolver, text: str) -> bool:
    return resolver.resolve(text).municipality is not None
