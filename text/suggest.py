"""Names that somebody may have meant, and lists of names, for messages in Russian."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MAX_LISTED = 12
"""Allowed values are listed in full up to this many; 195 topics would bury the message."""
CLOSE = 0.6
"""difflib's own default: «fed» finds «feed», «webhok» finds «webhook», unrelated words find nothing."""


def listed(values: Sequence[str]) -> str:
    """The allowed values, the first ones where they are many."""
    if len(values) <= MAX_LISTED:
        return ", ".join(values)
    return f"{', '.join(values[:MAX_LISTED])} и ещё {len(values) - MAX_LISTED}"


def did_you_mean(value: str, known: Iterable[str]) -> str | None:
    """«Может быть, …?», or None where nothing is close."""
    return perhaps(close(value, known))


def close(value: str, known: Iterable[str]) -> list[str]:
    """At most two of the names, the nearest first."""
    names = {_plain(name): name for name in known}
    return [names[name] for name in get_close_matches(_plain(value), list(names), n=2, cutoff=CLOSE)]


def perhaps(names: Sequence[str]) -> str | None:
    """«Может быть, …?» about these names, or None where there are none."""
    return f"Может быть, {' или '.join(f'«{name}»' for name in names)}?" if names else None


def _plain(name: str) -> str:
    return name.casefold().replace("ё", "е")
