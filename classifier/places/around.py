"""What stands around a candidate in a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from classifier.places import words
from classifier.places.wordclass import plain
from text.kept import Kept

SENTENCE_END = ".!?…\n"
MAX_MARKS = 3
"""Characters of an emoji or of a mark of emphasis that a text may begin with."""
QUOTES = '«"“„'
_OF_SPORT = Kept(lambda form: words.SPORT.search(form) is not None)


@dataclass(frozen=True)
class Scan:
    """A text as words, their normalised forms, and where they begin and end."""

    text: str
    words: Sequence[str]
    forms: Sequence[str]
    spans: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, text: str, written: Sequence[str]) -> "Scan":
        """`written` are the text's words as `WORD` finds them, or parts of these."""
        spans = []
        end = 0
        for word in written:
            start = text.index(word, end)
            end = start + len(word)
            spans.append((start, end))
        return cls(text, written, list(map(plain, written)), spans)

    @cached_property
    def shouting(self) -> bool:
        """Whether the text is written in capitals: then they say nothing."""
        head = self.text[:500]
        return sum(map(str.isupper, head)) > 0.6 * sum(map(str.isalpha, head))

    @cached_property
    def sport(self) -> Sequence[int]:
        """Where the words of sport begin."""
        return [start for form, (start, _) in zip(self.forms, self.spans, strict=True) if _OF_SPORT[form]]

    def form(self, at: int) -> str:
        return self.forms[at] if 0 <= at < len(self.forms) else ""


class Around(NamedTuple):
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
        after_comma=adjacent and text[spans[at + length][1] : spans[at + length][1] + 1] == ",",
        text_start=not lead or (len(lead) <= MAX_MARKS and not any(map(str.isalnum, lead))),
        titled=not lead and tail in {".", ":"},
        stopped=tail in {",", ":", ".", "!", "—", "–", ""},
        number_after=after.isdigit() and not next_gap.strip(" ,"),
        initials_after=len(after) == 1
        and after.isupper()
        and text[spans[at + length][1] : spans[at + length][1] + 1] == ".",
    )
