import struct
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.config import Grouping
from incidents.group import attachments, cut, group, ties
from incidents.neighbourhood import explore
from store import Decision, Link, Member
from tests.incidents.make import (
    BURST,
    CHELYABINSK,
    DAY,
    HOUR,
    KOPEYSK,
    NO_WATER,
    RULES,
    SNOW,
    START,
    Memory,
    cannot,
    cut_at_largest,
    must,
    post,
    sets,
)

DEFAULT = Grouping()


@st.composite
def some_posts(draw: st.DrawFn, most: int = 14) -> list[Member]:
    """Few places, few topics, coarse times: what makes runs, ties and cuts."""
    one = st.tuples(
        st.integers(0, 60),
        st.sampled_from([CHELYABINSK, KOPEYSK, KOPEYSK, None]),
        st.sampled_from([NO_WATER, NO_WATER, BURST, SNOW]),
    )
    drawn = draw(st.lists(one, max_size=most))
    return [post(f"p{n}", *where, **draw(traits(most))) for n, where in enumerate(drawn)]


@st.composite
def traits(draw: st.DrawFn, most: int = 14) -> dict[str, Any]:
    """Few streets, houses, texts and pages, so that they meet; comments of posts that are there or not."""
    street = draw(st.sampled_from([None, None, "мира", "труда"]))
    house = draw(st.sampled_from([None, "1", "2"])) if street else None
    words = draw(st.sampled_from([None, 0, 1, 2]))
    # Signatures that agree in none, a third or all of their places.
    signature = None if words is None else struct.pack("<32I", *(1 + (n % 3 and words) for n in range(32)))
    return {
        "common": draw(st.sampled_from([None, None, "power", "water"])),
        "street": street,
        "address": f"{street}, {house}" if house else None,
        "settlement": draw(st.sampled_from([None, None, None, "Октябрьский"])),
        "signature": signature,
        "wording": None if words is None else f"w{words}",
        "link": draw(st.sampled_from([None, None, None, "page"])),
        "source": draw(st.sampled_from(["vk", "telegram"])),
        "parent": draw(st.one_of(st.none(), st.none(), st.integers(0, most).map("p{}".format))),
        "traits": {
            "topics": {draw(st.sampled_from([NO_WATER, SNOW])): 1.0},
            "things": draw(st.sampled_from([{}, {}, {"lift": 1}, {"roof": 1}, {"lift": 1, "roof": 1}])),
        },
    }


@st.composite
def some_decisions(draw: st.DrawFn, most: int = 14) -> list[Decision]:
    pair = st.lists(st.integers(0, most), min_size=2, max_size=2, unique=True)
    drawn = draw(st.lists(st.tuples(st.sampled_from(Link), pair), max_size=5))
    return [Decision(n, kind, f"p{a}", f"p{b}", "petrova", START) for n, (kind, (a, b)) in enumerate(drawn, start=1)]


@given(some_posts(), some_decisions(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_partition_that_covers_the_set(posts, decisions, random) -> None:
    found = group(posts, decisions, RULES)
    assert sorted(id_ for members in found for id_ in members) == sorted(one.id for one in posts)
    mixed, mixed_decisions = list(posts), list(decisions)
    random.shuffle(mixed)
    random.shuffle(mixed_decisions)
    assert group(mixed, mixed_decisions, RULES) == found


@given(st.lists(st.integers(0, 40), max_size=14), st.integers(0, 12), st.integers(0, 20))
def test_joining_from_the_smallest_gap_is_cutting_at_the_largest(times, window, span) -> None:
    posts = sorted((post(f"p{n}", time) for n, time in enumerate(times)), key=lambda one: (one.published, one.id))
    limits = (window * HOUR, span * HOUR)
    assert sorted(cut(posts, *limits), key=str) == sorted(
        (part for part in cut_at_largest(posts, *limits) if part), key=str
    )


@given(some_posts(), some_decisions())
def test_decisions_hold_unless_a_newer_one_contradicts(posts, decisions) -> None:
    where = {id_: members for members in group(posts, decisions, RULES) for id_ in members}
    for n, decision in enumerate(decisions):
        if decision.left not in where or decision.right not in where:
            continue
        if all(one.kind is decision.kind for one in decisions[n:]):  # nothing newer to contradict it
            assert (decision.right in where[decision.left]) is (decision.kind is Link.MUST)


@settings(max_examples=300)
@given(some_posts(), some_decisions(), st.data())
def test_a_neighbourhood_is_grouped_as_the_whole(posts, decisions, data) -> None:
    """Incremental equals batch: after a change, exactly the matters in the neighbourhood can differ."""
    if not posts:
        return
    before = data.draw(st.sampled_from(posts))
    hours, place, topic = data.draw(
        st.tuples(
            st.integers(0, 60), st.sampled_from([CHELYABINSK, KOPEYSK, None]), st.sampled_from([NO_WATER, BURST, SNOW])
        )
    )
    after = post(before.id, hours, place, topic, relevant=data.draw(st.booleans()), **data.draw(traits()))
    old = {one.id: one for one in posts if one is not before or data.draw(st.booleans(), label="it was there before")}
    new = {**old, after.id: after}
    stored = {
        id_: number
        for number, members in enumerate(sorted(map(sorted, group(old.values(), decisions, RULES))), start=1)
        for id_ in members
    }
    as_it_was, as_it_is = (
        {one.id: replace(one, incident=stored.get(one.id)) for one in posts_.values()} for posts_ in (old, new)
    )
    reader = Memory(data.draw(st.sampled_from([as_it_was, as_it_is]), label="stored").values(), decisions)
    was = [as_it_was[after.id]] if after.id in as_it_was else []
    seen = explore(was, [as_it_is[after.id]], reader, RULES)

    whole = group([one for one in new.values() if one.relevant], decisions, RULES)
    assert seen.partition <= whole
    untouched = whole - seen.partition
    assert untouched <= group(old.values(), decisions, RULES)
    why = attachments(whole, ties({one.id: one for one in new.values() if one.relevant}, RULES))
    assert seen.attachments == {id_: one for id_, one in why.items() if id_ in seen.posts}
    before_it = {one.id: one for one in old.values()}
    why_before = attachments(group(before_it.values(), decisions, RULES), ties(before_it, RULES))
    assert all(why.get(id_) == why_before.get(id_) for members in untouched for id_ in members)
    assert {id_ for id_ in stored if stored[id_] in {stored.get(i) for i in seen.posts}} <= seen.posts.keys()


def test_a_pause_longer_than_the_window_ends_a_matter() -> None:
    posts = [post("a", 0), post("b", 23), post("c", 47.1)]
    assert group(posts, [], DEFAULT) == sets("a b", "c")


def test_a_long_run_is_cut_at_its_largest_gap() -> None:
    posts = [post("a", 0), post("b", 20), post("c", 43), post("d", 60), post("e", 80)]
    assert group(posts, [], DEFAULT) == sets("a b", "c d e")


def test_of_equal_gaps_the_one_before_the_larger_id_is_cut() -> None:
    rules = Grouping.model_validate({"default": {"window": "2h", "span": "3h"}})
    assert group([post("a", 0), post("b", 2), post("c", 4)], [], rules) == sets("a b", "c")
    assert group([post("a", 0), post("z", 2), post("c", 4)], [], rules) == sets("a", "z c")


def test_places_and_topics_are_kept_apart() -> None:
    posts = [post("a"), post("b", topic=SNOW), post("c", municipality=CHELYABINSK), post("d", 1)]
    assert group(posts, [], DEFAULT) == sets("a d", "b", "c")


def test_topics_may_count_as_one() -> None:
    posts = [post("a", topic=NO_WATER), post("b", 1, topic=BURST), post("c", 2, topic=SNOW)]
    assert group(posts, [], RULES) == sets("a b", "c")


def test_a_post_without_a_municipality_is_alone_unless_a_person_links_it() -> None:
    posts = [post("a", municipality=None), post("b", municipality=None), post("c")]
    assert group(posts, [], DEFAULT) == sets("a", "b", "c")
    assert group(posts, [must(1, "a", "c")], DEFAULT) == sets("a c", "b")


def test_a_cannot_link_cuts_at_the_largest_gap_between_the_two() -> None:
    posts = [post("a", 0), post("b", 1), post("c", 6), post("d", 7)]
    assert group(posts, [cannot(1, "a", "d")], DEFAULT) == sets("a b", "c d")


def test_a_must_link_heals_what_a_cut_would_tear() -> None:
    posts = [post("a", 0), post("wrong", 1), post("c", 2)]
    assert group(posts, [cannot(1, "a", "wrong"), must(2, "a", "c")], DEFAULT) == sets("a c", "wrong")


def test_of_contradicting_decisions_the_last_word_counts() -> None:
    posts = [post("a", 0), post("b", 1), post("c", 2)]
    together = [must(1, "a", "b"), must(2, "b", "c")]
    assert group(posts, [*together, cannot(3, "a", "c")], DEFAULT) == sets("a", "b c")
    assert group(posts, [cannot(0, "a", "c"), *together], DEFAULT) == sets("a b c")


def test_links_lead_through_posts_that_are_not_there() -> None:
    posts = [post("a"), post("b", municipality=CHELYABINSK)]
    assert group(posts, [must(1, "a", "gone"), must(2, "b", "gone")], DEFAULT) == sets("a b")


def test_only_what_is_near_is_read() -> None:
    """A topic that never falls silent: years of it are not loaded for one more post."""
    everything = [post(f"p{n:05}", n * 6) for n in range(4000)]
    new = post("new", 2000 * 6 + 1)
    seen = explore([], [new], Memory(everything), DEFAULT)
    reach = DEFAULT.matter("ЖКХ", NO_WATER).reach
    assert reach == 4 * DAY
    assert len(seen.posts) <= 2 * (reach + 3 * DAY) / timedelta(hours=6) + 2
    assert seen.partition <= group([*everything, new], [], DEFAULT)
