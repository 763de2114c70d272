"""Incidents that the rules assign by themselves: told as such, and the machine's until a person decides."""

import pytest

from incidents.config import Authority, Deadlines, Grouping
from incidents.desk import Desk
from incidents.process import IncidentStep
from incidents.routing import Routing
from store import Store
from tests.incidents.bench import tagged
from tests.incidents.make import CHELYABINSK, RULES
from tests.incidents.office import Office

AUTHORITIES = [
    Authority(id="vodokanal", name="Водоканал", topics=("Другое",)),
    Authority(id="x", name="Х", default=True),
]
ROUTING = Routing.model_validate({"auto_assign": True, "rules": [{"to": "vodokanal", "words": ["колонк"]}]})


class AutoOffice(Office):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.desk = Desk(
            store,
            "chelyabinsk",
            authorities=AUTHORITIES,
            deadlines=Deadlines(),
            windows=RULES,
            now=store.now,
            routing=ROUTING,
        )

    def new_step(self, rules: Grouping) -> IncidentStep:
        return IncidentStep(
            self.store,
            "chelyabinsk",
            authorities=AUTHORITIES,
            deadlines=Deadlines(),
            windows=rules,
            now=self.store.now,
            routing=ROUTING,
        )


@pytest.fixture
def office(store: Store) -> AutoOffice:
    return AutoOffice(store)


def test_it_is_opened_and_then_assigned(office: AutoOffice) -> None:
    opened, assigned = office.take(tagged("a", text="Не работает колонка"))
    assert (opened.type, opened.data.incident.status, opened.data.posts_added) == ("incident.opened", "new", ("a",))
    one = assigned.data.incident
    assert (assigned.type, assigned.id, assigned.data.actor, assigned.data.before) == (
        "incident.assigned", "1.2", "otklik", "new",
    )  # fmt: skip
    assert (one.authority, one.authority_reason, one.status) == ("vodokanal", "правило 1: колонк", "assigned")
    assert office.all() == [one]
    assert office.incidents.history(1)[-1].details == {"from": "new", "authority": "Водоканал"}
    assert office.incidents.open_by_authority() == {"vodokanal": 1}


def test_what_is_collected_late_on_purpose_is_assigned_with_its_first_live_post(office: AutoOffice) -> None:
    assert office.types(tagged("a", history=True)) == ["opened 1.1"]
    assert office.types(tagged("b", 1)) == ["updated 1.2", "assigned 1.3"]


def test_an_incident_without_posts_is_closed(office: AutoOffice) -> None:
    office.take(tagged("a"))
    assert office.types(tagged("a", relevant=False, revision=1)) == ["closed 1.3"]


def test_it_is_routed_anew_until_a_person_decides(office: AutoOffice) -> None:
    office.take(tagged("a"))
    assert office.all()[0].authority == "x"
    updated, assigned = office.take(tagged("b", 1, text="Не работает колонка"))
    assert [updated.type, assigned.type] == ["incident.updated", "incident.assigned"]
    assert (assigned.data.incident.authority, assigned.data.before) == ("vodokanal", None)
    assert office.types(tagged("c", 1.5)) == ["updated 1.5"]
    office.act(1, "assign")
    office.events()
    assert office.types(tagged("b", 1, revision=1)) == []
    one = office.all()[0]
    assert (one.authority, one.auto_assigned, one.status) == ("vodokanal", False, "assigned")


def test_it_gives_way_to_what_a_person_decided(office: AutoOffice) -> None:
    office.take(tagged("a"))
    office.take(tagged("b", 9), tagged("c", 9.5), tagged("d", 10))
    office.act(1, "reject", comment="учения")
    office.events()
    assert office.types(tagged("bridge", 5)) == ["updated 1.4", "merged 2.3"]
    assert office.all()[0].status == "rejected"


def test_what_a_person_splits_off_is_assigned_by_the_machine(office: AutoOffice) -> None:
    office.take(tagged("a"), tagged("b", 1), tagged("c", municipality=CHELYABINSK))
    office.events()
    office.desk.split(1, ["b"], "petrova", comment="другая колонка")
    told = [(event.type.removeprefix("incident."), event.id, event.data.actor) for event in office.events()]
    assert told == [("opened", "3.1", "petrova"), ("assigned", "3.2", "otklik"), ("split", "1.3", "petrova")]
    office.desk.undo("petrova")
    assert office.shown() == {1: "a b", 2: "c"}
