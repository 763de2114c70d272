from datetime import timedelta

from store import Decisions, Link, Ruling, RulingKind, Rulings
from tests.store.kit import Kit

PAIRS = [(Link.MUST, "b", "a"), (Link.CANNOT, "a", "c")]


def add(kit: Kit, actor: str, links=PAIRS) -> int:
    store = kit.open()
    with store.transaction() as conn:
        return Rulings(store).add(
            conn, RulingKind.SPLIT, incidents=[7, 3], posts={"b", "a"}, links=links, actor=actor, comment="по адресу"
        )


def standing(kit: Kit) -> list[tuple[Link, str, str, int | None]]:
    store = kit.open()
    with store.reading() as conn:
        return [(one.kind, one.left, one.right, one.ruling) for one in Decisions(store).of(conn, ["a", "b", "c"])]


def test_a_ruling_is_kept_with_its_decisions(kit: Kit) -> None:
    id_ = add(kit, "ivanova")
    made = Ruling(id_, RulingKind.SPLIT, (7, 3), ("a", "b"), "ivanova", kit.clock(), "по адресу")
    assert Rulings(kit.open()).list() == [made]
    assert standing(kit) == [(Link.MUST, "a", "b", id_), (Link.CANNOT, "a", "c", id_)]


def test_an_undone_ruling_takes_its_decisions_with_it_and_stays_on_record(kit: Kit) -> None:
    first, second = add(kit, "ivanova"), add(kit, "petrov")
    kit.clock.move(timedelta(hours=1))
    store = kit.open()
    rulings = Rulings(store)
    with store.transaction() as conn:
        retracted = rulings.undo(conn, first, "sidorov")
        assert retracted is not None
        assert [(one.kind, one.left, one.right) for one in retracted] == [
            (Link.MUST, "a", "b"), (Link.CANNOT, "a", "c"),
        ]  # fmt: skip
        assert rulings.undo(conn, first, "sidorov") is None
        assert rulings.undo(conn, second + 1, "sidorov") is None
    assert {ruling for *_, ruling in standing(kit)} == {second}
    with store.reading() as conn:
        undone = rulings.get(conn, first)
        assert undone is not None
        assert (undone.undone_by, undone.undone) == ("sidorov", kit.clock())
        assert rulings.get(conn, second + 1) is None


def test_the_last_that_stands_is_ones_own(kit: Kit) -> None:
    first, second, third = add(kit, "ivanova"), add(kit, "ivanova"), add(kit, "petrov")
    store = kit.open()
    rulings = Rulings(store)
    with store.transaction() as conn:
        rulings.undo(conn, second, "petrov")
        last = rulings.last(conn, "ivanova")
        assert last is not None
        assert last.id == first
        assert rulings.last(conn, "nobody") is None
        about = [one.id for one in Decisions(store).of(conn, ["b"])]
        assert [one.id for one in rulings.behind(conn, about)] == [first, third]
        assert rulings.behind(conn, []) == []
