"""What commands share: their common arguments, the configuration, the bus and the store, progress."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from otklik.clock import now
from otklik.exits import Exit, Failed
from otklik.russian import Command, Group

if TYPE_CHECKING:
    from bus import Bus
    from otklik.config import Config
    from store import Store


@dataclass
class Options:
    """Given before or after the command."""

    verbose: bool = False
    debug: bool = False


options = Options()

ConfigFile = Annotated[Path, typer.Argument(metavar="ФАЙЛ", help="Файл региона, например configs/chelyabinsk.yaml.")]
Json = Annotated[bool, typer.Option("--json", help="Напечатать JSON для программ.")]


F = TypeVar("F", bound=Callable[..., int])
T = TypeVar("T")


def command(app: typer.Typer, name: str) -> Callable[[F], F]:
    """Register a function as a command with Russian help; it returns the exit code."""
    return app.command(name, cls=Command)


def group(app: typer.Typer, name: str, help_: str) -> typer.Typer:
    """Register commands of a common first word, which alone shows their help; modules may share it."""
    for shared in app.registered_groups:
        if shared.name == name and shared.typer_instance is not None:
            return shared.typer_instance
    made = typer.Typer(cls=Group, help=help_, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(made, name=name)
    return made


def load(path: Path, *, author_key: bool = False) -> "Config":
    """Read the file and set up the logs as it and the command line say.

    Raises:
        ConfigErrors: everything that is wrong with it.
    """
    from otklik.config import load as load_config  # noqa: PLC0415
    from otklik.process import ACCEPTED, SUPERVISED  # noqa: PLC0415

    accepted = os.environ.get(ACCEPTED) if os.environ.get(SUPERVISED) == "1" else None
    config = load_config(path, os.environ, author_key=author_key, copy=Path(accepted) if accepted else None)
    logs(config.file.log)
    return config


def logs(level: str = "warning") -> None:
    """Set up the logs; -v and --debug say more than the file."""
    from otklik.process import set_up_logs  # noqa: PLC0415

    set_up_logs("debug" if options.debug else "info" if options.verbose else level)


@contextmanager
def data_folder(config: "Config") -> Iterator[None]:
    """The data folder, for this process alone.

    Raises:
        Failed: another process works with it.
        StoreError: it can't be made or written.
    """
    from store import FolderLock, StoreError  # noqa: PLC0415

    lock = FolderLock(config.data)
    try:
        lock.__enter__()
    except StoreError as error:
        if error.transient:
            raise
        raise Failed(str(error), Exit.BUSY) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


@contextmanager
def opened_store(config: "Config", *, check: bool = True) -> Iterator["Store"]:
    """The configured store, its schema checked.

    Raises:
        StoreError: it does not answer, or its schema is not this program's.
    """
    from store import Store  # noqa: PLC0415

    store = Store(config.file.store, now)
    try:
        if check:
            store.open()
        yield store
    finally:
        store.close()


@contextmanager
def opened_bus(config: "Config") -> Iterator["Bus"]:
    """The configured bus.

    Raises:
        BusError: it does not answer.
    """
    from bus import open_bus  # noqa: PLC0415

    bus = open_bus(config.file.bus, now=now)
    try:
        yield bus
    finally:
        bus.close()


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error where that is a terminal; it is told how much is done so far."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=total)
        yield lambda done: shown.update(task, completed=done)


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """The items, with a bar for them."""
    with bar(what, total) as done:
        for number, item in enumerate(items, start=1):
            yield item
            done(number)


def print_json(value: Any) -> None:
    """A JSON document for programs."""
    import orjson  # noqa: PLC0415

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def moment(text: str, zone: str) -> datetime:
    """A time that an operator wrote: ISO 8601, in the region's time zone where it names none.

    Raises:
        typer.BadParameter: it is no time.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"«{text}» — не время; нужно так: 2026-03-05T14:00 или 2026-03-05") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(zone))
    return found.astimezone(UTC)
