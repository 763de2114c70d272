"""The role `incidents`: the topic `tagged` to the store, both outboxes to their topics, and housekeeping."""

from collections.abc import Callable
from datetime import datetime

from bus.worker import Worker
from incidents.alarms import AlarmStep
from incidents.calendar import Calendar
from incidents.desk import Desk
from incidents.process import IncidentStep
from incidents.relay import Relay
from otklik.clock import now
from otklik.config import Config
from otklik.exits import Exit
from otklik.housekeeping import Housekeeper
from otklik.roles.common import INCIDENTS, PARTITIONS, journal, opened, readers_of, role, run_together
from schemas import topics
from store import Outbox, SourceEvents, Store

SOURCES_PAUSE = 1.0
"""Seconds between two looks for changes in how sources fare: nobody acts on them within the second."""


def incident_step(config: Config, store: Store, clock: Callable[[], datetime]) -> IncidentStep:
    """The step as configured."""
    file = config.file
    return IncidentStep(
        store,
        config.region.slug,
        authorities=file.authorities,
        deadlines=file.deadlines,
        windows=file.grouping,
        now=clock,
        names=config.topics.names(),
        calendar=Calendar(config.region.timezone, file.calendar),
        routing=file.routing,
        reopen=file.reopen,
    )


def desk(config: Config, store: Store, clock: Callable[[], datetime]) -> Desk:
    """Where people decide, as configured."""
    file = config.file
    return Desk(
        store,
        config.region.slug,
        authorities=file.authorities,
        deadlines=file.deadlines,
        windows=file.grouping,
        now=clock,
        names=config.topics.names(),
        reopen=file.reopen,
        zone=config.region.timezone,
        calendar=Calendar(config.region.timezone, file.calendar),
        routing=file.routing,
    )


def run_incidents(config: Config) -> Exit:
    """Until SIGTERM; what the last batch put into the outbox is relayed before the end."""
    with role(config, INCIDENTS) as (stop, bus), opened(config, stop) as store:
        step = incident_step(config, store, now)
        worker = Worker(bus, [topics.TAGGED], INCIDENTS, step, name=INCIDENTS, journal=journal(config, INCIDENTS))
        waited_for = {topic: readers_of(config, topic) for topic in PARTITIONS}
        set_aside: dict[str, list[str]] = {topics.dead(topic): [] for topic in PARTITIONS}
        keeper = Housekeeper(config.file.retention, bus, store, now, waited_for | set_aside)
        changes = Relay(SourceEvents(store, config.region.slug), bus, topic=topics.SOURCE_EVENTS, pause=SOURCES_PAUSE)
        alarms = AlarmStep(store, config.region.slug, config.file.alarms, now)
        run_together([worker, keeper, changes, alarms], stop, last=Relay(Outbox(store), bus))
    return Exit.OK
