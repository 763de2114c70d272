"""Names with their case forms as columns of numbers (see table.py for the way back)."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt

Lexeme = tuple[str, str]


def text_column(lines: Iterable[str]) -> npt.NDArray[np.uint8]:
    """Lines as one blob."""
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def lexeme(word: str, forms: Sequence[str]) -> Lexeme:
    """A word and its pattern: how many letters to cut, and the endings of the forms, the word's own first."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(word, *forms, strict=False))
    stem = word[: sum(1 for _ in same)]
    endings = [form[len(stem) :] for form in dict.fromkeys([word, *forms])]
    return word, "|".join([str(len(word) - len(stem)), *endings])


def name_columns(titles: Sequence[str], phrases: Sequence[tuple[Lexeme, ...]]) -> dict[str, npt.NDArray[Any]]:
    """Columns of the distinct names: their titles, their words, the words' patterns."""
    lexemes = sorted({one for phrase in phrases for one in phrase})
    patterns = sorted({pattern for _, pattern in lexemes})
    number = {one: i for i, one in enumerate(lexemes)}
    pattern_number = {pattern: i for i, pattern in enumerate(patterns)}
    return {
        "titles": text_column(titles),
        "words": text_column(word for word, _ in lexemes),
        "word_patterns": np.array([pattern_number[pattern] for _, pattern in lexemes], dtype=np.uint16),
        "patterns": text_column(patterns),
        "phrase_lengths": np.array([len(phrase) for phrase in phrases], dtype=np.uint8),
        "phrase_lexemes": np.array([number[one] for phrase in phrases for one in phrase], dtype=np.uint32),
    }
