import struct
from typing import Any

from classifier.taxonomy import shipped_taxonomy
from incidents.config import Grouping
from incidents.group import attachments, group, ties
from incidents.scope import AREA, FAMILY_OF
from store import Attachment, Member
from tests.incidents.make import CHELYABINSK, NO_WATER, SNOW, cannot, must, post, sets

RULES = Grouping()
HOLE = "Ямы и выбоины на дороге"
LIFT = "Лифт неисправен или отключен"
ROOF = "★ Протечки с кровли (системы водостока)"


def hole(id_: str, hours: float = 0, street: str | None = None, house: str | None = None, **more: Any) -> Member:
    address = f"{street}, {house}" if house else None
    return post(id_, hours, topic=more.pop("topic", HOLE), street=street, address=address, **more)


def text(*words: int) -> bytes:
    return struct.pack("<32I", *(words[n * len(words) // 32] for n in range(32)))


def why(posts: list[Member], rules: Grouping = RULES) -> dict[str, Attachment]:
    known = {one.id: one for one in posts}
    return attachments(group(posts, [], rules), ties(known, rules))


def test_the_taxonomy_knows_every_topic_of_the_lists() -> None:
    known = {topic.topic for topic in shipped_taxonomy().topics()}
    assert set(AREA) <= known
    assert set(FAMILY_OF) <= known


def test_two_holes_of_one_day_on_two_streets_are_two() -> None:
    posts = [hole("a", 0, "мира"), hole("b", 1, "труда"), hole("c", 2, "мира"), hole("d", 3, "труда")]
    assert group(posts, [], RULES) == sets("a c", "b d")
    assert why(posts)["c"] == Attachment("street", "a", 0.8)


def test_a_house_keeps_its_matter_for_weeks_and_its_troubles_apart() -> None:
    lift, roof = {"topics": {LIFT: 0.9}}, {"topics": {ROOF: 0.9}}
    posts = [
        hole("a", 0, "мира", "1", topic=LIFT, traits=lift),
        hole("b", 13 * 24, "мира", "1", topic=LIFT, traits=lift),
        hole("c", 1, "мира", "1", topic=ROOF, traits=roof),
        hole("d", 28 * 24, "мира", "1", topic=LIFT, traits=lift),
    ]
    assert group(posts, [], RULES) == sets("a b", "c", "d")
    assert why(posts)["b"] == Attachment("address", "a", 0.855)


def test_a_learned_head_says_what_is_one_trouble_of_a_house() -> None:
    rules = Grouping(head="reason")

    def told(id_: str, reason: str, topic: str) -> Member:
        traits = {"topics": {topic: 1.0}, "heads": {"reason": reason}}
        return hole(id_, 0, "мира", "1", topic=topic, traits=traits)

    posts = [told("a", "лифт", LIFT), told("b", "лифт", ROOF), told("c", "крыша", LIFT)]
    assert group(posts, [], rules) == sets("a b", "c")


def test_a_street_without_a_house_joins_the_house_and_does_not_bridge_two() -> None:
    posts = [hole("a", 0, "мира", "1"), hole("b", 4, "мира", "5"), hole("c", 3, "мира"), hole("d", 1, "мира")]
    assert group(posts, [], RULES) == sets("a d", "b c")


def test_a_name_that_a_neighbour_calls_a_street_is_one() -> None:
    named = {"topics": {}, "names": {"гагарина": 1}}
    posts = [hole("a", 0, "гагарина"), hole("b", 1, "мира"), hole("c", 2, traits=named)]
    assert group(posts, [], RULES) == sets("a c", "b")


def test_without_a_street_the_text_decides_where_streets_are_named() -> None:
    posts = [
        hole("a", 0, "мира", signature=text(1, 2)),
        hole("b", 1, "труда", signature=text(3, 4)),
        hole("c", 2, signature=text(3, 5)),
        hole("d", 3, signature=text(8, 9)),
    ]
    assert group(posts, [], RULES) == sets("a", "b c d")
    assert why(posts)["c"] == Attachment("text", "b", 0.5)


def test_what_was_erased_ties_nothing_but_keeps_its_time() -> None:
    rules = Grouping.model_validate({"default": {"window": "4h", "span": "12h", "scope": "area"}})
    posts = [hole("a", 0), hole("b", 3, erased=True), hole("c", 6), hole("d", 11)]
    assert group(posts, [], rules) == sets("a c", "b", "d")
    assert group([*posts, hole("e", 3, parent="b")], [must(1, "b", "a")], rules) == sets("a b c e", "d")


def test_an_outage_is_of_a_settlement_whatever_the_street() -> None:
    posts = [
        post("a", 0, street="мира", address="мира, 1"),
        post("b", 1, street="труда"),
        post("c", 2, settlement="Октябрьский"),
        post("d", 3, settlement="Горняк"),
        post("e", 3.5),
    ]
    assert group(posts, [], RULES) == sets("a b c", "d e")


def test_the_same_words_are_one_matter_across_topics_that_a_group_holds() -> None:
    posts = [post("a", wording="w"), post("b", 60, topic="Плохое качество воды", wording="w")]
    assert group(posts, [], RULES) == sets("a b")
    assert why(posts)["b"] == Attachment("repost", "a", 1.0)
    elsewhere = post("c", 1, CHELYABINSK, wording="w")
    assert group([*posts, elsewhere], [], RULES) == sets("a b", "c")


def test_a_quoted_page_ties_sources_and_a_signature_ties_nothing() -> None:
    posts = [
        post("a", link="p"),
        post("b", 30, link="p", source="telegram"),
        post("c", 60, link="p", source="telegram"),
    ]
    assert group(posts, [], RULES) == sets("a b", "c")


def test_a_comment_is_with_the_post_that_it_answers() -> None:
    rules = Grouping.model_validate({"default": {"window": "1h"}})
    comment = post("b", 5, parent="a", topic="Плохое качество воды")
    assert group([post("a"), comment], [], rules) == sets("a b")
    other = post("c", 5, parent="a", topic=SNOW)
    assert group([post("a"), other], [], rules) == sets("a", "c")


def test_a_list_of_holes_does_not_join_the_holes_beneath_it() -> None:
    posts = [hole("a"), hole("b", 1, "мира", parent="a"), hole("c", 2, "труда", parent="a")]
    assert "b c" not in {" ".join(sorted(members)) for members in group(posts, [], RULES)}
    where = {id_: members for members in group(posts, [], RULES) for id_ in members}
    assert where["b"] != where["c"]


def test_decisions_stand_above_every_tie() -> None:
    posts = [hole("a", 0, "мира", "1"), hole("b", 1, "мира", "1"), hole("c", 2, "труда", "1")]
    assert group(posts, [cannot(1, "a", "b"), must(2, "b", "c")], RULES) == sets("a", "b c")
    assert attachments(group(posts, [must(1, "a", "c")], RULES), [])["c"] == Attachment("person", None, 1.0)


def test_a_rule_says_what_is_of_a_spot() -> None:
    rules = Grouping.model_validate({"water": {"topics": [NO_WATER], "scope": "address"}})
    posts = [post("a", street="мира", address="мира, 1"), post("b", 1, street="труда", address="труда, 2")]
    assert group(posts, [], rules) == sets("a", "b")
    assert group(posts, [], RULES) == sets("a b")
