"""What is said to who asks for something that there is not."""

import pytest

from console.errors import ApiError
from console.query import Filters, Names
from tests.console.conftest import Running
from tests.incidents.bench import Bench, tagged
from tests.incidents.make import CHELYABINSK, SNOW

FILTERS = "Есть municipality, group, topic, authority, status, before."
FOLLOWING = "Есть municipality, group, topic, authority, status, after, limit."
STATUSES = "В status можно: new, confirmed, assigned, waiting, answered, solved, closed, rejected, reopened, merged."
PLACES = "В municipality можно: коды ОКТМО этого региона, none."
GROUPS = "В group можно: Дороги, ЖКХ."


def refused(console: Running, path: str) -> tuple[str, str]:
    answer = console.http.get(path)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (list(error), error["code"]) == (["code", "message", "hint"], "bad_parameter")
    return error["message"], error["hint"]


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        ("gruop=ЖКХ", "Параметра «gruop» нет.", "{names} Может быть, «group»?"),
        ("source=a&xyz=", "Параметра «source» нет. Параметра «xyz» нет.", "{names}"),
        ("utm_source=a&yclid=1&xyz=", "Параметра «xyz» нет.", "{names}"),
        ("status=closd", "Значения «closd» в status не бывает.", f"{STATUSES} Может быть, «closed»?"),
        ("status=new&status=", "Значения «» в status не бывает.", STATUSES),
        ("group=Дорги", "Значения «Дорги» в group не бывает.", f"{GROUPS} Может быть, «Дороги»?"),
        ("group=", "Значения «» в group не бывает.", GROUPS),
        (f"group={'ы' * 61}", f"Значения «{'ы' * 59}…» в group не бывает.", GROUPS),
        ("group=%00", "Значения «\x00» в group не бывает.", GROUPS),
        (
            "topic=неубраный снег",
            "Значения «неубраный снег» в topic не бывает.",
            "В topic можно: Неубранный снег, Отсутствие холодной воды. Может быть, «Неубранный снег»?",
        ),
        (
            "authority=vodokanl&authority=roads",
            "Значения «vodokanl» в authority не бывает.",
            "В authority можно: duty, roads, vodokanal. Может быть, «vodokanal»?",
        ),
        (
            "municipality=Копейск",
            "Значения «Копейск» в municipality не бывает.",
            f"{PLACES} Может быть, «75728000» (Копейский)?",
        ),
        (
            "municipality=7572800",
            "Значения «7572800» в municipality не бывает.",
            f"{PLACES} Может быть, «75728000» или «75701000»?",
        ),
        ("municipality=non", "Значения «non» в municipality не бывает.", f"{PLACES} Может быть, «none»?"),
        (
            "group=a&group=b&authority=c",
            "Значения «a» в group не бывает. Значения «b» в group не бывает. Значения «c» в authority не бывает.",
            f"{GROUPS} В authority можно: duty, roads, vodokanal.",
        ),
        ("&".join(["group=ЖКХ"] * 51), "В group слишком много значений: 51.", "Можно не больше 50."),
    ],
)
def test_filters_that_are_none(console: Running, query: str, message: str, hint: str) -> None:
    for path, names in (
        ("/feeds/incidents.atom", FILTERS),
        ("/feeds/incidents.json", FILTERS),
        ("/api/incidents", FOLLOWING),
    ):
        assert refused(console, f"{path}?{query}") == (message, hint.format(names=names))


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", "", "9" * 5000])
def test_limits_that_are_none(console: Running, limit: str) -> None:
    shown = limit if len(limit) < 60 else "9" * 59 + "…"
    assert refused(console, f"/api/incidents?limit={limit}") == (
        f"Значения «{shown}» в limit не бывает.",
        "В limit можно: целое число от 1 до 1000.",
    )


def test_a_feed_has_no_cursor(console: Running) -> None:
    assert refused(console, "/feeds/incidents.atom?limit=5") == ("Параметра «limit» нет.", FILTERS)


@pytest.mark.parametrize("before", ["0", str(2**63), str(10**30)])
def test_a_page_that_no_incident_ends(console: Running, before: str) -> None:
    assert refused(console, f"/feeds/incidents.atom?before={before}") == (
        f"Значения «{before}» в before не бывает.", "В before можно: номер инцидента: страница после него.",
    )  # fmt: skip
    assert console.http.get(f"/feeds/incidents.atom?before={2**63 - 1}").status_code == 200


def test_every_mistake_is_told_at_once(console: Running) -> None:
    assert refused(console, "/api/incidents?limit=0&status=nwe&gruop=ЖКХ") == (
        "Значения «nwe» в status не бывает. Значения «0» в limit не бывает. Параметра «gruop» нет.",
        f"{STATUSES} Может быть, «new»? В limit можно: целое число от 1 до 1000. {FOLLOWING} Может быть, «group»?",
    )


@pytest.mark.parametrize("sign", ["\0", "\n", "\u202e"])
def test_what_stands_in_no_name_is_not_looked_for(sign: str) -> None:
    """PostgreSQL would refuse some of it."""
    with pytest.raises(ApiError):
        Names({}, ["ЖКХ"], [], []).check(Filters(group=[f"Ж{sign}КХ"]), lambda _: pytest.fail("looked for"))


def test_a_name_that_only_an_older_incident_has_is_no_mistake(console: Running, bench: Bench) -> None:
    path = "/api/incidents?topic=Тема прошлой модели"
    assert refused(console, path)[0] == "Значения «Тема прошлой модели» в topic не бывает."
    bench.take(tagged("old", topic="Тема прошлой модели"), tagged("s", topic=SNOW, municipality=CHELYABINSK))
    (event,) = console.http.get(path).json()["events"]
    assert event["data"]["incident"]["posts"] == ["old"]
