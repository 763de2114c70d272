"""The normal form of an address: what two spellings of one address have in common."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from text.address.words import ABBREVIATIONS, INITIAL_ADJECTIVES, ORDINALS, TITLES, StreetType, forms
from text.lemma import morph

_ADJECTIVE = re.compile(
    r"(?P<stem>[а-я-]{2,}[бвгджзклмнпрстфхцчшщ])"
    r"(?P<ending>ая|яя|ую|юю|ой|ей|ий|ый|ое|ее|ого|его|ому|ему|ом|ем|им|ым)"
)
_VOWEL = re.compile(r"[аеёиоуыэюя]")
_SOFT = "нжшщч"
_FEMININE = forms("ая яя ую юю ей")
_SIBILANT = frozenset("кгхжшщч")
_ORDINAL = re.compile(rf"(?:{'|'.join(ORDINALS)})(?:ь?я|ь?ей|ь?ю|ая|ой|ую|ый|ого|ом|ому|ое|ий|ьего|ьем|ье)")


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a street's name: `kind` is `word`, `number`, or `short` (before a dot: an initial, a title cut)."""

    text: str
    kind: str = "word"

    @property
    def low(self) -> str:
        return self.text.lower().replace("ё", "е")


@dataclass(frozen=True, slots=True)
class House:
    """`number` with its letter («12а») and what stands behind a slash («15/2»); letters in lower case."""

    number: str
    corpus: str | None = None
    building: str | None = None

    def __str__(self) -> str:
        corpus = f" к{self.corpus}" if self.corpus else ""
        return self.number + corpus + (f" с{self.building}" if self.building else "")

    @property
    def key(self) -> str:
        """«24/1» and «24, корпус 1» are one house: there is no town that has both."""
        corpus = f"/{self.corpus}" if self.corpus else ""
        return self.number + corpus + (f"с{self.building}" if self.building else "")


@dataclass(frozen=True, slots=True)
class Street:
    """A street as found: the words of its name, its type, and what tells how the name is inflected.

    `genitive`: the type's word stands in the genitive («проспекта»); `before`: the name stands before the type;
    `governed`: a preposition stands before the name.
    """

    words: tuple[Word, ...]
    type: StreetType | None = None
    genitive: bool = False
    before: bool = False
    governed: bool = False

    @property
    def key(self) -> str:
        """On which two spellings of one street are equal; «» where nothing is left."""
        words = _key_words(self)
        type_ = [self.type.name] if self.type and self.type.minor else []
        return " ".join([*sorted(words), *type_])

    @property
    def name(self) -> str:
        """As people read it: «Ленина», «Пушкинская», «1-я Эльтонская», without the type."""
        return _shown(self)

    def __str__(self) -> str:
        """With its type where people put it: «Пушкинская улица», «улица Пушкина»."""
        if not self.type:
            return self.name
        last = self.words[-1]
        found = gender(last.low, self, only_adjectives=True) if last.kind == "word" else None
        agrees = last.kind == "number" or (found is not None and found[1] == ("f" if self.type.gender == "f" else "m"))
        agrees = agrees and all(w.kind != "word" or adjective(w.low) for w in self.words)
        return f"{self.name} {self.type.name}" if agrees else f"{self.type.name} {self.name}"


@dataclass(frozen=True, slots=True)
class Address:
    """`start` and `end` are characters of the text, without a flat's number, which is nobody's business."""

    street: Street
    house: House | None = None
    start: int = 0
    end: int = 0
    probability: float = 1.0
    street_key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "street_key", self.street.key)

    @property
    def key(self) -> str:
        """On which two spellings of one address are equal: the street's key and the house's."""
        return f"{self.street_key}, {self.house.key}" if self.house else self.street_key

    @property
    def display(self) -> str:
        """For people: «проспект Ленина, 45 к2», «Пушкинская улица»."""
        return str(self.street) + (f", {self.house}" if self.house else "")


@lru_cache(50_000)
def tags(low: str) -> tuple[str, ...]:
    """What grammar says a form in lower case may be, likeliest first; () for a word no dictionary has."""
    if not morph().word_is_known(low):
        return ()
    return tuple(str(parse.tag) for parse in morph().parse(low) if parse.score > 0.01)


def is_first_name(low: str) -> bool:
    """«карла», «ольги»."""
    return any("Name" in tag and "gent" in tag for tag in tags(low))


def ordinal(low: str) -> str | None:
    """«третья» is «3»."""
    if not _ORDINAL.fullmatch(low):
        return None
    return next(number for stem, number in ORDINALS.items() if low.startswith(stem))


def adjective(low: str) -> tuple[str, str] | None:
    """Stem and ending of a word that is inflected like an adjective."""
    match = _ADJECTIVE.fullmatch(low)
    if not match or (match["ending"] == "ей" and match["stem"][-1] not in _SOFT):
        return None
    return match["stem"], match["ending"]


def gender(low: str, street: Street, *, only_adjectives: bool) -> tuple[str, str] | None:
    """Stem and `f`, `m` (neuter too) or `g`: a genitive that does not agree with the street («Чайковского»)."""
    found = adjective(low)
    if not found:
        return None
    stem, ending = found
    if ending in {"ого", "его"}:
        surname = any("Surn" in t for t in tags(low))
        masculine_type = street.type is not None and street.type.gender == "m"
        agrees = only_adjectives and masculine_type and (street.genitive or street.before)
        agrees = agrees and not (surname and not (street.genitive and street.before))
        return stem, "m" if agrees else "g"
    if ending in _FEMININE:
        return stem, "f"
    if ending != "ой":
        return stem, "m"
    masculine = any("ADJF" in t and "masc" in t and "nomn" in t for t in tags(low))
    if street.type:
        return stem, "m" if street.type.gender == "m" and masculine else "f"
    alone = len(street.words) == 1
    return stem, "m" if masculine and alone and not street.governed else "f"


def _key_words(street: Street) -> list[str]:
    words = street.words
    core = [w for w in words if w.kind == "word" and w.low not in TITLES and w.low not in {"лет", "летия", "летие"}]
    only_adjectives = all(adjective(w.low) for w in core)
    surname = [w for w in core if w is core[-1] or not is_first_name(w.low)]
    result = []
    for i, word in enumerate(words):
        if word.kind == "number":
            result.append(word.text.lstrip("0") or "0")
        elif word.kind == "short":
            following = next((w for w in words[i + 1 :] if w.kind == "word"), None)
            result += _short(word.low, following, street, only_adjectives=only_adjectives)
        elif word.low in {"летия", "летие", "лет"}:
            result.append("лет")
        elif (number := ordinal(word.low)) and len(core) > 1:
            result.append(number)
        elif word.low in TITLES and core:
            continue
        elif "-" in word.low and (bare := _without_first_name(word.low)):
            result.append(bare)
        elif surname and word not in surname and word in core:
            continue
        else:
            result.append(_key_word(word.low, street, only_adjectives=only_adjectives))
    return result


def _without_first_name(low: str) -> str | None:
    """«Карла-Либкнехта», «К-Маркса»; None for «Римского-Корсакова»."""
    first, _, rest = low.partition("-")
    return rest if len(first) == 1 or is_first_name(first) else None


def _short(low: str, following: Word | None, street: Street, *, only_adjectives: bool) -> list[str]:
    stem = ABBREVIATIONS.get(low) or INITIAL_ADJECTIVES.get(low)
    found = gender(following.low, street, only_adjectives=only_adjectives) if following else None
    if low == "кр" and not (found and found[1] != "g"):
        return ["красных"]  # «Кр. Партизан», «Кр. Зорь»
    if not stem or not found or found[1] == "g":
        return []
    return [_nominative_key(stem, found[1])]


def _key_word(low: str, street: Street, *, only_adjectives: bool) -> str:
    found = gender(low, street, only_adjectives=only_adjectives)
    if not found:
        return low
    return _nominative_key(*found)


def _nominative_key(stem: str, kind: str) -> str:
    return stem + {"f": "ая", "m": "ый", "g": "ого"}[kind]


def _shown(street: Street) -> str:
    core = [w for w in street.words if w.kind == "word" and w.low not in TITLES]
    only_adjectives = bool(core) and all(adjective(w.low) for w in core)
    shown = []
    for i, word in enumerate(street.words):
        if word.kind == "number":
            follows = street.words[i + 1] if i + 1 < len(street.words) else None
            shown.append(_number(word.text, street, follows))
        elif word.kind == "short":
            if word.low != "им":
                shown.append(f"{word.text.capitalize()}.")
        else:
            agreeing = gender(word.low, street, only_adjectives=True) if only_adjectives else None
            low = word.text.lower()
            if agreeing and agreeing[1] != "g":
                low = _nominative(low, agreeing[1], street)
            lower = low in {"лет", "летия"} or (low in TITLES and low in {"реки", "речки", "канала", "имени", "р"})
            shown.append(low if lower else _capital(low))
    return " ".join(shown).replace(" летия ", "-летия ")


def _number(number: str, street: Street, follows: Word | None) -> str:
    if follows and not adjective(follows.low) and follows.kind == "word":
        return number
    if follows is None and not (street.type and street.type.gender == "f"):
        return number if len(street.words) == 1 else f"{number}-й"
    feminine = follows is None or (gender(follows.low, street, only_adjectives=True) or ("", "f"))[1] == "f"
    return f"{number}-{'я' if feminine else 'й'}"


def _capital(low: str) -> str:
    if not _VOWEL.search(low):
        return low.upper()  # «ВЛКСМ»
    return "-".join(part[:1].upper() + part[1:] for part in low.split("-"))


def _nominative(low: str, kind: str, street: Street) -> str:
    """Of an adjective that agrees with its street."""
    stem, ending = low[:-3] if low.endswith(("ого", "его", "ому", "ему")) else low[:-2], low[-2:]
    if kind == "f":
        soft = ending in {"яя", "юю"} or (ending == "ей" and stem.endswith("н"))
        return stem + ("яя" if soft else "ая")
    if ending in {"ий", "ый", "ой", "ое", "ее"}:
        return low
    if street.type and street.type.name == "шоссе":
        return stem + ("ее" if low.endswith(("его", "ему", "ем")) else "ое")
    known = next((p.normal_form for p in morph().parse(low) if "ADJF" in p.tag and p.is_known), None)
    if known and known.startswith(stem[:3]):
        return str(known)
    return stem + ("ий" if stem[-1] in _SIBILANT or low.endswith(("его", "ему", "ем")) else "ый")
