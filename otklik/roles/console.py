"""The role `console`: feeds, API, health and metrics over HTTP."""

from contextlib import closing

from console.app import create_app
from console.query import Names
from console.server import Server
from otklik.config import Config
from otklik.exits import Exit
from otklik.roles.common import opened, role


def run_console(config: Config) -> Exit:
    """Until SIGTERM.

    Raises:
        ConsoleError: the address is taken or not of this machine.
    """
    settings = config.file.console
    with role(config, "console") as (stop, bus), opened(config, stop) as store:
        app = create_app(store, bus, settings, config.region.slug, names(config))
        server = Server(app, settings.host, settings.port)
        stop.tell(server.stop)
        with closing(app.state.reads):
            server.run()
    return Exit.OK


def names(config: Config) -> Names:
    """What the filters of feeds and API may name."""
    return Names(
        municipalities={one.oktmo: one.name for one in config.region.municipalities},
        groups=config.vocabulary.groups or (),
        topics=config.vocabulary.topics or (),
        authorities=[one.id for one in config.file.authorities],
        shown=config.topics.names(),
    )
