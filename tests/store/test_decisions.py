from datetime import timedelta

import pytest

from store import Decision, Decisions, Link
from tests.store.kit import Kit


def in_force(kit: Kit, *posts: str) -> list[tuple[Link, str, str]]:
    store = kit.open()
    with store.reading() as conn:
        return [(found.kind, found.left, found.right) for found in Decisions(store).of(conn, posts)]


def test_decisions_are_found_by_either_post(kit: Kit) -> None:
    store = kit.open()
    with store.transaction() as conn:
        Decisions(store).add(conn, Link.MUST, "vk:-1_2", "news:a", "ivanova")
        Decisions(store).add(conn, Link.CANNOT, "vk:-1_2", "vk:-1_3", "ivanova")
    must, cannot = (Link.MUST, "news:a", "vk:-1_2"), (Link.CANNOT, "vk:-1_2", "vk:-1_3")
    assert in_force(kit, "news:a") == [must]
    assert in_force(kit, "vk:-1_2") == [must, cannot]
    assert in_force(kit, "vk:-1_3", "vk:-1_2", "news:a") == [must, cannot]
    assert in_force(kit, "vk:-7_7") == []
    assert in_force(kit) == []


def test_an_undone_decision_stays_on_record(kit: Kit) -> None:
    store = kit.open()
    decisions = Decisions(store)
    made = kit.clock()
    with store.transaction() as conn:
        id_ = decisions.add(conn, Link.MUST, "b", "a", "ivanova")
    kit.clock.move(timedelta(hours=1))
    with store.transaction() as conn:
        assert decisions.undo(conn, id_, "petrov")
        assert not decisions.undo(conn, id_, "sidorov")
        assert not decisions.undo(conn, id_ + 1, "petrov")
    assert in_force(kit, "a", "b") == []
    assert decisions.list() == [Decision(id_, Link.MUST, "a", "b", "ivanova", made, "petrov", kit.clock())]


def test_an_older_decision_about_a_pair_stays_in_force_beneath(kit: Kit) -> None:
    store = kit.open()
    decisions = Decisions(store)
    with store.transaction() as conn:
        decisions.add(conn, Link.MUST, "a", "b", "ivanova")
        decisions.add(conn, Link.CANNOT, "b", "a", "petrov")
    assert in_force(kit, "a") == [(Link.MUST, "a", "b"), (Link.CANNOT, "a", "b")]


def test_a_decision_needs_two_posts(kit: Kit) -> None:
    store = kit.open()
    with store.transaction() as conn, pytest.raises(ValueError, match="a decision needs two posts, not 'a' twice"):
        Decisions(store).add(conn, Link.MUST, "a", "a", "ivanova")
