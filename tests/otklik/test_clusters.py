import pytest

from otklik.evaluation.clusters import b_cubed, homes, pairwise

TRUE = {"a": 1, "b": 1, "c": 1, "d": 2}


def test_what_is_right_is_one() -> None:
    assert b_cubed({"a": 5, "b": 5, "c": 5, "d": 6}, TRUE).f1 == 1
    assert pairwise({"a": 5, "b": 5, "c": 5, "d": 6}, TRUE).f1 == 1


def test_all_alone_are_precise_and_find_nothing() -> None:
    alone = {one: one for one in TRUE}
    assert (b_cubed(alone, TRUE).precision, b_cubed(alone, TRUE).recall) == (1, 0.5)
    assert pairwise(alone, TRUE).recall == 0


def test_a_mixture_counted_by_hand() -> None:
    found = homes([{"a", "b"}, {"c", "d"}])
    score = b_cubed(found, TRUE)
    assert score.precision == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert score.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert (pairwise(found, TRUE).precision, pairwise(found, TRUE).recall) == (0.5, pytest.approx(1 / 3))
