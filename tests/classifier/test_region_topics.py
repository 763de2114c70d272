"""Topics as an operator changed them."""

import pytest
from pydantic import ValidationError

from classifier import Classifier, Item
from classifier.changes import AddedTopic, TopicChanges
from classifier.explain import explain
from classifier.features import judged_lemmas
from classifier.model import Model
from classifier.places import Region, Resolver
from classifier.region_topics import RegionTopics, silenced

BURST = "★ Прорыв трубы/трубопровода"
DUMP = AddedTopic(
    id="snow-dump",
    name="Снежные свалки",
    group="Экология",
    words=("снег свалка|вываливать река|берег -вывезли", "снегосвалка"),
    urgency="soon",
)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load()


@pytest.fixture(scope="module")
def resolver(chelyabinsk: Region) -> Resolver:
    return Resolver(chelyabinsk)


def classify(model: Model, resolver: Resolver, changes: TopicChanges, *texts: str):
    topics = RegionTopics(model.group_of, changes)
    return Classifier(model, resolver, topics=topics).classify([Item(text) for text in texts])


def test_a_disabled_topic_is_never_proposed_and_the_next_best_gets_its_probability(model, resolver) -> None:
    text = "Второй день нет холодной воды, когда дадут?"
    (before,) = classify(model, resolver, TopicChanges(), text)
    (after,) = classify(model, resolver, TopicChanges(disable=(before.topic,)), text)
    second = explain(Classifier(model, resolver), Item(text)).second
    assert second is not None
    assert after.topic == second.topic
    assert after.topic_probability > second.probability


def test_special_projects_are_off_until_they_are_switched_on(model) -> None:
    assert RegionTopics(model.group_of).disabled == {"Спецпроекты"}
    assert RegionTopics(model.group_of, TopicChanges(enable=("Спецпроекты",))).disabled == set()


def test_no_text_of_any_kind_gets_a_disabled_topic(model, resolver) -> None:
    some = tuple(model.topic.labels[:190])
    tags = classify(model, resolver, TopicChanges(disable=some), "нет воды", "яма на дороге", "", "Спецпроекты", "врач")
    assert {one.topic for one in tags} <= set(model.topic.labels) - set(some) - {"Спецпроекты"}
    assert all(0 <= one.topic_probability <= one.group_probability + 1e-6 <= 1 + 1e-5 for one in tags)


def test_nothing_silenced_is_the_same_model(model) -> None:
    assert silenced(model, ()) is model


def test_an_added_topic_takes_over_where_its_words_are(model, resolver) -> None:
    tags = classify(
        model,
        resolver,
        TopicChanges(add=(DUMP,)),
        "Снег с дорог вываливают прямо на берегу реки",
        "За городом открыли снегосвалку",
        "Снег вываливали на берег, но вчера вывезли",
        "Снег не чистят",
    )
    assert [one.topic == DUMP.name for one in tags] == [True, True, False, False]
    assert (tags[0].group, tags[0].group_probability, tags[0].topic_probability) == ("Экология", 1.0, 1.0)
    assert tags[0].urgency == "soon"


def test_of_two_added_topics_the_first_counts(model) -> None:
    again = DUMP.model_copy(update={"id": "other", "name": "Другая", "words": ("снегосвалка",)})
    words = judged_lemmas("снегосвалки и снегосвалка")
    for first, second in ((DUMP, again), (again, DUMP)):
        found = RegionTopics(model.group_of, TopicChanges(add=(first, second))).added(words)
        assert found is not None
        assert (found.topic, found.words) == (first, ("снегосвалка",))


def test_names_ids_and_spellings_all_find_a_topic(model) -> None:
    topics = RegionTopics(model.group_of, TopicChanges(rename={BURST: "Аварии на водопроводе"}, add=(DUMP,)))
    for name in (BURST, "Аварии на водопроводе", "burst-pipe"):
        assert topics.topic(name) == BURST
    assert topics.topic("Прорыв трубы") is None  # its name before it was renamed
    assert (topics.topic("snow-dump"), topics.id("Снежные свалки")) == ("Снежные свалки", "snow-dump")
    assert (topics.name(BURST), topics.name("Снежные свалки")) == ("Аварии на водопроводе", "Снежные свалки")
    assert topics.group("servicemen-families") == "Мобилизация"
    assert topics.group("Социальная поддержка семей военнослужащих") == "Мобилизация"
    assert (topics.topic("нет такой"), topics.group("нет такой")) == (None, None)


def test_topics_of_an_operators_own_model() -> None:
    topics = RegionTopics({"★ Своя": "Группа"})
    assert (topics.name("★ Своя"), topics.id("★ Своя"), topics.urgency("★ Своя")) == ("Своя", None, "normal")
    assert topics.names() == {"★ Своя": "Своя", "Группа": "Группа"}
    assert topics.disabled == set()


@pytest.mark.parametrize("words", ["", "  ", "-вывезли", "!!! снег", "снег ???"])
def test_a_line_without_words_is_refused(words: str) -> None:
    with pytest.raises(ValidationError, match="нет слов, по которым узнавать тему"):
        AddedTopic.model_validate({"id": "a", "name": "А", "group": "ЖКХ", "words": [words]})
