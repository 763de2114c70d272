"""Names that the gazetteer may lack, out of our own sentences."""

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from classifier.places.suggest import CONTEXT, MAX_CANDIDATES, Candidate, Suggester, as_yaml, suggest


def known(name: str) -> bool:
    return name == "Копейск"


def names(*texts: str, most: int = 10) -> list[str]:
    return [one.name for one in suggest(texts, known, most)]


def test_names_after_words_for_places_and_prepositions() -> None:
    texts = [
        "В посёлке Нижнебровкино нет воды",
        "посёлок Нижнебровкино без света",
        "Когда дойдёт до Нижнебровкина?",
        "На Чурилках опять яма",
        "живу в Чурилках",
        "В Чурилках не чистят",
    ]
    found = suggest(texts, known, 10)
    assert [(one.name, one.texts, one.typed) for one in found] == [
        ("Нижнебровкино", 3, True),
        ("Чурилках", 3, False),
    ]


def test_districts() -> None:
    assert names("Зареченский район без света", "в Зареченском районе свалка") == ["Зареченский"]


def test_what_is_known_and_what_is_rare_is_not_suggested() -> None:
    assert names("в Копейске темно", "посёлок Копейск", "город Копейск") == []
    assert names("посёлок Нижнебровкино") == []


def test_common_words_persons_and_streets_are_no_places() -> None:
    texts = [
        "На Бирюлёвщине. У Школы яма, в Школе холодно. Звонили в Администрацию",
        "в Школе дует, в Администрацию не дозвониться, на Иванова жалоба",
        "ул. Нижнебровкинская, 5, на Нижнебровкинской, 7",
        "на Нижнебровкинской, 9 и в Администрации",
    ]
    assert names(*texts) == []


def test_a_word_in_small_letters_elsewhere_is_pushed_back() -> None:
    capital = ["едем на Шмяку", "живём на Шмяке"]
    assert names(*capital) == ["Шмяку"]
    assert names(*capital, *["старая шмяка упала"] * 40) == []


def test_the_most_frequent_comes_first_and_the_list_is_cut() -> None:
    texts = ["посёлок Нижнебровкино"] * 3 + ["посёлок Верхнебровкино"] * 2
    assert names(*texts) == ["Нижнебровкино", "Верхнебровкино"]
    assert names(*texts, most=1) == ["Нижнебровкино"]


def test_yaml_can_be_pasted_and_shows_what_it_rests_on() -> None:
    text = as_yaml([Candidate("Нижнебровкино", 3, True, ("в посёлке Нижнебровкино нет воды",))])
    assert text == (
        "places:\n"
        "  names:\n"
        "    # публикаций: 3\n"
        "    #   в посёлке Нижнебровкино нет воды\n"
        '    - {name: "Нижнебровкино", municipality: ""}\n'
    )
    assert YAML(typ="safe").load(text) == {"places": {"names": [{"name": "Нижнебровкино", "municipality": ""}]}}


def test_an_example_is_one_short_line() -> None:
    text = "слово\n" * 30 + "посёлок Нижнебровкино\n" + "слово\n" * 30
    (found,) = suggest([text, text], known, 5)
    assert all("\n" not in example and len(example) <= 2 * CONTEXT + 20 for example in found.examples)


def test_memory_is_bounded() -> None:
    suggester = Suggester(known)
    letters = "бвгдзклмнпрст"
    for number in range(3 * MAX_CANDIDATES):
        rest, name = number, "Ъы"
        while rest:
            rest, digit = divmod(rest, len(letters))
            name += letters[digit] + "о"
        suggester.add(f"посёлок {name}ро, посёлок Нижнебровкино")
    assert [one.name for one in suggester.candidates(1)] == ["Нижнебровкино"]
    assert len(suggester._seen) <= 2 * MAX_CANDIDATES


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_texts(texts: list[str]) -> None:
    YAML(typ="safe").load(as_yaml(suggest(texts, known, 5)))
