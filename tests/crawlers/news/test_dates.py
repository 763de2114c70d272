from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.news.dates import parse_date

CHELYABINSK = ZoneInfo("Asia/Yekaterinburg")  # UTC+5
NOW = datetime(2020, 11, 27, 9, 0, tzinfo=UTC)  # 14:00 in Chelyabinsk


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CHELYABINSK)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("27 ноября 2020, 10:36", local(2020, 11, 27, 10, 36)),
        ("27 Ноября 2020 года в 10:36", local(2020, 11, 27, 10, 36)),
        ("пятница, 27 ноября 2020 г., 10:36", local(2020, 11, 27, 10, 36)),
        ("10:36, 27 ноября 2020", local(2020, 11, 27, 10, 36)),
        ("10:36 | 27.11.2020", local(2020, 11, 27, 10, 36)),
        ("Опубликовано: 27.11.2020 10:36", local(2020, 11, 27, 10, 36)),
        ("27.11.20, 10.36", local(2020, 11, 27, 10, 36)),
        ("27/11/2020 10:36:15", local(2020, 11, 27, 10, 36, 15)),
        ("1 мая 2020", local(2020, 5, 1)),
        ("3 марта 2020, 00:05", local(2020, 3, 3, 0, 5)),
        ("27 нояб. 2020", local(2020, 11, 27)),
        ("27 ноября в 10:36", local(2020, 11, 27, 10, 36)),
        ("28 ноября", local(2020, 11, 28)),
        ("31 декабря, 23:50", local(2019, 12, 31, 23, 50)),
        ("29 февраля", local(2020, 2, 29)),
        ("сегодня, 9:15", local(2020, 11, 27, 9, 15)),
        ("Сегодня в 09:15", local(2020, 11, 27, 9, 15)),
        ("вчера в 14:05", local(2020, 11, 26, 14, 5)),
        ("Позавчера 23:59", local(2020, 11, 25, 23, 59)),
        ("вчера", local(2020, 11, 26)),
        ("13:59", local(2020, 11, 27, 13, 59)),
        ("14:01", local(2020, 11, 26, 14, 1)),
        ("5 минут назад", NOW - timedelta(minutes=5)),
        ("минуту назад", NOW - timedelta(minutes=1)),
        ("2 часа назад", NOW - timedelta(hours=2)),
        ("час назад", NOW - timedelta(hours=1)),
        ("полчаса назад", NOW - timedelta(minutes=30)),
        ("3 дня назад", NOW - timedelta(days=3)),
        ("неделю назад", NOW - timedelta(weeks=1)),
        ("только что", NOW),
        ("27 ноября 2020, 10:36 (МСК)", datetime(2020, 11, 27, 7, 36, tzinfo=UTC)),
        ("27.11.2020 10:36 по московскому времени", datetime(2020, 11, 27, 7, 36, tzinfo=UTC)),
        ("2020-11-27", local(2020, 11, 27)),
        ("2020-11-27 10:36", local(2020, 11, 27, 10, 36)),
        ("2020-11-27T10:36:00", local(2020, 11, 27, 10, 36)),
        ("2020-11-27T10:36:00.123Z", datetime(2020, 11, 27, 10, 36, tzinfo=UTC)),
        ("2020-11-27T10:36:00+03:00", datetime(2020, 11, 27, 7, 36, tzinfo=UTC)),
        ("2020-11-27T10:36+0500", datetime(2020, 11, 27, 5, 36, tzinfo=UTC)),
        ("Fri, 27 Nov 2020 10:36:00 +0500", datetime(2020, 11, 27, 5, 36, tzinfo=UTC)),
        ("Fri, 27 Nov 2020 10:36:00 GMT", datetime(2020, 11, 27, 10, 36, tzinfo=UTC)),
        ("27 Nov 2020 10:36:00 -0000", datetime(2020, 11, 27, 10, 36, tzinfo=UTC)),
        ("Fri, 27 Nov 2020 10:36:00", local(2020, 11, 27, 10, 36)),
    ],
)
def test_dates_as_sites_write_them(text: str, moment: datetime) -> None:
    found = parse_date(text, NOW, CHELYABINSK)
    assert found == moment
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "Новости", "31 февраля 2020", "0 мая 2020", "32.13.2020", "2020-13-45", "28:61", "+7 351 200-10-36", "1.2.3.4",
     "0000-01-01", "999999 лет назад"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text, NOW, CHELYABINSK) is None


_MONTHS = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
           "декабря")  # fmt: skip


@given(
    moment=st.datetimes(datetime(2001, 1, 1), datetime(2040, 1, 1)),
    zone=st.sampled_from(["Asia/Yekaterinburg", "Europe/Kaliningrad", "Asia/Kamchatka"]),
    form=st.sampled_from(["words", "numbers", "iso", "time first"]),
)
def test_every_moment_survives_every_form(moment: datetime, zone: str, form: str) -> None:
    there = moment.replace(second=0, microsecond=0, tzinfo=ZoneInfo(zone))
    text = {
        "words": f"{there.day} {_MONTHS[there.month - 1]} {there.year}, {there:%H:%M}",
        "numbers": f"{there:%d.%m.%Y %H:%M}",
        "iso": f"{there:%Y-%m-%dT%H:%M}",
        "time first": f"{there:%H:%M}, {there.day} {_MONTHS[there.month - 1]} {there.year}",
    }[form]
    found = parse_date(text, NOW, ZoneInfo(zone))
    assert found is not None
    assert found.astimezone(ZoneInfo(zone)).replace(fold=0, tzinfo=None) == there.replace(fold=0, tzinfo=None)


@given(st.text(alphabet="0123456789.,:/- TZчасвдняминутзго ёяйМ", max_size=40))
def test_nothing_makes_it_fail(text: str) -> None:
    found = parse_date(text, NOW, CHELYABINSK)
    assert found is None or found.tzinfo is UTC
