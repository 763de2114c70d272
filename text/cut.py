"""A text cut into words once, for everything that reads them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from text.lemma import TOKEN, lemmas, lemmas_of, plain

_END = re.compile(r"([.!?…;\n]+)")


class Sentence(NamedTuple):
    """Words and numbers as written; `end` are the marks behind them, or nothing."""

    words: list[str]
    end: str


@dataclass(frozen=True, slots=True)
class Cut:
    """`words` are those of all sentences, in order. `lemmas` are fewer where the text has links."""

    text: str
    sentences: Sequence[Sentence]
    words: Sequence[str]
    lemmas: list[str]


def cut(text: str) -> Cut:
    """Sentences, words and lemmas of a cleaned text. A bare full stop ends a sentence too: «ул.», «12.5»."""
    *pieces, last = _END.split(text)
    sentences = [Sentence(TOKEN.findall(piece), end) for piece, end in zip(pieces[::2], pieces[1::2], strict=True)]
    sentences.append(Sentence(TOKEN.findall(last), ""))
    words = list(chain.from_iterable(sentence.words for sentence in sentences))
    return Cut(text, sentences, words, lemmas_of(words) if plain(text) else lemmas(text))
