"""Answers are told once, and forgotten before they fill the memory."""

from text.kept import Kept


def test_told_once_and_forgotten_in_time() -> None:
    asked: list[str] = []

    def tell(word: str) -> int:
        asked.append(word)
        return len(word)

    kept = Kept(tell, most=2)
    assert [kept[word] for word in ("а", "бб", "а", "ввв", "а")] == [1, 2, 1, 3, 1]
    assert asked == ["а", "бб", "ввв", "а"]
    assert len(kept) <= 2
