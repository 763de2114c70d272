"""The role `console`: feeds, API, health and metrics over HTTP."""

from otklik.config import Config
from otklik.exits import Exit


def run_console(config: Config) -> Exit:
    """Until SIGTERM."""
    raise NotImplementedError
