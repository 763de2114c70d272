"""Street and house out of text, by pattern. Only addresses with a street's type word or with a house are taken."""

import re

from schemas import Address

_TYPE = (
    r"(?:ул(?:ица|ицы|ице|ицу|ицей)?|пр(?:оспект\w{0,2}|-?к?т|осп)?|пер(?:еулок|еулке|еулка)?|ш(?:оссе)?"
    r"|б(?:ульвар\w{0,2}|-р)|пл(?:ощадь|ощади)?|проезд\w?|наб(?:ережная|ережной)?|тракт\w?)"
)
_NAME = r"(?:\d{1,3}(?:-?(?:го|я|й|летия|лет))?\s+)?[А-ЯЁ][а-яё]+(?:-[А-ЯЁа-яё]+)*(?:\s+[А-ЯЁ][а-яё]+){0,2}"
_NAME_ANY_CASE = r"(?:\d{1,3}(?:-?(?:го|я|й|летия|лет))?\s+)?[А-Яа-яЁё]{3,}(?:-[А-ЯЁа-яё]+)*(?:\s+[А-ЯЁ][а-яё]+){0,2}"
# «5в» and «5 б» are houses; «в» after a space leads on: «Ленина 5 в Копейске»
_LETTER = r"[а-еА-Е]|\s[а-бг-еА-БГ-Е]|\s[вВ](?!\s+[а-яА-ЯёЁ])"
_HOUSE = (
    rf"(?:д(?:ом(?:а|е|у)?)?\.?\s*№?\s*)?\d{{1,3}}(?:(?:{_LETTER})(?![а-яА-ЯёЁ]))?(?:/\d{{1,3}}[а-еА-Е]?)?"
    r"(?:\s*,?\s*(?:к|корп|корпус|стр|строение)\.?\s*\d{1,2})?(?![\d-])"
)
# «ул. Ленина, 5»; the house may be missing
_TYPED = re.compile(rf"\b(?i:{_TYPE})\.?\s+(?P<street>{_NAME_ANY_CASE})(?:\s*,?\s*(?P<house>{_HOUSE}))?")
# «Гагарина улица 5» is rare; «Карла Маркса 172» and «на Гагарина, д. 7» are what people write
_UNTYPED = re.compile(
    rf"(?<![А-Яа-яЁё.])(?P<street>{_NAME})\s*,?\s*(?P<house>{_HOUSE})"
    r"(?!\s*(?:%|руб|тыс|млн|лет|год|дн|час|мин|чел|км|м\b|кв|января|феврал|март|апрел|ма[йя]|июн|июл|август|сентябр"
    r"|октябр|ноябр|декабр|градус|раз|дет|жител|домов|дома\b|:|\.\d))"
)
# Endings of the names that streets are called after; a capital and a number alone would match «Школа 5» too.
_STREET_ENDING = re.compile(r"(?:ова|ева|ина|ына|ого|его|ой|ая|яя|ых|их|ей|са|на|ра|да|ва|ки|ко|ию|ии|ия|ды|ры|ны|лы)$")
_NOT_A_STREET = re.compile(
    r"^(?:Школ|Детск|Больниц|Поликлиник|Дом|Подъезд|Квартир|Маршрут|Автобус|Трамва|Троллейбус|Лице|Гимнази|Сад|Участ"
    r"|Здравств|Добр|Всего|Около|Более|Уже|Сегодня|Вчера|Завтра|Первая|Смен)"
)
_HOUSE_PREFIX = re.compile(r"^д(?:ом(?:а|е|у)?)?\.?\s*№?\s*", re.I)
_DIGIT = re.compile(r"\d")
_SPACES = re.compile(r"\s+")


def find_address(text: str) -> Address | None:
    """The first address of a text, or None. `street` is as written, `house` in lower case without spaces and «д.»."""
    typed = next((m for m in _TYPED.finditer(text) if m["street"][0].isupper() or m["house"]), None)
    if typed:
        return _address(typed)
    if not _DIGIT.search(text):
        return None
    for match in _UNTYPED.finditer(text):
        street = match["street"]
        if _STREET_ENDING.search(street) and not _NOT_A_STREET.match(street):
            return _address(match)
    return None


def _address(match: re.Match[str]) -> Address:
    house = match["house"]
    if house:
        house = _SPACES.sub("", _HOUSE_PREFIX.sub("", house)).lower().replace(",", "")
    return Address(street=_SPACES.sub(" ", match["street"]), house=house or None, text=match.group().strip())
