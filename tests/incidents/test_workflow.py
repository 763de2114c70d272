"""The table of statuses: its shape, and any walk through it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.acts import Act, perform, person, tidy
from incidents.describe import Describer
from incidents.refusals import Invalid, NoSuch, NotAllowed
from incidents.workflow import DONE, OPEN, TABLE, Action, allowed, rule, weight
from schemas import Incident, IncidentStatus
from tests.incidents.bench import AUTHORITIES, DEADLINES
from tests.incidents.make import HOUR, KOPEYSK, NO_WATER, START

DESCRIBER = Describer(AUTHORITIES, DEADLINES)
PATH = [Action.CONFIRM, Action.ASSIGN, Action.ANSWER, Action.SOLVE, Action.CLOSE]


def incident(**more) -> Incident:
    values = {
        "id": 17,
        "sequence": 3,
        "title": "Отсутствие холодной воды — Копейск",
        "municipality": KOPEYSK,
        "group": "ЖКХ",
        "topic": NO_WATER,
        "authority": "vodokanal",
        "authority_name": "Водоканал",
        "opened": START,
        "updated": START,
        "first_published": START,
        "last_published": START,
        "posts": ("a",),
        "status_since": START,
        "answer_due": START + 24 * HOUR,
    }
    return Incident.model_validate(values | more)


def full(action: Action) -> Act:
    return Act(
        action, comment="потому что", answer="Воду дали" if action is Action.ANSWER else None,
        authority="roads" if action is Action.ASSIGN else None,
    )  # fmt: skip


def done(before: Incident, act: Act, hours: float = 1):
    return perform(
        before, act, "petrova", now=START + hours * HOUR, authorities=AUTHORITIES, describer=DESCRIBER
    )  # fmt: skip


def refused(kind: type[Exception], before: Incident, act: Act) -> str:
    with pytest.raises(kind) as caught:
        done(before, act)
    return str(caught.value)


def test_a_status_and_an_action_have_one_row() -> None:
    pairs = [(one.action, source) for one in TABLE for source in one.sources]
    assert len(pairs) == len(set(pairs))


def test_every_status_can_be_reached_and_left_but_by_merges() -> None:
    reached = {IncidentStatus.NEW}
    while more := {one.to for one in TABLE if one.sources & reached} - reached:
        reached |= more
    assert reached == set(IncidentStatus) - {IncidentStatus.MERGED}
    assert [status for status in IncidentStatus if not allowed(status)] == [IncidentStatus.MERGED]


def test_what_is_over_goes_on_only_by_reopening() -> None:
    assert {status: allowed(status) for status in (IncidentStatus.SOLVED, IncidentStatus.CLOSED)} == {
        IncidentStatus.SOLVED: [Action.CLOSE, Action.REOPEN],
        IncidentStatus.CLOSED: [Action.REOPEN],
    }
    assert allowed(IncidentStatus.REJECTED) == [Action.REOPEN]
    assert DONE.isdisjoint(OPEN)


def test_an_answer_is_no_solution() -> None:
    bare = rule(Action.CLOSE, IncidentStatus.ANSWERED)
    assert bare is not None
    assert bare.needs == "comment"
    assert rule(Action.SOLVE, IncidentStatus.ANSWERED) is not None


def test_what_a_person_decided_outlives_the_rest() -> None:
    by_weight = sorted(IncidentStatus, key=lambda status: weight(incident(status=status)))
    assert by_weight[:2] == [IncidentStatus.MERGED, IncidentStatus.NEW]
    assert weight(incident(status="assigned")) > weight(incident(status="solved")) > weight(incident(status="new"))
    assert weight(incident(status="assigned", auto_assigned=True)) == weight(incident(status="new"))
    assert weight(done(incident(status="assigned", auto_assigned=True), full(Action.WAIT)).incident) == 2


def test_the_straight_way() -> None:
    one, told = incident(), []
    for hours, action in enumerate(PATH, start=1):
        change = done(one, full(action), hours)
        told.append((change.type, change.before, change.actor, change.comment))
        one = change.incident
        assert (one.status_since, one.updated, one.sequence) == (START + hours * HOUR, START + hours * HOUR, 3 + hours)
    assert told == [
        ("incident.confirmed", "new", "petrova", "потому что"),
        ("incident.assigned", "confirmed", "petrova", "потому что"),
        ("incident.answered", "assigned", "petrova", "потому что"),
        ("incident.solved", "answered", "petrova", "потому что"),
        ("incident.closed", "solved", "petrova", "потому что"),
    ]
    assert (one.authority, one.authority_name, one.answer) == ("roads", "Управление дорог", "Воду дали")


@given(st.lists(st.sampled_from(Action), max_size=20))
def test_any_walk_keeps_to_the_table(actions) -> None:
    one = incident()
    for action in actions:
        row = rule(action, one.status)
        if row is None:
            with pytest.raises(NotAllowed):
                done(one, full(action))
            continue
        change = done(one, full(action))
        assert (change.incident.status, change.type) == (row.to, row.event)
        assert change.incident.sequence == one.sequence + 1
        assert change.before == (one.status if row.to is not one.status else None)
        unchanged = {"status", "status_since", "sequence", "updated", "authority", "authority_name", "answer"}
        unchanged |= {"answer_due", "solution_due", "reopened", "pauses", "authority_reason"}
        assert change.incident.model_dump(exclude=unchanged) == one.model_dump(exclude=unchanged)
        one = change.incident


@given(st.sampled_from(TABLE), st.data())
def test_what_the_table_asks_for_cannot_be_left_out(row, data) -> None:
    source = data.draw(st.sampled_from(sorted(row.sources)))
    before = incident(status=source, authority=None, authority_name=None)
    bare = Act(row.action)
    if row.needs is None:
        assert done(before, bare).incident.status is row.to
    else:
        assert refused(Invalid, before, bare).startswith("Инцидент №17: ")


def test_another_authority_has_a_term_of_its_own() -> None:
    deadlines = DEADLINES.model_validate({"fast": {"answer": "2h", "authorities": ["roads"]}})
    one = incident()
    change = perform(
        one, Act(Action.ASSIGN, authority="roads"), "petrova", now=START + HOUR, authorities=AUTHORITIES,
        describer=Describer(AUTHORITIES, deadlines),
    )  # fmt: skip
    assert change.incident.answer_due == START + 2 * HOUR
    assert done(one, Act(Action.ASSIGN)).incident.answer_due == one.answer_due


def test_reopening_starts_a_clock_of_its_own() -> None:
    change = done(incident(status="closed", answer="Починили"), full(Action.REOPEN), 100)
    one = change.incident
    assert (one.reopened, one.answer_due) == (START + 100 * HOUR, START + 124 * HOUR)
    assert (one.opened, one.recurring, one.answer) == (START, False, "Починили")
    history = done(incident(status="closed", history=True, answer_due=None), full(Action.REOPEN)).incident
    assert history.answer_due is None


def test_personal_numbers_of_comments_and_answers_are_masked() -> None:
    act = Act(Action.ANSWER, comment="звонил 8 912 345-67-89", answer="Ответ на ivanov@example.org")
    change = done(incident(status="assigned"), act)
    assert change.comment == "звонил [телефон]"
    assert change.incident.answer == "Ответ на [почта]"


def test_blanks_are_no_answer() -> None:
    assert refused(Invalid, incident(status="assigned"), Act(Action.ANSWER, answer=" \n ")) == (
        "Инцидент №17: нужен текст ответа или ссылка на него."
    )


@pytest.mark.parametrize(
    ("status", "act", "said"),
    [
        ("new", Act(Action.REJECT), "Инцидент №17: скажите, почему инцидент отклонён."),
        ("assigned", Act(Action.WAIT), "Инцидент №17: скажите, чего ждут от жителя."),
        ("answered", Act(Action.CLOSE),
         "Инцидент №17: ответ ещё не решение: скажите, почему инцидент закрыт без решения."),
        ("solved", Act(Action.REOPEN), "Инцидент №17: скажите, почему инцидент вернулся в работу."),
        ("new", Act(Action.CONFIRM, authority="roads"), "Ведомство указывают только при передаче (assign)."),
        ("new", Act(Action.CONFIRM, answer="да"), "Текст ответа указывают только при ответе (answer)."),
        ("new", Act(Action.CONFIRM, comment="а" * 10_001),
         "Слишком длинный комментарий: 10001 знаков, можно не больше 10000."),
    ],
)  # fmt: skip
def test_what_is_missing_or_too_much_is_told(status, act, said) -> None:
    assert refused(Invalid, incident(status=status), act) == said


def test_nobody_to_assign_to() -> None:
    assert refused(Invalid, incident(authority=None, authority_name=None), Act(Action.ASSIGN)) == (
        "Инцидент №17: никто не предложен: скажите, кому передать инцидент."
    )


def test_an_unknown_authority() -> None:
    assert refused(NoSuch, incident(), Act(Action.ASSIGN, authority="vodakanal")) == (
        "Ведомства «vodakanal» нет. Может быть, «vodokanal»? В разделе authorities есть: vodokanal, roads, duty."
    )


def test_what_is_not_allowed_is_told_with_what_is() -> None:
    assert refused(NotAllowed, incident(status="closed"), full(Action.ASSIGN)) == (
        "Инцидент №17 сейчас в состоянии «закрыт»: нельзя передать (assign). Можно: вернуть в работу (reopen)."
    )
    assert refused(NotAllowed, incident(status="merged", merged_into=9), full(Action.ASSIGN)) == (
        "Инцидент №17 объединён с №9: работайте с ним или отмените объединение (otklik incidents undo)."
    )


@pytest.mark.parametrize("name", ["", " \t", "а" * 101, "a\x00b"])
def test_a_decision_needs_a_person(name) -> None:
    with pytest.raises(Invalid) as caught:
        person(name)
    assert str(caught.value) == "Нужно имя того, кто решает: от 1 до 100 знаков."


def test_the_machine_is_no_person() -> None:
    with pytest.raises(Invalid) as caught:
        person(" Otklik ")
    assert str(caught.value) == "Именем otklik подписаны решения самой программы: назовите человека."
    assert person("  Петрова   А. ") == "Петрова А."


def test_tidy() -> None:
    assert (tidy(None, "x"), tidy(" \n", "x"), tidy(" да ", "x")) == (None, None, "да")
