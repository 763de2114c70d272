"""Whatever the order, the batches and the number of workers: the same partition, and no post in two incidents."""

import multiprocessing
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.arrival import arrive
from incidents.group import group
from schemas import Address, TaggedPost
from store import Store
from tests.incidents.bench import Bench, records, tagged
from tests.incidents.make import BURST, CHELYABINSK, KOPEYSK, NO_WATER, RULES, SNOW
from tests.store.kit import Clock


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, to be copied."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


@st.composite
def versions(draw: st.DrawFn) -> list[TaggedPost]:
    """Posts with edits, deletions and back-fills, all mixed up."""
    one = st.builds(
        tagged,
        st.sampled_from([f"p{n}" for n in range(9)]),
        st.integers(0, 50),
        st.sampled_from([KOPEYSK, KOPEYSK, KOPEYSK, CHELYABINSK, None]),
        st.sampled_from([NO_WATER, BURST, SNOW]),
        relevant=st.sampled_from([True, True, True, False]),
        history=st.booleans(),
        text=st.sampled_from(["Второй день нет воды", "Подробности: https://news.example/2026/02/02/voda"]),
        parent=st.sampled_from([None, None, "p1", "p2"]),
        address=st.sampled_from(
            [
                None,
                *(
                    Address(street="Мира", text="", house=h, key=f"мира, {h}", street_key="мира")
                    for h in (None, "1", "2")
                ),
            ]
        ),
        signature=st.sampled_from([(), tuple(range(1, 33)), tuple(range(11, 43))]),
        deleted=st.sampled_from([False, False, False, True]),
    )
    found = draw(st.lists(one, min_size=1, max_size=18))
    # Every version has a number of its own: two different posts under one version cannot be.
    numbers = draw(st.permutations(range(len(found))))
    return [
        one.model_copy(update={"post": one.post.model_copy(update={"revision": number})})
        for one, number in zip(found, numbers, strict=True)
    ]


def whole(all_versions: Sequence[TaggedPost]):
    """The partition of what the posts are in the end."""
    end = {}
    for one in sorted(all_versions, key=lambda one: one.post.revision):
        end[one.post.id] = arrive(end.get(one.post.id), one) or end[one.post.id]
    return group([post for post in end.values() if post.relevant], [], RULES)


def check(bench: Bench, all_versions: Sequence[TaggedPost]) -> None:
    partition = bench.partition()
    assert partition == whole(all_versions)
    open_ones = [one for one in bench.incidents.find(limit=1000) if one.posts]
    assert {frozenset(one.posts) for one in open_ones} == partition
    assert {one.status for one in open_ones} <= {"new"}
    for one in open_ones:
        changes = bench.incidents.history(one.id)
        assert [change.sequence for change in changes] == list(range(1, one.sequence + 1))
        assert changes[-1].posts == len(one.posts)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(all_versions=versions(), cuts=st.sets(st.integers(1, 17)), again=st.integers(0, 17))
def test_any_batches_give_the_same_partition(template: Path, tmp_path: Path, all_versions, cuts, again) -> None:
    path = tmp_path / "store.db"
    shutil.copy(template, path)
    store = Store(f"sqlite:///{path}", Clock())
    bench = Bench(store, RULES)
    try:
        edges = sorted({0, len(all_versions), *(cut for cut in cuts if cut < len(all_versions))})
        for start, end in pairwise(edges):
            bench.take(*all_versions[start:end])
        check(bench, all_versions)
        assert bench.take(*all_versions[:again]) == []
    finally:
        store.close()
        for left in path.parent.glob("store.db*"):
            left.unlink()


@given(versions(), st.randoms(use_true_random=False))
def test_versions_of_a_post_arrive_in_any_order(all_versions, random) -> None:
    ends = []
    for _ in range(2):
        end = {}
        for one in all_versions:
            end[one.post.id] = arrive(end.get(one.post.id), one) or end.get(one.post.id)
        ends.append(end)
        random.shuffle(all_versions)
    assert ends[0] == ends[1]


def feed() -> list[TaggedPost]:
    """Three places, posts that move between them, reposted by every worker."""
    found = []
    for n in range(60):
        place = (KOPEYSK, CHELYABINSK, None)[n % 3]
        found.append(tagged(f"p{n:02}", n, place, (NO_WATER, SNOW)[n % 2]))
        if n % 4 == 0:
            found.append(tagged(f"p{n:02}", n, (CHELYABINSK, None, KOPEYSK)[n % 3], revision=1))
    return found


def test_workers_in_threads(store: Store) -> None:
    bench = Bench(store, RULES)
    every = feed()

    def work(start: int) -> None:
        step = bench.new_step(RULES)
        mine = every[start:] + every[:start]
        for first in range(0, len(mine), 7):
            step.process(records(mine[first : first + 7]))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, (0, 25, 50)))
    check(bench, every)
    assert bench.events()
    assert bench.take(*every) == []


def _work(url: str, start: int) -> None:
    store = Store(url, Clock())
    step = Bench(store, RULES).step
    mine = feed()[start:] + feed()[:start]
    for first in range(0, len(mine), 11):
        step.process(records(mine[first : first + 11]))
    store.close()


def test_workers_in_processes(store: Store) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_work, args=(store.url, start)) for start in (0, 40)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0, 0]
    check(Bench(store, RULES), feed())
