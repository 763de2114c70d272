"""A text cut into words once, for everything that reads them."""

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from text.kept import Kept
from text.lemma import TOKEN, is_guessed, lemmas, lemmas_of, normal_word, plain

MAX_GUESSED = 300
"""Different words that no dictionary holds: to guess the lemma of one takes 45 µs, and a text of so many is noise or in
another language. Of the 41,180 texts of Perm, Kursk and Telegram's channels none has more than 32."""

_END = re.compile(r"([.!?…;\n]+)")
_GUESSED = Kept(lambda word: is_guessed(normal_word(word)))


class Sentence(NamedTuple):
    """Words and numbers as written; `end` are the marks behind them, or nothing."""

    words: list[str]
    end: str


class Cut(NamedTuple):
    """`words` are those of the whole text, in order. `readable` is the text up to the word that is one guess too many;
    sentences and lemmas are of that. There are fewer lemmas than words where the text has links."""

    text: str
    words: Sequence[str]
    readable: str
    sentences: Sequence[Sentence]
    lemmas: list[str]


def cut(text: str) -> Cut:
    """Sentences, words and lemmas of a cleaned text. A bare full stop ends a sentence too: «ул.», «12.5»."""
    sentences = _sentences(text)
    words = list(chain.from_iterable(sentence.words for sentence in sentences))
    if len(words) <= MAX_GUESSED or (end := _readable(text)) == len(text):
        return Cut(text, words, text, sentences, lemmas_of(words) if plain(text) else lemmas(text))
    readable = text[:end]
    return Cut(text, words, readable, _sentences(readable), lemmas(readable))


def _sentences(text: str) -> list[Sentence]:
    *pieces, last = _END.split(text)
    found = [Sentence(TOKEN.findall(piece), end) for piece, end in zip(pieces[::2], pieces[1::2], strict=True)]
    found.append(Sentence(TOKEN.findall(last), ""))
    return found


def _readable(text: str) -> int:
    """Where the word begins that is one guess too many."""
    guessed: set[str] = set()
    for match in TOKEN.finditer(text):
        if _GUESSED[match[0]]:
            guessed.add(match[0])
            if len(guessed) > MAX_GUESSED:
                return match.start()
    return len(text)
