"""A text while its addresses are read."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from text.address.form import Address, House, Street
from text.address.houses import Read, read_houses
from text.address.tokens import Tokens
from text.address.words import HOUSE, forms

# How sure an address of each kind is, as the samples of docs/addresses.md show.
TYPED_HOUSE, TYPED, HOUSE_MARKED, HOUSE_ONLY, CROSSING, FRAMED = 0.97, 0.9, 0.93, 0.85, 0.8, 0.5

PREPOSITIONS = forms("на по у около возле вдоль")
"""After which a street may stand, with its house before: «дом 12 по Мира»."""
_REACH = 3
"""Tokens between a house and its street: «дом 12 (по улице Мира)»."""


@dataclass(frozen=True, slots=True)
class Found:
    """Addresses that reach up to the token `end`, exclusive."""

    addresses: tuple[Address, ...]
    end: int


class Reading:
    """`floor` is where the last address ended: nothing before it is read again."""

    def __init__(self, text: str, near: Iterable[int]) -> None:
        self.tokens = Tokens(text, near)
        self.floor = 0

    @cached_property
    def houses(self) -> dict[int, tuple[int, Read]]:
        """Houses that a street may follow, by the place behind them; few texts have need of them."""
        return _houses(self.tokens)

    def before(self, start: int) -> tuple[int, Read] | None:
        """Houses before a street that begins at `start`, and where they begin."""
        at = start
        for _ in range(_REACH):
            if at in self.houses:
                first, read = self.houses[at]
                return (first, read) if first >= self.floor else None
            token = self.tokens[at - 1]
            if token.low not in PREPOSITIONS and token.text not in {",", "(", '"', "«"}:
                return None
            at -= 1
        return None

    def found(self, street: Street, start: int, end: int, read: Read | None, probability: float) -> Found | None:
        """The street at these tokens, once for each house."""
        if not street.key:
            return None
        last = read.shown if read and read.end == end else end
        span = self.tokens[start].start, self.tokens[last - 1].end
        houses: tuple[House | None, ...] = read.houses if read else (None,)
        return Found(tuple(Address(street, house, *span, probability) for house in houses), end)

    def with_house_before(self, street: Street, start: int, end: int, probability: float) -> Found | None:
        """The same with the houses that stand before it, if any do."""
        earlier = self.before(start)
        if not earlier:
            return self.found(street, start, end, None, probability)
        return self.found(street, earlier[0], end, earlier[1], max(probability, HOUSE_MARKED))


def joined(first: Found | None, second: Found | None) -> Found | None:
    """Two streets of a crossing."""
    if first is None or second is None:
        return first or second
    return Found(first.addresses + second.addresses, second.end)


def _houses(tokens: Tokens) -> dict[int, tuple[int, Read]]:
    """Houses that a street may follow, by the place behind them: «дом 12 по улице Мира», «3к3 по Садовой»."""
    found: dict[int, tuple[int, Read]] = {}
    for at, token in enumerate(tokens):
        read = None
        if token.low in HOUSE:
            read = read_houses(tokens, at, typed=True)
        elif token.kind == "d" and tokens[at - 1].low not in HOUSE | {".", "№"}:
            read = read_houses(tokens, at, typed=False, most=1)
            if tokens[at + 1].low == "доме" and len(token.text) <= 3:
                found[at + 2] = (at, Read((House(token.text),), at + 1, at + 1, marked=True, detailed=False))
            read = read if read and read.detailed else None
        if read and (read.marked or read.detailed):
            found.setdefault(read.end, (at, read))
    return found
