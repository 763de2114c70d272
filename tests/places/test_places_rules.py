"""What makes a name a place, and what makes it something else: a rule a row."""

import pytest

from classifier.places import Region, Resolver
from schemas import Geo

KOPEYSK, CHELYABINSK, MIASS, SATKA, ASHA = "75728000", "75701000", "75742000", "75549000", "75509000"


def code(resolver: Resolver, text: str, source: str | None = None) -> str | None:
    place = resolver.resolve(text, hints=(source,)).municipality
    return place.oktmo if place else None


@pytest.mark.parametrize(
    ("text", "oktmo"),
    [
        pytest.param("нет воды, копейск", KOPEYSK, id="a name that means nothing else, in any case"),
        pytest.param("в аше нет тепла", ASHA, id="a town after a preposition, in lower case"),
        pytest.param("аша без света", ASHA, id="a town that begins a text"),
        pytest.param("сим-карта без света", None, id="a word that begins a text"),
        pytest.param("Помогите! Бродокалмак без аптеки", "75534000", id="a capital, and no word of the language"),
        pytest.param("Ключи без брелока", None, id="a capital at a sentence's beginning, and a word"),
        pytest.param("рп Роза, гарь", "75533000", id="a type word"),
        pytest.param("подарили розу", None, id="no type word"),
        pytest.param("Сим г, Пушкина 5", ASHA, id="a type word behind, as forms write it"),
        pytest.param("усть катав без воды", "75755000", id="a hyphen left out"),
        pytest.param("В Карагайском нет врача", "75517000", id="an adjective without a noun"),
        pytest.param("В Карагайском доме нет света", None, id="an adjective with its noun"),
        pytest.param("на Ленинском проспекте яма", None, id="an avenue"),
        pytest.param("Прибрежный мост, Челябинское шоссе", None, id="a road called after a town"),
        pytest.param("ул. Троицкая, 8", None, id="a street"),
        pytest.param("по Куйбышева не чистят", None, id="a street after a man whose name a town bears"),
        pytest.param("река Сатка вышла из берегов", None, id="a river"),
        pytest.param("рыба в озере Чебаркуль", None, id="a lake"),
        pytest.param("на Тургояке мусор", None, id="on a lake"),
        pytest.param("ХК «Трактор» Челябинск победил", None, id="a club"),
        pytest.param("каток в Челябинске для хоккея не залит", CHELYABINSK, id="sport in a town"),
        pytest.param("завод «Златоуст» встал", None, id="a plant in quotation marks"),
        pytest.param("Депутат Маслов обещал", None, id="a surname after a title"),
        pytest.param("Шумовой Т.П. отказали", None, id="a surname before initials"),
        pytest.param("Вчера обещала Айбатова А.Б. помочь", None, id="a village's name before initials"),
        pytest.param("в селе Орловка нет света", None, id="larger in a neighbouring region"),
        pytest.param("В СИМ-картах нет связи, УК молчит", None, id="abbreviations"),
        pytest.param("ЧМЗ накрыло дымом", CHELYABINSK, id="a nickname in capitals"),
        pytest.param("В Париже забастовка", None, id="a better-known namesake abroad"),
        pytest.param("с. Париж, Нагайбакский район", "75542000", id="the village of that name"),
        pytest.param("Копеск, яма", KOPEYSK, id="a letter left out"),
        pytest.param("в Мияссе яма", MIASS, id="a wrong letter"),
        pytest.param("в Сатек яма", None, id="too short a name to be misspelt"),
        pytest.param("они были в городе", None, id="pronouns and verbs that are villages too"),
        pytest.param("касли литьё почём?", None, id="a brand of castings"),
        pytest.param("сим карта не работает", None, id="a card with its hyphen left out"),
        pytest.param("касли без воды", "75526000", id="the town of the castings"),
    ],
)
def test_signs(resolver: Resolver, text: str, oktmo: str | None) -> None:
    assert code(resolver, text) == oktmo


@pytest.mark.parametrize(
    ("text", "oktmo"),
    [
        pytest.param("Троицкий район, ямы", "75554000", id="the district, not the town"),
        pytest.param("Троицкий городской округ, ямы", "75752000", id="the town's own"),
        pytest.param("Ленинский район, ямы", None, id="of two towns"),
        pytest.param("Ленинский район Магнитогорска, ямы", "75738000", id="of the town that follows"),
        pytest.param("Октябрьский район Екатеринбурга, ямы", None, id="of a town elsewhere"),
        pytest.param("Октябрьский район Курской области", None, id="of a region elsewhere"),
        pytest.param("с. Дичня Курчатовского района", None, id="a village has no town's district"),
        pytest.param("деревня Орловка Хвастовичского района", None, id="a district elsewhere"),
        pytest.param("п. Октябрьский, ямы", None, id="eight settlements of one name"),
        pytest.param("Уйский район, п. Октябрьский, ямы", "75556000", id="the one in the district beside"),
        pytest.param("п. Октябрьский, ямы. Миасс", MIASS, id="the one of a town named elsewhere in the text"),
    ],
)
def test_districts_and_namesakes(resolver: Resolver, text: str, oktmo: str | None) -> None:
    assert code(resolver, text) == oktmo


@pytest.mark.parametrize(
    ("text", "oktmo", "others"),
    [
        ("из Миасса в Златоуст нет автобуса", MIASS, ("75712000",)),
        ("дорога Сатка — Златоуст в ямах", SATKA, ("75712000",)),
        ("дорога Сатка-Златоуст в ямах", SATKA, ("75712000",)),
        ("автобус Усть-Катав-Миасс не пришёл", "75755000", (MIASS,)),
        ("от Копейска до Челябинска час", KOPEYSK, (CHELYABINSK,)),
        ("Свет дали в Копейске, бригада из Челябинска", KOPEYSK, (CHELYABINSK,)),
        ("Копейск: ямы. В Челябинске таких нет", KOPEYSK, (CHELYABINSK,)),
    ],
)
def test_the_first_of_a_way(resolver: Resolver, text: str, oktmo: str, others: tuple[str, ...]) -> None:
    found = resolver.resolve(text).municipality
    assert found is not None
    assert (found.oktmo, found.others) == (oktmo, others)


def test_what_is_said_most_often_of_what_is_said_alike(resolver: Resolver) -> None:
    assert code(resolver, "В Миассе яма. В Копейске яма") == MIASS
    assert code(resolver, "В Миассе яма. В Копейске яма, в Копейске и люк") == KOPEYSK


def test_a_place_elsewhere_that_speaks_louder(resolver: Resolver) -> None:
    assert code(resolver, "Екатеринбург. Воды нет, приезжал Копейск") is None
    assert code(resolver, "Екатеринбург. Воды нет, как в Копейске") == KOPEYSK


def test_several_places_and_what_a_parent_says_are_less_sure(resolver: Resolver) -> None:
    def sure(text: str, context: str | None = None) -> float:
        found = resolver.resolve(text, context=context).municipality
        assert found is not None
        return found.probability

    one = sure("В Копейске яма")
    assert sure("В Копейске яма, а в Миассе две") == pytest.approx(one * 0.92, abs=1e-4)
    assert sure("у нас тоже", "В Копейске яма") == pytest.approx(one * 0.9, abs=1e-4)


def test_a_span_within_joined_names_is_that_of_one(resolver: Resolver) -> None:
    text = "Нет воды. Электричка миасс-златоуст стоит"
    found = resolver.resolve(text).municipality
    assert found is not None
    assert found.span is not None
    assert text[slice(*found.span)] == "миасс"


def test_where_a_way_leads_is_no_place_of_trouble(resolver: Resolver) -> None:
    assert code(resolver, "за справкой посылают в Миасс") is None
    assert code(resolver, "за справкой посылают в Миасс", "Копейск") == KOPEYSK


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("В Перми прорвало трубу", "57701000"),
        ("в Уфе нет воды", "80701000"),
        ("В Орле нет воды", "54701000"),
        ("Екатеринбург, Ботаника, отключили воду", "65701000"),
    ],
)
def test_a_place_outside_is_told(resolver: Resolver, text: str, outside: str) -> None:
    place = resolver.resolve(text, hints=("Златоуст",))
    assert (place.municipality, place.outside) == (None, outside)


def test_words_that_are_towns_elsewhere(sverdlovsk: Resolver) -> None:
    assert code(sverdlovsk, "Свет отключили на Малышева", "Екатеринбург") == "65701000"  # a street
    assert code(sverdlovsk, "в посёлке Малышева нет света", "Екатеринбург") == "65762000"
    assert code(sverdlovsk, "Крыша из асбеста разваливается") is None
    assert code(sverdlovsk, "в Асбесте дым с полигона") == "65730000"
    assert code(sverdlovsk, "Лесной массив вырубают") is None
    assert code(sverdlovsk, "Лесной, подъезд без света") == "65749000"
    assert code(sverdlovsk, "на Реже нашли мёртвую рыбу") is None  # the river
    assert code(sverdlovsk, "в Реже нет воды") == "65720000"


@pytest.mark.parametrize(
    ("region", "text", "oktmo"),
    [
        pytest.param("Республика Башкортостан", "На Агидели утонул человек", None, id="on a river"),
        pytest.param("Тюменская область", "на Ишиме лёд, а рыбаки сидят", None, id="on another"),
        pytest.param("Республика Башкортостан", "В Уфе нет воды", "80701000", id="also the centre of the district"),
        pytest.param("Республика Башкортостан", "Октябрьский. Нет воды", "80735000", id="also a district of Ufa"),
        pytest.param("Республика Крым", "в Джанкое нет воды", "35709000", id="listed with the district too"),
        pytest.param("Республика Ингушетия", "Сунжа, нет воды", "26610000", id="the table lacks it"),
        pytest.param("Ленинградская область", "Сосновый Бор. Нет воды", "41754000", id="its people aren't known"),
        pytest.param("Красноярский край", "В Железногорске нет воды", "04735000", id="nor here, and one elsewhere"),
        pytest.param("Приморский край", "Во Владивостоке нет воды", "05701000", id="a vowel that stays"),
        pytest.param("Московская область", "В Долгопрудном нет воды", "46716000", id="an adjective, though no word"),
        pytest.param("Свердловская область", "В Арамили нет воды", "65729000", id="listed again, as another type"),
        pytest.param("Республика Башкортостан", "В Архангельском нет воды", "80603000", id="no instrumental"),
        pytest.param("Воронежская область", "В Петропавловке нет воды", "20637000", id="a centre among its namesakes"),
        pytest.param("Псковская область", "В Усвятах нет воды", "58658000", id="a centre without people"),
        pytest.param("Тюменская область", "В Вагае нет воды", None, id="a centre, and a village not much smaller"),
    ],
)
def test_a_town_in_its_own_region(region: str, text: str, oktmo: str | None) -> None:
    assert code(Resolver(Region.load(region)), text) == oktmo


def test_a_region_elsewhere_makes_its_villages_likelier(resolver: Resolver) -> None:
    assert code(resolver, "в селе Кундравы нет света") == "75557000"
    assert code(resolver, "Рождественка, нет света") == "75555000"
    assert code(resolver, "Воронежская область, Рождественка, нет света") is None


def test_what_the_answer_rests_on(resolver: Resolver) -> None:
    def basis(text: str, source: str | None = None, context: str | None = None, geo: Geo | None = None) -> str | None:
        return resolver.resolve(text, hints=(source,), context=context, geo=geo).basis

    assert basis("рп Роза, гарь") == "typed"
    assert basis("копейск, яма") == "plain"
    assert basis("в аше яма") == "signed"
    assert basis("п. Октябрьский, яма", "Копейск") == "agreed"
    assert basis("Капейск, яма") == "misspelt"
    assert basis("яма", "Копейск") == "source"
    assert basis("у нас тоже", context="в Копейске яма") == "parent"
    assert basis("яма", geo=Geo(lat=55.11, lon=61.62)) == "geotag"
    assert basis("яма") is None


def test_a_geotag_decides_between_namesakes(resolver: Resolver) -> None:
    place = resolver.resolve("п. Октябрьский, яма", geo=Geo(lat=55.11, lon=61.62)).municipality
    assert place is not None
    assert (place.oktmo, place.found_by) == (KOPEYSK, "text")


@pytest.mark.parametrize(
    ("text", "oktmo"),
    [
        ("в Яйве потоп на дорогах", "57502000"),
        ("Чайковский Мира 2, нет света", "57735000"),
        ("Когда будет поликлиника во Фролах?", "57546000"),
        ("Пермский р-н, нет автобуса", "57546000"),
        ("Юных Прикамья награждают", None),
        ("Не только в Кудымкаре так, в Юсьве не лучше", "57560000"),
        ("В Челябинске нет воды", None),
    ],
)
def test_perm(perm: Resolver, text: str, oktmo: str | None) -> None:
    assert code(perm, text) == oktmo


@pytest.mark.parametrize(
    ("text", "oktmo"),
    [
        ("Администрация Невского района не отвечает", "40285000"),
        ("в Калининском р-не не чистят", "40273000"),
        ("Колпино, двор в снегу", "40277000"),
    ],
)
def test_saint_petersburg(petersburg: Resolver, text: str, oktmo: str | None) -> None:
    assert code(petersburg, text) == oktmo


@pytest.mark.parametrize(
    ("text", "oktmo"),
    [
        ("В Перми прорвало трубу", "57701000"),
        ("в копейске нет воды", KOPEYSK),
        ("с. Октябрьское", None),
    ],
)
def test_all_of_russia(russia: Resolver, text: str, oktmo: str | None) -> None:
    assert code(russia, text) == oktmo


@pytest.mark.parametrize(
    ("region", "text", "oktmo"),
    [
        pytest.param("59", "в Мотовилихинском районе Перми нет света", "57701000", id="with its city"),
        pytest.param("59", "Когда построят школу 21 в Ленинском районе?", "57701000", id="the only one of the region"),
        pytest.param("16", "Вахитовский район, нет света", "92701000", id="the only one of the country"),
        pytest.param("16", "в Ново-Савиновском районе холодно", "92701000", id="with a hyphen"),
        pytest.param("16", "в центральном районе города холодно", None, id="small letters: the middle of some town"),
        pytest.param("66", "Ленинский район, ямы", None, id="of two cities of the region"),
        pytest.param("66", "Ленинский район Нижнего Тагила", "65751000", id="of the one that is named"),
        pytest.param("61", "Советский район, ямы", None, id="of a city, and a municipality of the region"),
        pytest.param("46", "Советский район, ямы", "38636000", id="a municipality here, of cities elsewhere"),
        pytest.param("46", "Двор в Центральном округе", "38701000", id="an okrug"),
        pytest.param("55", "Кировский административный округ, ямы", "52701000", id="an administrative okrug"),
        pytest.param("59", "Ленинский округ, ямы", None, id="no okrug here, but a district"),
        pytest.param("34", "в п. 8 Марта нет света", "18630000", id="a village with a number"),
    ],
)
def test_districts_of_cities(region: str, text: str, oktmo: str | None) -> None:
    assert code(Resolver(Region.load(region)), text) == oktmo


def test_a_district_of_two_cities_is_the_sources(sverdlovsk: Resolver) -> None:
    assert code(sverdlovsk, "Ленинский район, ямы", "Екатеринбург") == "65701000"
    assert code(sverdlovsk, "Ленинский район, ямы", "Нижний Тагил") == "65751000"


def test_a_city_elsewhere_that_a_district_tells(sverdlovsk: Resolver) -> None:
    assert sverdlovsk.resolve("в Мотовилихинском районе яма").outside == "57701000"
