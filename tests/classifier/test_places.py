"""Municipalities out of our own sentences."""

import json
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.places import PlacesError, Region, Resolver, load
from classifier.places.inflect import adjective_forms, name_forms, word_forms
from schemas import Geo

CASES = [json.loads(line) for line in Path(__file__).with_name("places_cases.jsonl").read_text().splitlines()]


@pytest.fixture(scope="session")
def resolver(chelyabinsk: Region) -> Resolver:
    return Resolver(chelyabinsk)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['text'][:40]}|{case['hint']}" for case in CASES])
def test_case(resolver: Resolver, case: dict[str, str | None]) -> None:
    place = resolver.resolve(case["text"] or "", hints=(case["hint"],)).municipality
    assert (place.oktmo if place else None) == case["oktmo"]


def test_the_cases_name_every_municipality(chelyabinsk: Region) -> None:
    assert chelyabinsk.oktmo_codes - {case["oktmo"] for case in CASES} == set()


@pytest.mark.parametrize("form", ["{}", "{lower}", "{upper}", "Нет света, {}", "нет воды: {lower}"])
def test_every_municipality_is_found_by_its_full_name(chelyabinsk: Region, resolver: Resolver, form: str) -> None:
    for info in chelyabinsk.municipalities:
        text = form.format(info.name, lower=info.name.lower(), upper=info.name.upper())
        found = resolver.resolve(text).municipality
        assert found is not None, text
        assert found.oktmo == info.oktmo


def test_every_town_is_found_in_the_locative(chelyabinsk: Region, resolver: Resolver) -> None:
    towns = [n for n in chelyabinsk.table.names if n.type == "г" and n.oktmo in chelyabinsk.oktmo_codes]
    assert len(towns) == 30
    for town in towns:
        place = resolver.resolve(f"Сообщаем: в городе {town.name} нет воды")
        assert (place.municipality and place.municipality.oktmo, place.settlement) == (town.oktmo, town.name)


def test_span_and_what_it_rests_on(resolver: Resolver) -> None:
    text = "Вчера в посёлке Роза (Коркинский округ) отключили свет"
    place = resolver.resolve(text)
    assert place.municipality is not None
    assert (place.municipality.found_by, place.settlement) == ("text", "Роза")
    assert place.municipality.span is not None
    assert text[slice(*place.municipality.span)] in {"Роза", "Коркинский"}
    assert place.municipality.probability > 0.9


def test_the_first_of_several_with_the_others_beside(resolver: Resolver) -> None:
    place = resolver.resolve("В Копейске и Челябинске нет воды, в Миассе тоже").municipality
    assert place is not None
    assert (place.oktmo, place.others) == ("75728000", ("75701000", "75742000"))


def test_one_name_in_many_municipalities_waits_for_support(resolver: Resolver) -> None:
    text = "посёлок Октябрьский без воды"
    assert resolver.resolve(text).municipality is None
    hinted = resolver.resolve(text, hints=("Копейск",)).municipality
    assert hinted is not None
    assert (hinted.oktmo, hinted.found_by) == ("75728000", "text")
    named = resolver.resolve("Уйский район, посёлок Октябрьский без воды", hints=("Копейск",)).municipality
    assert named is not None
    assert named.oktmo == "75556000"


def test_hints_context_and_geotag(resolver: Resolver) -> None:
    assert resolver.resolve("нет воды").municipality is None
    by_source = resolver.resolve("нет воды", hints=(None, "нет такого", "Сосновский район")).municipality
    assert by_source is not None
    assert (by_source.oktmo, by_source.found_by, by_source.span) == ("75552000", "source", None)
    by_parent = resolver.resolve("у нас тоже", context="В Сатке нет воды", hints=("Копейск",)).municipality
    assert by_parent is not None
    assert (by_parent.oktmo, by_parent.found_by, by_parent.span) == ("75549000", "source", None)
    by_geotag = resolver.resolve("нет воды", geo=Geo(lat=55.11, lon=61.62))
    assert by_geotag.municipality is not None
    assert (by_geotag.municipality.oktmo, by_geotag.municipality.found_by) == ("75728000", "geotag")
    assert resolver.resolve("нет воды", geo=Geo(lat=0, lon=0)).municipality is None


def test_a_place_elsewhere_silences_the_hint(resolver: Resolver) -> None:
    assert resolver.resolve("В Перми прорвало трубу", hints=("Челябинск",)).municipality is None
    beside = resolver.resolve("Пермь обогнала нас, а у нас ямы", hints=("Челябинск",)).municipality
    assert beside is not None
    assert (beside.oktmo, beside.probability) == ("75701000", 0.4)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.none() | st.text(max_size=30))
def test_any_text(resolver: Resolver, text: str, hint: str | None) -> None:
    place = resolver.resolve(text, hints=(hint,)).municipality
    if place and place.span:
        start, end = place.span
        assert 0 <= start < end <= len(text)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["в", "Копейске", "г.", "Роза", "район", "Троицкий", "«", "»", ",", "река", "Миасс", "\n"])
    )
)
def test_any_mixture_of_places(resolver: Resolver, words: list[str]) -> None:
    place = resolver.resolve(" ".join(words)).municipality
    assert place is None or place.oktmo in resolver.region.oktmo_codes  # type: ignore[union-attr]


def test_a_long_list_of_towns_takes_bounded_time(resolver: Resolver) -> None:
    start = time.process_time()
    resolver.resolve("Копейск, Миасс, п. Октябрьский, " * 700)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("копейск", "копейске"),
        ("карталы", "карталах"),
        ("касли", "каслей"),
        ("бреды", "бредах"),
        ("аша", "аше"),
        ("чебаркуль", "чебаркуля"),
        ("юрюзань", "юрюзани"),
        ("коркино", "коркине"),
        ("трехгорный", "трехгорном"),
        ("долгодеревенское", "долгодеревенском"),
        ("усть-катав", "усть-катаве"),
        ("фершампенуаз", "фершампенуазе"),
        ("городок", "городка"),
        ("сатка", "сатки"),
        ("увельский", "увельским"),
        ("баламбаш", "баламбашем"),
        ("варламово", "варламово"),
        ("полетаево", "полетаева"),
        ("синий", "синего"),
        ("агаповка", "агаповкой"),
        ("урлядинский", "урлядинскому"),
        ("белая", "белой"),
        ("сулея", "сулее"),
        ("елец", "ельце"),
        ("сочи", "сочи"),
    ],
)
def test_forms(word: str, form: str) -> None:
    assert form in word_forms(word)


def test_forms_of_several_words() -> None:
    assert {"верхний уфалей", "верхнего уфалея", "верхнем уфалее"} <= set(name_forms("Верхний Уфалей"))
    assert adjective_forms("Сосновский") == ["сосновский", "сосновского", "сосновскому", "сосновским", "сосновском"]


@pytest.mark.parametrize("name", ["chelyabinsk", "Челябинская область", "челябинская  область", "74"])
def test_a_region_by_name_slug_and_code(name: str) -> None:
    region = Region.load(name)
    assert (region.slug, len(region.municipalities), region.timezone.key) == ("chelyabinsk", 43, "Asia/Yekaterinburg")


def test_an_unknown_region() -> None:
    with pytest.raises(ValueError) as caught:
        Region.load("chelabinsk")
    assert str(caught.value) == (
        "Неизвестный регион «chelabinsk». Возможно, имелось в виду: chelyabinsk. "
        "Напишите название («Пермский край»), короткое имя (perm) или код субъекта (59)."
    )


@pytest.mark.parametrize(
    ("name", "oktmo"),
    [
        ("Копейск", "75728000"),
        ("г. Копейск", "75728000"),
        ("копейский городской округ", "75728000"),
        ("Копейский округ", "75728000"),
        ("Сосновский район", "75552000"),
        ("Сосновский муниципальный округ", "75552000"),
        ("Сосновский", "75552000"),
        ("Троицк", "75752000"),
        ("Троицкий район", "75554000"),
        ("Троицкий городской округ", "75752000"),
        ("Троицкий", None),
        ("Чебаркуль", "75758000"),
        ("Озёрск", "75743000"),
        ("Карталы", "75523000"),
        ("75738000", "75738000"),
        ("село Варна", "75514000"),
        ("Пермь", None),
        ("", None),
    ],
)
def test_a_municipality_by_name(chelyabinsk: Region, name: str, oktmo: str | None) -> None:
    assert chelyabinsk.municipality_by_name(name) == oktmo


def test_every_municipality_by_its_names(chelyabinsk: Region) -> None:
    for info in chelyabinsk.municipalities:
        assert chelyabinsk.municipality_by_name(info.name) == info.oktmo
        assert chelyabinsk.municipality_by_name(info.oktmo) == info.oktmo


def test_suggestions(chelyabinsk: Region) -> None:
    assert chelyabinsk.suggestions("Копейскк")[0] == "Копейск"
    assert chelyabinsk.suggestions("Магнитагорск")[0] == "Магнитогорск"
    assert chelyabinsk.suggestions("xyz") == []


def test_a_damaged_table(tmp_path: Path) -> None:
    path = tmp_path / "places.npz"
    path.write_bytes(b"PK rubbish")
    with pytest.raises(PlacesError, match=f"Справочник мест {path} не читается: .* Переустановите программу."):
        load(path)
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(PlacesError) as caught:
        load(path)
    assert str(caught.value) == f"Справочник мест {path} повреждён: 'regions'. Переустановите программу."


def test_codes_are_eight_digits_and_known() -> None:
    table = load()
    assert all(len(code) == 8 and code.isdecimal() for code in table.municipalities)
    assert {name.oktmo for name in table.names} - set(table.municipalities) == set()


def test_a_geotag_is_the_nearest_settlement_of_the_region(resolver: Resolver) -> None:
    kopeysk = next(n for n in resolver.table.names if n.name == "Копейск" and n.kind == "town")
    assert kopeysk.lat is not None
    assert kopeysk.lon is not None
    place = resolver.resolve("нет воды", geo=Geo(lat=kopeysk.lat, lon=kopeysk.lon))
    assert place.municipality is not None
    assert (place.settlement, place.municipality.probability) == ("Копейск", 0.9)
    named = resolver.resolve("В Сатке нет воды", geo=Geo(lat=kopeysk.lat, lon=kopeysk.lon)).municipality
    assert named is not None
    assert (named.oktmo, named.found_by) == ("75549000", "text")


@pytest.mark.parametrize(
    ("lat", "lon"), [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (0.0, -180.0), (58.01, 56.25), (55.75, 37.62)]
)
def test_a_geotag_far_from_the_region_says_nothing(resolver: Resolver, lat: float, lon: float) -> None:
    place = resolver.resolve("нет воды", geo=Geo(lat=lat, lon=lon))
    assert (place.municipality, place.settlement) == (None, None)


def test_a_geotag_beyond_thirty_kilometres_says_nothing(resolver: Resolver) -> None:
    assert resolver.region is not None
    inside = [n for n in resolver.table.names if n.oktmo in resolver.region.oktmo_codes]
    north = max((n.lat, n.lon) for n in inside if n.kind in {"town", "village"} and n.lat and n.lon)
    near, far = Geo(lat=north[0] + 0.26, lon=north[1]), Geo(lat=north[0] + 0.28, lon=north[1])  # 28.9 and 31.1 km
    assert resolver.resolve("нет воды", geo=near).municipality is not None
    assert resolver.resolve("нет воды", geo=far).municipality is None
