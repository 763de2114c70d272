"""Changes of status through the desk: stored, told, refused, and never in each other's way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone

import pytest

from incidents.acts import Act
from incidents.changes import moved_term
from incidents.config import Reopening
from incidents.refusals import NoSuch, NotAllowed, Stale
from incidents.workflow import Action
from schemas import IncidentStatus
from store import Store, Words
from tests.incidents.bench import tagged
from tests.incidents.make import BURST, CHELYABINSK, HOUR, START
from tests.incidents.office import Office

DAY = timedelta(days=1)


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def moved(office: Office, hours: float) -> None:
    """To that many hours after the first post."""
    office.store.now.move(START + hours * HOUR - office.store.now())


def solved(office: Office, incident: int = 1) -> None:
    office.act(incident, "confirm")
    office.act(incident, "solve")
    office.events()


def test_a_change_is_stored_with_its_line_and_its_event(office: Office) -> None:
    office.take(tagged("a"))
    office.store.now.move(HOUR)
    after = office.act(1, "assign", authority="roads", comment="Звонил 89123456789")
    assert office.incidents.get(1) == after
    assert (after.status, after.sequence, after.authority_name) == (IncidentStatus.ASSIGNED, 2, "Управление дорог")
    (event,) = office.events()
    assert (event.type, event.id, event.time) == ("incident.assigned", "1.2", office.store.now())
    assert event.data.incident == after
    assert (event.data.actor, event.data.comment, event.data.before) == ("petrova", "Звонил [телефон]", "new")
    line = office.incidents.history(1)[-1]
    assert (line.sequence, line.at, line.type, line.actor, line.status, line.posts) == (
        2, office.store.now(), "incident.assigned", "petrova", "assigned", 1,
    )  # fmt: skip
    assert line.details == {"comment": "Звонил [телефон]", "from": "new", "authority": "Управление дорог"}


def test_the_whole_way_is_in_the_history(office: Office) -> None:
    office.take(tagged("a"))
    office.act(1, "confirm")
    office.act(1, "assign", "sidorov")
    office.act(1, "wait", comment="нужен адрес")
    office.act(1, "answer", answer="https://vk.example/answer")
    office.act(1, "solve")
    office.act(1, "close")
    office.act(1, "reopen", comment="житель вернул ответ")
    assert office.history(1) == [
        "opened otklik", "confirmed petrova", "assigned sidorov", "waiting petrova", "answered petrova",
        "solved petrova", "closed petrova", "reopened petrova",
    ]  # fmt: skip
    changes = office.incidents.history(1)
    assert [one.details.get("from") for one in changes[1:]] == [one.status for one in changes[:-1]]
    assert changes[4].details["answer"] == "https://vk.example/answer"


def test_a_comment_goes_after_its_term_and_how_the_deadline_moved_stays(office: Office) -> None:
    office.take(tagged("a"))
    office.act(1, "reject", comment="это учения")
    office.store.now.move(HOUR)
    office.act(1, "reopen", comment="звонила Анна")
    terms = "срок ответа: 03.03.2026 09:00 → 03.03.2026 10:00"
    (event,) = (one for one in office.events() if one.type == "incident.reopened")
    assert (event.data.comment, event.data.terms) == ("звонила Анна", terms)
    assert office.incidents.history(1)[-1].details == {"comment": "звонила Анна", "from": "rejected", "terms": terms}
    assert Words(office.store, []).prune_comments(office.store.now() + HOUR) == 2
    assert office.incidents.history(1)[-1].details == {"from": "rejected", "terms": terms}


def test_a_stale_change_is_refused_and_says_who_was_first(office: Office) -> None:
    office.take(tagged("a"))
    office.desk.act(1, Act(Action.ASSIGN), "sidorov", expected=1)
    office.take(tagged("b", 1))
    before = office.incidents.get(1)
    with pytest.raises(Stale) as caught:
        office.desk.act(1, Act(Action.REJECT, comment="нет"), "petrova", expected=1)
    assert str(caught.value) == (
        "Инцидент №1 изменился, пока вы решали: вы видели версию 1, сейчас 3. Что было: "
        f"{office.store.now():%d.%m %H:%M} sidorov — передан (Водоканал); "
        f"{office.store.now():%d.%m %H:%M} otklik — изменились публикации (+1). "
        "Посмотрите его заново и решите ещё раз."
    )
    assert office.incidents.get(1) == before
    with pytest.raises(Stale) as caught:
        office.desk.act(1, Act(Action.CONFIRM), "petrova", expected=9)
    assert str(caught.value) == "У инцидента №1 нет версии 9: сейчас 3. Посмотрите его заново и решите ещё раз."


def test_an_unknown_incident(office: Office) -> None:
    with pytest.raises(NoSuch) as caught:
        office.act(7, "confirm")
    assert str(caught.value) == "Инцидента №7 нет. Номера показывает otklik incidents list."


def test_of_two_people_at_once_one_is_refused(office: Office) -> None:
    """Twenty times two threads that have seen the same; whoever is second would overwrite the first."""
    office.take(tagged("a"))

    def assign(who: str, seen: int) -> str:
        try:
            office.desk.act(1, Act(Action.ASSIGN, authority="roads" if who == "petrova" else "duty"), who, seen)
        except Stale:
            return "stale"
        return who

    with ThreadPoolExecutor(2) as pool:
        for seen in range(1, 21):
            found = sorted(pool.map(assign, ("petrova", "sidorov"), (seen, seen)))
            assert "stale" in found
            assert set(found) & {"petrova", "sidorov"}
            one = office.incidents.get(1)
            assert one is not None
            assert one.sequence == seen + 1
            assert office.history(1)[-1] == f"assigned {found[0]}"
            assert one.authority == ("roads" if found[0] == "petrova" else "duty")


def test_people_and_machine_at_once_lose_nothing(office: Office) -> None:
    office.take(tagged("p00"))

    def post() -> None:
        for n in range(1, 30):
            office.step.add([tagged(f"p{n:02}", n / 10)])

    def decide() -> None:
        for n in range(15):
            office.act(1, "assign", authority=("roads", "duty")[n % 2])

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(post), pool.submit(decide)]:
            future.result()
    one = office.incidents.get(1)
    assert one is not None
    assert (one.sequence, len(one.posts), one.status, one.authority) == (45, 30, "assigned", "roads")
    changes = office.incidents.history(1)
    assert [change.sequence for change in changes] == list(range(1, 46))
    assert [int(event.id.partition(".")[2]) for event in office.events()] == list(range(2, 46))


def test_the_machine_disturbs_no_decision(office: Office) -> None:
    office.take(tagged("a"))
    before = office.act(1, "assign", authority="roads")
    office.take(tagged("b", 1, topic=BURST), tagged("c", 2, topic=BURST))
    after = office.incidents.get(1)
    assert after is not None
    assert (after.topic, after.posts) == (BURST, ("a", "b", "c"))
    assert (after.status, after.authority, after.status_since) == ("assigned", "roads", before.status_since)


def test_what_a_person_decided_lives_on_when_the_machine_merges(office: Office) -> None:
    office.take(tagged("a", 0))
    office.take(tagged("b", 9), tagged("c", 9.5), tagged("d", 10))
    office.act(1, "confirm")
    office.events()
    assert office.types(tagged("bridge", 5)) == ["updated 1.3", "merged 2.2"]
    one = office.incidents.get(1)
    assert one is not None
    assert (one.status, one.posts) == ("confirmed", ("a", "bridge", "b", "c", "d"))


def test_a_confirmed_incident_without_posts_waits_for_a_person(office: Office) -> None:
    office.take(tagged("a"))
    office.act(1, "confirm")
    office.events()
    (event,) = office.take(tagged("a", relevant=False, revision=1))
    assert (event.type, event.data.comment, event.data.before) == ("incident.updated", "не осталось публикаций", None)
    assert (event.data.incident.status, event.data.incident.posts) == ("confirmed", ())
    assert office.act(1, "reject", comment="автор исправил").status == "rejected"


def test_a_new_post_opens_a_solved_incident_again(office: Office) -> None:
    moved(office, 0)
    office.take(tagged("a"))
    moved(office, 2)
    solved(office)
    moved(office, 3)
    (event,) = office.take(tagged("b", 2.5))
    one = event.data.incident
    assert (event.type, event.id, event.data.before, event.data.actor) == (
        "incident.reopened", "1.4", "solved", "otklik",
    )  # fmt: skip
    assert (one.status, one.recurring, one.reopened, one.posts) == ("reopened", True, office.store.now(), ("a", "b"))
    assert (one.opened, one.answer_due) == (START, office.store.now() + DAY)
    assert office.types(tagged("c", 2.6)) == ["updated 1.5"]
    assert office.incidents.get(1).answer_due == one.answer_due


@pytest.mark.parametrize(
    "late",
    [
        {"hours": 1.5},  # written before it was solved, and collected late
        {"hours": 2.5, "history": True},
    ],
)
def test_a_late_post_of_before_opens_nothing_again(office: Office, late) -> None:
    office.take(tagged("a"))
    moved(office, 2)
    solved(office)
    (event,) = office.take(tagged("b", **late))
    assert (event.type, event.data.incident.status, event.data.incident.recurring) == (
        "incident.updated", "solved", False,
    )  # fmt: skip


def test_after_the_term_nothing_comes_again(store: Store) -> None:
    office = Office(store, reopen=Reopening.model_validate({"within": "1h"}))
    office.take(tagged("a"))
    moved(office, 1)
    solved(office)
    assert office.types(tagged("b", 2.1)) == ["updated 1.4"]
    assert office.types(tagged("c", 2)) == ["reopened 1.5"]


def test_a_rejected_matter_stays_rejected(office: Office) -> None:
    office.take(tagged("a"))
    office.act(1, "reject", comment="это учения")
    office.events()
    assert office.types(tagged("b", 1)) == ["updated 1.3"]
    assert office.incidents.get(1).status == "rejected"


def test_a_merged_incident_takes_no_decision(office: Office) -> None:
    office.take(tagged("a"), tagged("b", municipality=CHELYABINSK))
    office.desk.merge(1, [2], "petrova")
    with pytest.raises(NotAllowed) as caught:
        office.act(2, "confirm")
    assert str(caught.value) == (
        "Инцидент №2 объединён с №1: работайте с ним или отмените объединение (otklik incidents undo)."
    )


def test_a_term_that_moves_by_seconds_is_no_move(office: Office) -> None:
    (before,) = (event.data.incident for event in office.take(tagged("a")))
    assert before.answer_due is not None
    zone = timezone(timedelta(hours=5))
    seconds = before.model_copy(update={"answer_due": before.answer_due + timedelta(seconds=30)})
    assert moved_term(before, seconds, zone) is None
    hours = before.model_copy(update={"answer_due": before.answer_due + HOUR, "solution_due": before.answer_due + DAY})
    assert moved_term(before, hours, zone) == (
        "срок ответа: 03.03.2026 14:00 → 03.03.2026 15:00; срок решения: нет → 04.03.2026 14:00"
    )
