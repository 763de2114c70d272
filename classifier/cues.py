"""Of what relevance is judged: words, and cues that lemmas lose: tense, negation, what stands with what, the layout.

«Воду дали» and «воду не дают» have the same lemmas. A cue is a short token, listed in the model's file like a word:

    дать/past       a verb with its form                не дать/past       the same, negated
    =fix/past       a word of a class (lexicon.py)      ?=fix/past         the same in a question
    =need+lack      two classes close together          fix/past>fail/is   two states after one another
    ? !! price …    marks of the layout                 words<9            length
"""

import itertools
import operator
import re
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from classifier.lexicon import CLASSES
from text import Cut
from text.kept import Kept
from text.lemma import normal_word, parsed

WINDOW = 4
"""Two classes stand together when their words are at most so many places apart in one sentence."""
MAX_WORDS = 2_000
"""Of a longer text only the beginning is judged, as for topics."""
PREFIX_LETTERS = 5
"""The first letters of a longer lemma are a token too: they join word families and most misspellings of endings."""

_FORMED = frozenset(["fix", "fail", "plan", "plead", "reach", "can"])
"""Classes whose verbs are told apart by form: «починили», «почините» and «починят» are three things."""
_PAIRED = frozenset(
    [
        "need",
        "burden",
        "object",
        "fix",
        "fail",
        "bad",
        "lack",
        "still",
        "ask",
        "duration",
        "thanks",
        "joy",
        "but",
        "people",
        "works",
        "can",
        "reach",
        "must",
        "pit",
        "ajar",
    ]
)
_STATES = frozenset(["fix", "fail", "bad", "lack", "burden", "thanks", "joy", "plan", "plead"])
"""Classes that say how things stand: their order in a text tells «починили и снова встал» from «стоял, но починили»."""
_NO_MORE = "больше не "
"""Stands before what has stopped: «больше не течёт»."""
_LENGTHS = (4, 9, 20, 60)

_CYRILLIC = re.compile(r"[а-яё]")
_SIGNS = {
    "[телефон]": "phone",
    **dict.fromkeys(("))", ":)", ";)", ":-)", ";-)", "ахах", "хаха"), "smile"),
    "«": "quote",
    "!!": "!!",
}
"""Marks of the layout that are plain to see."""
_SHAPES = tuple(
    (sign, name, re.compile(pattern))
    for sign, name, pattern in (
        ("/", "link", r"https?://|\bt\.me/"),
        ("www.", "link", r"www\."),
        ("vk.", "link", r"\bvk\."),
        ("#", "hashtag", r"#\w"),
        ("?", "??", r"\?\s?[?!]|!\s?\?"),
        ("", "emoji", r"[\u2600-\u27bf\U0001f300-\U0001faff]"),
    )
)
"""Others, each with a sign that all of them have."""
_NUMBERS: dict[str, re.Pattern[str]] = {
    "price": re.compile(r"\d[\d ]{0,12}(?:руб|₽|р\b|т\.?\s?р|тыс|% скид)"),
    "percent": re.compile(r"\d\s?(?:%|процент)"),
    "time": re.compile(r"\b\d{1,2}[:.]\d\d\b"),
    "house": re.compile(r"\b\d{1,3}\s?[а-д]?\b(?=\s?(?:дом|кв|подъезд|корп|$|[,.!?]))", re.I),
}
_NUMBER = re.compile(r"\d")


def _layout(text: str) -> list[str]:
    seen = [name for sign, name in _SIGNS.items() if sign in text]
    seen += [name for sign, name, shape in _SHAPES if sign in text and shape.search(text)]
    found = list(dict.fromkeys(seen))
    if first := _NUMBER.search(text):
        found += [name for name, shape in _NUMBERS.items() if shape.search(text, first.start())]
    return found


def _classes_of() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, members in CLASSES.items():
        for member in members.split():
            found.setdefault(member, []).append(name)
    return {word: tuple(dict.fromkeys(names)) for word, names in found.items()}


_CLASSES_OF = _classes_of()


class _Class(NamedTuple):
    """A class that a word is of."""

    label: str
    """Its name, with the word's form where the form counts."""
    cue: str
    """The cue that it is where nothing denies it."""
    state: bool
    paired: bool


class _Turn(IntEnum):
    """What a word does to a negation before it."""

    ENDS = 0
    KEEPS = 1
    NEGATES = 2
    NO_MORE = 3


class _Word(NamedTuple):
    tokens: tuple[str, ...]
    marked: str
    """The lemma, with the form where there is one."""
    formed: bool
    classes: tuple[_Class, ...]
    turn: _Turn
    plain: bool
    """Has no form and no class and turns nothing: as every other word."""


_TOKENS_OF = operator.attrgetter("tokens")


class Reading(NamedTuple):
    """Tokens of a text, with repetitions."""

    words: list[str]
    cues: list[str]
    length: int


_TURNS = {"не": _Turn.NEGATES, "ни": _Turn.NEGATES, "больше": _Turn.NO_MORE, "быть": _Turn.KEEPS}


def _word(written: str) -> _Word:
    word = normal_word(written)
    if word.isdecimal():
        return _Word(("0",), "0", False, (), _Turn.ENDS, True)
    if not _CYRILLIC.search(word):  # the analyser knows no other letters, and some make it raise
        return _Word((sys.intern(word),), word, False, (), _Turn.ENDS, True)
    lemma, grammemes = parsed(word)
    lemma = "больше" if word == "больше" else lemma
    form = _form(grammemes)
    names = dict.fromkeys((*_CLASSES_OF.get(lemma, ()), *_CLASSES_OF.get(word, ())))
    classes = tuple(_class(name, form) for name in names)
    first = (f"{lemma[:PREFIX_LETTERS]}*",) if len(lemma) > PREFIX_LETTERS else ()
    tokens = tuple(map(sys.intern, (lemma, *first)))
    turn = _TURNS.get(lemma, _Turn.ENDS)
    plain = not (form or classes or turn)
    return _Word(tokens, f"{lemma}/{form}" if form else lemma, bool(form), classes, turn, plain)


_WORDS = Kept(_word)


def _class(name: str, form: str) -> _Class:
    label = f"{name}/{form}" if form and name in _FORMED else name
    return _Class(label, sys.intern(f"={label}"), name in _STATES, name in _PAIRED)


def _form(grammemes: frozenset[str]) -> str:
    """What a verb's form tells of its time; "" for what is no verb."""
    if "PRTS" in grammemes:
        return "done" if "perf" in grammemes else "being"
    if "INFN" in grammemes:
        return "inf"
    if "VERB" not in grammemes:
        return ""
    if "impr" in grammemes or {"futr", "2per", "plur"} <= grammemes:  # «почините» is both, and means the first
        return "do"
    if "past" in grammemes:
        return "past" if "perf" in grammemes else "was"
    return "will" if "futr" in grammemes else "is"


def read(text: Cut) -> Reading:
    """Words and cues of a cleaned text."""
    cues = _layout(text.text)
    states: list[str] = []
    known: list[_Word] = []
    for written, end in text.sentences:
        words = list(map(_WORDS.__getitem__, written[: MAX_WORDS - len(known)]))
        known += words
        length = len(known)
        marks = end if length < MAX_WORDS else ""
        if marks[:1] in ("?", "!"):
            cues.append(marks[0])
        if words:
            _read_sentence(words, "?" in marks, cues, states)
        if length == MAX_WORDS:
            break
    length = len(known)
    cues.append(next((f"words<{limit}" for limit in _LENGTHS if length < limit), f"words>{_LENGTHS[-1]}"))
    if states:
        cues += [f"first {states[0]}", f"last {states[-1]}"]
        cues += [f"{one}>{other}" for one, other in itertools.pairwise(states) if one != other]
    return Reading(list(itertools.chain.from_iterable(map(_TOKENS_OF, known))), cues, length)


def _read_sentence(words: Sequence[_Word], question: bool, cues: list[str], states: list[str]) -> None:
    """Append the cues of one sentence, and the states it names in their order."""
    recent: list[tuple[int, str]] = []
    no, before, before_formed = "", "", False
    for place, (_, marked, formed, classes, turn, plain) in enumerate(words):
        if before and not no and (formed or before_formed):
            cues.append(f"{before} {marked}")
        before, before_formed = marked, formed
        if plain:
            no = ""
            continue
        if formed:
            cues.append(f"{no}{marked}")
        for name, cue, state, paired in classes:
            label = f"{no}{name}" if no else name
            cues.append(f"={label}" if no else cue)
            if question:
                cues.append(f"?={label}")
            if state:
                states.append(label)
            if paired:
                while recent and place - recent[0][0] > WINDOW:
                    del recent[0]
                cues += [f"={other}+{label}" for _, other in recent]
                recent.append((place, label))
        if not turn:
            no = ""
        elif turn == _Turn.NEGATES:
            no = _NO_MORE if no == _NO_MORE else "не "
        elif turn == _Turn.NO_MORE:
            no = _NO_MORE
