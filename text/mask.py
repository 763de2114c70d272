"""Personal numbers out of a text, before it is written anywhere.

A number is masked when its own checksum or form gives it away, or when a word beside it says what it is. Sums, dates,
house numbers and years stay. What is masked too often costs a detail; what is masked too seldom costs a person.
"""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import phonenumbers
from stdnum import luhn
from stdnum.ru import inn

from text.flats import mask_flats

PHONE = "[телефон]"
EMAIL = "[почта]"
CARD = "[карта]"
SNILS = "[СНИЛС]"
INN = "[ИНН]"
PASSPORT = "[паспорт]"
DOCUMENT = "[документ]"
PLATE = "[номер машины]"
ACCOUNT = "[номер счёта]"
MENTION = "[упоминание]"

_SEP = r"[\s.\-‐-―−]"  # what people put between the groups of a number
_PHONE_SEP = r"[\s.\-‐-―−_*/()]"
_WORDS = r"(?:[^\W\d]{1,15}[\s.:,]{1,3})"  # «тел. Анны:», «карта сбербанка»

# --- persons

_EMAIL = re.compile(
    r"[\w.+\-]{1,64}\s?(?:@|\((?:at|dog|собака)\)|\[(?:at|dog|собака)\])\s?[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,4}"
    r"|[a-z][\w.+\-]{1,63}\s(?:собака|at)\s[\w\-]{1,63}\s?(?:\.|точка|dot)\s?(?:ru|ру|com|ком|net)\b",
    re.I,
)
_SPOKEN_AT = ("собака", "(at", "[at", "dog", " at ")
"""In small letters; twice as fast to look for as by a regular expression that takes both."""
_VK_PERSON = re.compile(r"\[id\d+(?::[^|\]]*)?\|[^\]]*\]", re.I)
_MENTION = re.compile(
    r"(?<![\w@/])@(?!(?:club|public|event)\d)[a-z][\w.]{2,31}\b(?:\s?\([^()\n]{1,60}\))?"
    r"|[*@]id\d+(?:\s?\([^()\n]{1,60}\))?",
    re.I,
)
# A short name may be a person's or a community's: both go. What VK keeps under a number of its own stays.
_PROFILE = re.compile(
    r"(?:https?://)?(?:(?<![\w.])|(?<=//)|(?<=www\.)|(?<=\bm\.))(?:www\.|m\.)?(?:"
    r"vk\.(?:com|ru)/(?!(?:wall|club|public|event|photo|video|clip|topic|album|doc|market|app|page|search|feed)[-\d_s?]"
    r"|(?:feed|search|video|clips|market|away)\b)[a-z][\w.]{2,31}"
    r"|(?:t\.me|telegram\.me|wa\.me)/\+?\w{3,40}(?![\w/])"
    r"|ok\.ru/profile/\d+|instagram\.com/[\w.]{2,30}|max\.ru/u/[\w\-]+"
    r")",
    re.I,
)

# --- sums and dates, which look like what follows

_SUM = re.compile(r"(?:,\d\d)?\s?(?:руб|₽|коп\b|тыс|млн|млрд|миллион|миллиард)", re.I)
_DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[\s\-](?:0?[1-9]|1[0-2])[\s\-](?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d")

# --- phones

# Eleven digits that begin with 7 or 8, in any of the usual groupings: mobile or not, assigned or not.
_RUSSIAN_PHONE = re.compile(
    rf"(?<![\d+])\+?[78]{_PHONE_SEP}{{0,3}}\d{{3}}{_PHONE_SEP}{{0,3}}\d{{3}}(?:{_PHONE_SEP}{{0,2}}\d){{4}}(?!\d)"
)
_INTERNATIONAL = re.compile(rf"(?<!\w)\+\d(?:(?:{_SEP}|[()]){{0,2}}\d){{8,14}}(?!\d)")
_MOBILE = re.compile(rf"(?<![\d+])\(?9\d{{2}}\)?{_SEP}{{0,2}}\d{{3}}{_SEP}?\d{{2}}{_SEP}?\d{{2}}(?!\d)")
_LOCAL_PHONE = re.compile(r"(?<![\d-])\d{3}[-‐-―]\d{2}[-‐-―]\d{2}(?![\d-])")
_PHONE_WORD = (
    r"\b(тел(?:ефон\w*)?|т(?=[.:])|сот(?:овый)?|моб(?:ильный)?|\w{0,5}звон\w+|номер\w*|whats?app|вотсап|вацап|вайбер)"
)
_NAMED_PHONE = re.compile(rf"{_PHONE_WORD}((?:\s|[.:№-]|по){{0,4}})(\+?\d(?>(?:[\s\-()]?\d){{4,14}}))(?!\d)", re.I)
# Small towns have numbers of five and six digits.
_NAMED_LOCAL_PHONE = re.compile(
    rf"{_PHONE_WORD}([\s.:№-]{{0,4}}{_WORDS}{{0,2}})(\d{{1,2}}[-‐-―]\d{{2}}[-‐-―]\d{{2}})(?![\d-])", re.I
)
# phonenumbers looks at every digit and takes 0.2 ms a text: only where seven digits stand near each other.
_LONG_NUMBER = re.compile(r"\d(?:[\s()./\-‐-―−]{0,3}\d){6}")
_ENOUGH_DIGITS = re.compile(r"\d(?:\D{0,4}\d){4}")
_PHONE_PARAMETER = re.compile(r"[\w\-]{0,30}(?:tel|phone|mobile|msisdn)", re.I)

# --- documents, cards, accounts

# First digits as https://en.wikipedia.org/wiki/Payment_card_number lists them: four years in a row are no card.
_CARD = re.compile(rf"(?<!\d)(?:[3-6]\d|2[2-7])\d(?:{_SEP}{{0,2}}\d){{10,16}}(?!\d)")
_NAMED_CARD = re.compile(
    rf"\b(карт(?:[аыуе]|ой)|сбер\w*|тинькофф\w*|т-банк\w*|втб|альфа\w*)([\s:№#-]{{0,4}}{_WORDS}{{0,2}}[№#]?\s?)"
    rf"\d{{4}}(?:{_SEP}?\d{{4}}){{3}}(?!\d)",
    re.I,
)
_SNILS = re.compile(rf"(?<!\d)\d{{3}}{_SEP}?\d{{3}}{_SEP}?\d{{3}}{_SEP}{{0,2}}\d{{2}}(?!\d)")
_INN = re.compile(r"(?<!\d)(?:\d{12}|\d{10})(?!\d)")
_PASSPORT = re.compile(r"(?<!\d)\d{2}\s?\d{2}\s?(?:№|N|номер|-)?\s?(?<!\d{4})\d{6}(?!\d)", re.I)
_NAMED_PASSPORT = re.compile(
    r"\b(паспорт\w*|сери[яию]\w*)((?:\s|[:,.№]|сери[яию]\w*|номер|рф|граждан\w+){0,8})\d{2}\s?\d{2}"
    r"(?:\s|[:,№]|номер\w*){0,4}\d{6}(?!\d)",
    re.I,
)
# A series of Roman figures, letters or two digits, and six or seven digits: certificates of birth, military cards,
# driving licences and passports for abroad; twelve digits: sick-notes.
_NAMED_DOCUMENT = re.compile(
    rf"\b(загранпаспорт\w*|свидетельств\w+|удостоверени\w+|военн\w+\sбилет\w*|больничн\w+|в/у)"
    rf"([\s:,№-]{{0,4}}{_WORDS}{{0,3}}?[№:]?\s?)"
    rf"(?:(?:[ivxl]{{1,6}}|[іх]{{1,6}})[-\s]?[а-я]{{2}}|[а-я]{{2}}|\d{{2}}\s?[а-я]{{2}}|\d{{2}}\s?(?:\d{{2}})?|)"
    rf"[-\s]?(?:№|n)?\s?(?:\d{{12}}|\d{{6,7}})(?!\d)",
    re.I,
)
# Accounts of individuals: 408, 423 and 426, of 20 digits (https://www.consultant.ru/document/cons_doc_LAW_213488/).
_ACCOUNT = re.compile(rf"(?<!\d)4(?:08|23|26)(?:{_SEP}?\d){{17}}(?!\d)")
_NAMED_NUMBER = re.compile(
    r"\b(лиц(?:ев\w+|\.)(?:\s?сч[её]т\w*)?|[лр]/с|лс|сч[её]т(?:[аеу]|ом|ов)?|полис\w*|омс|енп|договор\w*|снилс|инн"
    r"|карт[аыуе]|картой)"
    r"((?:\s|[:№#-]|номер\w*|физ\w*|n\b){0,6})(\d(?>[\d\s\-/]{4,30}(?<=\d)))(?!\d)",
    re.I,
)
_NAMED = {"снилс": SNILS, "инн": INN, "карт": CARD}
_PLATE_LETTERS = "АВЕКМНОРСТУХABEKMHOPCTYX"
_PLATE = re.compile(
    rf"\b(?:(?i:[{_PLATE_LETTERS}]\d{{3}}[{_PLATE_LETTERS}]{{2}}\s?\d{{2,3}})"
    rf"|[{_PLATE_LETTERS}]\s?\d{{3}}\s?(?!КМ|СМ|ММ)[{_PLATE_LETTERS}]{{2}}\s?\d{{2,3}}"
    rf"|[{_PLATE_LETTERS}]\d{{3}}[{_PLATE_LETTERS}]{{2}}"
    rf"|\d{{4}}[{_PLATE_LETTERS}]{{2}}\d{{2,3}}"
    rf")(?:\s?(?i:rus|рус))?\b"
)
_DIGIT = re.compile(r"\d")
"""In everything that is masked from here on; a third of all texts have none."""
_THREE_DIGITS = re.compile(r"\d{3}")
"""In every plate; to look for them takes less than half the time of looking for plates."""
_VIN = re.compile(r"\b(?=[A-Z\d]{0,10}[A-Z])(?=(?:[A-Z]*\d){6})[A-HJ-NPR-Z\d]{13}\d{4}\b")


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())


def _snils_valid(number: str) -> bool:
    """The checksum of https://www.consultant.ru/document/cons_doc_LAW_124607/ (annex): weights 9 to 1, modulo 101."""
    total = sum(int(d) * w for d, w in zip(number[:9], range(9, 0, -1), strict=True)) % 101
    return (0 if total == 100 else total) == int(number[9:])


def _mask_if(valid: Callable[[str], bool], mask: str, match: re.Match[str]) -> str:
    return mask if valid(_digits(match.group())) else match.group()


def _is_sum(match: re.Match[str]) -> bool:
    return _SUM.match(match.string, match.end()) is not None


def _mask_phone(match: re.Match[str]) -> str:
    return match.group() if _is_sum(match) else PHONE


def _mask_named_phone(match: re.Match[str]) -> str:
    word, between, number = match.groups()
    # «номер 12345»: six and more digits after such a word are a telephone; «т. 12 345» is a sum or a page.
    is_phone = 6 <= len(_digits(number)) <= 15 and not _DATE.fullmatch(number) and not _is_sum(match)
    return f"{word}{between}{PHONE}" if is_phone else match.group()


def _mask_named_number(match: re.Match[str]) -> str:
    word, between, number = match.groups()
    if len(_digits(number)) < 6 or _DATE.fullmatch(number) or _is_sum(match):
        return match.group()
    mask = next((mask for start, mask in _NAMED.items() if word.lower().startswith(start)), ACCOUNT)
    return f"{word}{between}{mask}"


def _mask_foreign_phones(text: str) -> str:
    """Numbers of other countries and other groupings, as phonenumbers knows them."""
    found = [
        (m.start, m.end)
        for m in phonenumbers.PhoneNumberMatcher(text, "RU", leniency=phonenumbers.Leniency.VALID, max_tries=200)
        if not _SUM.match(text, m.end)
    ]
    for start, end in reversed(found):
        text = f"{text[:start]}{PHONE}{text[end:]}"
    return text


def _mask_numbers(text: str) -> str:
    text = _NAMED_PASSPORT.sub(rf"\1\2{PASSPORT}", text)
    text = _NAMED_DOCUMENT.sub(rf"\1\2{DOCUMENT}", text)
    text = _INTERNATIONAL.sub(PHONE, text) if "+" in text else text
    text = _NAMED_CARD.sub(rf"\1\2{CARD}", text)
    text = _ACCOUNT.sub(ACCOUNT, text)
    text = _RUSSIAN_PHONE.sub(_mask_phone, text) if "7" in text or "8" in text else text
    text = _SNILS.sub(partial(_mask_if, _snils_valid, SNILS), text)
    text = _CARD.sub(partial(_mask_if, luhn.is_valid, CARD), text)
    text = _NAMED_NUMBER.sub(_mask_named_number, text)
    text = _MOBILE.sub(_mask_phone, text)
    text = _INN.sub(partial(_mask_if, inn.is_valid, INN), text)
    text = _PASSPORT.sub(PASSPORT, text)
    text = _LOCAL_PHONE.sub(PHONE, text)
    text = _NAMED_PHONE.sub(_mask_named_phone, text)
    text = _NAMED_LOCAL_PHONE.sub(rf"\1\2{PHONE}", text)
    text = _VIN.sub(PLATE, text)
    return _mask_foreign_phones(text) if _LONG_NUMBER.search(text) else text


def mask(text: str) -> str:
    """`text` with personal numbers, flats and mentions of persons replaced by words in square brackets. Idempotent.

    Expects cleaned text (`text.clean`): zero-width characters inside a number would hide it.
    """
    folded = text.casefold()
    if "@" in text or any(sign in folded for sign in _SPOKEN_AT):
        text = _EMAIL.sub(EMAIL, text)
    if "[id" in text:
        text = _VK_PERSON.sub(MENTION, text)
    if "@" in text or "*id" in text:
        text = _MENTION.sub(MENTION, text)
    if "/" in text:
        text = _PROFILE.sub(MENTION, text)
    if (first := _DIGIT.search(text)) is None:
        return text
    if _ENOUGH_DIGITS.search(text, first.start()):
        text = _mask_numbers(text)
    text = _PLATE.sub(PLATE, text) if _THREE_DIGITS.search(text) else text
    return mask_flats(text)


def is_profile(url: str) -> bool:
    """Whether the address is a person's own page, or may be."""
    return _PROFILE.fullmatch(url) is not None


def mask_url(url: str) -> str | None:
    """`url` without a password, and without the parameters and the fragment that hold a personal number.

    None where it is no address of a page (`tel:`, `mailto:`, something broken), or it is a person's own page.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not url.isprintable():
        return None
    path = unquote_plus(parts.path, errors="replace")
    if _PROFILE.match(f"{parts.netloc.rpartition('@')[2]}{parts.path}") or _EMAIL.search(path):
        return None
    # As written: sites of windows-1251 have escapes that are no UTF-8.
    query = "&".join(pair for pair in parts.query.split("&") if not _is_personal(pair))
    fragment = "" if _is_personal(parts.fragment) else parts.fragment
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, fragment))


def _is_personal(pair: str) -> bool:
    """Of a parameter `name=value`. A telephone of another country in it has no plus to be known by."""
    value = unquote_plus(pair.rpartition("=")[2], errors="replace").strip()
    return mask(value) != value or (
        _PHONE_PARAMETER.match(pair) is not None and _ENOUGH_DIGITS.search(value) is not None
    )
