"""Numbers of flats out of a text. Streets and houses stay: a trouble has a place, but nobody lives in a house alone.

Only what can hardly be anything else is masked: «кв. 15», «в 15-й квартире», and what stands behind a hyphen after a
house («Мира 5-12»). «Мира 5, 12» stays: it is two houses as often.
"""

import re

from text.address import find_addresses

FLAT = "[квартира]"

_NUMBER = r"\d{1,4}(?:[а-г]\b)?"
# Not a quarter («3 кв. 2026», «в 4 кв. 26 г.»), an area, a voltage or a temperature, and no part of a longer number.
_UNIT = (
    r"(?:кв\b|м\b|м2|м²|метр|г\b|гг\b|год|руб|тыс|%|₽|градус|гр\b|°|[CcСс]\b"
    r"|чел|лет\b|дн|день|дет|раза?\b|-?\s?комн|квадр|мес|час|мин)"
)
_NO_FLAT = rf"(?!\d|[.,:]\d|\s?(?:[-‐-―/]\s?\d{{1,3}}\s?)?{_UNIT})"
_FEW = rf"(?!(?:19|20)\d\d\b){_NUMBER}{_NO_FLAT}"
# «кв. 5, 7 и 9»; «кв. 5, 3 дня нет воды» names one flat.
_MORE = rf"(?:\s?(?:,|и|-)\s?{_FEW}(?=\s?(?:[,.;:!?)\n]|и\s\d|\Z)))*"
_NAMED = re.compile(
    rf"(?<![^\W\d])(?!кВ)((?i:кв|кварт|квартир[аыеу]|квартирой|квартирам?|квартирах)(?![^\W\d])\.?)"
    rf"(\s{{0,2}}(?:№{{1,2}}|N|номер)?\s{{0,2}}){_FEW}{_MORE}"
)
# A number before the singular: «15 квартира»; «21 квартира» counts, «22 квартиры» too, «дом 5 квартира 7» is a house.
_ORDINAL = re.compile(r"\b\d{1,4}(?:-?(?:ая|я|ой|й|ую|ю|ей)\b)(?=\sквартир(?:а|е|у|ой|ы)\b)", re.I)
_BEFORE = re.compile(r"(?<![\d,.-])\b\d{0,3}(?:1\d|[02-9])(?=\sквартир(?:а|е|у|ой)\b(?!\s?(?:№|N|номер|\d|\[)))", re.I)
_BEHIND = re.compile(rf"\s?[-‐-―]\s?({_FEW})(?![\w-]|\s?(?:эт|под))")
_HOUSES = re.compile(r"\b(?:дома|домов|домам|домах|домами|дд|№№)\.?\s{0,2}\Z", re.I)
_WORTH_READING = re.compile(r"\d[а-я]?\s?[-‐-―]\s?\d", re.I)


def mask_flats(text: str) -> str:
    """`text` with numbers of flats replaced by `FLAT`. Idempotent; time is linear in its length."""
    if "кв" in text or "Кв" in text or "КВ" in text:
        text = _NAMED.sub(rf"\1\2{FLAT}", text)
        text = _BEFORE.sub(FLAT, _ORDINAL.sub(FLAT, text))
    return _behind_houses(text) if _WORTH_READING.search(text) else text


def _behind_houses(text: str) -> str:
    for address in reversed(find_addresses(text)):
        if address.house is None:
            continue
        found = _BEHIND.match(text, address.end)
        # «дома 5-12 по Мира», «Мира, дома 5-12» are a row of houses.
        written = text[address.start : address.end]
        house = written.rfind(address.house.number[0])
        if found and not _HOUSES.search(text, 0, address.start) and not _HOUSES.search(written[: max(house, 0)]):
            text = f"{text[: found.start(1)]}{FLAT}{text[found.end(1) :]}"
    return text
