"""Names of places that the gazetteer may lack, out of texts that had no place."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from text import morph, normal
from text.address import find_addresses

MIN_TEXTS = 2
"""A name of one text is a slip more often than a place."""
CONTEXT = 40
"""Characters shown on each side."""
EXAMPLES = 2
MAX_CANDIDATES = 5_000
"""Different names kept while reading; the rarest go first, so that memory does not grow with the texts."""

_TYPES = (
    r"пос(?:\.|[её]л[ок]\w*)|пгт\.?|п\.|с\.|сел[оаеу]м?|дер(?:\.|евн\w+)|хутор\w*|станци\w+|аул\w*|мкр\.?|микрорайон\w*"
    r"|м-н\w?|снт|г\.|город\w{0,2}"
)
_NAME = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ]?[а-яё]+)*"
_TYPED = re.compile(rf"\b(?i:{_TYPES})\s*[«\"]?({_NAME}(?:\s[А-ЯЁ][а-яё]+)?)")
_PLACED = re.compile(rf"\b(?:[Вв]о?|[Ии]з|[Нн]а|[Пп]од|[Оо]коло|[Вв]озле|[Дд]о)\s+({_NAME})")
_DISTRICT = re.compile(r"\b([А-ЯЁа-яё][а-яё-]+(?:ск|цк)(?:ий|ого|ому|им|ом))\s+(?:район|округ|р-н)\w{0,2}")
_WORD = re.compile(r"\b[а-яё]{3,}")
_ENDING = re.compile(r"(?:ого|ому|ами|ями|ах|ях|ой|ий|ый|ая|ое|ую|ом|ем|им|ым|ей|[аеёиоуыэюяйь])$")
# How sure each sign is that a name of a place stands there.
_STRONG, _WEAK = 3.0, 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name as it was written most often, the number of texts with it, whether a word for a place stood beside it,
    and what stood around it."""

    name: str
    texts: int
    typed: bool
    examples: tuple[str, ...]


@dataclass(slots=True)
class _Seen:
    texts: int = 0
    score: float = 0.0
    typed: bool = False


class Suggester:
    """Collects names text by text; `known` says which the gazetteer has already."""

    def __init__(self, known: Callable[[str], bool]) -> None:
        self._known = known
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        self._forms: dict[str, Counter[str]] = defaultdict(Counter)
        self._examples: dict[str, list[str]] = defaultdict(list)
        self._background: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """A text in which no place was found, cleaned and masked."""
        streets = [(one.start, one.end) for one in find_addresses(text)]
        found: dict[str, tuple[float, re.Match[str]]] = {}
        for pattern, score in ((_TYPED, _STRONG), (_DISTRICT, _STRONG), (_PLACED, _WEAK)):
            for match in pattern.finditer(text):
                if any(start < match.end(1) and match.start(1) < end for start, end in streets):
                    continue
                if score > _WEAK or not _is_common(match[1]):
                    found.setdefault(_stem(match[1]), (score, match))
        for stem, (score, match) in found.items():
            seen = self._seen[stem]
            seen.texts += 1
            seen.score += score
            seen.typed = seen.typed or score > _WEAK
            self._forms[stem][match[1]] += 1
            if len(self._examples[stem]) < EXAMPLES:
                self._examples[stem].append(_around(text, match.start(1), match.end(1)))
        self._background.update({_stem(word) for word in _WORD.findall(text)})
        if len(self._seen) > 2 * MAX_CANDIDATES:
            self._drop_rare()

    def _drop_rare(self) -> None:
        for stem in sorted(self._seen, key=lambda stem: self._seen[stem].score)[:MAX_CANDIDATES]:
            del self._seen[stem], self._forms[stem], self._examples[stem]
        self._background = Counter({stem: n for stem, n in self._background.items() if n > 1})

    def candidates(self, most: int, *, least: int = MIN_TEXTS) -> list[Candidate]:
        """The likeliest first: by how often, how surely, and how seldom the same word stands in small letters."""
        ranked: list[tuple[float, str]] = []
        for stem, seen in self._seen.items():
            background = 0 if seen.typed else self._background[stem]
            rank = seen.score * seen.texts / (seen.texts + background)
            if seen.texts >= least and rank >= least * _WEAK / 2:
                ranked.append((rank, stem))
        result: list[Candidate] = []
        for _, stem in sorted(ranked, key=lambda one: (-one[0], one[1])):
            if len(result) >= most:
                break
            name = _nominative(self._forms[stem])
            if not self._known(name) and not any(self._known(form) for form in self._forms[stem]):
                seen = self._seen[stem]
                result.append(Candidate(name, seen.texts, seen.typed, tuple(self._examples[stem])))
        return result


def suggest(texts: Iterable[str], known: Callable[[str], bool], most: int) -> list[Candidate]:
    """Candidates of texts that had no place."""
    suggester = Suggester(known)
    for text in texts:
        suggester.add(text)
    return suggester.candidates(most)


def as_yaml(candidates: Sequence[Candidate]) -> str:
    """What an operator pastes under `places:` in the configuration and completes; comments tell what each rests on."""
    lines = ["places:", "  names:"]
    for one in candidates:
        lines += [f"    # публикаций: {one.texts}", *(f"    #   {example}" for example in one.examples)]
        lines.append(f'    - {{name: "{one.name}", municipality: ""}}')
    return "\n".join(lines) + "\n"


def _stem(name: str) -> str:
    """What the case forms of a name have in common, roughly."""
    return " ".join(_ENDING.sub("", word) if len(word) > 4 else word for word in normal(name).split())


def _is_common(name: str) -> bool:
    """A person, or a word that has a meaning of its own: neither is a place for a capital and a preposition alone."""
    parses = morph().parse(normal(name))
    if not parses[0].is_known:
        return False
    return "Geox" not in parses[0].tag


def _nominative(forms: Counter[str]) -> str:
    """The name in the nominative where grammar knows it, else as it was written most often; an operator reads it
    over. Villages in -ово and -ино are written without an ending as often as with one."""
    form = next((one for one, _ in forms.most_common() if one.endswith("о")), forms.most_common(1)[0][0])
    if " " in form or "-" in form:
        return form
    parse = morph().parse(form.lower())[0]
    if "ADJF" in parse.tag and form[-1] not in "оа":
        return str(parse.normal_form).capitalize()
    nominative = parse.inflect({"nomn"}) if parse.is_known else None
    return str(nominative.word).capitalize() if nominative else form


def _around(text: str, start: int, end: int) -> str:
    """One line of the text around a name."""
    first, last = max(start - CONTEXT, 0), min(end + CONTEXT, len(text))
    words = " ".join(text[first:last].split())
    return f"{'…' if first else ''}{words}{'…' if last < len(text) else ''}"
