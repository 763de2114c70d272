"""Outboxes that are broken on purpose."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import update

from schemas import IncidentEvent
from store import Outbox
from store.outbox import Page
from store.tables import counters

Publish = Callable[[list[IncidentEvent]], None]
Hook = Callable[[], None] | None
Keep = Callable[[IncidentEvent], bool] | None


class MarksBeforePublishing(Outbox):
    def relay(self, publish: Publish, limit: int = 500, after_publish: Hook = None) -> int:
        batch: list[IncidentEvent] = []
        count = super().relay(batch.extend, limit)
        if batch:
            publish(batch)
            if after_publish is not None:
                after_publish()
        return count


class ShrugsAtAFailedPublish(Outbox):
    def relay(self, publish: Publish, limit: int = 500, after_publish: Hook = None) -> int:
        def quiet(batch: list[IncidentEvent]) -> None:
            try:
                publish(batch)
            except Exception:
                return

        return super().relay(quiet, limit, after_publish)


class Reorders(Outbox):
    def relay(self, publish: Publish, limit: int = 500, after_publish: Hook = None) -> int:
        return super().relay(lambda batch: publish(batch[::-1]), limit, after_publish)


class SendsTwice(Outbox):
    def relay(self, publish: Publish, limit: int = 500, after_publish: Hook = None) -> int:
        return super().relay(lambda batch: publish(batch + batch), limit, after_publish)


class RelaysSideBySide(Outbox):
    """A second relay publishes the next events before the first has published its own."""

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        yield True


class LeavesGaps(Outbox):
    """Gives positions that readers will wait for in vain."""

    def relay(self, publish: Publish, limit: int = 500, after_publish: Hook = None) -> int:
        with self._store.transaction() as conn:
            conn.execute(update(counters).where(counters.c.name == "outbox").values(value=counters.c.value + 1))
        return super().relay(publish, limit, after_publish)


class LooksAtEverything(Outbox):
    """However much there is that the filter does not want."""

    def after(self, position: int, limit: int = 100, keep: Keep = None) -> Page:
        page = super().after(position, limit, keep)
        while page.more and len(page.events) < limit:
            further = super().after(page.position, limit - len(page.events), keep)
            page = Page(page.events + further.events, further.position, further.more)
        return page


class GoesOnAfterTheLastFound(Outbox):
    """And so looks at the rest again and again."""

    def after(self, position: int, limit: int = 100, keep: Keep = None) -> Page:
        page = super().after(position, limit, keep)
        return Page(page.events, page.events[-1][0] if page.events else position, page.more)


class GoesOnAfterTheBatch(Outbox):
    """And so leaves out what was read and did not fit on the page."""

    def after(self, position: int, limit: int = 100, keep: Keep = None) -> Page:
        page = super().after(position, limit, keep)
        return Page(page.events, max(page.position, self.last_position()), page.more)


class SendsOutsideTheEffect(Outbox):
    """Its event leaves even where the effect was rolled back."""

    def add(self, conn: Any, event: IncidentEvent) -> None:
        super().add(conn, event)
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("BEGIN IMMEDIATE")


BROKEN: list[tuple[str, type, str]] = [
    ("outbox", MarksBeforePublishing, "a_failed_publish_loses_nothing"),
    ("outbox", MarksBeforePublishing, "a_crash_before_the_mark_sends_again"),
    ("outbox", ShrugsAtAFailedPublish, "a_failed_publish_loses_nothing"),
    ("outbox", Reorders, "events_leave_once_and_in_order"),
    ("outbox", SendsTwice, "events_leave_once_and_in_order"),
    ("outbox", RelaysSideBySide, "a_slow_bus_holds_up_no_writer_and_no_second_relay_overtakes"),
    ("outbox", LeavesGaps, "events_leave_once_and_in_order"),
    ("outbox", LooksAtEverything, "a_filter_that_lets_nothing_through_looks_at_so_many_at_once"),
    ("outbox", GoesOnAfterTheLastFound, "a_filter_pages_through"),
    ("outbox", GoesOnAfterTheBatch, "a_filter_pages_through"),
    ("outbox", SendsOutsideTheEffect, "a_rolled_back_effect_sends_nothing"),
]
