"""What addresses are read from: words, numbers and marks, with their places in the text."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from text.kept import Kept
from text.lemma import normal
from text.limits import MAX_CHARS

NEAR = 120
"""Characters around what shows an address that are read: five long words of a name, a house and its parts."""

# «1ак2»: a letter and a corpus are two words
_TOKEN = re.compile(r"\d+|(?:(?<=\d)|(?<=\d-))[а-иА-И](?=(?:корп|стр|[ксКС])\.?\d)|[^\W\d_]+(?:-[^\W\d_]+)*|\n|[^\w\s]")
_WORD = re.compile(r"[^\W\d_]+")


class Token(NamedTuple):
    """`low` is the normal form of a word; `kind` is `w`, `d` (digits) or `p` (a mark or a new line)."""

    text: str
    low: str
    kind: str
    start: int
    end: int

    @property
    def capital(self) -> bool:
        return self.kind == "w" and self.text[0].isupper()


def _form_and_kind(written: str) -> tuple[str, str]:
    """`low` and `kind` of a token."""
    first = written[0]
    return normal(written), "d" if first.isdecimal() else "w" if first.isalnum() else "p"


_FORMS = Kept(_form_and_kind)
NOTHING = Token("", "", "", 0, 0)
"""Stands before the first and behind the last token."""
_BEYOND = 24
"""How many of it: no rule looks further than half of that, either way (an index below zero counts from the end)."""


class Tokens:
    """The tokens of a text near some of its places (all, where none are given); beyond both ends there is `NOTHING`."""

    def __init__(self, text: str, near: Iterable[int] | None = None) -> None:
        self._text = text[:MAX_CHARS]
        self._tokens: list[Token] = []
        for start, end in [(0, len(self._text))] if near is None else self._windows(near):
            if start:
                self._tokens.append(Token("…", "…", "p", start, start))
            for match in _TOKEN.finditer(self._text, start, end):
                word = match[0]  # what `Token` makes of five values, `tuple` makes in a third of the time
                self._tokens.append(tuple.__new__(Token, (word, *_FORMS[word], *match.span())))
        self._count = len(self._tokens)
        self._tokens += [NOTHING] * _BEYOND

    def _windows(self, near: Iterable[int]) -> list[tuple[int, int]]:
        """From space to space, in order, without overlaps."""
        windows: list[tuple[int, int]] = []
        for place in near:
            if windows and place + NEAR <= windows[-1][1]:
                continue
            start = self._text.rfind(" ", 0, max(place - NEAR, 0)) + 1
            end = self._text.find(" ", place + NEAR)
            end = len(self._text) if end < 0 else end
            if windows and start <= windows[-1][1]:
                windows[-1] = windows[-1][0], end
            else:
                windows.append((start, end))
        return windows

    @cached_property
    def words(self) -> frozenset[str]:
        """Normal forms of all words of the text, near or not."""
        return frozenset(_WORD.findall(self._text.lower().replace("ё", "е")))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Token]:
        return islice(self._tokens, self._count)

    def __getitem__(self, at: int) -> Token:
        return self._tokens[at]

    def skip(self, at: int, marks: str, most: int = 2) -> int:
        """The place behind at most so many of the marks."""
        for _ in range(most):
            token = self[at]
            if token.kind != "p" or token.text not in marks:
                break
            at += 1
        return at

    def glued(self, at: int) -> bool:
        """The token touches the one before it."""
        return at > 0 and self[at - 1].end == self[at].start

    def starts_sentence(self, at: int) -> bool:
        before = self[at - 1]
        return before.kind == "" or before.text in {".", "!", "?", "\n"}
