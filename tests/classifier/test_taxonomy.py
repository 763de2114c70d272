"""The taxonomy that comes with the program."""

from collections import Counter

import pytest
from pydantic import ValidationError

from classifier import Model
from classifier.taxonomy import STAR, Taxonomy, shipped_taxonomy

ENTRY = {"id": "a", "english": "A", "about": "О чём-то.", "urgency": "normal", "authority": "municipal"}


def taxonomy(*topics: dict[str, object]) -> Taxonomy:
    groups = [{"group": "Г", "id": "g", "english": "G", "topics": [ENTRY | topic for topic in topics]}]
    return Taxonomy.model_validate({"groups": groups})


def test_it_has_the_labels_of_the_shipped_model_and_no_others() -> None:
    known = {topic.topic: group.group for group in shipped_taxonomy().groups for topic in group.topics}
    assert known == Model.load().group_of
    assert (len(shipped_taxonomy().groups), len(known)) == (26, 195)


def test_names_have_no_star_and_descriptions_are_sentences() -> None:
    for topic in shipped_taxonomy().topics():
        assert STAR not in topic.shown
        assert topic.about.endswith(".")
        assert topic.english.isprintable()
        assert len(topic.shown) <= 60, topic.shown


def test_what_operators_see_where_the_data_say_otherwise() -> None:
    groups = {group.group: group for group in shipped_taxonomy().groups}
    assert groups["Мобилизация"].shown == "Социальная поддержка семей военнослужащих"
    shown = [topic.shown for topic in groups["Мобилизация"].topics]
    assert shown == ["Выплаты семьям военнослужащих", "Помощь семьям военнослужащих"]
    off = [topic.topic for topic in shipped_taxonomy().topics() if not topic.enabled]
    assert off == ["Спецпроекты"]


def test_dangerous_topics_are_urgent_and_most_are_not() -> None:
    now = {topic.id for topic in shipped_taxonomy().topics() if topic.urgency == "now"}
    assert now == {"open-manholes", "burst-pipe", "ambulance", "power-lines"}
    counts = Counter(topic.urgency for topic in shipped_taxonomy().topics())
    assert counts["normal"] > counts["soon"] > counts["now"]


@pytest.mark.parametrize(
    ("topics", "said"),
    [
        (({"topic": "Т"}, {"topic": "Т", "id": "b"}), "topic occurs twice: Т"),
        (({"topic": "Т"}, {"topic": "У"}), "id of a topic occurs twice: a"),
        (({"topic": "Т"}, {"topic": "★ Т", "id": "b"}), "name of a topic occurs twice: Т"),
        (({"topic": "Т", "id": "Т"},), "String should match pattern"),
        (({"topic": "Т", "urgency": "later"},), "Input should be 'now', 'soon' or 'normal'"),
        (({"topic": "Т", "authority": "mayor"},), "Input should be 'construction'"),
        (({"topic": "Т", "abot": "?"},), "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_file_is_refused(topics, said) -> None:
    with pytest.raises(ValidationError, match=said):
        taxonomy(*topics)
