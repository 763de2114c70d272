"""The gazetteer of the whole country: what it holds, how it is found, and how it is built."""

import csv
import gzip
import re
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.places import Region, Table, load
from classifier.places.build import OUT, build
from classifier.places.districts import FILE
from classifier.places.inflect import name_forms
from classifier.places.search import Search
from classifier.places.settings import ExtraName
from classifier.places.sources import SourceError, rows
from classifier.places.table import NEED_OTHERS, NEED_SIGN, NEED_TYPE, WHOLE_CITIES, Name
from text import normal, tokens

MAX_BYTES = 6_000_000


@pytest.fixture(scope="module")
def russia() -> Table:
    return load()


def words(text: str) -> list[str]:
    return [normal(token.text) for token in tokens(text)]


def found(table: Table, text: str) -> list[Name]:
    """Names of the longest form at the beginning, if it is the whole text."""
    length, names = table.index.longest(words(text), 0)
    return names if length == len(words(text)) else []


def test_it_is_small_and_holds_the_country(russia: Table) -> None:
    assert OUT.stat().st_size < MAX_BYTES
    assert len(russia.regions) == 86
    assert len(russia.municipalities) == 2_345
    kinds = [name.kind for name in russia.names]
    assert kinds.count("town") + kinds.count("village") > 155_000


def test_every_municipality_is_found_by_its_name_and_its_centre(russia: Table) -> None:
    search = Search(russia)
    for info in russia.municipalities.values():
        by_name = search.find(info.name, limit=50).found
        assert info.oktmo in {one.municipality.oktmo for one in by_name}, info
        centre = {name.oktmo for name in found(russia, info.centre)}
        # the centre of many a district is a town that is a municipality of its own
        assert {russia.municipalities[oktmo].region for oktmo in centre} & {info.region}, info


def test_every_settlement_is_found_by_its_nominative_with_its_region_loaded(russia: Table) -> None:
    own: dict[str, list[Name]] = defaultdict(list)
    for name in russia.names:
        own[russia.municipalities[name.oktmo].region].append(name)
    for row in russia.regions:
        table = russia.near(row.code)
        assert own[row.code]
        missed = [one for one in own[row.code] if one.row not in {name.row for name in found(table, one.name)}]
        assert missed == [], row.slug


def test_a_region_sees_its_neighbours_and_the_towns_of_the_country(russia: Table) -> None:
    perm = Region.load("Пермский край").table
    assert {name.oktmo for name in found(perm, "в Копейске"[2:])} == {"75728000"}
    assert {russia.municipalities[name.oktmo].region for name in found(perm, "Усть-Качке")} == {"59"}
    assert found(perm, "Долгодеревенском") == []  # a village of a region that is no neighbour
    assert "долгодеревенском" not in perm.index
    assert found(russia, "Долгодеревенском") != []


@pytest.mark.parametrize(
    ("region", "near"),
    [
        ("chelyabinsk", {"02", "45", "56", "66"}),
        ("perm", {"02", "11", "18", "43", "66"}),
        ("spb", {"47"}),
        ("kaliningrad", set()),
        ("moscow", {"50"}),
    ],
)
def test_neighbours(russia: Table, region: str, near: set[str]) -> None:
    row = next(row for row in russia.regions if row.slug == region)
    assert set(row.neighbours) == near


def test_neighbours_know_each_other(russia: Table) -> None:
    near = {row.code: row.neighbours for row in russia.regions}
    assert all(code in near[other] for code, others in near.items() for other in others)


@pytest.mark.parametrize("name", ["perm", "Пермский край", "пермский", "59", "Прикамье"])
def test_a_region_by_any_of_its_names(name: str) -> None:
    region = Region.load(name)
    assert (region.code, region.timezone.key) == ("59", "Asia/Yekaterinburg")


def test_every_region_by_all_its_names(russia: Table) -> None:
    for row in russia.regions:
        for name in (row.code, row.slug, row.name, *row.short):
            assert Region.load(name).code == row.code


def test_the_district_that_became_an_okrug_keeps_its_former_name(russia: Table) -> None:
    info = russia.municipalities["75552000"]
    assert (info.name, info.former_oktmo, info.former_names) == (
        "Сосновский муниципальный округ",
        "75652000",
        ("Сосновский муниципальный район",),
    )


def test_districts_of_saint_petersburg() -> None:
    region = Region.load("Санкт-Петербург")
    assert len(region.municipalities) == 19  # eighteen, and the city as a whole
    assert region.municipality_by_name("Приморский район") == "40270000"
    assert [name.oktmo for name in found(region.table, "Купчине")] == ["40296000"]
    whole = next(name for name in found(region.table, "Санкт-Петербурге") if name.oktmo in WHOLE_CITIES)
    assert whole.need == NEED_OTHERS  # says nothing of where in the city


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("8 Марта", ["8 марта"]),
        ("Юг", ["юг", "юга", "югу", "югом", "юге"]),
        ("Бологое", ["бологое", "бологого", "бологому", "бологим", "бологом"]),
        ("Тольятти", ["тольятти"]),
        ("посёлок имени Калинина", ["поселком имени калинина"]),
        ("Ростов-на-Дону", ["ростов-на-дону", "ростова-на-дону", "ростове-на-дону"]),
        ("Горячий Ключ", ["горячего ключа", "горячем ключе"]),
        ("1-я Ивановка", ["1 я ивановка", "1 й ивановке"]),
        ("Орёл", ["орла", "орле"]),
        ("Новая Ляля", ["новой ляле", "новую лялю"]),
        ("Березники", ["березниках", "березников"]),
        ("Вышний Волочёк", ["вышнего волочка", "вышнем волочке"]),
        ("Совхоз № 5", ["совхоз 5", "совхоза 5", "совхозе 5"]),
        ("Улан-Удэ", ["улан-удэ"]),
        ("Мыски", ["мысках", "мысков"]),
        ("Моздок", ["моздоке", "моздока"]),
        ("Починок", ["починке", "починка"]),
        ("Большой Камень", ["большого камня", "большом камне"]),
        ("Локоть", ["локтя", "локте"]),
        ("Циолковский", ["циолковского", "циолковском"]),
        ("Ильинское-Хованское", ["ильинского-хованского", "ильинском-хованском"]),
    ],
)
def test_forms_all_over_the_country(name: str, forms: list[str]) -> None:
    assert set(forms) <= set(name_forms(name))
    assert name_forms(name)[0] == " ".join(words(name))


def test_no_form_is_empty_or_odd(russia: Table) -> None:
    assert all(word and word == normal(word) and word.strip("-") == word for word in russia.index)


MIXED = next(csv.reader(["в,новая,новой,ляле,нижний,нижнем,тагиле,8,марта,я,урал,сосновка"]))


@pytest.fixture(scope="module")
def sverdlovsk(russia: Table) -> Table:
    return russia.near("66")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(MIXED), max_size=6))
def test_the_longest_agrees_with_the_list(sverdlovsk: Table, forms: list[str]) -> None:
    index = sverdlovsk.index
    for at, word in enumerate(forms):
        entries = index.get(word) or []
        fits = [(len(rest) + 1, name.row) for rest, name in entries if tuple(forms[at + 1 :][: len(rest)]) == rest]
        length, names = index.longest(forms, at)
        longest = max((count for count, _ in fits), default=0)
        assert length == longest
        assert {name.row for name in names} == {row for count, row in fits if count == longest}


def test_names_of_an_operator() -> None:
    region = Region.load("perm").with_names(
        [
            ExtraName(name="Кислые Дачи", municipality="Пермь"),
            ExtraName(name="Новая Стройка", municipality="57708000", ambiguous=True),
        ]
    )
    dachi = found(region.table, "Кислых Дачах")
    assert [(name.oktmo, name.need, name.kind) for name in dachi] == [("57701000", NEED_SIGN, "area")]
    assert [(name.oktmo, name.need) for name in found(region.table, "Новой Стройке")] == [("57708000", NEED_OTHERS)]
    assert found(Region.load("perm").table, "Кислых Дачах") == []
    assert found(region.table, "Перми") != []
    with pytest.raises(KeyError, match="Копейск"):
        Region.load("perm").with_names([ExtraName(name="Посёлок", municipality="Копейск")])


# --- building


PLACE = next(
    csv.reader(
        [
            "region,municipality,municipality_oktmo,municipality_type,municipality_inid,"
            "municipality_oktmo_2021,municipality_oktmo_2026,settlement,settlement_type,"
            "settlement_oktmo_2021,settlement_oktmo_reliable,lat,lon,population,in_rosstat_list"
        ]
    )
)
MUNICIPALITY = next(
    csv.reader(
        [
            "region,municipality_inid,oktmo_2021,code_share,source_code,name_2021,territory_id,name_2024,"
            "type_2024,oktmo_2024,center,center_lat,center_lon,oktmo_2026,oktmo_2026_evidence"
        ]
    )
)
CITY = {
    "chelyabinsk_municipalities.csv": "name,type,oktmo,name_2021,oktmo_2021,centre,lat,lon,population_census2020\n"
    "Копейский городской округ,городской округ,75728000,Копейский городской округ,75728000,г Копейск,55.1,61.6,1\n",
    "chelyabinsk_gazetteer.csv": "municipality_oktmo,settlement,settlement_type,settlement_oktmo_2021,"
    "settlement_oktmo_reliable,lat,lon,population\n75728000,Копейск,г,75728000001,1,55.1,61.6,140000\n",
    "chelyabinsk_settlement_municipalities_2021.csv": "settlement_municipality,kind,municipality_oktmo\n",
    "chelyabinsk_colloquial.csv": "surface,meaning,municipality_oktmo,status\nПотинья,area,75728000,seen\n",
    "chelyabinsk_city_areas.csv": "area,addresses,lat,lon\n",
    "chelyabinsk_name_ambiguity.csv": "name,word_classes\n",
    "city_districts.csv": "oktmo,city,district,kind\n75728000,Копейск,Заречный,район\n75728000,Копейск,Южный,округ\n",
}


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, list[dict[str, str]], list[dict[str, str]]]:
    """A small country in the files that the build reads: two districts of two regions, facing each other."""
    for name, content in CITY.items():
        (tmp_path / name).write_text(content)
    municipalities, places = [], []
    for region, name, code, lon in (
        ("Пермский край", "Осинский", "57640000", 55.4),
        ("Свердловская область", "Арти", "65626000", 55.5),
    ):
        municipalities.append(
            dict.fromkeys(MUNICIPALITY, "")
            | {"region": region, "municipality_inid": name, "oktmo_2021": code, "name_2021": f"{name} район"}
        )
        places += [
            dict.fromkeys(PLACE, "")
            | {
                "region": region,
                "municipality_inid": name,
                "settlement": f"Верхняя {name[:2]}{i}",
                "settlement_type": "с",
            }
            | {"settlement_oktmo_2021": f"{code}10{i}", "lat": f"57.{i}", "lon": str(lon), "population": "10"}
            for i in range(5)
        ]
    return tmp_path, municipalities, places


def write(folder: Path, municipalities: list[dict[str, str]], places: list[dict[str, str]]) -> None:
    for name, header, lines in (
        ("russia_municipalities.csv.gz", MUNICIPALITY, municipalities),
        ("russia_gazetteer.csv.gz", PLACE, places),
    ):
        with gzip.open(folder / name, "wt", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header)
            writer.writeheader()
            writer.writerows(lines)


def made(folder: Path, out: Path) -> int:
    return build(folder, out, folder / "city_districts.csv")


def test_the_same_facts_give_the_same_bytes(sources, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder, municipalities, places = sources
    write(folder, municipalities, places)
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    assert made(folder, first) == made(folder, second)
    assert first.read_bytes() == second.read_bytes()
    write(folder, municipalities[::-1], places[::-1])  # nor does the order of the rows matter
    made(folder, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    table = load(first)
    assert [name.oktmo for name in found(table, "Верхней Ос3")] == ["57640000"]
    assert [name.oktmo for name in found(table, "Потинье")] == ["75728000"]
    perm = next(row for row in table.regions if row.slug == "perm")
    assert perm.neighbours == ("66",)


@pytest.mark.parametrize(
    ("which", "number", "change", "line", "message"),
    [
        (0, 1, {"oktmo_2021": "6562600"}, 3, "wrong code '6562600' of 'Арти'"),
        (0, 1, {"region": "Уральская область"}, 3, "unknown region 'Уральская область'"),
        (0, 1, {"region": "Пермский край", "municipality_inid": "Осинский"}, 3, "'Осинский' is in line 2 already"),
        (1, 4, {"settlement_oktmo_2021": "5764O000104"}, 6, "wrong code '5764O000104' of 'Верхняя Ос4'"),
        (1, 5, {"municipality_inid": "Артинский"}, 7, "unknown municipality 'Артинский'"),
        (1, 0, {"region": "Атлантида"}, 2, "unknown region 'Атлантида'"),
    ],
)
def test_a_bad_row_is_named_with_its_line(sources, which, number, change, line, message) -> None:  # type: ignore[no-untyped-def]
    folder, *tables = sources
    tables[which][number] |= change
    write(folder, *tables)
    with pytest.raises(SourceError) as caught:
        made(folder, folder / "out.npz")
    name = ("russia_municipalities.csv.gz", "russia_gazetteer.csv.gz")[which]
    assert str(caught.value) == f"{folder / name}:{line}: {message}"


def test_a_district_needs_its_city_where_another_of_the_region_bears_its_name(sources) -> None:  # type: ignore[no-untyped-def]
    folder, municipalities, places = sources
    write(folder, municipalities, places)
    with (folder / "chelyabinsk_municipalities.csv").open("a") as file:
        name = "Южный муниципальный район"
        file.write(f"{name},муниципальный район,75699000,{name},75699000,с Южное,55.2,61.7,1\n")
    made(folder, folder / "out.npz")
    names = [name for name in load(folder / "out.npz").names if name.kind == "inner"]
    assert [(name.name, name.oktmo, name.type, name.need) for name in names if name.oktmo == "75728000"] == [
        ("Заречный", "75728000", "район", NEED_TYPE),
        ("Южный", "75728000", "округ", NEED_OTHERS),
    ]


def test_a_district_of_a_city_that_its_code_is_not_of(sources) -> None:  # type: ignore[no-untyped-def]
    folder, municipalities, places = sources
    write(folder, municipalities, places)
    path = folder / "city_districts.csv"
    path.write_text("oktmo,city,district,kind\n75728000,Миасс,Заречный,район\n")
    with pytest.raises(SourceError) as caught:
        made(folder, folder / "out.npz")
    assert str(caught.value) == f"{path}:2: 75728000 is not the code of Миасс"


def test_a_name_that_a_spreadsheet_took_for_a_date(sources) -> None:  # type: ignore[no-untyped-def]
    folder, municipalities, places = sources
    places[0]["settlement"] = "08.03.2021"
    write(folder, municipalities, places)
    made(folder, folder / "out.npz")
    assert [name.oktmo for name in found(load(folder / "out.npz"), "8 Марта")] == ["57640000"]


def test_no_shipped_name_is_a_date(russia: Table) -> None:
    assert [name.name for name in russia.names if re.search(r"\d\d\.\d\d", name.name)] == []


def test_every_district_listed_is_found_with_its_city(russia: Table) -> None:
    listed = rows(FILE)
    assert len({row["oktmo"] for row in listed}) >= 60
    for row in listed:
        inner = [name for name in found(russia, row["district"]) if name.kind == "inner"]
        assert (row["oktmo"], row["kind"]) in {(name.oktmo, name.type) for name in inner}, row
