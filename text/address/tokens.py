"""What addresses are read from: words, numbers and marks, with their places in the text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from text.clean import MAX_CHARS
from text.lemma import normal

_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:-[^\W\d_]+)*|\n|[^\w\s]")


class Token(NamedTuple):
    """`low` is the normal form of a word; `kind` is `w`, `d` (digits) or `p` (a mark or a new line)."""

    text: str
    low: str
    start: int
    end: int
    kind: str

    @property
    def capital(self) -> bool:
        return self.kind == "w" and self.text[0].isupper()


NOTHING = Token("", "", 0, 0, "")
"""Stands before the first and behind the last token."""


class Tokens:
    """The tokens of a text; beyond both ends there is `NOTHING`."""

    def __init__(self, text: str) -> None:
        self._tokens = [_token(match) for match in _TOKEN.finditer(text, 0, MAX_CHARS)]

    def __len__(self) -> int:
        return len(self._tokens)

    def __iter__(self) -> Iterator[Token]:
        return iter(self._tokens)

    def __getitem__(self, at: int) -> Token:
        return self._tokens[at] if 0 <= at < len(self._tokens) else NOTHING

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


def _token(match: re.Match[str]) -> Token:
    text = match.group()
    start, end = match.span()
    if text.isalpha() or (len(text) > 1 and "-" in text):
        return Token(text, normal(text), start, end, "w")
    return Token(text, text, start, end, "d" if text[0].isdecimal() else "p")
