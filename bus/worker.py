"""The loop that every role runs: poll, let a step work, commit. What it promises stands in docs/worker.md.

It is one thread: while a batch is in hand nothing else is polled (that is all of the back-pressure), and the only thing
it waits for besides the step is time, during which it keeps its membership of the group alive.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog

from bus import dead_letters, metrics
from bus.base import Bus, BusError, Consumer, Received, TopicPartition
from bus.crashpoints import reach
from bus.journal import Journal
from schemas.topics import dead

log = structlog.get_logger()

BATCH = 256
"""Above 32 records the classifier and SQLite gain little more; 256 of 40 KB are 10 MB."""
ATTEMPTS = 3
"""Of a single record before it is set aside: a fault that is not the datum's ought to be a `Retry`."""
FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0
"""Seconds. Full jitter between zero and a bound that doubles, so that many workers do not come back at once:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/"""
WINDOW = 50
FEWEST_FAILURES = 10
"""More than half of the last 50 records, and at least 10, failed: then the program is at fault, not the data."""
LAG_SECONDS = 5.0
"""Between two looks at the lag: Kafka is asked three times a partition for it, Prometheus comes every 15 s or so."""
KEEP_ALIVE = 0.5
"""Longest wait between two looks at the group, in seconds."""


class Retry(Exception):
    """Raised by a step: no datum is at fault (a store or receiver does not answer); wait and try again, for ever."""


class TooManyFailures(Exception):
    """The stop rule: the worker has stopped so as not to empty the topic into the dead letters. In Russian."""


class Step(Protocol):
    def process(self, records: Sequence[Received]) -> None:
        """Do the work of these records; its effects must be idempotent, for they may come again.

        On return the effects are durable.

        Raises:
            Retry: try the same records later.
            Exception: one of them cannot be processed; the worker finds out which.
        """


class _Stopped(Exception):
    """Asked to stop while waiting with records in hand: they stay uncommitted."""


class _Backoff:
    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._bound = FIRST_WAIT

    def next(self) -> float:
        wait = self._chance() * self._bound
        self._bound = min(self._bound * 2, LONGEST_WAIT)
        return wait


class Worker:
    """`run` until `stop`, which may be called from a signal handler or another thread.

    Of several `topics` the most urgent comes first, see `Bus.consume`.

    `name` labels metrics and log lines. With a `journal` file, records that kill the process are isolated; the file
    belongs to one process. An error of the bus, or behind a step's `Retry`, that `is_final` is not waited out but ends
    `run`. `sleep`, `chance` and `now` are there for tests.
    """

    def __init__(
        self,
        bus: Bus,
        topics: Sequence[str],
        group: str,
        step: Step,
        *,
        name: str,
        journal: Path | None = None,
        batch: int = BATCH,
        poll_timeout: float = 1.0,
        attempts: int = ATTEMPTS,
        is_final: Callable[[BaseException], bool] = lambda _: False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._bus = bus
        self._topics = topics
        self._group = group
        self._step = step
        self._name = name
        self._journal_path = journal
        self._batch = batch
        self._poll_timeout = poll_timeout
        self._attempts = attempts
        self._is_final = is_final
        self._now = now
        self._stopping = threading.Event()
        self._sleep = sleep or self._stopping.wait
        self._chance = chance
        self._done: dict[TopicPartition, int] = {}
        """Positions that are done and not yet committed."""
        self._revoked: set[TopicPartition] = set()
        """Partitions given away while the batch is in hand: what is left of them is somebody else's."""
        self._lag_due = 0.0
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        """True for each record that failed."""

    def stop(self) -> None:
        """Finish the batch in hand, commit it, and return from `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped; a bus that does not answer is waited for.

        Raises:
            TooManyFailures: see the stop rule.
            Exception: one that is final.
        """
        with Journal(self._journal_path) as journal:
            self._journal = journal
            backoff = _Backoff(self._chance)
            while not self._stopping.is_set():
                try:
                    self._bus.ensure_topics({dead(topic): 1 for topic in self._topics})
                    consumer = self._bus.consume(self._topics, self._group, on_revoked=self._on_revoked)
                except BusError as error:
                    self._bus_failed(error)
                    self._sleep(backoff.next())
                    continue
                self._consumer: Consumer = consumer
                try:
                    self._loop()
                except BaseException:
                    self._done.clear()  # nothing more is committed, not even while closing
                    raise
                finally:
                    consumer.close()

    def _loop(self) -> None:
        backoff = _Backoff(self._chance)
        while not self._stopping.is_set():
            try:
                records = self._consumer.poll(self._batch, self._poll_timeout)
                self._revoked.clear()  # what was given away during this poll and came back in it is ours again
                if not records:
                    self._commit()
            except BusError as error:
                self._bus_failed(error)
                self._sleep(backoff.next())
                continue
            backoff = _Backoff(self._chance)
            if records:
                self._handle(records)
            self._report_lag()

    def _handle(self, records: list[Received]) -> None:
        started = time.monotonic()
        metrics.gauge("otklik_worker_in_hand_records", worker=self._name).set(len(records))
        try:
            for part in self._parts(records):
                self._work(part)
        except _Stopped:
            pass
        finally:
            self._journal.end()
        reach("worker.after_effect_before_commit")
        try:
            self._commit()
        except BusError as error:  # the positions stay in `_done` and go with the next commit
            self._bus_failed(error)
        age = (self._now() - records[-1].record.time).total_seconds()
        metrics.gauge("otklik_worker_event_age_seconds", worker=self._name).set(age)
        metrics.gauge("otklik_worker_in_hand_records", worker=self._name).set(0)
        metrics.histogram("otklik_worker_batch_seconds", worker=self._name).observe(time.monotonic() - started)

    def _parts(self, records: list[Received]) -> list[list[Received]]:
        """The batch whole, or, where the process died before, its suspects one by one."""
        if not self._journal.suspicious:
            return [records]
        parts: list[list[Received]] = []
        for received in records:
            if self._journal.is_suspect(received):
                parts += [[received], []]
            else:
                if not parts:
                    parts.append([])
                parts[-1].append(received)
        return [part for part in parts if part]

    def _work(self, records: list[Received]) -> None:
        """Process, in order; after a failure halve, until the failing record stands alone."""
        attempt = 0
        patience = _Backoff(self._chance)
        while records := [r for r in records if r.at not in self._revoked] if self._revoked else records:
            if len(records) == 1 and self._journal.is_killer(records[0]):
                self._set_aside(records[0], None)
                return
            mine = [r for r in records if dead_letters.is_for(r.record, self._group)]
            self._journal.begin(records)
            reach("worker.before_effect")
            try:
                if mine:
                    self._step.process(mine)
            except Retry as reason:
                if reason.__cause__ is not None and self._is_final(reason.__cause__):
                    raise reason.__cause__ from None
                self._repeat("retry", reason)
                self._wait(patience.next())
                continue
            except Exception as error:
                if len(records) > 1:
                    middle = len(records) // 2
                    self._work(records[:middle])
                    self._work(records[middle:])
                    return
                attempt += 1
                if attempt >= self._attempts:
                    self._set_aside(records[0], error)
                    return
                self._repeat("error", error)
                self._wait(patience.next())
                continue
            self._finished(records, failed=False)
            metrics.counter("otklik_worker_records_total", worker=self._name).inc(len(records))
            return

    def _set_aside(self, received: Received, error: Exception | None) -> None:
        """Into the dead letters; `error` is None for a record that killed the process."""
        recent = [*self._recent, True][-WINDOW:]
        failures = sum(recent)
        if failures >= FEWEST_FAILURES and failures * 2 > len(recent):
            raise TooManyFailures(
                f"Обработчик «{self._name}» остановлен: из последних {len(recent)} записей не удалось обработать "
                f"{failures}. Похоже на ошибку программы или настройки, а не данных "
                f"({type(error).__name__ if error else dead_letters.CRASH}). Исправьте её и запустите otklik снова: "
                "необработанные записи остались в теме."
            )
        letter = dead_letters.letter(received, self._group, error, self._now())
        patience = _Backoff(self._chance)
        while True:
            try:
                self._bus.publish(dead(received.at.topic), [letter])
                break
            except BusError as problem:
                self._bus_failed(problem)
                self._wait(patience.next())
        kind = letter.headers["error_type"]
        log.error(
            "record_set_aside",
            worker=self._name,
            topic=received.at.topic,
            partition=received.at.partition,
            offset=received.offset,
            error_type=kind,
        )
        metrics.counter("otklik_worker_dead_letters_total", worker=self._name, error_type=kind).inc()
        self._finished([received], failed=True)
        reach("worker.after_dead_letter_before_commit")

    def _finished(self, records: Sequence[Received], *, failed: bool) -> None:
        self._recent.extend([failed] * len(records))
        for received in records:
            self._done[received.at] = received.offset + 1
            self._journal.clear(received)
        for partition in self._revoked:
            self._done.pop(partition, None)

    def _wait(self, seconds: float) -> None:
        """With records in hand: stay in the group, and stop when asked to."""
        self._journal.end()  # whoever is killed while waiting was not killed by a record
        left = seconds
        while True:
            self._sleep(min(left, KEEP_ALIVE))
            left -= KEEP_ALIVE
            if self._stopping.is_set():
                raise _Stopped
            try:
                self._consumer.poll(0, 0)
            except BusError as error:
                self._bus_failed(error)
            if left <= 0:
                return

    def _commit(self) -> None:
        if self._done:
            self._consumer.commit(self._done)
            self._done.clear()

    def _on_revoked(self, partitions: frozenset[TopicPartition]) -> None:
        self._revoked |= partitions
        positions = {at: self._done.pop(at) for at in partitions if at in self._done}
        if positions:
            try:
                self._consumer.commit(positions)
            except BusError as error:  # their next owner does them again
                self._bus_failed(error)

    def _report_lag(self) -> None:
        """Now and then, busy or idle: a lag that is only seen by those who have none tells nobody anything."""
        if time.monotonic() < self._lag_due:
            return
        self._lag_due = time.monotonic() + LAG_SECONDS
        lag = dict.fromkeys(self._topics, 0)
        try:
            for at, records in self._consumer.lag().items():
                lag[at.topic] += records
        except BusError as error:
            self._bus_failed(error)
            return
        for topic, records in lag.items():
            metrics.gauge("otklik_worker_lag_records", worker=self._name, topic=topic).set(records)

    def _repeat(self, reason: str, error: Exception) -> None:
        metrics.counter("otklik_worker_retries_total", worker=self._name, reason=reason).inc()
        log.warning("step_repeated", worker=self._name, reason=reason, error_type=type(error).__name__)

    def _bus_failed(self, error: BusError) -> None:
        if self._is_final(error):
            raise error
        metrics.counter("otklik_bus_errors_total", worker=self._name).inc()
        log.warning("bus_failed", worker=self._name, problem=str(error))
