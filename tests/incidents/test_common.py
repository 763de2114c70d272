"""Which common trouble a post tells of."""

import pytest

from incidents.common import common_trouble

HOT_WATER, HOLES = "Отсутствие горячей воды", "Ямы во дворах"


@pytest.mark.parametrize(
    ("text", "topic", "trouble"),
    [
        ("Нет горячей воды. Прошу дать обратную связь", HOT_WATER, "hot water"),
        ("Яма у дома, жду обратной связи", HOLES, None),
        ("В связи с аварией нет горячей воды", HOT_WATER, "hot water"),
        ("Гуляем на свежем воздухе, а качели сломаны", HOLES, None),
        ("Пропала связь во всём посёлке", HOLES, "connection"),
        ("Дышать нечем, в воздухе гарь", HOLES, "air"),
    ],
)
def test_set_phrases_name_no_trouble(text: str, topic: str, trouble: str | None) -> None:
    assert common_trouble(text, topic) == trouble
