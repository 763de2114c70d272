"""Two streets that cross: «Ленина/Свободы», «на углу Ленина и Кирова»."""

from text.address.form import Street
from text.address.houses import read_houses
from text.address.names import Name, like_a_surname, read_left, read_right, streetlike
from text.address.reading import CROSSING, HOUSE_ONLY, Found, Reading, joined
from text.address.words import TYPES, forms

BEGINNINGS = forms(
    """перекресток перекрестка перекрестке перекрестку пересечение пересечении пересечению пересечения угол углу угла"""
)
"""What stands before two streets."""


def second_street(reading: Reading, at: int) -> Found | None:
    """The other street behind «/», «и» or a dash at `at`; one with a type of its own is read on its own."""
    tokens = reading.tokens
    if tokens[at].text not in {"/", "и", "-", "–", "—"} or tokens[at + 1].low in TYPES:
        return None
    name = read_right(tokens, at + 1, lower=False)
    if name is None or name.last.kind != "word" or not name.last.text[0].isupper():
        return None
    if not (like_a_surname(name.last.low) or (tokens[at].text == "/" and streetlike(name.last.low))):
        return None
    read = read_houses(tokens, name.end, typed=False)
    return reading.found(
        Street(name.words, governed=True),
        name.start,
        read.end if read else name.end,
        read,
        HOUSE_ONLY if read else CROSSING,
    )


def read_slash(reading: Reading, at: int) -> Found | None:
    """«Ленина/Свободы» around the slash at `at`."""
    name = read_left(reading.tokens, at - 1, reading.floor)
    if name is None or not name.last.text[0].isupper() or not streetlike(name.last.low):
        return None
    second = second_street(reading, at)
    return joined(_street(reading, name), second) if second else None


def read_crossing(reading: Reading, at: int) -> Found | None:
    """«на углу Ленина и Свободы» after the word at `at`."""
    tokens = reading.tokens
    start = at + 1
    if tokens[start].low in TYPES:
        start = tokens.skip(start + 1, ".", 1)
    name = read_right(tokens, start, lower=False)
    if name is None or not streetlike(name.last.low) or tokens[name.end].text not in {"и", "/", "-", "–", "с"}:
        return None
    other = read_right(tokens, name.end + 1, lower=False)
    if other is None or not streetlike(other.last.low):
        return None
    return joined(_street(reading, name), _street(reading, other))


def _street(reading: Reading, name: Name) -> Found | None:
    return reading.found(Street(name.words, governed=True), name.start, name.end, None, CROSSING)
