"""What stands around a candidate in a text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from classifier.places import words
from text import morph, normal

SENTENCE_END = ".!?…\n"
QUOTES = '«"“„'
CACHED_WORDS = 200_000
"""As many as text.lemma keeps: a region's posts of a month hold some 150,000 word forms."""

plain = lru_cache(CACHED_WORDS)(normal)


WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+")
"""As text.tokens cuts them."""


@dataclass(frozen=True)
class Scan:
    """A text as words, their normalised forms, and where they begin and end."""

    text: str
    words: Sequence[str]
    forms: Sequence[str]
    spans: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, text: str, written: Sequence[str]) -> "Scan":
        """`written` are the text's words as `WORD` finds them."""
        return cls(text, written, [plain(word) for word in written], [match.span() for match in WORD.finditer(text)])

    @cached_property
    def shouting(self) -> bool:
        """Whether the text is written in capitals: then they say nothing."""
        head = self.text[:500]
        return sum(map(str.isupper, head)) > 0.6 * sum(map(str.isalpha, head))

    def form(self, at: int) -> str:
        return self.forms[at] if 0 <= at < len(self.forms) else ""


@dataclass(frozen=True, slots=True)
class Around:
    """`before`, `after` and so on are words that stand beside without a stop between, or nothing."""

    before: str
    before_dotted: bool
    before2: str
    after: str
    after2: str
    after_capital: bool
    capital: bool
    sentence_start: bool
    quoted: bool
    opens_quote: bool
    """A quotation mark stands before it, and another one soon after."""
    after_comma: bool
    """A comma follows the word after it."""
    text_start: bool
    """The very beginning of the text."""
    stopped: bool
    """A comma, a colon, a full stop or the text's end after it."""
    titled: bool
    """It begins the text and a full stop or a colon follows."""
    number_after: bool
    """«на Ленинском, 86»."""
    initials_after: bool
    """«Тарасов В.Н.»."""

    @property
    def heads_text(self) -> bool:
        """«Межозёрный, авария на сетях»: what a text begins with, set apart."""
        return self.text_start and self.stopped

    @property
    def near(self) -> bool:
        return self.before in words.NEAR

    @property
    def inside_sentence(self) -> bool:
        return self.capital and not self.sentence_start


def around(scan: Scan, at: int, length: int) -> Around:
    """Of the words `at` to `at + length`."""
    text, spans, forms = scan.text, scan.spans, scan.forms
    first = scan.words[at]
    start, end = spans[at][0], spans[at + length - 1][1]
    gap = text[spans[at - 1][1] : start] if at else ""
    near = bool(at) and not gap.strip(' .\t-«"')
    lead = text[max(start - 40, 0) : start].rstrip(" \t")
    tail = text[end : end + 2].lstrip(" ")[:1]
    following = at + length < len(spans)
    next_gap = text[end : spans[at + length][0]] if following else "\n"
    adjacent = following and not next_gap.strip(" -")
    after = scan.words[at + length] if following else ""
    return Around(
        before=forms[at - 1] if near else "",
        before_dotted="." in gap,
        before2=forms[at - 2] if near and at > 1 else "",
        after=forms[at + length] if adjacent else "",
        after2=scan.form(at + length + 1) if adjacent else "",
        after_capital=adjacent and after[0].isupper() and not scan.shouting,
        capital=first[0].isupper() and not scan.shouting,
        sentence_start=not lead or lead[-1] in SENTENCE_END,
        quoted=bool(lead) and lead[-1] in QUOTES and tail in {"»", '"', "”", "“"},
        opens_quote=bool(lead) and lead[-1] in QUOTES and any(mark in text[end : end + 40] for mark in '»"”'),
        after_comma=adjacent and text[spans[at + length][1] :][:1] == ",",
        text_start=not lead or (len(lead) < 3 and not lead.strip("*_#🔥❗️⚡️•- ")),
        titled=not lead and tail in {".", ":"},
        stopped=tail in {",", ":", ".", "!", "—", "–", ""},
        number_after=after.isdigit() and not next_gap.strip(" ,"),
        initials_after=len(after) == 1 and after.isupper() and text[spans[at + length][1] :][:1] == ".",
    )


@lru_cache(CACHED_WORDS)
def is_first_name(word: str) -> bool:
    """Whether the word is a first name or a patronymic before all else."""
    return len(word) > 2 and any(
        ("Name" in p.tag or "Patr" in p.tag) and p.score > 0.3 for p in morph().parse(word)
    )


@lru_cache(CACHED_WORDS)
def in_dictionary(word: str) -> bool:
    """Whether the morphological dictionary holds the word."""
    return bool(morph().word_is_known(word))


@lru_cache(CACHED_WORDS)
def is_common(word: str) -> bool:
    """Whether the word means something besides a place."""
    return any(p.is_known and "Geox" not in p.tag and p.score > 0.01 for p in morph().parse(word))


@lru_cache(CACHED_WORDS)
def may_name(word: str) -> bool:
    """Whether the word may be a name at all: «они» and «были» are villages too, and never meant."""
    best = morph().parse(word)[0]
    return not best.is_known or best.tag.POS in {"NOUN", "ADJF", "PRTF", None} or "Geox" in best.tag


@lru_cache(CACHED_WORDS)
def is_thing(word: str) -> bool:
    """Whether the word is a noun that is no name: «маяке», against «фролах»."""
    names = {"Name", "Surn", "Patr", "Geox"}
    return any(
        p.is_known and p.score > 0.05 and p.tag.POS not in {None, "ADJS"} and not names & p.tag.grammemes
        for p in morph().parse(word)
    )


_CASES = {
    "ый": ("nomn", "masc"),
    "ий": ("nomn", "masc"),
    "ой": ("gent datv ablt loct", "femn"),
    "ей": ("gent datv ablt loct", "femn"),
    "ое": ("nomn accs", "neut"),
    "ее": ("nomn accs", "neut"),
    "ая": ("nomn", "femn"),
    "яя": ("nomn", "femn"),
    "ую": ("accs", "femn"),
    "юю": ("accs", "femn"),
    "ого": ("gent", "masc neut"),
    "его": ("gent", "masc neut"),
    "ому": ("datv", "masc neut"),
    "ему": ("datv", "masc neut"),
    "ым": ("ablt", "masc neut"),
    "им": ("ablt", "masc neut"),
    "ом": ("loct", "masc neut"),
    "ем": ("loct", "masc neut"),
    "ые": ("nomn accs", "plur"),
    "ие": ("nomn accs", "plur"),
    "ых": ("gent loct", "plur"),
    "их": ("gent loct", "plur"),
}
"""Cases and genders of an adjective by its ending."""


def looks_like_adjective(form: str) -> bool:
    """By its ending, in any case."""
    return form[-3:] in _CASES or form[-2:] in _CASES


@lru_cache(CACHED_WORDS)
def agrees(form: str, noun: str) -> bool:
    """Whether a form that ends like an adjective fits the noun or the adjective after it: «Ленинском проспекте»."""
    found = _CASES.get(form[-3:]) or _CASES.get(form[-2:])
    if found is None or len(noun) < 3:
        return False
    cases, genders = found[0].split(), found[1].split()
    return any(
        p.is_known
        and p.score > 0.02
        and ("NOUN" in p.tag or "ADJF" in p.tag)
        and (p.tag.case in cases or (p.tag.case in {"loc2", "gen2"} and p.tag.case[:2] in {c[:2] for c in cases}))
        and ((p.tag.number == "plur") if "plur" in genders else (p.tag.number == "sing" and p.tag.gender in genders))
        for p in morph().parse(noun)
    )
