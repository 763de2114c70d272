"""Names that somebody may have meant, and lists of names, for messages in Russian."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MAX_LISTED = 12
"""Allowed values are listed in full up to this many; 195 topics would bury the message."""
STEM, ENDING = 3, 2
"""Letters: of «воды» counts «вод», of «отопление» «отоплен»."""
_WORD = re.compile(r"[^\W_]+")
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
    """At most two of the names, the nearest first; where none is near, the shortest that have all its words."""
    names = {_plain(name): name for name in known}
    near = get_close_matches(_plain(value), list(names), n=2, cutoff=CLOSE)
    return [names[name] for name in near or _with_words(_plain(value), names)[:2]]


def _with_words(value: str, names: Iterable[str]) -> list[str]:
    """«нет воды» is in «Нет холодной воды»: of a long name people write the words that count. An ending may differ."""
    stems = [word[: max(STEM, len(word) - ENDING)] for word in _WORD.findall(value)]
    if not any(len(stem) >= STEM for stem in stems):
        return []
    found = [name for name in names if all(any(w.startswith(stem) for w in _WORD.findall(name)) for stem in stems)]
    return sorted(found, key=lambda name: (len(name), name))


def perhaps(names: Sequence[str]) -> str | None:
    """«Может быть, …?» about these names, or None where there are none."""
    return f"Может быть, {' или '.join(f'«{name}»' for name in names)}?" if names else None


def _plain(name: str) -> str:
    return name.casefold().replace("ё", "е")
