"""A bench with a desk beside it: what people decide, and what the machine makes of it."""

from collections.abc import Sequence

from sqlalchemy import select

from incidents.acts import Act
from incidents.config import Grouping, Reopening
from incidents.desk import Desk
from incidents.group import Partition, group
from incidents.process import IncidentStep
from incidents.workflow import Action
from schemas import Incident
from store import Decision, Decisions, Link, Store
from store.incident_tables import posts
from store.tables import decisions
from tests.incidents.bench import AUTHORITIES, DEADLINES, Bench
from tests.incidents.make import RULES


class Office(Bench):
    def __init__(self, store: Store, rules: Grouping = RULES, reopen: Reopening | None = None) -> None:
        self.rules = rules
        self.reopen = reopen or Reopening()
        super().__init__(store, rules)
        self.desk = Desk(
            store,
            "chelyabinsk",
            authorities=AUTHORITIES,
            deadlines=DEADLINES,
            windows=rules,
            now=store.now,
            reopen=self.reopen,
        )

    def new_step(self, rules: Grouping) -> IncidentStep:
        return IncidentStep(
            self.store,
            "chelyabinsk",
            authorities=AUTHORITIES,
            deadlines=DEADLINES,
            windows=rules,
            now=self.store.now,
            reopen=self.reopen,
        )

    def act(self, incident: int, action: str, actor: str = "petrova", **more) -> Incident:
        return self.desk.act(incident, Act(Action(action), **more), actor)

    def history(self, incident: int) -> list[str]:
        """`type actor` of each line."""
        return [f"{one.type.removeprefix('incident.')} {one.actor}" for one in self.incidents.history(incident)]

    def standing(self) -> list[Decision]:
        with self.store.reading() as conn:
            ids = set(conn.execute(select(decisions.c.left_post)).scalars())
            return Decisions(self.store).of(conn, ids)

    def expected(self) -> Partition:
        """What grouping makes of all posts and all standing decisions."""
        with self.store.reading() as conn:
            rows = conn.execute(select(posts).where(posts.c.relevant)).all()
        return group(rows, self.standing(), self.rules)

    def shown(self) -> dict[int, str]:
        """Incident to its posts, of those that have some."""
        return {one.id: " ".join(one.posts) for one in self.all() if one.posts}


def links(found: Sequence[Decision]) -> set[tuple[Link, str, str]]:
    return {(one.kind, one.left, one.right) for one in found}
