"""New posts while a simulator is watched."""

from tests.simulators.dripping import dripping, later


def test_texts_come_in_order_and_none_after_the_end() -> None:
    written: list[str] = []
    with dripping(["а", "б", "в"], 0.01, written.append):
        while len(written) < 2:
            pass
    assert written in (["а", "б"], ["а", "б", "в"])
    with dripping(["а"], None, written.append):
        pass
    assert len(written) <= 3


def test_every_simulator_of_the_demo_has_something_in_store() -> None:
    texts = [text for name in ("vk", "telegram_web", "telegram") for text in later(name)]
    assert len(set(texts)) == len(texts) >= 15
