from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from schemas import Incident, IncidentStatus
from store import IncidentFilter, Incidents, Member, Posts, Store, StoredPost
from store.incident_tables import incident_history
from store.incidents import MOST_TITLES
from store.posts import Attachment, Range, Wanted

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def incident(**more) -> Incident:
    values = {
        "id": 1,
        "sequence": 1,
        "title": "Неубранный снег — Копейский",
        "group": "Дороги",
        "topic": "Неубранный снег",
        "municipality": "75728000",
        "opened": NOW,
        "updated": NOW,
        "first_published": NOW,
        "last_published": NOW,
        "posts": (),
    }
    return Incident.model_validate(values | more)


def post(id_: str, **more) -> StoredPost:
    values = {"id": id_, "revision": 0, "collected": NOW, "published": NOW, "kind": "post", "source": "vk"}
    return StoredPost(**(values | {"relevant": True, "topic": "Неубранный снег", "municipality": "75728000"} | more))


def fill(store: Store, *new: Incident) -> list[int]:
    with store.transaction() as conn:
        return Incidents(store).insert(conn, new)


def ids(store: Store, **wanted) -> list[int]:
    more = {key: wanted.pop(key) for key in ("before", "limit") if key in wanted}
    return [one.id for one in Incidents(store).find(IncidentFilter(**wanted), **more)]


def test_pages_go_from_the_newest_to_the_oldest(store: Store) -> None:
    assert fill(store, *[incident() for _ in range(5)]) == [1, 2, 3, 4, 5]
    assert ids(store, limit=2) == [5, 4]
    assert ids(store, limit=2, before=4) == [3, 2]
    assert ids(store, limit=2, before=2) == [1]


def test_filters_combine(store: Store) -> None:
    fill(
        store,
        incident(authority="roads"),
        incident(municipality="75701000", status="closed"),
        incident(municipality=None, group="ЖКХ", topic="Отсутствие холодной воды"),
    )
    assert ids(store, municipality=["75728000"]) == [1]
    assert ids(store, municipality=["none"]) == [3]
    assert ids(store, municipality=["none", "75701000"]) == [3, 2]
    assert ids(store, group=["Дороги"]) == [2, 1]
    assert ids(store, group=["Дороги"], status=[IncidentStatus.NEW]) == [1]
    assert ids(store, topic=["Отсутствие холодной воды"], authority=["roads"]) == []
    assert Incidents(store).counts() == {IncidentStatus.NEW: 2, IncidentStatus.CLOSED: 1}


def test_overdue_are_the_unanswered_past_their_term(store: Store) -> None:
    late = NOW - timedelta(hours=1)
    fill(
        store,
        incident(answer_due=late),
        incident(answer_due=late, status="answered"),
        incident(answer_due=late, status="waiting"),
        incident(answer_due=NOW),
        incident(),
    )
    assert Incidents(store).overdue(NOW) == 1


def test_titles_are_searched_in_whatever_case(store: Store) -> None:
    fill(store, incident(title="Нет ВОДЫ — Копейск"), incident(title="100% износ_сетей"))
    assert ids(store, text="нет воды") == ids(store, text="КОПЕЙСК") == [1]
    assert ids(store, text="%") == ids(store, text="с_С") == [2]
    assert ids(store, text="о%и") == []


def test_a_new_title_is_searched_and_the_old_one_is_not(store: Store) -> None:
    (id_,) = fill(store, incident(title="Ямы — Копейск"))
    incidents = Incidents(store)
    with store.transaction() as conn:
        incidents.update(conn, [incident(id=id_, title="ЯМЫ — Миасс")])
    assert ids(store, text="копейск") == []
    assert ids(store, text="ямы", status=[IncidentStatus.NEW]) == ids(store, text="миасс") == [id_]
    assert incidents.by_priority(IncidentFilter(text="ямы", status=[IncidentStatus.CLOSED])) == []


def test_words_of_very_many_titles_find_all_of_them(store: Store) -> None:
    fill(store, *[incident(title=f"Тема {n}") for n in range(MOST_TITLES + 1)], incident(title="Ямы"))
    assert Incidents(store).count(IncidentFilter(text="тема")) == MOST_TITLES + 1
    assert ids(store, text="тема", limit=2) == [MOST_TITLES + 1, MOST_TITLES]


def test_the_overdue_are_listed_and_counted(store: Store) -> None:
    late = NOW - timedelta(hours=1)
    fill(store, incident(answer_due=late), incident(answer_due=late, status="solved"), incident(answer_due=NOW))
    fill(store, incident(answer_due=late, status="reopened"), incident(answer_due=late, status="waiting"))
    assert ids(store, overdue=NOW) == [4, 1]
    incidents = Incidents(store)
    assert incidents.count(IncidentFilter(overdue=NOW)) == incidents.overdue(NOW) == 2
    assert incidents.count(IncidentFilter()) == 5


def test_snapshots_come_back_as_they_went(store: Store) -> None:
    incidents, posts = Incidents(store), Posts()
    (id_,) = fill(store, incident(urgency="now", needs_review=True, authority="roads", authority_name="Дороги"))
    early = post("b", published=NOW - timedelta(hours=1), url="https://vk.example/b")
    with store.transaction() as conn:
        assert posts.insert(conn, [early, post("я"), post("a")])
        nearest = Attachment("address", "a", 0.9)
        posts.attach(conn, {"b": (id_, nearest), "я": (id_, None), "a": (id_, None)})
        why = {one.id: one.attachment for one in posts.by_id(conn, ["a", "b", "я"])}
    assert why == {"a": None, "b": nearest, "я": None}
    found = incidents.get(id_)
    assert found is not None
    assert (found.posts, found.urls) == (("b", "a", "я"), ("https://vk.example/b",))
    changed = found.model_copy(update={"sequence": 2, "status": IncidentStatus.MERGED, "merged_into": 9})
    with store.transaction() as conn:
        incidents.update(conn, [changed])
        assert incidents.take(conn, [id_]) == {id_: changed}


def test_a_post_is_inserted_once(store: Store) -> None:
    posts = Posts()
    with store.transaction() as conn:
        assert posts.insert(conn, [post("a")])
        assert not posts.insert(conn, [post("b"), post("a", topic="Другое")])


def test_neighbours_are_read_by_place_topic_and_time(store: Store) -> None:
    posts = Posts()
    hour = timedelta(hours=1)
    rows = [
        post("a"),
        post("later", published=NOW + hour),
        post("irrelevant", relevant=False),
        post("topic", topic="Ямы"),
        post("place", municipality="75701000"),
        post("nowhere", municipality=None),
    ]
    with store.transaction() as conn:
        posts.insert(conn, rows)

        def near(topics: list[str], end: datetime) -> list[str]:
            ranges = [Range("75728000", "topic", topic, NOW, end) for topic in topics]
            return sorted(one.id for one in posts.read(conn, Wanted(ranges)))

        assert near(["Неубранный снег"], NOW) == ["a"]
        assert near(["Неубранный снег", "Ямы"], NOW + hour) == ["a", "later", "topic"]
        assert near([*map(str, range(20)), "Ямы"], NOW) == ["topic"]
        assert near([], NOW) == []
        assert type(posts.by_id(conn, ["a"])[0]) is Member


def test_all_that_is_wanted_is_read_together_and_each_post_once(store: Store) -> None:
    posts = Posts()
    (incident_,) = fill(store, incident())
    rows = [
        post("near"),
        post("answer", topic="Ямы", parent="near"),
        post("answer of no relevance", relevant=False, parent="near"),
        post("named", topic="Ямы", relevant=False),
        post("inside", topic="Ямы", relevant=False, incident=incident_),
        post("worded", topic="Ямы", wording="w"),
        post("linked", topic="Ямы", link="l"),
        post("lived", topic="Ямы", address="a"),
        post("other", topic="Ямы"),
    ]
    snow, *ties = [
        Range("75728000", by, value, NOW, NOW)
        for by, value in (("topic", "Неубранный снег"), ("wording", "w"), ("link", "l"), ("address", "a"))
    ]
    with store.transaction() as conn:
        posts.insert(conn, rows)

        def read(wanted: Wanted) -> list[str]:
            return sorted(one.id for one in posts.read(conn, wanted))

        assert read(Wanted()) == []
        assert read(Wanted([snow])) == ["near"]
        assert read(Wanted(ties)) == ["linked", "lived", "worded"]
        assert read(Wanted(answers_to={"near"})) == ["answer"]
        assert read(Wanted(ids={"named", "unknown"})) == ["named"]
        assert read(Wanted(incidents={incident_})) == ["inside"]
        together = Wanted([snow, snow, *ties], {"near"}, {"named", "near"}, {incident_})
        assert read(together) == ["answer", "inside", "linked", "lived", "named", "near", "worded"]


@pytest.mark.parametrize("change", ["UPDATE", "DELETE"])
def test_history_only_grows(store: Store, change: str) -> None:
    (id_,) = fill(store, incident())
    row = {"incident": id_, "sequence": 1, "at": NOW, "type": "incident.opened", "actor": "otklik", "status": "new"}
    with store.transaction() as conn:
        conn.execute(incident_history.insert().values(**row, posts=1, details={}))
    statement = delete(incident_history) if change == "DELETE" else update(incident_history).values(actor="nobody")
    with pytest.raises(DBAPIError, match="append-only"), store.transaction() as conn:
        conn.execute(statement)


def test_lists_and_neighbours_use_their_indexes(store: Store) -> None:
    """On SQLite, whose plans do not depend on how much there is."""
    if not store.is_sqlite:
        with store.reading() as conn:
            found = set(conn.execute(text("SELECT indexname FROM pg_indexes WHERE tablename = 'posts'")).scalars())
        assert found == {
            "pk_posts",
            *(
                f"ix_posts_{name}"
                for name in ("near", "text", "incident", "parent", "common", "address", "wording", "link")
            ),
        }
        return
    near = "relevant AND municipality = '1' AND topic = '2' AND published BETWEEN '2026' AND '2027'"
    with store.reading() as conn:
        for query, index in (
            (f"SELECT id FROM posts WHERE {near}", "ix_posts_near"),
            ("SELECT id FROM posts WHERE incident IN (1, 2)", "ix_posts_incident"),
            ("SELECT id FROM incidents WHERE status = 'new' ORDER BY id DESC LIMIT 9", "ix_incidents_status"),
        ):
            plan = " ".join(str(row) for row in conn.execute(text(f"EXPLAIN QUERY PLAN {query}")))
            assert index in plan
            assert "TEMP B-TREE" not in plan
