"""`otklik places` and the section `places` as an operator meets them."""

import json
from pathlib import Path

import pytest

from otklik.config import ConfigErrors, load

REGION = """region: perm
sources: [{id: one, news: {feed: "https://example.org/rss"}}]
sinks: [{id: archive, file: {path: "var/{date}.jsonl"}}]
"""
KEY = {"OTKLIK_AUTHOR_KEY": "k" * 64}


def test_search(otklik):
    done = otklik("places", "search", "Копейске")
    assert (done.returncode, done.stdout) == (
        0,
        "Копейск — город; Копейский городской округ; Челябинская область; ОКТМО 75728000 (75728000001); "
        "жителей 147 573\n",
    )


def test_search_by_a_former_name_in_one_region(otklik):
    done = otklik("places", "search", "Сосновского района", "--region", "Челябинская область")
    assert (done.returncode, done.stdout) == (
        0,
        "Сосновский муниципальный округ — муниципалитет; Челябинская область; ОКТМО 75552000; жителей 85 038\n",
    )
    by_code = otklik("places", "search", "75652000")
    assert by_code.stdout == (
        "Сосновский муниципальный округ — муниципалитет (прежде 75652000); Челябинская область; ОКТМО 75552000; "
        "жителей 85 038\n"
    )


def test_search_that_finds_nothing(otklik):
    done = otklik("places", "search", "Капейск", "--region", "74")
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "Места «Капейск» в справочнике нет. Может быть, «Копейск» или «Копейский»?\n",
    )
    nowhere = otklik("places", "search", "Копейск", "--region", "Пермь")
    assert (nowhere.returncode, nowhere.stderr) == (
        2,
        "Неизвестный регион «Пермь». Возможно, имелось в виду: Пермский край. "
        "Напишите название («Пермский край»), короткое имя (perm) или код субъекта (59).\n",
    )


def test_search_by_the_beginning_shows_the_larger_ones(otklik):
    done = otklik("places", "search", "Магнит", "--region", "chelyabinsk", "--limit", "1")
    assert done.returncode == 0
    assert done.stdout.startswith("Магнитогорский городской округ — муниципалитет; ")
    assert done.stderr == "…и ещё 5: уточните название, --region или --limit.\n"


def test_search_for_programs(otklik):
    done = json.loads(otklik("places", "search", "Купчино", "--json").stdout)
    assert done == {
        "found": [
            {
                "name": "Купчино",
                "kind": "area",
                "type": "мо",
                "municipality": {"oktmo": "40296000", "name": "Фрунзенский район"},
                "region": {"code": "78", "id": "spb", "name": "Санкт-Петербург"},
                "oktmo": None,
                "population": 0,
                "lat": 59.8624,
                "lon": 30.3707,
                "former": None,
            }
        ],
        "total": 1,
        "guesses": [],
    }


def test_show(otklik):
    done = otklik("places", "show", "75728000")
    assert done.returncode == 0
    assert done.stdout.splitlines()[:3] == [
        "Копейский городской округ",
        "  регион: Челябинская область (chelyabinsk, код 74)",
        "  ОКТМО: 75728000",
    ]
    missing = otklik("places", "show", "12345678")
    assert (missing.returncode, missing.stderr) == (
        2,
        "Муниципалитета с ОКТМО «12345678» нет. Найдите код по названию: otklik places search НАЗВАНИЕ.\n",
    )
    known = json.loads(otklik("places", "show", "75652000", "--json").stdout)
    assert (known["oktmo"], known["former_oktmo"], known["centre"]) == ("75552000", "75652000", "Долгодеревенское")
    assert known["settlements"] == 84
    south, west, north, east = known["bounds"]
    assert south < known["lat"] < north
    assert west < known["lon"] < east


def test_boundaries(otklik):
    done = otklik("places", "boundaries", "perm", "--out", "perm.geojson")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    drawn = json.loads((otklik.folder / "perm.geojson").read_text())
    assert {"oktmo": "57701000", "name": "городской округ Пермский", "region": "59"} in [
        feature["properties"] for feature in drawn["features"]
    ]
    assert json.loads(otklik("places", "boundaries", "59").stdout) == drawn


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mistakes(folder: Path, section: str) -> list[str]:
    (folder / "region.yaml").write_text(REGION + section)
    with pytest.raises(ConfigErrors) as caught:
        load(Path("region.yaml"), KEY)
    return [str(problem) for problem in caught.value.problems]


def test_extra_names_are_understood(folder):
    (folder / "region.yaml").write_text(REGION + "places: {names: [{name: Кислые Дачи, municipality: Пермь}]}\n")
    region = load(Path("region.yaml"), KEY).region
    length, names = region.table.index.longest(["кислых", "дачах"], 0)
    assert (length, [name.oktmo for name in names]) == (2, ["57701000"])


def test_an_extra_name_of_an_unknown_municipality(folder):
    found = mistakes(folder, "places:\n  names:\n    - {name: Кислые Дачи, municipality: Пермъ}\n")
    assert found == [
        "region.yaml:6:41  places.names[0].municipality\n"
        "  В этом регионе нет такого муниципалитета.\n"
        "  Записано: «Пермъ»\n"
        f"{allowed(found)}"
        "  Может быть, «Пермь»?\n"
        "  Подробнее: docs/configuration.md#places"
    ]


def allowed(found: list[str]) -> str:
    """The line with the names of the region's municipalities, which other tests look at."""
    return next(f"{line}\n" for line in found[0].splitlines() if line.startswith("  Можно: "))


def test_an_extra_name_twice(folder):
    section = "places:\n  names:\n    - {name: Кислые Дачи, municipality: Пермь}\n"
    assert mistakes(folder, section + '    - {name: кислые дачи, municipality: "57701000"}\n') == [
        "region.yaml:7:14  places.names[1].name\n"
        "  Это название того же муниципалитета уже есть в строке 6: оставьте одно.\n"
        "  Записано: «кислые дачи»\n"
        "  Подробнее: docs/configuration.md#places"
    ]


@pytest.mark.parametrize(
    ("municipality", "message"),
    [
        ("57701000", "Эта улица того же муниципалитета уже есть в строке 6: оставьте одну."),
        (
            "Кунгур",
            "Эта улица уже есть в строке 6 у другого муниципалитета: по ней место не узнать, и программа её пропустит. "
            "Уберите обе или ту, что неверна.",
        ),
    ],
)
def test_a_street_twice(folder, municipality, message):
    section = "places:\n  streets:\n    - {street: улица Дружбы, municipality: Пермь}\n"
    assert mistakes(folder, section + f'    - {{street: ул. Дружбы, municipality: "{municipality}"}}\n') == [
        "region.yaml:7:16  places.streets[1].street\n"
        f"  {message}\n"
        "  Записано: «ул. Дружбы»\n"
        "  Подробнее: docs/configuration.md#places"
    ]


FEATURE = {"type": "Feature", "properties": {"oktmo": "57701000"}, "geometry": {"type": "Polygon", "coordinates": []}}


def collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Такого файла нет."),
        ("{\n\n!", "Файл границ — не JSON: ошибка в строке 3."),
        ("[]", "Файл границ — не GeoJSON: наверху нужен FeatureCollection с features."),
        (
            collection(FEATURE, {"type": "Feature"}),
            "В файле границ у feature 2 нет properties.oktmo — строки с кодом муниципалитета.",
        ),
        (
            collection(FEATURE | {"properties": {"oktmo": "75728000"}}),
            "В файле границ у feature 1 код 75728000: в регионе «Пермский край» такого нет.",
        ),
        (
            collection(FEATURE | {"geometry": {"type": "Point", "coordinates": [1, 2]}}),
            "В файле границ у feature 1 (57701000) нет многоугольника: нужен Polygon или MultiPolygon.",
        ),
        (collection(FEATURE, FEATURE), "В файле границ муниципалитет дважды: 57701000."),
    ],
)
def test_boundaries_that_are_not_the_regions(folder, content, message):
    if content is not None:
        (folder / "shapes.geojson").write_text(content)
    assert mistakes(folder, "places: {boundaries: shapes.geojson}\n") == [
        "region.yaml:4:22  places.boundaries\n"
        f"  {message}\n"
        "  Записано: «shapes.geojson»\n"
        "  Пример такого файла: otklik places boundaries РЕГИОН.\n"
        "  Подробнее: docs/configuration.md#places"
    ]


def test_boundaries_with_a_former_code(folder):
    (folder / "shapes.geojson").write_text(collection(FEATURE | {"properties": {"oktmo": "75652000"}}))
    text = REGION.replace("perm", "chelyabinsk") + "places: {boundaries: shapes.geojson}\n"
    (folder / "region.yaml").write_text(text)
    with pytest.raises(ConfigErrors, match=r"Это прежний код, теперь 75552000 \(Сосновский муниципальный округ\)\."):
        load(Path("region.yaml"), KEY)


def test_good_boundaries(folder):
    (folder / "shapes.geojson").write_text(collection(FEATURE))
    (folder / "region.yaml").write_text(REGION + "places: {boundaries: shapes.geojson}\n")
    assert load(Path("region.yaml"), KEY).file.places.boundaries == Path("shapes.geojson")
