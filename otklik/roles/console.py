"""The role `console`: feeds, API, health and metrics over HTTP."""

from console.app import create_app
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
        server = Server(create_app(store, bus, settings, config.region.slug), settings.host, settings.port)
        stop.tell(server.stop)
        server.run()
    return Exit.OK
