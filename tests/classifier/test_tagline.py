"""Lines of `otklik tag`."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Classifier, Item
from classifier.tagline import KEYS, BadLine, id_of_line, item_of_line, tag_line
from schemas import Address, Head, Municipality, Tags

TAGS = Tags(
    relevance=0.98765432,
    relevant=True,
    group="ЖКХ",
    group_probability=0.9,
    topic="Отсутствие холодной воды",
    topic_probability=0.8,
    municipality=Municipality(
        oktmo="75728000",
        name="Копейский городской округ",
        probability=0.95,
        found_by="text",
        span=(2, 10),
        others=("75701000",),
    ),
    settlement="Копейск",
    address=Address(
        street="Ленина",
        street_type="улица",
        house="5",
        text="ул. Ленина, 5",
        key="ленина, 5",
        street_key="ленина",
        probability=0.97,
    ),
    urgency="soon",
    heads={"executor": Head(value="водоканал", probability=0.5)},
    signature=(1, 2),
    model="2026-01-02-abcdef01",
)


def test_a_line_has_exactly_the_keys_in_order() -> None:
    line = tag_line("7", TAGS)
    assert tuple(line) == KEYS
    assert json.loads(json.dumps(line)) == {
        "id": "7",
        "relevance": 0.9877,
        "group": "ЖКХ",
        "group_probability": 0.9,
        "topic": "Отсутствие холодной воды",
        "topic_probability": 0.8,
        "municipality": {
            "oktmo": "75728000",
            "name": "Копейский городской округ",
            "probability": 0.95,
            "found_by": "text",
            "span": [2, 10],
            "others": ["75701000"],
        },
        "settlement": "Копейск",
        "address": {
            "street": "Ленина",
            "street_type": "улица",
            "house": "5",
            "text": "ул. Ленина, 5",
            "key": "ленина, 5",
            "street_key": "ленина",
            "probability": 0.97,
        },
        "urgency": "soon",
        "needs_review": False,
        "heads": {"executor": {"value": "водоканал", "probability": 0.5}},
        "model": "2026-01-02-abcdef01",
    }


def test_what_is_not_known_is_null(classifier: Classifier) -> None:
    line = tag_line("1", classifier.classify([Item("нет воды")])[0])
    assert (line["municipality"], line["settlement"], line["address"], line["heads"]) == (None, None, None, {})


def test_an_item_is_cleaned_and_masked() -> None:
    line = {
        "text": "Нет воды<br>звоните 8 912 345-67-89",
        "title": "Авария &amp; ремонт",
        "kind": "comment",
        "context": "",
        "source_municipality": "Копейск",
        "published": "2026-01-02T03:04:05Z",
        "unknown": 1,
    }
    assert item_of_line(line) == Item(
        "Нет воды\nзвоните [телефон]",
        title="Авария & ремонт",
        kind="comment",
        source_municipality="Копейск",
        published=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    assert item_of_line({"text": "", "title": "Авария"}) == Item("", title="Авария")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([], "строка должна быть объектом JSON с полем text"),
        ({"text": "<br>"}, "поле text пусто"),
        ("текст", "строка должна быть объектом JSON с полем text"),
        (None, "строка должна быть объектом JSON с полем text"),
        ({"id": "1"}, "нет поля text"),
        ({"text": None}, "поле text должно быть строкой, а не null"),
        ({"text": 5}, "поле text должно быть строкой, а не число"),
        ({"text": ["а"]}, "поле text должно быть строкой, а не массив"),
        ({"text": "а", "title": {}}, "поле title должно быть строкой или null, а не объект"),
        ({"text": "а", "kind": "tweet"}, "поле kind: «tweet», допустимо: post, comment, article, appeal, call"),
    ],
)
def test_bad_lines(line: object, message: str) -> None:
    with pytest.raises(BadLine) as caught:
        item_of_line(line)
    assert str(caught.value) == message


@pytest.mark.parametrize(("id_", "told"), [("a", "a"), (7, "7"), ("", None), (None, None)])
def test_ids_may_be_numbers(id_: object, told: str | None) -> None:
    assert id_of_line({"text": "а", "id": id_}) == told


@pytest.mark.parametrize(("id_", "what"), [(1.5, "число"), (True, "логическое значение"), ([], "массив")])
def test_other_ids_are_refused(id_: object, what: str) -> None:
    with pytest.raises(BadLine) as caught:
        id_of_line({"text": "а", "id": id_})
    assert str(caught.value) == f"поле id должно быть строкой, целым числом или null, а не {what}"


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.integers()
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ("text", "id", "title", "context", "kind", "published", "source", "author", "source_municipality")


@settings(max_examples=200, deadline=None)
@given(ANY_JSON | st.fixed_dictionaries({"text": st.text()}, optional=dict.fromkeys(FIELDS[1:], ANY_JSON)))
def test_any_line_is_judged_or_refused_with_a_reason(classifier: Classifier, line: object) -> None:
    try:
        item = item_of_line(line)
    except BadLine:
        return
    (tags,) = classifier.classify([item])
    written = json.dumps(tag_line("1", tags, truncated=item.truncated), ensure_ascii=False)
    assert tuple(json.loads(written))[: len(KEYS)] == KEYS
    written.encode()


def test_what_is_added_to_a_line_and_when() -> None:
    assert tuple(tag_line("7", TAGS.model_copy(update={"language": "tt"}), truncated=True)) == (
        *KEYS,
        "language",
        "truncated",
    )
    assert item_of_line({"text": "нет воды " * 10_000}).truncated is True
    assert item_of_line({"text": "нет воды"}).truncated is False


@pytest.mark.parametrize(("given", "month"), [("2026-03-05T14:00:00+05:00", 3), ("", None)])
def test_the_month_of_a_line(given: str, month: int | None) -> None:
    published = item_of_line({"text": "нет воды", "published": given}).published
    assert (published and published.month) == month
