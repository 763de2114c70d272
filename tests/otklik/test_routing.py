"""Rules of routing in the file: their mistakes, their tests, and `otklik route`."""

import json
import re

from incidents.config import Authority
from incidents.route import Matter, route
from incidents.routing import Routing
from otklik.config import ConfigErrors
from otklik.routing import run_tests
from tests.otklik.region_file import GOOD, only, read

WATER = "Отсутствие холодной воды"
AUTHORITIES = (
    Authority(id="zkh", name="ЖКХ", groups=("ЖКХ",)),
    Authority(id="rest", name="Остальное", default=True),
)


def rules(*lines: str) -> str:
    return GOOD + "routing:\n  rules:\n" + "".join(f"    - {line}\n" for line in lines)


def test_the_order_of_rules_authorities_model_and_default() -> None:
    routing = Routing.model_validate(
        {
            "rules": [{"to": "rest", "topics": [WATER], "words": ["колонк"]}],
            "learned": {"at_least": 0.8, "authorities": {"Горводоканал": "zkh"}},
        }
    )

    def asked(group: str, topic: str, text: str = "", sure: float = 0.0) -> tuple[str, str]:
        heads = {"executor": ("Горводоканал", sure)} if sure else {}
        found, why = route(routing, AUTHORITIES, Matter(group=group, topic=topic, texts=(text,), heads=heads))
        assert found is not None
        assert why is not None
        return found.id, why

    assert asked("ЖКХ", WATER, "Сломали КОЛОНКУ") == ("rest", f"правило 1: {WATER}; колонк")
    assert asked("ЖКХ", WATER, "Нет воды", 0.9) == ("zkh", "отвечает за это по разделу authorities")
    assert asked("Дороги", "Ямы", sure=0.9) == ("zkh", "так отвечает обученная модель: «Горводоканал», 0,90")
    assert asked("Дороги", "Ямы", sure=0.7) == ("rest", "получает всё, что не досталось другим")


def test_a_rule_that_can_never_fire_is_named_with_the_line_of_the_other(tmp_path) -> None:
    file = tmp_path / "r.yaml"
    text = rules("{to: zkh, groups: [ЖКХ]}", f"{{to: zkh, topics: [{WATER}], municipalities: [Копейск]}}")
    assert only(file, text) == (
        f"{file}:14:7  routing.rules[1]\n"
        "  Это правило никогда не сработает: всё, что ему подходит, раньше забирает правило в строке 13 (для «zkh»).\n"
        "  Поставьте более узкое правило выше или удалите его.\n"
        "  Подробнее: docs/configuration.md#routing"
    )


def test_a_narrower_rule_may_stand_first(tmp_path) -> None:
    read(
        tmp_path / "r.yaml", rules(f"{{to: zkh, topics: [{WATER}], words: [труб]}}", f"{{to: zkh, topics: [{WATER}]}}")
    )


def test_a_term_that_can_never_count_is_named_with_the_other(tmp_path) -> None:
    file = tmp_path / "r.yaml"
    anything = "any: {answer: 5h, urgency: [now], groups: [ЖКХ]}"
    terms = anything + f", fast: {{answer: 4h, urgency: [now], topics: [{WATER}]}}"
    assert only(file, GOOD + f"deadlines: {{{terms}}}\n") == (
        f"{file}:11:63  deadlines.fast\n"
        "  Этот срок никогда не сработает: всему, чему он подходит, раньше подходит срок «any».\n"
        "  Поставьте более узкий срок выше или удалите его.\n"
        "  Подробнее: docs/configuration.md#deadlines"
    )


def test_a_narrower_term_may_stand_first(tmp_path) -> None:
    terms = "fast: {answer: 4h, urgency: [now], groups: [ЖКХ]}, any: {answer: 5h, urgency: [now]}"
    read(tmp_path / "r.yaml", GOOD + f"deadlines: {{{terms}}}\n")


def test_an_unknown_authority(tmp_path) -> None:
    file = tmp_path / "r.yaml"
    assert only(file, rules("{to: zhk, groups: [ЖКХ]}")) == (
        f"{file}:13:12  routing.rules[0].to\n"
        "  В разделе authorities нет такого.\n"
        "  Записано: «zhk»\n"
        "  Можно: zkh\n"
        "  Может быть, «zkh»?\n"
        "  Подробнее: docs/configuration.md#routing"
    )


def test_failing_tests_are_told_with_their_place(tmp_path) -> None:
    file = tmp_path / "r.yaml"
    text = GOOD.replace("sinks:", "  - {id: gas, name: Газ, groups: [Газ и топливо]}\nsinks:")
    text += f"routing:\n  tests:\n    - {{topic: {WATER}, expect: zkh}}\n    - {{topic: {WATER}, expect: gas}}\n"
    config = read(file, text)
    try:
        run_tests(config)
    except ConfigErrors as errors:
        (problem,) = errors.problems
    assert str(problem) == (
        f"{file}:15:49  routing.tests[1].expect\n"
        "  Проверка не прошла: ожидался «gas», а получит «zkh» (отвечает за это по разделу authorities). "
        f"Тема: {WATER}.\n"
        "  Подробнее: docs/configuration.md#routing"
    )


def test_a_year_that_nobody_knows_is_told_by_check(tmp_path, monkeypatch) -> None:
    from datetime import UTC, datetime

    monkeypatch.setattr("otklik.config.routing.now", lambda: datetime(2049, 12, 30, tzinfo=UTC))
    file = tmp_path / "r.yaml"
    said = only(file, GOOD + "deadlines:\n  default: {answer: 8wh}\n")
    assert said.startswith(
        f"{file}:12:21  deadlines.default.answer\n  Производственный календарь на 2049 год неизвестен"
    )


def test_route_tells_the_trouble_and_the_place(otklik) -> None:
    otklik.config("authorities:\n  - {id: zkh, name: ЖКХ, groups: [ЖКХ]}\n")
    text = "В Копейске на улице Борьбы, 18 вторые сутки нет холодной воды"
    done = otklik("route", "region.yaml", "--explain", text)
    assert (done.returncode, done.stderr) == (0, "")
    trouble, *rest = done.stdout.splitlines()
    assert re.fullmatch(r"О беде: да \((0,\d\d|1,00)\)", trouble)
    assert rest == [
        f"Тема: {WATER}",
        "Место: Копейский городской округ, Копейск, улица Борьбы, 18",
        "Кому: ЖКХ",
        "да  region.yaml:6:5  zkh: отвечает за это по разделу authorities",
    ]
    done = otklik("route", "region.yaml", stdin='{"text": "Концерт в парке прошёл отлично"}\n')
    found = json.loads(done.stdout)
    assert (found["relevant"], found["municipality_name"], found["address"]) == (False, None, None)
    done = otklik("route", "region.yaml", "--explain", " ")
    assert (done.returncode, done.stderr) == (2, "Текст пуст: напишите его в кавычках после --explain.\n")
    done = otklik("route", "region.yaml", "--explain", "Концерт в парке прошёл отлично")
    assert done.stdout.startswith("О беде: нет, инцидента не будет (0,")
