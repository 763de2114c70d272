"""Urgency of our own sentences."""

import pytest

from classifier.features import judged_lemmas
from classifier.urgency import urgency

NO_TOPIC = ("Содержание остановок", 0.2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Во дворе открыт люк, ходят дети", "now"),
        ("Колодец незакрытый прямо на тротуаре", "now"),
        ("Провод оборвало, лежит на дороге", "now"),
        ("Искрит проводка в подъезде", "now"),
        ("В подъезде сильно пахнет газом", "now"),
        ("Прорвало трубу, вода течёт по улице", "now"),
        ("Обрушилась крыша дома", "now"),
        ("Дерево упало на машину", "now"),
        ("Скорую ждали три часа", "now"),
        ("Собака покусала ребёнка", "now"),
        ("Нет воды второй день", "soon"),
        ("Остались без света", "soon"),
        ("Батареи холодные, мёрзнем", "soon"),
        ("Лифт не работает", "soon"),
        ("Сосульки висят над входом", "soon"),
        ("Инсулина нет в аптеке", "soon"),
        ("Светофор сломался", "soon"),
        ("Когда построят парк?", "normal"),
        ("Дорого вывозить мусор", "normal"),
        ("Автобус грязный", "normal"),
        ("Прошу установить скамейку", "normal"),
        ("", "normal"),
    ],
)
def test_words_decide(text: str, expected: str) -> None:
    assert urgency(judged_lemmas(text), *NO_TOPIC) == expected


@pytest.mark.parametrize(
    ("topic", "probability", "expected"),
    [
        ("★ Открытые канализационные люки", 0.9, "now"),
        ("★ Открытые канализационные люки", 0.5, "normal"),
        ("Отсутствие холодной воды", 0.9, "soon"),
        ("Ремонт дороги", 0.9, "normal"),
    ],
)
def test_a_sure_topic_decides_where_words_do_not(topic: str, probability: float, expected: str) -> None:
    assert urgency(["примите", "мера"], topic, probability) == expected


def test_every_topic_of_the_rules_exists() -> None:
    from classifier import Model
    from classifier.urgency import _NOW_TOPICS, _SOON_TOPICS

    assert (_NOW_TOPICS | _SOON_TOPICS) - set(Model.load().topic.labels) == set()
