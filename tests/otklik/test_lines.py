"""Lines of `replay`, before anything is done with them."""

import json
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest

from classifier.corrections import BadLine
from otklik.lines import parsed, replay_lines

LINE = {"id": "1", "text": "Нет воды", "published": "2026-03-01T08:00:00"}


def read(**more):
    (found,) = replay_lines(BytesIO(json.dumps(LINE | more).encode()))
    return found


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (None, None),
        ("ул. Садовая, 5", "ул. Садовая, 5"),
        ({"street": "ул. Садовая", "house": 5}, "ул. Садовая, 5"),
        ({"street": "ул. Садовая"}, "ул. Садовая"),
    ],
)
def test_an_address_goes_beside_the_text(address, told):
    draft = read(address=address).draft(ZoneInfo("Asia/Yekaterinburg"))
    assert (draft.text, draft.address) == ("Нет воды", told)


def test_ids_may_be_numbers_and_a_bare_time_is_the_regions():
    draft = read(id=7, parent=5).draft(ZoneInfo("Asia/Yekaterinburg"))
    assert (draft.id, draft.parent) == ("7", "5")
    assert draft.published.isoformat() == "2026-03-01T08:00:00+05:00"


@pytest.mark.parametrize("published", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00", 10**13])
def test_a_time_at_the_ends_of_the_calendar_stops_nothing(published):
    assert read(published=published) == BadLine(1, "поле published не понято")


@pytest.mark.parametrize("address", [5, {"house": "5"}, ["ул. Садовая"]])
def test_an_address_of_another_form(address):
    assert isinstance(read(address=address), BadLine)


def test_a_line_of_any_length_costs_no_more_memory_than_is_allowed(tmp_path):
    file = tmp_path / "posts.jsonl"
    with file.open("wb") as out:
        out.write(b"[" * (9 * 1024 * 1024) + b"\n{}\n")
    with file.open("rb") as lines:
        assert list(parsed(lines)) == [(1, BadLine(1, "длиннее 4 МБ")), (2, {})]
