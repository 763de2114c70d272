"""How soon somebody must act: `now` danger to life or a loss that grows by the hour, `soon` within a day, or `normal`.

The rules are one table (`urgency.yaml`). Words decide before topics: the topic is a guess, the words are there. A first
look compares sets of lemmas, which the classifier has anyway; only where all words of a rule are there, the text itself
is read for how near they stand and whether they are denied («запаха газа нет») or over («починили»).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from classifier.urgency_rules import NOT, WINTER, Rule, table
from schemas import Urgency
from text import MAX_CHARS, lemma, normal_words

TOPIC_SURE = 0.6
"""A topic's own urgency counts from this probability on: a third of the topics overlap, and a page for nothing costs
an operator's attention."""
MAX_WORDS = 3_000
"""Of a text: 20,000 characters hold about 2,800."""
MAX_TRIES = 50
"""Places of a rule's first word that are looked at: the word stands in a text a few times, or it is noise."""
SENTENCE = 3
"""Words that the end of a sentence counts for: what is said in another sentence is farther away."""
AFTER = 12
"""Words around the telling ones within which «починили» belongs to them."""
BEFORE_OVER = 3
"""Words before «починили» in which «не», «чтобы», «опять» turn it."""

_CLAUSE = re.compile(r"([.!?;…\n]+)|([,:—()])|[^\s.!?;…\n,:—()]+")
_NONE = frozenset({"нет", "без", "ни", "никакой", "никаких", "никакого", "отсутствует", "отсутствуют", "отсутствие"})
_NONE_AFTER = frozenset({"нет", "отсутствует", "отсутствуют"})
_AGAIN = frozenset({"опять", "снова", "вновь"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rule` is its id, or `topic`, or empty for `normal`; `because` is for operators; `words` are normal forms."""

    urgency: Urgency
    rule: str = ""
    because: str = "ни одно правило не подошло"
    words: tuple[str, ...] = ()


class _Word(NamedTuple):
    """`place` counts words, and more at the end of a sentence; `clause` tells what a comma parts."""

    form: str
    lemma: str
    place: int
    clause: int


@cache
def _screen() -> tuple[dict[str, int], tuple[tuple[int, Rule], ...]]:
    """For each telling lemma the parts of rules that it fulfils, without regard to «не», as bits; and for each rule
    the bits of all its parts. One pass over a text's words then tells which rules may fit."""
    bits: dict[str, int] = {}
    rules = []
    bit = 1
    for rule in table().rules:
        needed = 0
        for part in rule.lemmas:
            for word in part:
                plain = word.removeprefix(NOT)
                bits[plain] = bits.get(plain, 0) | bit
            needed |= bit
            bit <<= 1
        rules.append((needed, rule))
    return bits, tuple(rules)


@lru_cache(10_000)
def _rules(there: int) -> tuple[Rule, ...]:
    """The rules all of whose parts are among these bits. Most texts have one of few combinations."""
    return tuple(rule for needed, rule in _screen()[1] if there & needed == needed)


def urgency(
    text: str, lemmas: Iterable[str], *, topic: Urgency = "normal", probability: float = 0.0, month: int | None = None
) -> Verdict:
    """Of a text with these lemmas. `topic` is the urgency of its topic, which counts where the topic is sure;
    `month` (1 to 12) is that of the post, `None` where it is not known."""
    of_topic = Verdict("normal")
    if topic != "normal" and probability >= TOPIC_SURE:
        of_topic = Verdict(topic, "topic", "такова обычная срочность темы")
    bits, _ = _screen()
    there = 0
    for word in bits.keys() & lemmas:
        there |= bits[word]
    words: list[_Word] = []
    for rule in _rules(there):
        if rule.winter and month not in WINTER:
            continue
        if rule.urgency == "soon" and of_topic.urgency != "normal":
            break  # the table has `now` first: nothing above the topic's own is left
        words = words or _words(text)
        found = _found(rule, words)
        if found:
            return Verdict(rule.urgency, rule.id, rule.title, tuple(word.form for word in found))
    return of_topic


@lru_cache(50_000)
def _forms(written: str) -> tuple[tuple[str, str], ...]:
    """Normal form and lemma of each word in what stands between two spaces."""
    return tuple((form, lemma(form)) for form in normal_words(written))


def _words(text: str) -> list[_Word]:
    """«не» is joined to the word after it, so that no rule takes what is denied for what is said."""
    found: list[_Word] = []
    place = clause = 0
    denied = False
    for match in _CLAUSE.finditer(text[:MAX_CHARS]):
        if match.lastindex:
            place += SENTENCE if match.lastindex == 1 else 0
            clause += 1
            denied = False
            continue
        for form, base in _forms(match.group()):
            place += 1
            found.append(_Word(NOT + form, NOT + base, place, clause) if denied else _Word(form, base, place, clause))
            denied = form == "не"
        if len(found) > MAX_WORDS:
            break
    return found


def _found(rule: Rule, words: Sequence[_Word]) -> list[_Word]:
    """The words that fulfil a rule, in order of the text; none where they are apart, excluded, denied or over."""
    everything = {word.lemma for word in words}
    if not (rule.excluded.isdisjoint(everything) and table().talk.isdisjoint(everything)):
        return []
    places = [[i for i, word in enumerate(words) if word.lemma in part] for part in rule.lemmas]
    for first in places[0][:MAX_TRIES]:
        chosen = {first}
        for part in places[1:]:
            others = [i for i in part if i not in chosen]
            if not others:
                break
            chosen.add(min(others, key=lambda i: abs(words[i].place - words[first].place)))
        order = sorted(chosen)
        if len(order) < len(places) or words[order[-1]].place - words[order[0]].place > rule.near:
            continue
        if (rule.denies and _denied(words, order)) or (rule.ends and _over(words, order)):
            continue
        return [words[i] for i in order]
    return []


def _denied(words: Sequence[_Word], order: Sequence[int]) -> bool:
    """«нет запаха газа», «никакого открытого огня», «запаха газа нет», «сосулек нет, крыши чистят»."""
    first = order[0]
    before = {word.form for word in words[max(first - 2, 0) : first] if word.clause == words[first].clause}
    return not before.isdisjoint(_NONE) or any(_none_follows(words, i) for i in order)


def _none_follows(words: Sequence[_Word], i: int) -> bool:
    """Whether the clause ends after the word with «нет»."""
    rest = [word.form for word in words[i + 1 : i + 3] if word.clause == words[i].clause]
    return len(rest) == 1 and rest[0] in _NONE_AFTER


def _over(words: Sequence[_Word], order: Sequence[int]) -> bool:
    """«Провода починили», but not «пока не починили», «просим, чтобы починили», «починили, а он опять упал»."""
    start, end = words[order[0]].place - AFTER, words[order[-1]].place + AFTER
    ended = [i for i, word in enumerate(words) if word.form in table().over and start <= word.place <= end]
    if not ended or any(word.form in _AGAIN and start <= word.place <= end for word in words):
        return False
    return any(
        i not in order
        and not any(
            word.form.removeprefix(NOT) in table().still and word.clause >= words[i].clause - 1
            for word in words[max(i - BEFORE_OVER, 0) : i]
        )
        for i in ended
    )
