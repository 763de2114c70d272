"""`otklik crawl --since`: what an operator sees of a back-fill."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from otklik.clock import now
from otklik.commands.common import moment, print_json
from otklik.exits import Exit, Failed
from otklik.russian import sentences

if TYPE_CHECKING:
    from crawlers.backfill import Progress
    from otklik.config import Config
    from otklik.roles.backfill import Tell

LINE_EVERY = 60.0
"""Seconds between two lines where there is no terminal: a day of them is 1,440, which a log can bear."""


def back_fill(config: "Config", source: str, since: str, until: str | None, *, again: bool, as_json: bool) -> Exit:
    """Check what was asked for, collect, and tell how it ended.

    Raises:
        typer.BadParameter: a date is none, or lies wrong.
        Failed: this source can't give its past, or somebody else collects it.
    """
    zone = config.region.timezone
    begin, end = _span(since, until, zone.key)
    from otklik.roles.backfill import refusal, run_backfill  # noqa: PLC0415
    from store import Backfill  # noqa: PLC0415

    if (why := refusal(config, source)) is not None:
        raise Failed(f"Прошлое источника {source} собрать нельзя: {why}.")
    with _shown(source, zone) as tell:
        found = run_backfill(config, source, begin, end, again=again, tell=tell)
    skipped = 0
    if isinstance(found, Backfill):
        if found.finished is None:
            raise Failed(
                f"Это прошлое источника {source} уже собирает {found.lease_owner}. Дождитесь его; если он упал, "
                f"повторите команду после {_local(found.lease_until, zone, '%H:%M:%S')}.",
                Exit.BUSY,
            )
        shown = {"outcome": "already", "reason": None, "action": None}
        posts, reached, code = found.posts, found.reached, Exit.OK
        said = (
            f"{source}: прошлое {_local(found.since, zone)} — {_local(found.until, zone)} уже собрано "
            f"{_local(found.finished, zone)}, публикаций: {posts}. Чтобы собрать ещё раз, добавьте --again."
        )
    elif found.finished:
        shown = {"outcome": "ok", "reason": None, "action": None}
        posts, reached, skipped, code = found.posts, found.reached, found.skipped, Exit.OK
        said = f"{source}: прошлое собрано, публикаций: {posts}."
        if skipped:
            code = Exit.SOME_BAD
            said += f" Не удалось прочесть: {skipped}; они названы в журнале (article_skipped)."
    else:
        shown = {"outcome": "stopped" if found.stopped else "unfinished", "reason": found.reason}
        shown["action"] = found.action
        posts, reached, code = found.posts, found.reached, Exit.INTERRUPTED if found.stopped else Exit.SOME_BAD
        said = f"{source}: {sentences(found.reason, found.action)}. Публикаций: {posts}" + (
            f", дошли до {_local(reached, zone)}." if reached else "."
        )
        said += " Та же команда продолжит с этого места."
    if as_json:
        print_json({"source": source} | shown | {"posts": posts, "reached": reached, "skipped": skipped})
    else:
        typer.echo(said)
    return code


def _span(since: str, until: str | None, zone: str) -> tuple[datetime, datetime | None]:
    begin = _day(since, zone, "--since")
    end = None if until is None else _day(until, zone, "--until")
    if end is not None and begin >= end:
        raise typer.BadParameter(f"«{since}» не раньше, чем --until «{until}»", param_hint="--since")
    return begin, end


def _day(text: str, zone: str, option: str) -> datetime:
    try:
        found = moment(text, zone)
    except typer.BadParameter as error:
        raise typer.BadParameter(error.message, param_hint=option) from None
    if found > now():
        raise typer.BadParameter(f"«{text}» ещё не наступило; прошлое кончается этой минутой", param_hint=option)
    return found


@contextmanager
def _shown(source: str, zone: Any) -> Iterator["Tell"]:
    """Progress on standard error: a bar by dates on a terminal, else a line a minute and one for each pause."""
    show: Callable[[float, str], None]
    if not sys.stderr.isatty():
        yield _lines(source, zone)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn(f"{source}: {{task.description}}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("начинаем", total=1.0)

        def show(share: float, text: str) -> None:
            bar.update(task, completed=share, description=text)

        yield lambda since, until, forwards, at: show(_share(since, until, forwards, at), _text(at, zone))


def _lines(source: str, zone: Any) -> "Tell":
    due = [0.0]

    def line(since: datetime, until: datetime, forwards: bool, at: "Progress") -> None:
        if at.waits or time.monotonic() >= due[0]:
            due[0] = time.monotonic() + LINE_EVERY
            typer.echo(
                f"{source}: {_share(since, until, forwards, at):.0%}, {_text(at, zone)}".replace("%", " %"), err=True
            )

    return line


def _share(since: datetime, until: datetime, forwards: bool, at: "Progress") -> float:
    """How much of the span is done, by its dates."""
    if at.reached is None:
        return 0.0
    done = (at.reached - since if forwards else until - at.reached) / (until - since)
    return min(max(done, 0.0), 1.0)


def _text(at: "Progress", zone: Any) -> str:
    if at.waits:
        return f"ждём до {_local(at.until, zone)}: {at.waits}"
    return f"дошли до {_local(at.reached, zone)}, публикаций: {at.posts}" if at.reached else f"публикаций: {at.posts}"


def _local(time_: datetime | None, zone: Any, form: str = "%d.%m.%Y %H:%M") -> str:
    return f"{time_.astimezone(zone):{form}}" if time_ is not None else "—"
