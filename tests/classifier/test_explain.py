"""Explanations are exact: the parts of a score sum to the score."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Classifier, Item
from classifier.classify import Thresholds, doubts
from classifier.explain import Score, explain
from classifier.features import judged_lemmas

TEXTS = (
    "В Копейске вторые сутки нет отопления, батареи холодные, дома дети",
    "Открытый люк у школы, когда закроют",
    "С Новым годом, друзья!",
    "у нас тоже",
    "",
    "👍",
    "qwerty asdf",
    "нет " * 3_000,
)


def summed(score: Score) -> float:
    return score.bias + sum(part.weight for part in score.parts)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:20])
def test_the_parts_sum_to_the_score_of_the_model(classifier: Classifier, text: str) -> None:
    found = explain(classifier, Item(text))
    model = classifier.model
    lemmas = judged_lemmas(text)
    scores = model.topic.scores([lemmas])[0]
    for one in (found.first, found.second):
        assert one is not None
        assert summed(one.score) == pytest.approx(scores[model.topic.labels.index(one.topic)], abs=1e-3)
    assert found.second is not None
    assert found.margin is not None
    assert summed(found.margin) == pytest.approx(found.first.score.score - found.second.score.score)
    assert found.tags.relevance == pytest.approx(1 / (1 + np.exp(-found.relevance.score)), abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_the_first_topic_is_the_one_that_is_told(classifier: Classifier, text: str) -> None:
    found = explain(classifier, Item(text))
    assert found.first.topic == found.tags.topic
    assert found.first.probability == pytest.approx(found.tags.topic_probability, abs=1e-4)
    assert found.second is not None
    assert found.second.topic != found.first.topic


def test_the_words_that_speak_for_the_topic_come_first(classifier: Classifier) -> None:
    found = explain(classifier, Item(TEXTS[0], published=datetime(2026, 1, 10, tzinfo=UTC)))
    assert found.margin is not None
    assert {part.token for part in found.margin.parts[:4]} & {"отопление", "отопл*", "батарея", "батар*"}
    weights = [abs(part.weight) for part in found.margin.parts]
    assert weights == sorted(weights, reverse=True)
    assert (found.urgency.urgency, found.urgency.rule) == ("now", "no-heat-winter")
    assert found.tags.urgency == "now"
    assert found.doubts == ()


def test_it_says_why_somebody_should_look(classifier: Classifier) -> None:
    assert explain(classifier, Item("Второй день нет холодной воды")).doubts == ("no_place",)
    assert explain(classifier, Item("Ауылда өсөнсө көн һыу юҡ, ҡасан була?")).doubts[0] == "language"


def test_a_topic_that_is_hardly_more_than_a_guess_is_a_doubt_even_in_a_sure_group(classifier: Classifier) -> None:
    tags = classifier.classify([Item(TEXTS[0])])[0]

    def why(group: float, topic: float) -> list[str]:
        return doubts(tags.model_copy(update={"group_probability": group, "topic_probability": topic}), Thresholds())

    assert (why(0.7, 0.2), why(0.7, 0.19), why(0.4, 0.1)) == ([], ["topic"], ["group"])
