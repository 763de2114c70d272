"""Dates as Russian news sites write them: a pure function of text, clock and time zone."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")

_MONTHS = ("янв", "фев", "мар", "апр", "ма[йя]", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_MONTH = "|".join(f"(?P<m{number}>{stem})" for number, stem in enumerate(_MONTHS, 1))
_DAY_MONTH = re.compile(rf"\b(?P<day>\d{{1,2}})(?:-?го)?\s+(?:{_MONTH})[а-я]*\.?(?:,?\s+(?P<year>\d{{4}}))?")
_NUMERIC = re.compile(r"(?<![\d.:])(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4}|\d{2})(?![\d.]*\d)")
_ISO = re.compile(
    r"\b(?P<date>\d{4}-\d{2}-\d{2})(?:[T\s]\s*(?P<time>\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?(?!\d)",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?<![\d:.])(?P<hour>[01]?\d|2[0-3])[:.](?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:.]*\d)")
_AGO = re.compile(
    r"(?:(?P<count>\d{1,3})\s*)?(?P<unit>секунд|сек|минут|мин|полчаса|час|ч|дн|день|дня|дней|сут|недел)[а-я]*\.?\s+назад"
)
_UNITS = {
    "сек": timedelta(seconds=1),
    "секунд": timedelta(seconds=1),
    "мин": timedelta(minutes=1),
    "минут": timedelta(minutes=1),
    "полчаса": timedelta(minutes=30),
    "ч": timedelta(hours=1),
    "час": timedelta(hours=1),
    "недел": timedelta(weeks=1),
}  # the rest are days
_DAYS = {"позавчера": 2, "вчера": 1, "сегодня": 0, "только что": 0, "сейчас": 0}
_TOMORROW = timedelta(days=1)  # a bare «31 декабря» may be a day ahead of our clock, not a year behind


def parse_date(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    """The moment that `text` names, in UTC, or None where it names none.

    Understands «27 ноября 2020, 10:36», «вчера в 14:05», «сегодня, 9:15», «5 минут назад», «10:36», «27.11.2020 10:36»,
    ISO 8601 and RFC 2822. A date without an offset is in `zone` («мск» is Moscow); without a time it is that day's
    midnight there; without a year the latest such day that is not ahead of `now`.

    Limits: English month names only in RFC 2822; the first date of several wins.
    """
    text = " ".join(text.split()).strip()[:200]  # a date stands at the beginning; a whole page is no date
    try:
        return _iso(text, zone) or _rfc(text, zone) or _russian(text.lower().replace("ё", "е"), now, zone)
    except (ValueError, OverflowError):  # 31 February, year 0
        return None


def _iso(text: str, zone: tzinfo) -> datetime | None:
    found = _ISO.search(text)
    if found is None:
        return None
    offset = (found["zone"] or "").upper().replace("Z", "+00:00")
    moment = datetime.fromisoformat(f"{found['date']}T{found['time'] or '00:00'}{offset}")
    return _utc(moment, _named_zone(text.lower()) or zone)


def _rfc(text: str, zone: tzinfo) -> datetime | None:
    if not re.search(r"\d\s+[A-Z][a-z]{2}\s+\d", text):
        return None
    return _utc(parsedate_to_datetime(text), UTC if text.endswith("-0000") else zone)


def _russian(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    zone = _named_zone(text) or zone
    ago = _AGO.search(text)
    if ago is not None:
        unit = _UNITS.get(ago["unit"], timedelta(days=1))
        return (now - int(ago["count"] or 1) * unit).astimezone(UTC)
    local = now.astimezone(zone)
    if "только что" in text or "сейчас" in text:
        return now.astimezone(UTC)
    day, rest = _day(text, local)
    time = _TIME.search(rest)
    if day is None:
        if time is None:
            return None
        moment = _at(local, time)
        return _utc(moment if moment <= local else _at(local - timedelta(days=1), time), zone)
    return _utc(_at(day, time), zone)


def _day(text: str, local: datetime) -> tuple[datetime | None, str]:
    """The day the text names, and the text without it."""
    for word, back in _DAYS.items():
        if re.search(rf"\b{word}\b", text):
            return local - timedelta(days=back), text.replace(word, " ")
    found = _DAY_MONTH.search(text)
    if found is not None:
        month = next(number for number in range(1, 13) if found[f"m{number}"])
    else:
        found = _NUMERIC.search(text)
        if found is None:
            return None, text
        month = int(found["month"])
    rest = text[: found.start()] + " " + text[found.end() :]
    if found["year"]:
        year = int(found["year"])
        return local.replace(year=year + 2000 if year < 100 else year, month=month, day=int(found["day"])), rest
    return _latest(local, month, int(found["day"])), rest


def _latest(local: datetime, month: int, day: int) -> datetime:
    """The latest such day that is not ahead; 29 February may lie some years back."""
    for year in range(local.year + 1, local.year - 8, -1):
        try:
            candidate = local.replace(year=year, month=month, day=day)
        except ValueError:
            continue
        if candidate <= local + _TOMORROW:
            return candidate
    raise ValueError(f"no such day: {day}.{month}")


def _at(day: datetime, time: re.Match[str] | None) -> datetime:
    if time is None:
        return day.replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(
        hour=int(time["hour"]), minute=int(time["minute"]), second=int(time["second"] or 0), microsecond=0
    )


def _named_zone(text: str) -> tzinfo | None:
    return MOSCOW if re.search(r"\b(?:мск|msk|по москве|московск\w+)\b", text) else None


def _utc(moment: datetime, zone: tzinfo) -> datetime:
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
