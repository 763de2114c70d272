"""Where an incident is, said by a person: stored, told, obeyed by what comes later, undone."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from incidents.config import Authority, Deadlines
from incidents.desk import Desk
from incidents.forget import Request, forget
from incidents.placing import Said
from incidents.refusals import Invalid, NoSuch, NotAllowed, Refused, Stale
from schemas import Address
from store import PostReader, RulingKind, Store
from store.incident_tables import posts
from store.tables import outbox
from tests.incidents.bench import AUTHORITIES, tagged
from tests.incidents.make import CHELYABINSK, HOUR, KOPEYSK
from tests.incidents.office import Office

TO_CHELYABINSK = Said(municipality=(CHELYABINSK, "Челябинский"))


@pytest.fixture
def office(store: Store) -> Office:
    """№1: a b in Kopeysk, №2: n without a place, №3: d in Chelyabinsk, a day later."""
    found = Office(store)
    found.take(tagged("a"), tagged("b", 1))
    found.take(tagged("n", 2, None))
    found.take(tagged("d", 24, CHELYABINSK))
    return found


def where(office: Office, incident: int) -> tuple[str | None, str, str | None]:
    found = office.incidents.get(incident)
    return found.municipality, found.title, found.address


def told(office: Office) -> list[str]:
    return [f"{event.type.removeprefix('incident.')} {event.id} {event.data.actor}" for event in office.events()]


def test_a_place_is_stored_with_its_line_and_its_event(office: Office) -> None:
    said = Said(municipality=(CHELYABINSK, "Челябинский"), settlement="п.  Новый", address="ул. Ленина, д. 5, кв. 12")
    made = office.desk.place(2, said, "petrova", comment="Звонил 89123456789", expected={2: 1})
    assert (made.ruling.kind, made.ruling.incidents, made.ruling.posts) == (RulingKind.PLACE, (2,), ("n",))
    assert where(office, 2) == (CHELYABINSK, f"{tagged('x').tags.topic} — п. Новый", "улица Ленина, 5")
    (event,) = office.events()
    assert (event.type, event.id, event.data.actor, event.data.ruling) == (
        "incident.updated", "2.2", "petrova", made.ruling.id,
    )  # fmt: skip
    assert event.data.incident == office.incidents.get(2)
    place = "место: место не названо → Челябинский, п. Новый, улица Ленина, 5"
    assert (event.data.place, event.data.comment) == (place, "Звонил [телефон]")
    assert office.incidents.history(2)[-1].details == {
        "place": place, "comment": "Звонил [телефон]", "ruling": made.ruling.id,
    }  # fmt: skip


def test_what_comes_later_does_not_overrule_it(office: Office) -> None:
    office.desk.place(1, Said(municipality=(CHELYABINSK, "Челябинский"), settlement="Шершни"), "petrova")
    office.take(tagged("a", revision=1), tagged("b", 1, model="m2"))
    for n in range(3):
        office.take(tagged(f"later{n}", 1 + n, CHELYABINSK))
    assert office.shown()[1] == "a b later0 later1 later2"
    assert where(office, 1)[:2] == (CHELYABINSK, f"{tagged('x').tags.topic} — Шершни")
    office.take(tagged("k", 1, KOPEYSK))
    assert office.shown()[4] == "k"


def test_an_edited_address_serves_grouping_under_a_settlement_that_was_said(office: Office) -> None:
    def at(house: str) -> Address:
        return Address(street="Мира", house=house, text=f"Мира, {house}", key=f"мира, {house}", street_key="мира")

    office.take(tagged("h", 60, address=at("5")))
    office.desk.place(4, Said(settlement="Шершни"), "petrova")
    office.take(tagged("h", 60, revision=1, address=at("77")))
    (post,) = PostReader(office.store).of_incident(4)
    assert (post.settlement, post.address) == ("Шершни", "мира, 77")


def test_what_one_post_says_is_not_said_of_the_others(office: Office) -> None:
    """An operator who tells the house says nothing of the hamlet that one citizen wrote: it goes with that citizen."""
    office.take(tagged("o", 60, settlement="Ключи"), tagged("p", 61))
    office.desk.place(4, Said(address="Мира 3"), "petrova")
    assert office.incidents.get(4).title.endswith("Ключи")
    forget(office.store, "chelyabinsk", Request("post", "o", "petrova"), office.store.now)
    assert where(office, 4)[1:] == (f"{tagged('x').tags.topic} — Копейский", "Мира, 3")
    assert [one.settlement for one in PostReader(office.store).of_incident(4)] == [None, None]


def test_an_edit_is_what_undoing_finds(office: Office) -> None:
    office.desk.place(2, TO_CHELYABINSK, "petrova")
    office.take(tagged("n", 2, KOPEYSK, revision=1, settlement="Железнодорожный"))
    assert where(office, 2)[0] == CHELYABINSK
    office.desk.undo("petrova")
    assert office.shown() == {2: "a b n", 3: "d"}


def test_it_is_undone_and_older_words_count_again(office: Office) -> None:
    topic = tagged("x").tags.topic
    first = office.desk.place(1, TO_CHELYABINSK, "petrova").ruling.id
    second = office.desk.place(1, Said(address="Мира 3"), "sidorov").ruling.id
    assert where(office, 1) == (CHELYABINSK, f"{topic} — Челябинский", "Мира, 3")
    office.desk.undo("petrova", first)
    assert where(office, 1) == (CHELYABINSK, f"{topic} — Челябинский", "Мира, 3")
    office.desk.undo("sidorov")
    assert where(office, 1) == (KOPEYSK, f"{topic} — Копейский", None)
    assert office.incidents.history(1)[-1].details == {
        "place": "место: Челябинский, Мира, 3 → Копейский", "comment": f"отменено решение №{second}", "ruling": second,
    }  # fmt: skip
    assert office.standing() == []
    assert office.partition() == office.expected()


def test_what_is_there_already_is_taken_in_and_given_back(office: Office) -> None:
    office.take(tagged("c", 1, CHELYABINSK))
    assert office.shown() == {1: "a b", 2: "n", 3: "d", 4: "c"}
    office.desk.place(1, TO_CHELYABINSK, "petrova")
    assert office.shown() == {1: "a b c", 2: "n", 3: "d"}
    assert office.incidents.history(1)[-1].details["merged"] == [4]
    assert office.partition() == office.expected()
    office.events()
    office.desk.undo("petrova")
    assert office.shown() == {1: "a b", 2: "n", 3: "d", 4: "c"}
    assert told(office) == ["split 1.3 petrova", "reopened 4.3 petrova"]


def test_posts_of_one_house_stay_together_elsewhere(office: Office) -> None:
    """What tied them was their address; they are a matter all the same."""
    house = Address(street="Мира", house="3", text="Мира 3", key="мира, 3", street_key="мира")
    office.take(tagged("x", 50, KOPEYSK, address=house), tagged("y", 55, KOPEYSK, address=house))
    assert office.shown()[4] == "x y"
    office.desk.place(4, Said(municipality=(CHELYABINSK, "Челябинский"), address="Труда, 7"), "petrova")
    assert office.shown()[4] == "x y"
    other = Address(street="Труда", house="7", text="Труда 7", key="труда, 7", street_key="труда")
    office.take(tagged("z", 57, CHELYABINSK, address=other))
    assert office.shown()[4] == "x y z"


def test_a_deletion_and_an_erasure(office: Office) -> None:
    office.desk.place(1, Said(municipality=(CHELYABINSK, "Челябинский"), settlement="Шершни", address="Мира 3"), "p")
    office.take(tagged("a", deleted=True, revision=1))
    assert where(office, 1)[0] == CHELYABINSK
    for post in ("a", "b"):
        forget(office.store, "chelyabinsk", Request("post", post, "petrova"), office.store.now)
    assert where(office, 1) == (CHELYABINSK, f"{tagged('x').tags.topic} — Челябинский", None)
    with office.store.reading() as conn:
        assert conn.execute(select(posts.c.placed).where(posts.c.id.in_(["a", "b"]))).scalars().all() == [None, None]
        kept = " ".join(row.event for row in conn.execute(select(outbox.c.event)))
    assert ("Шершни" in kept, "Мира" in kept) == (False, False)
    with pytest.raises(NotAllowed) as caught:
        office.desk.place(1, Said(settlement="Шершни"), "petrova")
    assert str(caught.value) == "Публикации инцидента №1 стёрты по просьбе: места у них больше нет."
    office.desk.undo("p")
    assert office.partition() == office.expected()


def test_an_erased_post_stays_with_the_others_and_says_nothing(office: Office) -> None:
    forget(office.store, "chelyabinsk", Request("post", "a", "petrova"), office.store.now)
    office.desk.place(1, Said(municipality=(CHELYABINSK, "Челябинский"), settlement="Шершни"), "petrova")
    assert (office.shown()[1], where(office, 1)[0]) == ("a b", CHELYABINSK)
    again = forget(office.store, "chelyabinsk", Request("post", "a", "petrova"), office.store.now, dry_run=True)
    assert again.posts == 0


def test_who_answers_and_by_when_is_asked_again_until_a_person_has_decided(office: Office) -> None:
    town = Authority(id="town", name="Город", municipalities=("Челябинский",))
    deadlines = Deadlines.model_validate({"town": {"answer": "2h", "authorities": ["town"]}})
    desk = Desk(
        office.store,
        "chelyabinsk",
        authorities=[town, *AUTHORITIES],
        deadlines=deadlines,
        windows=office.rules,
        now=office.store.now,
    )
    before = office.incidents.get(1)
    desk.place(1, TO_CHELYABINSK, "petrova")
    after = office.incidents.get(1)
    assert (before.authority, after.authority, after.status) == ("vodokanal", "town", "new")
    assert after.answer_due == after.opened + 2 * HOUR
    assert office.incidents.history(1)[-1].details["terms"].startswith("срок ответа: ")
    office.act(2, "assign", authority="roads")
    desk.place(2, Said(municipality=(CHELYABINSK, "Челябинский"), settlement="Шершни"), "petrova")
    assert (office.incidents.get(2).authority, office.incidents.get(2).status) == ("roads", "assigned")


@pytest.mark.parametrize(
    ("incident", "said", "kind", "message"),
    [
        (2, Said(), Invalid, "Скажите, где беда: муниципалитет, населённый пункт или адрес."),
        (2, Said(address="Мира 3"), Invalid, "У инцидента №2 муниципалитет не назван: назовите и его."),
        (2, Said(settlement=" "), Invalid, "Нужно название населённого пункта: от 1 до 100 знаков."),
        (1, Said(address="???"), Invalid, "Это не адрес: нужны улица и дом, например «ул. Ленина, д. 5»."),
        (1, Said(municipality=(KOPEYSK, "Копейский")), Invalid, "Инцидент №1 уже там: Копейский."),
        (1, Said(settlement="Копейский"), Invalid, "Инцидент №1 уже там: Копейский."),
        (9, TO_CHELYABINSK, NoSuch, "Инцидента №9 нет. Номера показывает otklik incidents list."),
        (
            3, TO_CHELYABINSK, NotAllowed,
            "Инцидент №3 объединён с №1: работайте с ним или отмените объединение (otklik incidents undo).",
        ),
    ],
)  # fmt: skip
def test_refusals(office: Office, incident: int, said: Said, kind: type[Refused], message: str) -> None:
    office.desk.merge(1, [3], "sidorov")
    before = office.all()
    with pytest.raises(kind) as caught:
        office.desk.place(incident, said, "petrova")
    assert (str(caught.value), office.all()) == (message, before)


def test_of_two_people_at_once_one_is_refused(office: Office) -> None:
    def place(who: str, address: str) -> str:
        try:
            office.desk.place(1, Said(address=address), who, expected={1: 1})
        except Stale:
            return "stale"
        return who

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(place, ("petrova", "sidorov"), ("Мира 3", "Мира 4")))
    assert "stale" in found
    assert office.history(1) == ["opened otklik", f"updated {found[0]}"]
