"""Personal numbers out of a text, before it is written anywhere.

A number is masked when its own checksum or form gives it away, or when a word beside it says what it is. Sums, dates,
house numbers and years stay. What is masked too often costs a detail; what is masked too seldom costs a person.
"""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import phonenumbers
from stdnum import luhn
from stdnum.ru import inn

PHONE = "[телефон]"
EMAIL = "[почта]"
CARD = "[карта]"
SNILS = "[СНИЛС]"
INN = "[ИНН]"
PASSPORT = "[паспорт]"
PLATE = "[номер машины]"
ACCOUNT = "[номер счёта]"
MENTION = "[упоминание]"

_SEP = r"[\s.\-‐-―−]"  # what people put between the groups of a number

_EMAIL = re.compile(
    r"[\w.+\-]{1,64}\s?(?:@|\((?:at|собака)\)|\[(?:at|собака)\])\s?[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,4}", re.I
)
_VK_PERSON = re.compile(r"\[id\d+(?::[^|\]]*)?\|[^\]]*\]|(?:https?://)?(?:m\.)?vk\.(?:com|ru)/id\d+", re.I)
_MENTION = re.compile(
    r"(?<![\w@/])@[a-z][\w.]{2,31}\b(?:\s?\([^()\n]{1,60}\))?|[*@]id\d+(?:\s?\([^()\n]{1,60}\))?", re.I
)
_TELEGRAM = re.compile(r"(?:https?://)?(?:t\.me|telegram\.me|wa\.me)/\+?[\w]{3,40}(?![\w/])", re.I)

_CARD = re.compile(rf"(?<!\d)\d(?:{_SEP}?\d){{12,18}}(?!\d)")
_SNILS = re.compile(rf"(?<!\d)\d{{3}}{_SEP}?\d{{3}}{_SEP}?\d{{3}}{_SEP}{{0,2}}\d{{2}}(?!\d)")
_INN = re.compile(r"(?<!\d)(?:\d{12}|\d{10})(?!\d)")
_PASSPORT = re.compile(r"(?<!\d)\d{2}\s?\d{2}\s?(?:№|N|номер|-)?\s?(?<!\d{4})\d{6}(?!\d)", re.I)
_NAMED_PASSPORT = re.compile(
    r"\b(паспорт\w*|сери[яию]\w*)((?:\s|[:,.№]|сери[яию]\w*|номер|рф|граждан\w+){0,8})\d{2}\s?\d{2}"
    r"(?:\s|[:,№]|номер\w*){0,4}\d{6}(?!\d)",
    re.I,
)
_NAMED_NUMBER = re.compile(
    r"\b(лицев\w+\s+сч[её]т\w*|л/с|лс|сч[её]т\w*|полис\w*|омс|договор\w*|снилс|инн|карт[аыуе]|картой)"
    r"((?:\s|[:№#-]|номер\w*|n){0,6})\d[\d\s\-/]{4,24}\d",
    re.I,
)
_NAMED = {"снилс": SNILS, "инн": INN, "карт": CARD}
# Eleven digits that begin with 7 or 8, in any of the usual groupings: mobile or not, assigned or not.
_RUSSIAN_PHONE = re.compile(
    rf"(?<![\d+])\+?[78](?:{_SEP}|[()]){{0,3}}\d{{3}}(?:{_SEP}|[()]){{0,3}}\d{{3}}(?:{_SEP}{{0,2}}\d){{4}}(?!\d)"
)
_INTERNATIONAL = re.compile(rf"(?<!\w)\+\d(?:(?:{_SEP}|[()]){{0,2}}\d){{8,14}}(?!\d)")
_MOBILE = re.compile(rf"(?<![\d+])\(?9\d{{2}}\)?{_SEP}{{0,2}}\d{{3}}{_SEP}?\d{{2}}{_SEP}?\d{{2}}(?!\d)")
_LOCAL_PHONE = re.compile(r"(?<![\d-])\d{3}[-‐-―]\d{2}[-‐-―]\d{2}(?![\d-])")
_NAMED_PHONE = re.compile(
    r"\b(тел(?:ефон\w*)?|т|сот(?:овый)?|моб(?:ильный)?|звон\w+|номер\w*|whats?app|вотсап|вацап|вайбер)"
    r"((?:\s|[.:№-]|по){0,4})(\+?\d(?:[\s\-()]?\d){4,14})(?!\d)",
    re.I,
)
_PLATE_LETTERS = "АВЕКМНОРСТУХABEKMHOPCTYX"
_PLATE = re.compile(
    rf"\b(?:(?i:[{_PLATE_LETTERS}]\d{{3}}[{_PLATE_LETTERS}]{{2}}\d{{2,3}})"
    rf"|[{_PLATE_LETTERS}]\s?\d{{3}}\s?[{_PLATE_LETTERS}]{{2}}\s?\d{{2,3}})(?:\s?rus)?\b"
)
# phonenumbers looks at every digit and takes 0.2 ms a text: only where seven digits stand near each other.
_LONG_NUMBER = re.compile(r"\d(?:[\s()./\-‐-―−]{0,3}\d){6}")
_ENOUGH_DIGITS = re.compile(r"\d(?:\D{0,4}\d){4}")


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())


def _snils_valid(number: str) -> bool:
    """The checksum of https://www.consultant.ru/document/cons_doc_LAW_124607/ (annex): weights 9 to 1, modulo 101."""
    total = sum(int(d) * w for d, w in zip(number[:9], range(9, 0, -1), strict=True)) % 101
    return (0 if total == 100 else total) == int(number[9:])


def _mask_if(valid: Callable[[str], bool], mask: str, match: re.Match[str]) -> str:
    return mask if valid(_digits(match.group())) else match.group()


def _mask_named_phone(match: re.Match[str]) -> str:
    word, between, number = match.groups()
    count = len(_digits(number))
    # «номер 12345»: six and more digits after such a word are a telephone; «т. 12 345» is a sum or a page.
    return f"{word}{between}{PHONE}" if 6 <= count <= 15 else match.group()


def _mask_named_number(match: re.Match[str]) -> str:
    word, between = match.groups()
    mask = next((mask for start, mask in _NAMED.items() if word.lower().startswith(start)), ACCOUNT)
    return f"{word}{between}{mask}"


def _mask_foreign_phones(text: str) -> str:
    """Numbers of other countries and other groupings, as phonenumbers knows them."""
    found = [
        (m.start, m.end)
        for m in phonenumbers.PhoneNumberMatcher(text, "RU", leniency=phonenumbers.Leniency.VALID, max_tries=200)
    ]
    for start, end in reversed(found):
        text = f"{text[:start]}{PHONE}{text[end:]}"
    return text


def _mask_numbers(text: str) -> str:
    text = _NAMED_PASSPORT.sub(rf"\1\2{PASSPORT}", text)
    text = _INTERNATIONAL.sub(PHONE, text) if "+" in text else text
    text = _RUSSIAN_PHONE.sub(PHONE, text) if "7" in text or "8" in text else text
    text = _SNILS.sub(partial(_mask_if, _snils_valid, SNILS), text)
    text = _CARD.sub(partial(_mask_if, luhn.is_valid, CARD), text)
    text = _NAMED_NUMBER.sub(_mask_named_number, text)
    text = _MOBILE.sub(PHONE, text)
    text = _INN.sub(partial(_mask_if, inn.is_valid, INN), text)
    text = _PASSPORT.sub(PASSPORT, text)
    text = _LOCAL_PHONE.sub(PHONE, text)
    text = _NAMED_PHONE.sub(_mask_named_phone, text)
    text = _PLATE.sub(PLATE, text)
    return _mask_foreign_phones(text) if _LONG_NUMBER.search(text) else text


def mask(text: str) -> str:
    """`text` with personal numbers and mentions of persons replaced by words in square brackets. Idempotent.

    Expects cleaned text (`text.clean`): zero-width characters inside a number would hide it.
    """
    if "@" in text or "собака" in text or "(at)" in text:
        text = _EMAIL.sub(EMAIL, text)
    if "[id" in text or "vk." in text or "VK." in text:
        text = _VK_PERSON.sub(MENTION, text)
    if "@" in text or "*id" in text:
        text = _MENTION.sub(MENTION, text)
    if ".me/" in text:
        text = _TELEGRAM.sub(MENTION, text)
    if _ENOUGH_DIGITS.search(text):
        text = _mask_numbers(text)
    return text


def mask_url(url: str) -> str:
    """`url` without a password, and without the parameters whose values hold a personal number."""
    parts = urlsplit(url)
    query = [
        (k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if mask(v) == v and mask(f"+{v}") == f"+{v}"
    ]
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(query), parts.fragment))
