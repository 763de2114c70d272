from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from bus import Received, Record, TopicPartition
from bus.worker import Retry
from incidents.config import Grouping
from schemas import IncidentStatus, TaggedPost, headers
from store import Decisions, Link, PostReader, Store
from store.incident_tables import posts
from tests.incidents.bench import Bench, records, tagged
from tests.incidents.make import BURST, CHELYABINSK, HOUR, KOPEYSK, NO_WATER, RULES, SNOW, START, sets


def test_a_post_opens_an_incident(bench: Bench) -> None:
    (event,) = bench.take(tagged("a", settlement="Копейск", urgency="soon"))
    incident = event.data.incident
    assert (event.type, event.id, event.source, event.subject) == ("incident.opened", "1.1", "/otklik/chelyabinsk", "1")
    assert event.time == incident.opened == incident.updated == bench.store.now()
    assert (event.data.posts_added, event.data.posts_removed, event.data.history) == (("a",), (), False)
    assert (incident.id, incident.sequence, incident.status) == (1, 1, IncidentStatus.NEW)
    assert incident.title == "Отсутствие холодной воды — Копейск"
    assert (incident.municipality, incident.municipality_name) == (KOPEYSK, "Копейский")
    assert (incident.group, incident.topic, incident.urgency) == ("ЖКХ", NO_WATER, "soon")
    assert (incident.authority, incident.authority_name) == ("vodokanal", "Водоканал")
    assert incident.answer_due == bench.store.now() + timedelta(hours=24)
    assert (incident.posts, incident.urls) == (("a",), ("https://vk.example/a",))
    assert bench.incidents.get(1) == incident
    assert bench.incidents.get(2) is None


def test_further_posts_attach_and_the_most_urgent_counts(bench: Bench) -> None:
    bench.take(tagged("b", 3))
    (event,) = bench.take(tagged("a", 1, urgency="now"), tagged("c", 5))
    assert (event.type, event.id, event.data.posts_added) == ("incident.updated", "1.2", ("a", "c"))
    incident = event.data.incident
    assert incident.posts == ("a", "b", "c")
    assert incident.urgency == "now"
    assert (incident.first_published, incident.last_published) == (START + HOUR, START + 5 * HOUR)


def test_the_same_records_again_change_nothing(bench: Bench) -> None:
    batch = [
        tagged("a"),
        tagged("b", 1),
        tagged("c", topic=SNOW),
        tagged("d", deleted=True),
        tagged("e", relevant=False),
    ]
    assert len(bench.take(*batch)) == 2
    before = bench.all()
    assert bench.take(*batch) == []
    assert bench.take(*batch[::-1]) == []
    assert bench.all() == before


def test_one_post_is_in_one_incident_however_often_it_stands_in_a_batch(bench: Bench) -> None:
    events = bench.take(tagged("a"), tagged("a"), tagged("a", revision=5, topic=SNOW))
    assert [event.data.incident.topic for event in events] == [SNOW]


def test_an_irrelevant_post_opens_nothing_and_leaves_no_text(bench: Bench) -> None:
    assert bench.take(tagged("a", relevant=False, text="Продам резину")) == []
    with bench.store.reading() as conn:
        row = conn.execute(select(posts)).one()
    assert (row.text, row.title, row.context, row.tags, row.relevant) == (None, None, None, None, False)


def test_posts_without_a_municipality_are_alone(bench: Bench) -> None:
    events = bench.take(tagged("a", municipality=None), tagged("b", municipality=None))
    assert [event.data.incident.posts for event in events] == [("a",), ("b",)]
    assert events[0].data.incident.title == "Отсутствие холодной воды — место не названо"


def test_a_late_bridge_merges(bench: Bench) -> None:
    bench.take(tagged("a", 0), tagged("b", 1), tagged("c", 40))
    assert bench.types(tagged("bridge", 20)) == ["updated 1.2", "merged 2.2"]
    survivor, gone = bench.all()
    assert survivor.posts == ("a", "b", "bridge", "c")
    assert (gone.status, gone.merged_into, gone.posts) == (IncidentStatus.MERGED, 1, ())
    assert [change.type for change in bench.incidents.history(2)] == ["incident.opened", "incident.merged"]
    assert bench.incidents.history(2)[1].details == {"posts_removed": ["c"], "merged_into": 1, "from": "new"}
    assert (bench.incidents.history(1)[1].posts, bench.incidents.history(1)[0].posts) == (4, 2)


def test_the_larger_part_keeps_the_id(bench: Bench) -> None:
    bench.take(tagged("a", 0))
    bench.take(tagged("b", 40), tagged("c", 41))
    assert bench.types(tagged("bridge", 20)) == ["updated 2.2", "merged 1.2"]


def test_a_bridge_that_is_edited_away_splits(bench: Bench) -> None:
    bench.take(tagged("a", 0), tagged("bridge", 20), tagged("c", 40), tagged("d", 41))
    assert bench.types(tagged("bridge", 20, relevant=False, revision=9)) == ["opened 2.1", "split 1.2"]
    assert bench.partition() == sets("a", "c d")
    assert [one.posts for one in bench.all()] == [("c", "d"), ("a",)]
    assert bench.types(tagged("bridge", 20, revision=10)) == ["updated 1.3", "merged 2.2"]


def test_a_deletion_erases_the_text_and_keeps_the_count(bench: Bench) -> None:
    bench.take(tagged("a", 0), tagged("bridge", 20), tagged("c", 40))
    gone = tagged("bridge", 99, None, SNOW, deleted=True, relevant=False, revision=9)
    assert bench.take(gone) == []
    assert bench.partition() == sets("a bridge c")
    stored = {post.id: post for post in PostReader(bench.store).of_incident(1)}["bridge"]
    assert (stored.deleted, stored.text, stored.title, stored.context, stored.tags) == (True, None, None, None, None)
    assert bench.take(tagged("bridge", 20), gone) == []


def test_a_deletion_that_comes_first_ends_the_same(bench: Bench) -> None:
    assert bench.take(tagged("a", deleted=True, revision=9)) == []
    (event,) = bench.take(tagged("a", text="Нет воды"))
    assert event.data.incident.posts == ("a",)
    (stored,) = PostReader(bench.store).of_incident(1)
    assert (stored.deleted, stored.text, stored.revision) == (True, None, 9)


def test_the_highest_revision_counts_in_any_order(bench: Bench) -> None:
    newer, older = tagged("a", topic=SNOW, revision=2), tagged("a", revision=1)
    bench.take(newer)
    assert bench.take(older) == []
    assert [one.topic for one in bench.all()] == [SNOW]


def test_at_one_revision_the_later_collection_counts(bench: Bench) -> None:
    bench.take(tagged("a", topic=SNOW, collected=START + 2 * HOUR))
    assert bench.take(tagged("a", collected=START + HOUR)) == []
    assert bench.types(tagged("a", collected=START + 3 * HOUR)) == ["updated 1.2"]


def test_a_new_model_s_judgement_replaces_the_old_one(bench: Bench) -> None:
    bench.take(tagged("a"))
    (event,) = bench.take(tagged("a", topic=SNOW, model="m2"))
    assert (event.type, event.data.incident.topic) == ("incident.updated", SNOW)


def test_an_edit_moves_a_post_to_another_place(bench: Bench) -> None:
    bench.take(tagged("a"), tagged("b", 1), tagged("c", municipality=CHELYABINSK))
    assert bench.types(tagged("b", 1, CHELYABINSK, revision=1)) == ["updated 1.2", "updated 2.2"]
    assert bench.partition() == sets("a", "b c")


def test_an_incident_of_one_post_moves_with_it_and_is_routed_anew(bench: Bench) -> None:
    bench.take(tagged("a"))
    (event,) = bench.take(tagged("a", municipality=CHELYABINSK, topic=SNOW, revision=1))
    incident = event.data.incident
    assert (event.id, incident.municipality, incident.authority) == ("1.2", CHELYABINSK, "roads")
    assert incident.answer_due == incident.opened + timedelta(days=10)


def test_an_incident_without_posts_is_closed(bench: Bench) -> None:
    bench.take(tagged("a"))
    (event,) = bench.take(tagged("a", relevant=False, revision=1))
    assert (event.type, event.data.comment, event.data.posts_removed) == (
        "incident.closed",
        "не осталось публикаций",
        ("a",),
    )
    assert (event.data.incident.status, event.data.incident.posts) == (IncidentStatus.CLOSED, ())
    assert bench.types(tagged("a", revision=2)) == ["opened 2.1"]


def test_back_filled_posts_start_no_clock_until_a_live_one_joins(bench: Bench) -> None:
    (event,) = bench.take(tagged("a", history=True))
    assert (event.data.history, event.data.incident.history, event.data.incident.answer_due) == (True, True, None)
    registered = bench.store.now()
    bench.store.now.move(HOUR)
    (event,) = bench.take(tagged("b", 1))
    incident = event.data.incident
    assert (event.data.history, incident.history, incident.opened) == (False, False, registered + HOUR)
    assert incident.answer_due == registered + 25 * HOUR


def test_neither_a_merge_nor_a_split_starts_the_clock_again(bench: Bench) -> None:
    registered = bench.store.now()
    bench.take(tagged("a", 0))
    bench.store.now.move(HOUR)
    bench.take(tagged("b", 40), tagged("c", 41))
    bench.store.now.move(HOUR)
    assert bench.types(tagged("bridge", 20)) == ["updated 2.2", "merged 1.2"]
    assert bench.all()[1].opened == registered
    bench.store.now.move(HOUR)
    assert bench.types(tagged("bridge", 20, relevant=False, revision=1)) == ["opened 3.1", "split 2.3"]
    assert [one.opened for one in bench.all()[1:]] == [registered, registered]
    assert [one.answer_due for one in bench.all()[1:]] == [registered + 24 * HOUR] * 2


def test_decisions_by_hand_hold_across_places(bench: Bench) -> None:
    bench.take(tagged("a"), tagged("b", municipality=CHELYABINSK))
    decisions = Decisions(bench.store)
    with bench.store.transaction() as conn:
        decisions.add(conn, Link.MUST, "a", "b", "petrova")
    assert bench.types(tagged("c", 1)) == ["updated 1.2", "merged 2.2"]
    assert bench.partition() == sets("a b c")
    with bench.store.transaction() as conn:
        decisions.add(conn, Link.CANNOT, "a", "b", "petrova")
    assert bench.types(tagged("d", 2)) == ["opened 3.1", "split 1.3"]
    assert bench.partition() == sets("a c d", "b")


def test_topics_that_count_as_one(store: Store) -> None:
    bench = Bench(store, RULES)
    bench.take(tagged("a"), tagged("b", 1, topic=BURST), tagged("c", 2, topic=BURST))
    (incident,) = bench.all()
    assert (incident.posts, incident.topic, incident.authority) == (("a", "b", "c"), BURST, "duty")


def test_other_rules_regroup_what_they_touch(bench: Bench) -> None:
    bench.take(tagged("a", 0), tagged("b", 10), tagged("c", 20))
    bench.step = bench.new_step(Grouping.model_validate({"default": {"window": "4h", "span": "8h"}}))
    bench.take(tagged("d", 21))
    assert bench.partition() == sets("a", "b", "c d")


def test_a_record_that_is_no_tagged_post_stores_nothing(bench: Bench) -> None:
    broken = Received(TopicPartition("tagged", 0), 7, Record("none", b"{}", START, headers(TaggedPost)))
    with pytest.raises(ValidationError):
        bench.step.process([*records([tagged("a")]), broken])
    assert bench.all() == []


def test_a_store_that_does_not_answer_is_waited_for(tmp_path) -> None:
    bench = Bench(Store("postgresql://otklik@127.0.0.1:1/none"))
    with pytest.raises(Retry, match="не отвечает"):
        bench.step.process(records([tagged("a")]))
