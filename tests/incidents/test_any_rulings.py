"""After any posts, rulings and undoings: what grouping makes of the posts and the standing decisions."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.placing import Said
from incidents.refusals import Refused
from incidents.workflow import OPEN, Action, allowed, weight
from schemas import IncidentStatus
from store import Store
from tests.incidents.bench import tagged
from tests.incidents.make import BURST, CHELYABINSK, KOPEYSK, NO_WATER, SNOW
from tests.incidents.office import Office
from tests.store.kit import Clock

NAMES = [f"p{n}" for n in range(10)]


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


def arrivals():
    return st.builds(
        tagged,
        st.sampled_from(NAMES),
        st.integers(0, 30),
        st.sampled_from([KOPEYSK, KOPEYSK, KOPEYSK, CHELYABINSK, None]),
        st.sampled_from([NO_WATER, NO_WATER, BURST, SNOW]),
        relevant=st.sampled_from([True, True, True, True, False]),
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("posts"), st.lists(arrivals(), min_size=1, max_size=4)),
        st.tuples(st.just("merge"), st.lists(st.integers(0, 9), min_size=2, max_size=3), st.booleans()),
        st.tuples(st.just("split"), st.integers(0, 9), st.integers(1, 3), st.booleans()),
        st.tuples(st.just("move"), st.sets(st.sampled_from(NAMES), min_size=1, max_size=2), st.integers(0, 9),
                  st.booleans()),
        st.tuples(st.just("place"), st.integers(0, 9), st.sampled_from([KOPEYSK, CHELYABINSK])),
        st.tuples(st.just("undo"), st.integers(0, 4)),
        st.tuples(st.just("act"), st.integers(0, 9), st.integers(0, 4)),
    ),
    min_size=3,
    max_size=14,
)  # fmt: skip


class Walk:
    """Carries out steps, and sees after each that what was asked for is so."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.revision = 0

    def living(self) -> list[int]:
        return sorted(self.office.shown())

    def posts(self, batch) -> None:
        for one in batch:
            self.revision += 1
            post = one.post.model_copy(update={"revision": self.revision})
            self.office.step.add([one.model_copy(update={"post": post})])

    def merge(self, places, replace) -> None:
        living = self.living()
        ids = list(dict.fromkeys(living[n % len(living)] for n in places)) if living else [1]
        shown = self.office.shown()
        self.office.desk.merge(ids[0], ids[1:], "petrova", replace=replace)
        assert self.together(" ".join(shown[id_] for id_ in ids).split()) == ids[0]

    def split(self, place, count, replace) -> None:
        living = self.living()
        id_ = living[place % len(living)] if living else 1
        posts = self.office.shown().get(id_, "").split()
        self.office.desk.split(id_, posts[:count], "sidorov", replace=replace)
        new, old = self.together(posts[:count]), self.together(posts[count:])
        assert (new != old, old) == (True, id_)
        assert self.office.shown()[new].split() == posts[:count], "a part fell to others"
        assert self.office.shown()[old].split() == posts[count:]

    def move(self, posts, place, replace) -> None:
        living = self.living()
        to = living[place % len(living)] if living else 1
        there = self.office.shown().get(to, "").split()
        self.office.desk.move(sorted(posts), to, "petrova", replace=replace)
        assert self.together([*there, *posts]) == to

    def place(self, place, municipality) -> None:
        living = self.living()
        id_ = living[place % len(living)] if living else 1
        posts = self.office.shown().get(id_, "").split()
        self.office.desk.place(id_, Said(municipality=(municipality, municipality)), "petrova")
        assert self.together(posts) == id_
        found = self.office.incidents.get(id_)
        assert found is not None
        assert found.municipality == municipality

    def undo(self, ruling) -> None:
        self.office.desk.undo("petrova", ruling or None)

    def act(self, place, choice) -> None:
        one = self.office.all()[place % len(self.office.all())] if self.office.all() else None
        possible = [] if one is None else allowed(one.status)
        if one is not None and possible:
            action = possible[choice % len(possible)]
            answer = "да" if action is Action.ANSWER else None
            self.office.act(one.id, action, comment="потому что", answer=answer)

    def together(self, posts) -> int:
        """The one incident that all of these are in."""
        (found,) = {id_ for id_, shown in self.office.shown().items() if set(shown.split()) & set(posts)}
        return found


def see(office: Office, before: dict[int, IncidentStatus], step: str) -> None:
    assert office.partition() == office.expected()
    for one in office.all():
        changes = office.incidents.history(one.id)
        assert [change.sequence for change in changes] == list(range(1, one.sequence + 1))
        assert (changes[-1].posts, changes[-1].status) == (len(one.posts), one.status)
        assert (one.status is IncidentStatus.MERGED) == (one.merged_into is not None)
        if step == "posts" and before.get(one.id, "new") not in ("new", "merged", "solved", "closed"):
            # What a person has decided stays, but where two of these turn out to be one.
            if one.merged_into is None:
                assert one.status is before[one.id]
            else:
                assert weight(before.get(one.merged_into, IncidentStatus.NEW)) in (1, 2)
        if one.status in OPEN and not one.posts:
            assert one.status is not IncidentStatus.NEW


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_any_rulings(empty_store: Path, tmp_path: Path, steps) -> None:
    path = tmp_path / "store.db"
    shutil.copy(empty_store, path)
    store = Store(f"sqlite:///{path}", Clock())
    office = Office(store)
    walk = Walk(office)
    try:
        for name, *arguments in [("posts", [tagged("p0"), tagged("p1", 1), tagged("p2", 2)]), *steps]:
            before = {one.id: one.status for one in office.all()}
            kept = bytes_of(office)
            try:
                getattr(walk, name)(*arguments)
            except Refused:
                assert bytes_of(office) == kept
            see(office, before, name)
    finally:
        store.close()
        for left in path.parent.glob("store.db*"):
            left.unlink()


def bytes_of(office: Office) -> tuple[object, ...]:
    """What must not change where something is refused."""
    return (office.all(), office.standing(), office.partition(), office.outbox.unsent())
