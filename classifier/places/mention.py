"""A name of a place in a text, and what it is accepted for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from classifier.places.table import Name

MAX_GAP = 120
"""Characters between two names of one statement («с. Борисовка, Пластовский округ»)."""
DISTRICT_KINDS = frozenset({"district", "city", "inner"})
SETTLEMENT_KINDS = frozenset({"town", "village", "area"})
ADJECTIVE = re.compile(r"(?:ый|ий|ой|ое|ее|ая|яя|ые|ие)$")
"""What names that are adjectives end in."""
_STOP = re.compile(r"[!?\n;…]|[^\W\d_]{4,}\.\s|[:]\s")


class Sign(IntEnum):
    """What a mention is accepted for, the strongest last."""

    WEAK = 0
    """A word or a nickname with other meanings: something else must point to the same municipality."""
    MISSPELT = 1
    """One letter from a name."""
    SIGNED = 2
    """A capital inside a sentence or with a preposition."""
    PLAIN = 3
    """It means nothing else."""
    TYPED = 4
    """A type word stands beside it: «пос. Роза», «Сосновский район»."""


class Role(IntEnum):
    """How the place stands to what the text tells."""

    TOWARDS = 0
    """Where somebody goes: «рожать едем в Миасс»."""
    THROUGH = 1
    """The end of a way, or where somebody comes from: «бригада из Челябинска»."""
    NAMED = 2
    INSIDE = 3
    """«в Копейске», «жители Копейска»: where it happens."""
    TOPIC = 4
    """«Копейск. Нет света»: what the text begins with, set apart."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A form of a name in a text. `names` are all places of that name that it is accepted for, `signs` for what each;
    `start`, `end` in characters; `first`, `last` number its words in the text."""

    names: tuple[Name, ...]
    signs: tuple[Sign, ...]
    start: int
    end: int
    role: Role
    first: int
    last: int
    before: str = ""

    @property
    def sign(self) -> Sign:
        """The strongest."""
        return max(self.signs)

    def sign_of(self, name: Name) -> Sign:
        return self.signs[self.names.index(name)]

    def only(self, names: Sequence[Name]) -> "Mention":
        """The same with some of its names."""
        return replace(self, names=tuple(names), signs=tuple(self.sign_of(name) for name in names))

    @property
    def district(self) -> bool:
        """Whether it names a municipality or a part of a town, not a settlement."""
        first = self.names[0]
        return (first.kind in DISTRICT_KINDS or first.kind == "rural") and bool(ADJECTIVE.search(first.name))


def one_statement(text: str, one: Mention, other: Mention) -> bool:
    """Whether no sentence ends between two mentions."""
    left, right = (one, other) if one.end <= other.start else (other, one)
    return right.start - left.end <= MAX_GAP and not _STOP.search(text, left.end, right.start)
