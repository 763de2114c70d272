"""The role `console`: feeds, API, health and metrics over HTTP."""

import os
from contextlib import closing

from bus import Bus
from console.app import create_app
from console.open311 import Service
from console.query import Names
from console.server import Server
from intake.publish import Intake
from otklik.clock import now
from otklik.config import Config, ConfigErrors
from otklik.config.environment import author_key
from otklik.exits import Exit
from otklik.roles.common import opened, role
from otklik.roles.incidents import desk
from store import Forgotten, Store, Versions
from text import AuthorHasher


def run_console(config: Config) -> Exit:
    """Until SIGTERM.

    Raises:
        ConsoleError: the address is taken or not of this machine.
    """
    settings = config.file.console
    with role(config, "console") as (stop, bus), opened(config, stop) as store:
        app = create_app(
            store,
            bus,
            settings,
            config.region.slug,
            names(config),
            desk=desk(config, store, now),
            title=config.region.name,
            zone=config.region.timezone,
            services=services(config),
            intake=intake(store, bus),
        )
        server = Server(app, settings.host, settings.port)
        stop.tell(server.stop)
        with closing(app.state.reads):
            server.run()
    return Exit.OK


def services(config: Config) -> list[Service]:
    """What may be reported: the topics that are in use."""
    topics = config.topics
    return [
        Service(
            code=topics.id(topic) or topic,
            name=topics.name(topic),
            description=topics.about(topic),
            group=topics.group_name(group),
            topic=topic,
        )
        for topic, group in topics.group_of.items()
        if topic not in topics.disabled
    ]


def intake(store: Store, bus: Bus) -> Intake | None:
    """The door for reports; None where the environment has no key to hash their authors with."""
    try:
        key = author_key(os.environ)
    except ConfigErrors:
        return None
    return Intake(bus, Versions(store), Forgotten(store), AuthorHasher(key), now)


def names(config: Config) -> Names:
    """What the filters of feeds and API may name."""
    return Names(
        municipalities={one.oktmo: one.name for one in config.region.municipalities},
        groups=config.vocabulary.groups or (),
        topics=config.vocabulary.topics or (),
        authorities=[one.id for one in config.file.authorities],
        shown=config.topics.names(),
    )
