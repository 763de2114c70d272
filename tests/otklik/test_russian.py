import pytest

from otklik.russian import sentences


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("сайт просит обращаться реже", None), "сайт просит обращаться реже"),
        (("стена закрыта", "Удалите источник"), "стена закрыта. Удалите источник"),
        ((None, None), ""),
        ((), ""),
    ],
)
def test_a_reason_and_what_to_do_about_it(parts: tuple[str | None, ...], said: str) -> None:
    assert sentences(*parts) == said
