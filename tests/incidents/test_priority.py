"""What an incident weighs in the order of work."""

from datetime import timedelta

import pytest

from incidents.priority import marked, priority
from tests.incidents.make import HOUR, START

SOON, OVER = "срок близко (+10)", "срок прошёл (+20)"


def test_the_parts_and_their_reasons() -> None:
    published = [START, START + 5 * HOUR, START + 7 * HOUR, START + 8 * HOUR]
    found = priority(
        urgency="now", authors=["a", "b", None, "b"], published=published, overdue=True, due_soon=True, recurring=True
    )
    assert found == (
        87,
        ("срочно (+40)", OVER, "разных авторов: 3 (+13)", "повторяется (+10)", "за 3 часа прибавилось: 2 (+4)"),
    )
    assert priority(urgency="normal", authors=["a"], published=[START]) == (0, ())


def test_numbers_are_bounded() -> None:
    many = [f"a{n}" for n in range(1000)]
    found = priority(urgency="normal", authors=many, published=[START + n * timedelta(seconds=1) for n in range(1000)])
    assert found == (42, ("разных авторов: 1000 (+32)", "за 3 часа прибавилось: 999 (+10)"))


@pytest.mark.parametrize("before", [(), (SOON,), (OVER,)])
@pytest.mark.parametrize(("marks", "points", "reasons"), [
    ((False, False), 40, ("скоро (+20)", "разных авторов: 4 (+16)", "за 3 часа прибавилось: 2 (+4)")),
    ((True, False), 50, ("скоро (+20)", "разных авторов: 4 (+16)", SOON, "за 3 часа прибавилось: 2 (+4)")),
    ((True, True), 60, ("скоро (+20)", OVER, "разных авторов: 4 (+16)", "за 3 часа прибавилось: 2 (+4)")),
])  # fmt: skip
def test_a_mark_takes_the_place_of_another(before, marks, points, reasons) -> None:
    had = 40 + sum({SOON: 10, OVER: 20}[one] for one in before)
    bare = ("скоро (+20)", "разных авторов: 4 (+16)", "за 3 часа прибавилось: 2 (+4)")
    assert marked(had, (*before, *bare), due_soon=marks[0], overdue=marks[1]) == (points, reasons)
