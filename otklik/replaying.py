"""A file of posts through every real stage on a scratch bus and a scratch store: what `replay` does."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import typer

from bus import Bus, dead_letters
from bus.worker import Step, Worker
from classifier import Classifier
from classifier.corrections import BadLine
from intake import Draft, Intake
from otklik.clock import EventClock, now
from otklik.commands.common import progress
from otklik.config import Config
from otklik.config.environment import author_key
from otklik.exits import Exit, Failed
from otklik.lines import replay_lines
from otklik.roles.classify import TOPICS, ClassifyStep, load_classifier
from otklik.roles.common import CLASSIFY, INCIDENTS, ensure_topics
from otklik.roles.incidents import incident_step
from otklik.scratch import FULL, scratch
from schemas import Incident, Post, Tags, topics
from store import Forgotten, Incidents, Store, Versions
from text import AuthorHasher
from text.refusal import refusal

CHUNK = 256
"""Drafts published at once: the worker's own batch."""
PAGE = 500
"""Incidents read at once."""
POLL = 0.05
"""Seconds between two looks whether a stage is drained: it adds that much to each of the two stages."""


@dataclass
class Tally:
    """What came in and what was made of it, by post id: an edited post counts once."""

    posts: int = 0
    relevant: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    unplaced: set[str] = field(default_factory=set)

    def count(self, post: Post, tags: Tags) -> None:
        """Of a post that was judged twice the later judgement counts."""
        for ids, true in (
            (self.relevant, tags.relevant),
            (self.unsure, tags.relevant and tags.needs_review),
            (self.unplaced, tags.relevant and tags.municipality is None),
        ):
            ids.add(post.id) if true else ids.discard(post.id)

    def __str__(self) -> str:
        return (
            f"публикаций: {self.posts}, о беде: {len(self.relevant)}, "
            f"из них неуверенно: {len(self.unsure)}, без места: {len(self.unplaced)}"
        )


def replay_file(config: Config, posts: Path, out: Path, *, everything: bool) -> Exit:
    """Write the incidents that the posts of a file become, a line each.

    Raises:
        BusError, StoreError, ModelError: a stage can't work.
        Failed: the disk is full, or no line of the file is any good; nothing is written.
    """
    classifier = load_classifier(config)
    hasher = AuthorHasher(author_key(os.environ))
    clock = EventClock(now)
    bad: list[BadLine] = []
    with scratch(config.file.bus, config.file.store, clock) as (bus, store):
        ensure_topics(bus)
        intake = Intake(bus, Versions(store), Forgotten(store), hasher, clock)
        total = _publish(posts, config.region.timezone, intake, clock, bad)
        if bad and not total:
            raise Failed(f"В файле {posts} нет ни одной годной строки (выше сказано почему): {out} не тронут.")
        tally = Tally(posts=total)
        _drain(bus, TOPICS, CLASSIFY, _classify_step(classifier, bus, tally, everything), "классификация")
        _drain(bus, [topics.TAGGED], INCIDENTS, incident_step(config, store, clock), "инциденты")
        found = list(_incidents(store))
        dead = sum(len(dead_letters.waiting(bus, topic)) for topic in (*TOPICS, topics.TAGGED))
    _write(out, found)
    typer.echo(f"{tally}; инцидентов: {len(found)}", err=True)
    if dead:
        typer.echo(f"Не удалось обработать записей: {dead}. Повторите с ключом -v: журнал скажет почему.", err=True)
    return Exit.SOME_BAD if bad or dead else Exit.OK


def _publish(posts: Path, zone: ZoneInfo, intake: Intake, clock: EventClock, bad: list[BadLine]) -> int:
    """How many posts the file holds; bad lines are told and collected."""
    seen: set[str] = set()
    with posts.open("rb") as file:
        for chunk in _chunks(progress(_drafts(file, zone, clock, bad), "чтение")):
            intake.publish(chunk)
            seen.update(draft.id for draft in chunk)
    return len(seen)


def _drafts(lines: BinaryIO, zone: ZoneInfo, clock: EventClock, bad: list[BadLine]) -> Iterator[Draft]:
    for line in replay_lines(lines):
        if isinstance(line, BadLine):
            bad.append(line)
            typer.echo(str(line), err=True)
            continue
        draft = line.draft(zone)
        assert draft.published is not None
        clock.seen(draft.published)
        yield draft


def _chunks(drafts: Iterator[Draft]) -> Iterator[list[Draft]]:
    while chunk := list(islice(drafts, CHUNK)):
        yield chunk


def _classify_step(classifier: Classifier, bus: Bus, tally: Tally, everything: bool) -> ClassifyStep:
    def amend(post: Post, tags: Tags) -> Tags:
        if everything and not tags.relevant:
            tags = tags.model_copy(update={"relevant": True})
        tally.count(post, tags)
        return tags

    return ClassifyStep(classifier, bus, amend)


def _drain(bus: Bus, sources: Sequence[str], group: str, step: Step, what: str) -> None:
    """Run the real worker until its group has committed everything.

    Raises:
        whatever ended the worker.
    """
    worker = Worker(
        bus, sources, group, step, name=group, poll_timeout=POLL, is_final=lambda error: isinstance(error, FULL)
    )
    failed: list[BaseException] = []

    def run() -> None:
        try:
            worker.run()
        except BaseException as error:
            failed.append(error)

    def lag() -> int:
        return sum(count for topic in sources for count in bus.group_lag(topic, group).values())

    thread = threading.Thread(target=run, name=group, daemon=True)
    thread.start()
    try:
        for _ in progress(_falling(lag, thread.is_alive), what, lag()):
            pass
    finally:
        worker.stop()
        thread.join()
    if failed:
        raise failed[0]


def _falling(lag: Callable[[], int], alive: Callable[[], bool]) -> Iterator[None]:
    """An item for each record done, until none is left."""
    before = lag()
    while before > 0 and alive():
        time.sleep(POLL)
        left = lag()
        yield from (None for _ in range(max(0, before - left)))
        before = left


def _incidents(store: Store) -> Iterator[Incident]:
    """What stands at the end, by id: neither those merged into others nor those whose posts moved on."""
    found: list[Incident] = []
    before = None
    while page := Incidents(store).find(before=before, limit=PAGE):
        found += page
        before = page[-1].id
    return reversed([one for one in found if one.posts])


def _write(out: Path, incidents: list[Incident]) -> None:
    """All or, at an error, nothing: a half-written file would pass for a result."""
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for incident in incidents:
                file.write(incident.encode() + b"\n")
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Failed(f"Файл {out} не записан: {refusal(error)}.", Exit.UNREACHABLE) from error
