from incidents.difference import difference
from tests.incidents.make import sets


def test_nothing_is_stored_yet() -> None:
    found = difference(sets("b c", "a"), {"a": None, "b": None, "c": None})
    assert found.opened == [{"a"}, {"b", "c"}]
    assert (found.kept, found.merged, found.emptied) == ({}, {}, frozenset())


def test_most_posts_in_common_then_the_lowest_id() -> None:
    found = difference(sets("a b c", "d"), {"a": 7, "b": 3, "c": 3, "d": 7})
    assert found.kept == {3: {"a", "b", "c"}, 7: {"d"}}
    found = difference(sets("a b"), {"a": 7, "b": 3})
    assert (found.kept, found.merged) == ({3: {"a", "b"}}, {7: {"a", "b"}})


def test_a_torn_incident_lives_on_as_its_largest_part_then_its_first() -> None:
    found = difference(sets("a", "b c"), {"a": 1, "b": 1, "c": 1})
    assert (found.kept, found.opened) == ({1: {"b", "c"}}, [{"a"}])
    found = difference(sets("a", "b"), {"a": 1, "b": 1})
    assert (found.kept, found.opened) == ({1: {"a"}}, [{"b"}])


def test_an_incident_whose_posts_belong_nowhere_is_emptied() -> None:
    found = difference(sets("a"), {"a": 1, "gone": 2})
    assert (found.kept, found.emptied) == ({1: {"a"}}, {2})
