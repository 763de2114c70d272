"""Partitions are shared out fairly, completely and without needless moves."""

from hypothesis import given
from hypothesis import strategies as st

from bus.assign import assign
from bus.base import TopicPartition

PARTITIONS = [TopicPartition(topic, number) for topic in ("posts", "posts.history") for number in range(5)]
members = st.sets(st.sampled_from("abcdefg"), min_size=1)
owners = st.dictionaries(st.sampled_from(PARTITIONS), st.sampled_from("abcdefgxyz"))


@given(members, owners)
def test_it_is_complete_and_fair(group: set[str], before: dict[TopicPartition, str]) -> None:
    target = assign(PARTITIONS, {member: {"posts", "posts.history"} for member in group}, before)
    assert target.keys() == set(PARTITIONS)
    load = [list(target.values()).count(member) for member in group]
    assert max(load) - min(load) <= 1


@given(members, owners)
def test_it_is_stable(group: set[str], before: dict[TopicPartition, str]) -> None:
    topics = {member: {"posts", "posts.history"} for member in group}
    target = assign(PARTITIONS, topics, before)
    assert assign(PARTITIONS, topics, target) == target


@given(members, members, owners)
def test_nobody_gets_what_he_does_not_read(some: set[str], others: set[str], before: dict[TopicPartition, str]) -> None:
    topics = {m: {"posts"} for m in some} | {m: {"posts.history"} for m in others}
    for partition, member in assign(PARTITIONS, topics, before).items():
        assert partition.topic in topics[member]


def test_a_joining_member_moves_no_more_than_its_share() -> None:
    both = {"a": {"posts"}, "b": {"posts"}}
    posts = PARTITIONS[:4]
    target = assign(posts, {**both, "c": {"posts"}}, {p: "ab"[i % 2] for i, p in enumerate(posts)})
    assert sum(1 for i, p in enumerate(posts) if target[p] != "ab"[i % 2]) == 1
