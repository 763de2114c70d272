"""The whole classifier: no text stops it, and each field says what it should."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Classifier, Item, Thresholds, item_of
from classifier.head import TextHead
from classifier.places import Region
from schemas import Geo, Head, Post, PostKind, Tags
from tests.classifier.nets import word_net
from text import MAX_CHARS

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)  # lone surrogates too


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(ANY_TEXT, st.none() | ANY_TEXT, st.none() | ANY_TEXT), max_size=4))
def test_any_text_is_judged(classifier: Classifier, texts: list[tuple[str, str | None, str | None]]) -> None:
    items = [Item(text, title=title, context=context, kind="comment") for text, title, context in texts]
    tags = classifier.classify(items)
    assert len(tags) == len(items)
    for tag in tags:
        assert Tags.from_json(tag.encode()) == tag


HOSTILE = [
    "",
    " ",
    "а",
    "\x00",
    "\ud800 нет воды \udfff",
    "👍🏽" * 500,
    "нет " * 250_000,
    "а" * 1_000_000,
    "1" * 1_000_000,
    "Копейск " * 125_000,
    "ул. " * 250_000,
    "\u202eнет воды\u202c",
    "https://example.org/" * 5_000,
    "<b>" * 300_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:6]!r}x{len(text)}")
def test_hostile_texts_are_judged(classifier: Classifier, text: str) -> None:
    tags = classifier.classify([Item(text)])[0]
    assert tags.group in classifier.model.groups


@pytest.mark.parametrize(
    "text",
    [
        "вода ",
        "запах газа, ",
        "Копейск, ",
        "Копеск ",
        "ул. Мира, 5; ",
        "на Мира ",
        "дом 3 ",
        "1 2 ",
        "пооомммогииите ",
        "не дали? ",
        "п. Октябрьский ",
        "https://vk.com/а ",
    ],
)
def test_work_grows_with_the_length_of_a_text(classifier: Classifier, text: str) -> None:
    half = MAX_CHARS // 2 // len(text)
    classifier.classify([Item(text * half)])  # so that its words are known in both runs
    short, long = _calls(classifier, text * half), _calls(classifier, text * 2 * half)
    assert long <= 2.2 * short + 1_000
    assert _calls(classifier, text * 50 * half) <= 1.1 * long + 1_000


def _calls(classifier: Classifier, text: str) -> int:
    """How many functions are called to judge it."""
    count = 0

    def counted(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        classifier.classify([Item(text)])
    finally:
        sys.setprofile(before)
    return count


def test_nothing_to_judge(classifier: Classifier) -> None:
    assert classifier.classify([]) == []
    empty = classifier.classify([Item("")])[0]
    assert (empty.relevant, empty.municipality, empty.address, empty.signature) == (False, None, None, ())
    assert empty.needs_review is False


def test_answers_are_in_order(classifier: Classifier) -> None:
    texts = ["Нет воды в Копейске", "Яма на дороге в Миассе", "Стая собак у школы в Троицке"]
    found = [tag.municipality.oktmo for tag in classifier.classify([Item(t) for t in texts]) if tag.municipality]
    assert found == ["75728000", "75742000", "75752000"]


def test_spans_count_title_and_text_together(classifier: Classifier) -> None:
    item = Item("Воды нет в Копейске", title="Авария на сетях")
    place = classifier.classify([item])[0].municipality
    assert place is not None
    assert place.span is not None
    assert item.whole[slice(*place.span)] == "Копейске"


def test_appeals_and_calls_are_relevant_by_definition(classifier: Classifier) -> None:
    items = [Item("Поздравляю всех с праздником!", kind=kind) for kind in PostKind]
    found = {item.kind: tag for item, tag in zip(items, classifier.classify(items), strict=True)}
    assert {kind: tag.relevant for kind, tag in found.items()} == {
        "post": False,
        "comment": False,
        "article": False,
        "appeal": True,
        "call": True,
    }
    assert found[PostKind.APPEAL].relevance == 1.0


def test_a_short_comment_takes_its_topic_from_what_it_answers(classifier: Classifier) -> None:
    comment = Item("у нас тоже", kind="comment", context="Когда дадут холодную воду? Второй день воды нет!")
    with_context, without = classifier.classify([comment, replace(comment, context=None)])
    assert with_context.topic == "Отсутствие холодной воды"
    assert with_context.relevance > without.relevance


def test_an_address_given_beside_the_text(classifier: Classifier) -> None:
    item = Item("Нет воды, на улице Полевой, 3 то же", address="Копейск, ул. Садовая, 5", source_municipality="Миасс")
    (tags,) = classifier.classify([item])
    assert tags.address is not None
    assert (tags.address.key, tags.address.text) == ("садовая, 5", "ул. Садовая, 5")
    assert tags.municipality is not None
    assert (tags.municipality.oktmo, tags.municipality.found_by) == ("75728000", "source")


def test_hints_are_used_in_order_where_the_text_names_no_place(classifier: Classifier) -> None:
    text = "Нет горячей воды"
    hinted = Item(text, source_municipality="Копейск", parent_place_hint="Миасс")
    geotagged = replace(hinted, geo=Geo(lat=53.05, lon=60.64))
    named = replace(hinted, text="Нет горячей воды в Сатке", geo=geotagged.geo)
    places = [tag.municipality for tag in classifier.classify([hinted, geotagged, named])]
    assert [(p.oktmo, p.found_by) for p in places if p] == [
        ("75742000", "source"),
        ("75523000", "geotag"),
        ("75549000", "text"),
    ]


def test_what_is_unsure_goes_to_review_and_what_is_surely_nothing_does_not(chelyabinsk: Region) -> None:
    texts = ["Второй день нет холодной воды в Копейске", "Второй день нет холодной воды", "С Новым годом, друзья!"]
    items = [Item(text) for text in texts]
    assert [t.needs_review for t in Classifier.load(region=chelyabinsk).classify(items)] == [False, True, False]
    strict = Classifier.load(region=chelyabinsk, thresholds=Thresholds(municipality=0.99))
    assert strict.classify(items)[0].needs_review is True


def test_a_danger_to_life_is_shown_when_in_doubt(chelyabinsk: Region) -> None:
    item = Item("На Борьбы 18 в Копейске прорвало трубу")
    (tags,) = Classifier.load(region=chelyabinsk).classify([item])
    assert (tags.urgency, tags.relevant, tags.needs_review, tags.relevance < 0.5) == ("now", True, True, True)
    deaf = Classifier.load(region=chelyabinsk, thresholds=Thresholds(urgent=0.5))
    assert deaf.classify([item])[0].relevant is False
    assert Thresholds(relevant=0.1).relevant_from("now") == 0.1


def test_thresholds_come_from_the_model(classifier: Classifier) -> None:
    assert Thresholds.of(classifier.model.header["thresholds"]) == classifier.thresholds
    assert Thresholds.of({"relevant": 0.6, "unknown": 1}) == Thresholds(relevant=0.6)


def test_without_a_region_places_elsewhere_are_answers() -> None:
    tags = Classifier.load().classify([Item("В Перми прорвало трубу"), Item("В Копейске нет воды")])
    assert [t.municipality.oktmo for t in tags if t.municipality] == ["57701000", "75728000"]


def test_further_heads(tmp_path: Path, chelyabinsk: Region) -> None:
    path = tmp_path / "executor.npz"
    net = word_net({"вода": (4.0, 0.0), "дорога": (0.0, 4.0)}, ("водоканал", "дорожники"))
    TextHead("executor", net).save(path, {"created": "2026-01-01"})
    loaded = Classifier.load(region=chelyabinsk, heads={"executor": path})
    tags = loaded.classify([Item("нет воды"), Item("яма на дороге"), Item("прочее")])
    assert [tag.heads["executor"].value for tag in tags] == ["водоканал", "дорожники", "водоканал"]
    assert tags[2].heads == {"executor": Head(value="водоканал", probability=0.5)}


def test_item_of_a_post() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    post = Post(
        id="vk:-1_2",
        kind=PostKind.COMMENT,
        source="vk",
        published=now,
        collected=now,
        title="Т",
        text="текст",
        context="к",
        place_hint="Миасс",
        parent_place_hint="Копейск",
        geo=Geo(lat=55, lon=61),
        address="ул. Садовая, 5",
    )
    assert item_of(post) == Item(
        "текст",
        title="Т",
        context="к",
        kind=PostKind.COMMENT,
        source_municipality="Миасс",
        parent_place_hint="Копейск",
        geo=Geo(lat=55, lon=61),
        address="ул. Садовая, 5",
        id="vk:-1_2",
        published=now,
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ауылда өсөнсө көн һыу юҡ, ҡасан була?", "ba"),
        ("Бездә бүген бик матур көн, кояш җылыта", "tt"),
        ("Ауылда жарық жоқ, қашан болады?", "kk"),
    ],
)
def test_what_nobody_but_an_operator_can_read_goes_to_one(classifier: Classifier, text: str, language: str) -> None:
    (tags,) = classifier.classify([Item(text)])
    assert (tags.language, tags.relevant, tags.relevance, tags.needs_review) == (language, True, 0.5, True)


def test_it_goes_to_one_however_sure_the_region_wants_to_be(chelyabinsk: Region) -> None:
    strict = Classifier.load(region=chelyabinsk, thresholds=Thresholds(relevant=0.9))
    assert strict.classify([Item("Ауылда жарық жоқ, қашан болады?")])[0].relevant is True
