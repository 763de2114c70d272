import pytest

from text.suggest import close, did_you_mean, listed

KINDS = ["news", "vk", "telegram", "telegramm", "Копейск"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("nwes", "Может быть, «news»?"),
        ("Telegram", "Может быть, «telegram» или «telegramm»?"),
        ("копёйск", "Может быть, «Копейск»?"),
        ("почта", None),
        ("", None),
    ],
)
def test_what_may_have_been_meant(value: str, said: str | None) -> None:
    assert did_you_mean(value, KINDS) == said


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("нет воды", ["Нет холодной воды"]),
        ("вода", ["Нет холодной воды", "Холодная вода из горячего крана"]),
        ("нет тепла", []),
        ("не", []),
    ],
)
def test_where_nothing_is_near_its_words_are_looked_for(value: str, found: list[str]) -> None:
    names = ["Нет холодной воды", "Холодная вода из горячего крана", "Ямы на дорогах", "vk"]
    assert close(value, names) == found


def test_the_nearest_comes_first() -> None:
    assert close("telegramm", KINDS) == ["telegramm", "telegram"]


def test_long_lists_are_cut() -> None:
    assert listed(list("abcdefghijkl")) == "a, b, c, d, e, f, g, h, i, j, k, l"
    assert listed(list("abcdefghijklmn")) == "a, b, c, d, e, f, g, h, i, j, k, l и ещё 2"
