"""Addresses out of texts, against the true ones of Saint Petersburg's portal."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from classifier.evaluation.sections import Given, Section, rows
from classifier.training.data import PERM, SPB, TELEGRAM, read_rows
from text import clean, mask, normal
from text.address import Address, find_addresses
from text.address.words import TITLES

NOT_NAMES = frozenset(
    (
        "улица", "проспект", "набережная", "переулок", "шоссе", "бульвар", "линия", "территория", "дорога", "проезд",
        "аллея", "площадь", "остров", "тупик", "в", "о", "п", "с", "реки", "речки", "канала", "малая", "большая",
    )
)  # fmt: skip
"""Words of a true address's street that are no name of it, or tell too little to look for."""
_WORD = re.compile(r"[а-яё0-9]+(?:-[а-яё]+)*", re.I)
SAMPLE = 3_000
"""Texts that the time of a plain text is measured on."""


@dataclass(frozen=True, slots=True)
class Truth:
    """`stem` begins the longest word of the street's name; `number` is the house's without letter and corpus."""

    text: str
    stem: str
    number: str
    corpus: str | None

    @property
    def held_out(self) -> bool:
        """Half of the texts: the finder was written looking at the others only."""
        return sha256(self.text.encode()).digest()[0] % 2 == 1

    @property
    def said(self) -> bool:
        """The text holds both, next to each other or not: a word that begins with the stem, and the number."""
        low = normal(self.text)
        return bool(
            re.search(rf"\b{re.escape(self.stem)}", low) and re.search(rf"(?<!\d){re.escape(self.number)}(?!\d)", low)
        )


def truth(address: str, text: str) -> Truth | None:
    """Of a row of the portal; None where its address has no street or no house.

    The stem is the longest word of the street's name, titles apart, without its last three letters, but no less than
    four; that is how a street is known in every case.
    A line of Vasilievsky island, whose name is a number, is left out.
    """
    parts = [part.strip() for part in address.split(",")]
    at = next((i for i, part in enumerate(parts) if part.startswith("дом ")), 0)
    number = re.match(r"дом (\d+)", parts[at])
    words = [
        w for w in map(normal, _WORD.findall(parts[at - 1])) if not w[0].isdecimal() and w not in NOT_NAMES | TITLES
    ]
    if not at or not number or not words:
        return None
    name = max(words, key=len)
    corpus = next((part.removeprefix("корпус ") for part in parts[at:] if part.startswith("корпус ")), None)
    return Truth(mask(clean(text)), name[: max(4, len(name) - 3)], number[1], corpus)


def same(found: Address, true: Truth) -> bool:
    """The same street and number of house."""
    if not found.house or re.match(r"\d+", found.house.number)[0] != true.number:  # type: ignore[index]
        return False
    return any(word.low.startswith(true.stem) for word in found.street.words)


def measure(given: Given) -> dict[str, Any]:
    """Found and right of Saint Petersburg's; how often an address is found where few are; time."""
    given.told("Адреса: Санкт-Петербург")
    known = [one for row in read_rows(given.folder / SPB, ("address", "text")) if (one := truth(*_pair(row)))]
    figures = {
        "held out": _figures([one for one in known if one.held_out]),
        "looked at": _figures([one for one in known if not one.held_out]),
    }
    given.told("Адреса: новости и Пермь")
    elsewhere = {
        "telegram": _found_in(given.folder / TELEGRAM),
        "perm": _found_in(given.folder / PERM),
    }
    return {"spb": figures, "elsewhere": elsewhere, "microseconds": _speed(given.folder)}


def _pair(row: Mapping[str, str]) -> tuple[str, str]:
    return row["address"], row["text"]


def _figures(known: Sequence[Truth]) -> dict[str, Any]:
    said = [(one, find_addresses(one.text)) for one in known if one.said]
    hits = sum(any(same(found, one) for found in addresses) for one, addresses in said)
    exact = [(one, addresses) for one, addresses in said if one.corpus and one.corpus in _numbers(one.text)]
    first = [(one, best) for one in known if (best := _first_house(find_addresses(one.text)))]
    named = [(one, best) for one, best in first if one.said]
    return {
        "said": len(said),
        "found": hits / max(len(said), 1),
        "with corpus": len(exact),
        "corpus found": sum(
            any(same(a, one) and a.house and _corpus(a.house.key) == one.corpus for a in found) for one, found in exact
        )
        / max(len(exact), 1),
        "addresses": len(first),
        "right": sum(same(best, one) for one, best in first) / max(len(first), 1),
        "addresses where said": len(named),
        "right where said": sum(same(best, one) for one, best in named) / max(len(named), 1),
    }


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


def _corpus(house_key: str) -> str | None:
    found = re.search(r"/(\d+)", house_key)
    return found[1] if found else None


def _first_house(found: Iterable[Address]) -> Address | None:
    return max((one for one in found if one.house), key=lambda one: one.probability, default=None)


def _found_in(file: Path) -> dict[str, Any]:
    texts = [mask(clean(row["text"])) for row in read_rows(file, ("text",))]
    found = [find_addresses(text) for text in texts]
    return {
        "texts": len(texts),
        "with house": sum(any(one.house for one in some) for some in found) / len(texts),
        "street only": sum(bool(some) and not any(one.house for one in some) for some in found) / len(texts),
    }


def _speed(folder: Path) -> dict[str, float]:
    """Microseconds of processor time a text, the best of three rounds."""
    texts = [mask(clean(row["text"])) for row in read_rows(folder / PERM, ("text",))[:SAMPLE]]
    plain = [text for text in texts if not re.search(r"\d|\b(?:ул|пр|пер|пл|ш|б|наб|дорог|мкр|на|по)", text, re.I)]
    hostile = ["ул. " * 5_000, "5 " * 10_000, "Ленина " * 2_800, "дом 5 по " * 2_200, "5, " * 6_600]
    return {
        "plain": _time(find_addresses, plain),
        "perm": _time(find_addresses, texts),
        "hostile": max(_time(find_addresses, [text]) for text in hostile),
    }


def _time(work: Callable[[str], object], texts: Sequence[str]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for text in texts:
            work(text)
        best = min(best, time.process_time() - start)
    return best / max(len(texts), 1) * 1e6


def show(found: Mapping[str, Any]) -> str:
    """Tables."""
    city = rows(
        (
            "texts of Saint Petersburg",
            "hold street and house",
            "the same pair found",
            "hold the corpus too",
            "with it",
            "an address with a house found",
            "it is the row's",
            "where the text holds the row's",
        ),
        [
            (
                name,
                one["said"],
                f"{one['found']:.1%}",
                one["with corpus"],
                f"{one['corpus found']:.1%}",
                one["addresses"],
                f"{one['right']:.1%}",
                f"{one['right where said']:.1%}",
            )
            for name, one in sorted(found["spb"].items())
        ],
    )
    other = rows(
        ("texts", "number", "with a street and a house", "with a street only"),
        [
            (name, one["texts"], f"{one['with house']:.2%}", f"{one['street only']:.2%}")
            for name, one in sorted(found["elsewhere"].items())
        ],
    )
    took = found["microseconds"]
    speed = (
        f"One core: {took['plain']:.0f} µs a text without digits, street words and «на»; {took['perm']:.0f} µs a text "
        f"of Perm; {took['hostile'] / 1000:.0f} ms the worst of five hostile texts of 20,000 characters."
    )
    return "\n\n".join((city, other, speed))


SECTION = Section("addresses", "Streets and houses", measure, show)
