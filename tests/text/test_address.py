"""Streets and houses out of our own sentences, and their normal form."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text import mask
from text.address import find_address, find_addresses, normal_address, street_key

CASES = [json.loads(line) for line in Path(__file__).with_name("addresses.jsonl").read_text("utf-8").splitlines()]

SAME = [
    ["ул. Пушкина, д. 3 корп. 2", "Пушкина 3 к2", "улица пушкина дом 3/2", "на Пушкина, 3к2", "ПУШКИНА 3 КОРПУС 2"],
    ["дом 3 к. 2 по улице Пушкина", "ул.Пушкина,д.3,к.2,кв.15", "Пушкина, 3/2-15"],
    ["пр-т Ленина 45", "Ленина, 45", "проспект Ленина, дом 45", "Ленина пр., 45", "просп. ленина 45"],
    ["1-я Эльтонская, 5", "улица 1-я Эльтонская 5", "Первая Эльтонская ул., д 5", "ул. Эльтонская 1-я, 5"],
    ["ул. Карла Маркса 172", "К. Маркса, 172", "К.Маркса 172", "ул К-Маркса 172", "Маркса 172", "ул. карла маркса 172"],
    ["Комсомольский проспект, 15/2", "на Комсомольском проспекте, 15/2", "Комсомольского проспекта, 15/2"],
    ["Комсомольский пр. д.15/2", "Комсомольский 15/2", "Комсомольский пр-т, 15 к. 2"],
    ["ул. Маршала Жукова 5", "М. Жукова 5", "ул. Жукова, 5", "марш. Жукова 5"],
    ["ул. Пушкинская, 7", "по Пушкинской 7", "на Пушкинской улице, 7", "на улице Пушкинской, дом 7"],
    ["ул. 8 Марта, 5", "ул.8-Марта д5", "8 марта д. 5", "ул. 8-го Марта 5", "улица Восьмого Марта, 5"],
    ["ул. 40 лет Победы 33", "40-летия Победы, 33", "ул. 40 летия Победы 33"],
    ["Бр. Кашириных 12а", "ул. Братьев Кашириных, 12-а", 'Братьев Кашириных 12 "А"', "ул. бр. Кашириных, д.12А"],
    ["пер. Лесной 4", "Лесной переулок, 4", "в Лесном переулке, 4", "переулок Лесной, д. 4"],
    ["Большая Посадская 9", "Б. Посадская, 9", "ул. Б.Посадская 9", "на Большой Посадской, д. 9"],
    ["ул. Кр. Партизан 3", "ул. Красных Партизан 3"],
    ["5 линия В.О., 20", "В.О., 5 линия 20", "5-я линия, дом 20", "на 5-й линии В. О., д. 20"],
    ["Московское шоссе 12", "на Московском шоссе, 12", "Московское ш., 12"],
    ["пл. Революции 3", "площадь Революции, 3"],
    ["ул. им. Кирова 3", "ул. Кирова 3", "улица имени Кирова, 3", "ул. им. С.М. Кирова 3"],
    ["Лёни Голикова 5", "ул. Лени Голикова, 5"],
    ["наб. реки Фонтанки 50", "набережная р. Фонтанки, 50", "Набережная Фонтанки, д. 50"],
    ["ул. Сони Кривой, 33", "Сони Кривой 33"],
]  # fmt: skip
DIFFERENT = [
    ("ул. Лесная, 4", "Лесной переулок, 4"),
    ("ул. Мира, 3", "ул. Мира, 3а"),
    ("ул. Мира, 3", "ул. Мира, 3 к1"),
    ("ул. Мира, 3 к1", "ул. Мира, 3 стр. 1"),
    ("1-я Речная, 5", "2-я Речная, 5"),
    ("Большая Посадская, 9", "Малая Посадская, 9"),
    ("Московская, 12", "Московский проспект, 12"),
    ("ул. Чайковского, 1", "ул. Чайковская, 1"),
]
NAMES = (
    ("f", "Пушкинская", "Пушкинской"),
    ("f", "Верхняя", "Верхней"),
    ("f", "Красноармейская", "Красноармейской"),
    ("g", "Ленина", "Ленина"),
    ("g", "Чернышевского", "Чернышевского"),
    ("g", "Карла Маркса", "Карла Маркса"),
    ("g", "50 лет Октября", "50 лет Октября"),
    ("g", "Героев Труда", "Героев Труда"),
)
HOUSES = st.tuples(
    st.integers(1, 299),
    st.sampled_from(["", "а", "б", "г"]),
    st.one_of(st.none(), st.integers(1, 9)),
)


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
def test_case(case: dict[str, object]) -> None:
    assert [one.key for one in find_addresses(str(case["text"]))] == case["keys"]


def test_there_are_enough_cases_of_both_kinds() -> None:
    assert sum(bool(case["keys"]) for case in CASES) >= 150
    assert sum(not case["keys"] for case in CASES) >= 90


@pytest.mark.parametrize("spellings", SAME, ids=[one[0] for one in SAME])
def test_spellings_of_one_address_have_one_key(spellings: list[str]) -> None:
    assert len({one.key for text in spellings if (one := find_address(text))}) == 1
    assert all(find_address(text) for text in spellings)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_addresses_have_other_keys(one: str, other: str) -> None:
    first, second = find_address(one), find_address(other)
    assert first is not None
    assert second is not None
    assert first.key != second.key


@pytest.mark.parametrize("text", [text for spellings in SAME for text in spellings])
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    once = normal_address(text)
    assert once is not None
    twice = normal_address(once.display)
    assert twice is not None
    assert (twice.key, twice.display) == (once.key, once.display)


@given(st.sampled_from(NAMES), HOUSES, st.data())
def test_any_spelling_gets_the_same_key(
    name: tuple[str, str, str], house: tuple[int, str, int | None], data: st.DataObject
) -> None:
    number, letter, corpus = house
    kind, nominative, oblique = name

    def spelt() -> str:
        mark = data.draw(st.sampled_from([" ", ", ", ", д. ", ", дом ", " д.", ",д"]))
        joint = data.draw(st.sampled_from(["", "-"]))
        tail = "" if not letter else joint + data.draw(st.sampled_from([letter, letter.upper()]))
        parts = [" корп. {}", ", корпус {}", " к{}", "к{}", "/{}", ", корп.{}"]
        tail += "" if corpus is None else data.draw(st.sampled_from(parts)).format(corpus)
        flat = data.draw(st.sampled_from(["", ", кв. 7", ",кв.7", " кв 7"]))
        forms = [f"ул. {nominative}", f"улица {nominative}", f"на улице {oblique}", f"ул.{nominative}"]
        if kind == "f":
            forms += [f"{nominative} ул.", f"на {oblique} улице", f"по {oblique} ул."]
        street = data.draw(st.sampled_from(forms))
        street = data.draw(st.sampled_from([street, street.upper(), street.replace("ё", "е")]))
        return f"{street}{mark}{number}{tail}{flat}"

    one, other = spelt(), spelt()
    first, second = find_address(one), find_address(other)
    assert first is not None, one
    assert second is not None, other
    assert first.key == second.key, (one, other)
    assert first.house is not None
    assert first.house.number == f"{number}{letter}" or (corpus and first.house.key == f"{number}{letter}/{corpus}")
    assert "7" not in one[first.start : first.end] or "7" in f"{number}{corpus}"


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    for one in find_addresses(text):
        assert 0 <= one.start < one.end <= len(text)
        assert one.key
    normal_address(text)
    street_key(text)


@given(
    st.lists(
        st.sampled_from([*"улд. ица5,Л-ё\n/«»№(", "ул.", "дом ", "12", "Ленина", "на ", "кв. ", "к", "й "]), max_size=80
    )
)
def test_any_text_of_pieces_of_addresses(pieces: list[str]) -> None:
    text = "".join(pieces)
    for one in find_addresses(text):
        assert text[one.start : one.end].strip()
        assert normal_address(one.display) is not None, one.display


@pytest.mark.parametrize(
    ("text", "display", "written"),
    [
        ("по ул. Пушкинской, д.7, кв.15", "Пушкинская улица, 7", "ул. Пушкинской, д.7"),
        ("Мира 5-12", "Мира, 5", "Мира 5"),
        ("на Лесном переулке, 4", "Лесной переулок, 4", "Лесном переулке, 4"),
        ("в 1-м Речном переулке, 4", "1-й Речной переулок, 4", "1-м Речном переулке, 4"),
        ("Б.ПОСАДСКАЯ 9 КОРПУС 2 СТР.1", "Б. Посадская, 9 к2 с1", "Б.ПОСАДСКАЯ 9 КОРПУС 2 СТР.1"),
        ("набережная реки фонтанки, 50", None, None),
        ("на Московском шоссе, 12", "Московское шоссе, 12", "Московском шоссе, 12"),
        ("ул. 50-летия ВЛКСМ 14", "улица 50-летия ВЛКСМ, 14", "ул. 50-летия ВЛКСМ 14"),
    ],
)
def test_what_people_see(text: str, display: str | None, written: str | None) -> None:
    found = find_address(text)
    assert (found.display if found else None) == display
    assert (text[found.start : found.end] if found else None) == written


def test_surer_addresses_are_likelier() -> None:
    texts = ["на Ржевского", "Ленина/Свободы", "Дарвина, 12", "ул. Дарвина", "Дарвина, д. 12", "ул. Дарвина, 12"]
    found = [find_address(text) for text in texts]
    assert [one.probability for one in found if one] == [0.5, 0.8, 0.85, 0.9, 0.93, 0.97]


def test_a_house_goes_before_a_street_alone() -> None:
    found = find_address("На ул. Труда и дальше, вот Кирова 12")
    assert found is not None
    assert found.key == "кирова, 12"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ул. Труда", "труда"),
        ("труда", "труда"),
        ("Карла Маркса", "маркса"),
        ("пр-кт Победы", "победы"),
        ("Лесной переулок", "лесный переулок"),
        ("5 линия", "5 линия"),
        ("", ""),
        ("…", ""),
    ],
)
def test_the_key_of_a_street_alone(name: str, key: str) -> None:
    assert street_key(name) == key


def test_masked_numbers_are_no_houses_and_houses_are_not_masked() -> None:
    text = mask("Ленина 5, тел. 8-900-123-45-67, ул. Мира, д. 12, кв. 7")
    assert [one.key for one in find_addresses(text)] == ["ленина, 5", "мира, 12"]


@pytest.mark.parametrize(
    "piece",
    [
        "ул. ",
        "5 ",
        "5, ",
        "5/",
        "5-",
        "дом 5 по ",
        "на Ржевского ",
        "Ленина/",
        "1-я ",
        "40 лет ",
        "д. ",
        "ул. Мира 1, 2, ",
    ],
)
def test_time_grows_with_the_length_of_hostile_texts(piece: str) -> None:
    def seconds(characters: int) -> float:
        text = (piece * 20_000)[:characters]
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            find_addresses(text)
            best = min(best, time.process_time() - start)
        return best

    short, long = seconds(5_000), seconds(20_000)
    assert long < 2  # seconds; 0.1 on a quiet machine
    assert long < 4 * 3 * max(short, 0.002)


def test_of_a_table_of_numbers_only_the_beginning_is_read() -> None:
    assert [one.display for one in find_addresses("дом 7 " * 450 + "ул. Мира, 5")] == ["улица Мира, 5"]
    assert find_addresses("дом 7 " * 700 + "ул. Мира, 5") == []


def test_numbers_that_follow_no_word_hide_no_address() -> None:
    assert [one.display for one in find_addresses("7 12:30 2026 " * 700 + "ул. Мира, 5")] == ["улица Мира, 5"]
