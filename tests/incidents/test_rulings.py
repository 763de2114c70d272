"""Merge, split, move and undo: what a person says about which posts are one matter."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from incidents.refusals import Contradicts, Invalid, NoSuch, NotAllowed, Refused, Stale
from store import RulingKind, Rulings, Store
from tests.incidents.bench import tagged
from tests.incidents.make import CHELYABINSK, HOUR, KOPEYSK, SNOW
from tests.incidents.office import Office


@pytest.fixture
def office(store: Store) -> Office:
    """№1: a b c in Kopeysk, №2: d e in Chelyabinsk, №3: s, snow."""
    found = Office(store)
    found.take(tagged("a"), tagged("b", 1), tagged("c", 2))
    found.take(tagged("d", 0, CHELYABINSK), tagged("e", 1, CHELYABINSK))
    found.take(tagged("s", 1, topic=SNOW))
    return found


def told(office: Office) -> list[str]:
    return [f"{event.type.removeprefix('incident.')} {event.id} {event.data.actor}" for event in office.events()]


def test_merge_and_undo(office: Office) -> None:
    office.act(2, "assign", "sidorov")
    office.events()
    made = office.desk.merge(2, [1, 3], "petrova", comment="одна авария")
    assert office.shown() == {2: "a d b e s c"}
    assert told(office) == ["updated 2.3 petrova", "merged 1.2 petrova", "merged 3.2 petrova"]
    assert (made.ruling.kind, made.ruling.incidents, made.ruling.actor, made.ruling.comment) == (
        RulingKind.MERGE, (2, 1, 3), "petrova", "одна авария",
    )  # fmt: skip
    gone = office.incidents.get(1)
    assert (gone.status, gone.merged_into, office.incidents.get(2).status) == ("merged", 2, "assigned")
    assert office.incidents.history(1)[-1].details == {
        "posts_removed": ["a", "b", "c"], "comment": "одна авария", "merged_into": 2, "from": "new", "ruling": 1,
    }  # fmt: skip
    assert office.partition() == office.expected()

    back = office.desk.undo("petrova")
    assert back.ruling.id == made.ruling.id
    assert sorted(one.id for one in back.opened) == [1, 3]
    assert office.shown() == {1: "a b c", 2: "d e", 3: "s"}
    assert told(office) == ["split 2.4 petrova", "reopened 1.3 petrova", "reopened 3.3 petrova"]
    again = office.incidents.get(1)
    assert (again.status, again.merged_into, again.recurring, again.reopened) == ("new", None, False, None)
    assert office.incidents.history(1)[-1].details == {
        "posts_added": ["a", "b", "c"], "comment": "отменено решение №1", "from": "merged", "ruling": 1,
    }  # fmt: skip
    assert office.standing() == []
    (ruling,) = Rulings(office.store).list()
    assert (ruling.undone_by, ruling.undone) == ("petrova", office.store.now())


def test_an_undone_merge_gives_back_the_status(office: Office) -> None:
    office.act(1, "assign", authority="roads")
    office.act(1, "answer", answer="Чиним")
    office.desk.merge(2, [1], "petrova")
    office.take(tagged("f", 2.5))
    assert office.shown() == {2: "a d b e c f", 3: "s"}
    office.desk.undo("petrova")
    one = office.incidents.get(1)
    assert (one.status, one.authority, one.answer, one.posts) == ("answered", "roads", "Чиним", ("a", "b", "c", "f"))


def test_an_undone_merge_gives_back_the_clock(store: Store) -> None:
    office = Office(store)
    office.take(tagged("a"))
    store.now.move(120 * HOUR)
    office.take(tagged("b", 120, CHELYABINSK))
    first, before = office.all()
    office.desk.merge(2, [1], "petrova")
    merged = office.incidents.get(2)
    assert (merged.opened, merged.answer_due) == (first.opened, first.answer_due)
    office.take(tagged("c", 121, CHELYABINSK))
    office.desk.undo("petrova")
    one, two = office.all()
    assert (one.opened, one.answer_due) == (first.opened, first.answer_due)
    assert (two.opened, two.answer_due, two.posts) == (before.opened, before.answer_due, ("b", "c"))


def test_an_undone_merge_leaves_a_clock_that_came_from_elsewhere(store: Store) -> None:
    office = Office(store)
    for hours, id_, place in ((0, "a", KOPEYSK), (4, "b", CHELYABINSK), (9, "c", KOPEYSK)):
        office.take(tagged(id_, hours, place))
        store.now.move(4 * HOUR)
    oldest, older, _ = office.all()
    office.desk.merge(3, [2], "petrova")
    assert office.incidents.get(3).opened == older.opened
    office.take(tagged("bridge", 5))
    assert office.shown() == {3: "a b bridge c"}
    office.desk.undo("petrova")
    assert office.shown() == {2: "b", 3: "a bridge c"}
    assert office.incidents.get(3).opened == oldest.opened


def test_split_and_undo(office: Office) -> None:
    office.act(1, "confirm")
    office.events()
    made = office.desk.split(1, ["a", "b"], "petrova")
    assert office.shown() == {1: "c", 2: "d e", 3: "s", 4: "a b"}
    assert [one.id for one in made.opened] == [4]
    assert told(office) == ["opened 4.1 petrova", "split 1.3 petrova"]
    assert (office.incidents.get(1).status, office.incidents.get(4).status) == ("confirmed", "new")
    # What is between them may join either, and tears neither apart.
    office.take(tagged("x", 1.5))
    assert office.shown()[1] in ("c", "x c")
    assert office.partition() == office.expected()
    office.desk.undo("petrova", made.ruling.id)
    assert office.shown() == {1: "a b x c", 2: "d e", 3: "s"}
    assert office.incidents.get(4).merged_into == 1


def test_move_and_undo(office: Office) -> None:
    office.events()
    made = office.desk.move(["b"], 2, "petrova")
    assert office.shown() == {1: "a c", 2: "d b e", 3: "s"}
    assert told(office) == ["moved 2.2 petrova", "moved 1.2 petrova"]
    assert made.ruling.posts == ("b",)
    assert office.incidents.history(1)[-1].details == {"posts_removed": ["b"], "ruling": 1}
    office.desk.undo("petrova")
    assert office.shown() == {1: "a b c", 2: "d e", 3: "s"}
    assert told(office) == ["moved 2.3 petrova", "moved 1.3 petrova"]


def test_the_last_post_moved_takes_its_incident_with_it(office: Office) -> None:
    office.desk.move(["s"], 1, "petrova")
    assert office.shown() == {1: "a b s c", 2: "d e"}
    assert office.incidents.get(3).merged_into == 1
    office.desk.undo("petrova")
    assert office.shown() == {1: "a b c", 2: "d e", 3: "s"}


def test_posts_of_several_incidents_move_at_once(office: Office) -> None:
    office.desk.move(["c", "e"], 3, "petrova")
    assert office.shown() == {1: "a b", 2: "d", 3: "e s c"}
    assert office.partition() == office.expected()


def test_the_machine_never_overrules(office: Office) -> None:
    office.desk.split(1, ["b"], "petrova")
    for n in range(8):
        office.take(tagged(f"x{n}", n / 4))
    found = office.partition()
    assert found == office.expected()
    assert not any({"a", "b"} <= matter for matter in found)
    assert any({"a", "c"} <= matter for matter in found)


def test_a_part_stays_apart_from_what_the_whole_was_kept_from(office: Office) -> None:
    office.desk.split(1, ["c"], "petrova")
    office.take(tagged("z", 2.1))
    assert office.partition() == office.expected()
    office.desk.move(["z"], 1, "petrova", replace=True)
    office.desk.split(1, ["b"], "petrova", replace=True)
    assert office.shown() == {1: "a z", 2: "d e", 3: "s", 4: "c", 5: "b"}


def test_what_contradicts_is_refused_or_replaces(office: Office) -> None:
    office.desk.split(1, ["a"], "sidorov")
    before = office.shown(), office.standing()
    with pytest.raises(Contradicts) as caught:
        office.desk.merge(1, [4], "petrova")
    at = f"{office.store.now():%d.%m %H:%M}"
    assert str(caught.value) == (
        f"Этому противоречит решение №1 (sidorov, {at}: разделение). Отмените его (otklik incidents undo) или "
        "повторите с --replace: тогда действует новое."
    )
    assert [one.id for one in caught.value.rulings] == [1]
    assert (office.shown(), office.standing()) == before
    office.desk.merge(1, [4], "petrova", replace=True)
    assert office.shown() == {1: "a b c", 2: "d e", 3: "s"}
    office.desk.undo("petrova")
    assert office.shown() == {1: "b c", 2: "d e", 3: "s", 4: "a"}


def test_what_was_merged_by_hand_is_not_taken_apart_unasked(office: Office) -> None:
    office.desk.merge(1, [2], "sidorov")
    with pytest.raises(Contradicts):
        office.desk.split(1, ["d", "e"], "petrova")
    with pytest.raises(Contradicts):
        office.desk.move(["d"], 3, "petrova")
    office.desk.undo("petrova", 1)
    assert office.shown() == {1: "a b c", 2: "d e", 3: "s"}


def test_undo_takes_ones_own_last_or_a_named_one(office: Office) -> None:
    office.desk.split(1, ["a"], "petrova")
    office.desk.merge(2, [3], "sidorov")
    office.desk.undo("petrova")
    assert office.shown() == {1: "a b c", 2: "d e s"}
    with pytest.raises(NoSuch) as caught:
        office.desk.undo("petrova")
    assert str(caught.value) == "У petrova нет решений для отмены."
    with pytest.raises(NotAllowed) as refused:
        office.desk.undo("petrova", 1)
    assert str(refused.value) == "Решение №1 уже отменено."
    with pytest.raises(NoSuch) as caught:
        office.desk.undo("petrova", 9)
    assert str(caught.value) == "Решения №9 нет."
    office.desk.undo("petrova", 2)
    assert office.shown() == {1: "a b c", 2: "d e", 3: "s"}


def test_an_older_ruling_undone_beneath_a_newer_one(office: Office) -> None:
    office.desk.merge(1, [3], "petrova")
    office.desk.merge(2, [1], "sidorov")
    office.desk.undo("petrova", 1)
    assert office.shown() == {2: "a d b e s c"}
    office.desk.undo("sidorov", 2)
    assert set(office.shown().values()) == {"a b c", "d e", "s"}
    assert office.partition() == office.expected()


@pytest.mark.parametrize(
    ("ask", "kind", "said"),
    [
        (lambda desk: desk.merge(1, [1], "petrova"), Invalid,
         "Объединять нечего: назовите ещё хотя бы один инцидент."),
        (lambda desk: desk.merge(1, [9], "petrova"), NoSuch,
         "Инцидента №9 нет. Номера показывает otklik incidents list."),
        (lambda desk: desk.split(1, [], "petrova"), Invalid, "Назовите хотя бы одну публикацию."),
        (lambda desk: desk.split(1, ["a", "d"], "petrova"), NoSuch, "В инциденте №1 нет публикации d."),
        (lambda desk: desk.split(1, ["a", "b", "c"], "petrova"), Invalid,
         "Это все публикации инцидента №1: делить нечего."),
        (lambda desk: desk.move([], 1, "petrova"), Invalid, "Назовите хотя бы одну публикацию."),
        (lambda desk: desk.move(["q"], 1, "petrova"), NoSuch, "Публикации q нет ни в одном инциденте."),
        (lambda desk: desk.move(["a"], 1, "petrova"), Invalid, "Публикация a уже в инциденте №1."),
        (lambda desk: desk.move(["a"], 9, "petrova"), NoSuch,
         "Инцидента №9 нет. Номера показывает otklik incidents list."),
        (lambda desk: desk.merge(1, [2], "otklik"), Invalid,
         "Именем otklik подписаны решения самой программы: назовите человека."),
    ],
)  # fmt: skip
def test_what_cannot_be_ruled(office: Office, ask, kind, said) -> None:
    before = office.shown()
    with pytest.raises(kind) as caught:
        ask(office.desk)
    assert str(caught.value) == said
    assert (office.shown(), office.standing(), Rulings(office.store).list()) == (before, [], [])


def test_a_ruling_names_the_sequences_it_saw(office: Office) -> None:
    office.take(tagged("f", 3))
    with pytest.raises(Stale):
        office.desk.merge(1, [2], "petrova", expected={1: 1, 2: 1})
    assert office.desk.merge(1, [2], "petrova", expected={1: 2, 2: 1}).changes


def test_a_merged_or_empty_incident_takes_part_in_nothing(office: Office) -> None:
    office.desk.merge(1, [2], "petrova")
    with pytest.raises(NotAllowed):
        office.desk.merge(3, [2], "petrova")
    with pytest.raises(NotAllowed):
        office.desk.split(2, ["d"], "petrova")  # it has no posts, so there is no place to lock
    office.act(3, "confirm")
    office.take(tagged("s", 1, topic=SNOW, relevant=False, revision=5))
    with pytest.raises(NotAllowed) as caught:
        office.desk.merge(1, [3], "petrova")
    assert str(caught.value) == "В инциденте №3 не осталось публикаций."


def test_of_two_rulings_at_once_one_sees_the_other(office: Office) -> None:
    """Each asks with the sequences that it saw; the second would rule about what is no longer there."""

    def ask(number: int) -> str:
        try:
            if number == 0:
                office.desk.merge(1, [2], "petrova", expected={1: 1, 2: 1})
            else:
                office.desk.merge(2, [1], "sidorov", expected={1: 1, 2: 1})
        except (Stale, NotAllowed):
            return "refused"
        return "ruled"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, (0, 1))) == ["refused", "ruled"]
    assert sorted(office.shown().values()) == ["a d b e c", "s"]
    assert len(Rulings(office.store).list()) == 1


def test_rulings_beside_a_worker_and_another_person(office: Office) -> None:
    def post() -> None:
        for n in range(24):
            office.step.add([tagged(f"x{n:02}", n / 4, (None, CHELYABINSK, "75728000")[n % 3])])

    def rule(who: str, first: int, second: int) -> None:
        for _ in range(6):
            with suppress(Refused):
                office.desk.merge(first, [second], who, replace=True)
            with suppress(Refused):
                office.desk.undo(who)

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(post), pool.submit(rule, "petrova", 1, 2), pool.submit(rule, "sidorov", 2, 3)]
        for job in jobs:
            job.result(timeout=120)
    assert office.partition() == office.expected()
    assert office.standing() == []
    for one in office.all():
        changes = office.incidents.history(one.id)
        assert [change.sequence for change in changes] == list(range(1, one.sequence + 1))
        assert (changes[-1].posts, changes[-1].status) == (len(one.posts), one.status)
