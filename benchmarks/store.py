"""A store of many incidents: `python -m benchmarks.store [--database postgresql|sqlite] [--incidents N]`.

A region of 43 municipalities and 195 topics, where each pair has one matter in about nine days: old ones are mostly
closed, of the last two in a hundred most are open. Of a thousand incidents 700 have one post, 250 two to four, 49 five
to twenty, one 300. Statements are timed from the call to the models, as the console would wait for them; process time
is the client's own, the server's is not in it. PostgreSQL is a private cluster without fsync, SQLite a file in a
temporary folder.
"""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import structlog
from sqlalchemy import Connection, text

from incidents.config import Deadlines, Grouping
from incidents.process import IncidentStep
from schemas import IncidentStatus, Municipality, Post, TaggedPost, Tags
from store import IncidentFilter, Incidents, Store
from store.incidents import UNANSWERED
from store.metadata import metadata
from tests.servers import PostgresServer

MUNICIPALITIES, TOPICS = 43, 195
APART = 95  # seconds between two incidents of the region: 909 a day, some three times the busiest centre's
DAY = 86_400
ROUNDS = 30  # of each list: the 95th percentile is then the second slowest
ATTACHED = 200
BATCH, BATCHES, WORKERS = 100, 15, 2
WANTED = {"postgresql": (2.0, 100.0), "sqlite": (5.0, 150.0)}  # ms: attach (median), lists (95th percentile)
OPEN = tuple(IncidentStatus(status) for status in UNANSWERED)

# n is the number of an incident; r a number from 0 to 999 that looks random. Statements below run on both databases.
CHANCE = "((n * 2654435761) % 4294967296 / 65536 % 1000)"
SIZE = f"""CASE WHEN {CHANCE} < 700 THEN 1 WHEN {CHANCE} < 950 THEN 2 + {CHANCE} % 3
           WHEN {CHANCE} < 999 THEN 5 + {CHANCE} % 16 ELSE 300 END"""
PLACE = f"CAST(75000000 + n % {MUNICIPALITIES} AS TEXT)"
TOPIC = f"'Тема ' || CAST(n / {MUNICIPALITIES} % {TOPICS} AS TEXT)"
GROUP = f"'Группа ' || CAST(n / {MUNICIPALITIES} % {TOPICS} / 10 AS TEXT)"
STATUS = """CASE WHEN n > :total * 0.98 AND r < 800 OR r < 2 THEN
              CASE r % 5 WHEN 0 THEN 'confirmed' WHEN 1 THEN 'waiting' WHEN 2 THEN 'assigned' WHEN 3 THEN 'new'
              ELSE CASE WHEN r % 2 = 0 THEN 'reopened' ELSE 'new' END END
            WHEN r > 960 THEN 'rejected' WHEN r > 920 THEN 'answered'
            WHEN r > 900 THEN 'solved' ELSE 'closed' END"""
INCIDENTS = f"""
INSERT INTO incidents (id, sequence, status, title, municipality, municipality_name, "group", topic, urgency,
    needs_review, authority, authority_name, opened, updated, first_published, last_published, answer_due,
    history, status_since,
    recurring, due_soon, overdue, priority, alarm)
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :total),
    drawn AS (SELECT n, (n * 2246822519) % 4294967296 / 65536 % 1000 AS r, {{opened}} AS opened FROM numbers)
SELECT n, {SIZE}, {STATUS}, {TOPIC} || ' — Город ' || CAST(n % {MUNICIPALITIES} AS TEXT), {PLACE},
    'Город ' || CAST(n % {MUNICIPALITIES} AS TEXT), {GROUP}, {TOPIC}, 'normal', r % 9 = 0,
    'body-' || CAST(n % 60 AS TEXT), 'Учреждение', opened, opened, opened, opened,
    {{due}}, false, opened, false, false, false, r * r / 10000, 0 FROM drawn"""
POSTS = f"""
INSERT INTO posts (id, incident, revision, collected, deleted, tagged_revision, tagged_collected, model, kind, source,
    url, author, published, history, relevant, municipality, municipality_name, settlement, "group", topic, urgency,
    needs_review, title, text)
SELECT 'vk:-' || CAST(n AS TEXT) || '_' || CAST(k AS TEXT), n, 0, {{published}}, false,
    0, {{published}}, 'm', 'post', 'vk',
    'https://vk.example/' || CAST(n AS TEXT) || '_' || CAST(k AS TEXT), 'author' || CAST(k AS TEXT),
    {{published}}, false, true, {PLACE}, 'Город ' || CAST(n % {MUNICIPALITIES} AS TEXT), NULL, {GROUP},
    {TOPIC}, 'normal', false, NULL,
    'Второй день нет воды во всём доме, никто не отвечает, прошу помочь. Номер ' || CAST(n AS TEXT)
FROM (SELECT id AS n, sequence AS size FROM incidents) AS one JOIN counted ON k <= size"""
HISTORY = """
INSERT INTO incident_history (incident, sequence, at, type, actor, status, posts, details)
SELECT id, k, opened, 'incident.updated', 'otklik', status, k, '{{}}' FROM incidents JOIN counted ON k <= sequence"""
COUNTED = "WITH RECURSIVE c(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c WHERE k < 300) SELECT k FROM c"


def fill(store: Store, total: int, now: datetime) -> None:
    """The incidents with their posts and histories; indexes are made afterwards."""
    start = int(now.timestamp()) - total * APART

    def at(seconds: str) -> str:
        if store.is_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%S.000000', {seconds}, 'unixepoch')"
        return f"to_timestamp({seconds})"

    opened = at(f"{start} + n * {APART}")
    due = at(f"{start} + n * {APART} + {DAY}")
    published = at(f"{start} + n * {APART} + k * 60")
    indexes = [index for name in ("incidents", "posts", "incident_history") for index in metadata.tables[name].indexes]
    with store.transaction() as conn:
        for index in indexes:
            index.drop(conn, checkfirst=True)
        if not store.is_sqlite:
            conn.execute(text("SET LOCAL session_replication_role = replica"))  # foreign keys hold by construction
        conn.execute(text("CREATE TEMPORARY TABLE counted (k INTEGER PRIMARY KEY)"))
        conn.execute(text(f"INSERT INTO counted {COUNTED}"))
        if not store.is_sqlite:
            conn.execute(text("ANALYZE counted"))
        conn.execute(text(INCIDENTS.format(opened=opened, due=due)), {"total": total})
        conn.execute(text(POSTS.format(published=published)))
        conn.execute(text(HISTORY.format()))
        conn.execute(text("DROP TABLE counted"))
        if not store.is_sqlite:  # its triggers have slept
            conn.execute(
                text('INSERT INTO titles SELECT title, lower(title COLLATE "und-x-icu") FROM incidents GROUP BY 1')
            )
        for index in indexes:
            index.create(conn)
        if not store.is_sqlite:
            conn.execute(text("SELECT setval('incidents_id_seq', :total)"), {"total": total})
    tidy(store)


def tidy(store: Store) -> None:
    """Statistics, and what autovacuum would have done by now."""
    with store.engine.connect() as conn:
        if not store.is_sqlite:
            conn.connection.driver_connection.autocommit = True  # type: ignore[union-attr]
        conn.connection.cursor().execute("ANALYZE" if store.is_sqlite else "VACUUM ANALYZE")
        conn.invalidate()


def post(n: int, total: int, now: datetime, name: str) -> TaggedPost:
    """One more on the matter of incident `n`."""
    opened = now - timedelta(seconds=(total - n) * APART)
    place, topic = n % MUNICIPALITIES, n // MUNICIPALITIES % TOPICS
    return TaggedPost(
        post=Post(
            id=f"vk:{name}",
            source="vk",
            url=f"https://vk.example/{name}",
            published=opened + timedelta(seconds=90),
            collected=now,
            text="И у нас на улице то же самое, воды нет со вчерашнего дня",
        ),
        tags=Tags(
            relevance=0.9,
            relevant=True,
            group=f"Группа {topic // 10}",
            group_probability=0.9,
            topic=f"Тема {topic}",
            topic_probability=0.8,
            municipality=Municipality(
                oktmo=str(75_000_000 + place), name=f"Город {place}", probability=0.9, found_by="text"
            ),
            model="m",
        ),
    )


def step(store: Store) -> IncidentStep:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))  # as the worker's
    return IncidentStep(store, "bench", authorities=(), deadlines=Deadlines(), windows=Grouping(), now=store.now)


def reads(store: Store, total: int, now: datetime) -> dict[str, Callable[[], object]]:
    """What pages and commands ask for."""
    found = Incidents(store)
    one: dict[str, Any] = {
        "municipality": ["75000007"],
        "group": ["Группа 3"],
        "topic": ["Тема 35"],
        "status": OPEN,
        "authority": ["body-7"],
        "overdue": now,
        "text": "Тема 35 — Город 7",
    }
    asked: dict[str, Callable[[], object]] = {"find": found.find, "by_priority": found.by_priority}
    for name, value in one.items():
        asked[f"find {name}"] = partial(found.find, IncidentFilter(**{name: value}))
    names = list(one)
    for left in names:
        for right in names[names.index(left) + 1 :]:
            pair: dict[str, Any] = {left: one[left], right: one[right]}
            asked[f"find {left} + {right}"] = partial(found.find, IncidentFilter(**pair))
    return asked | {
        "find status=closed": lambda: found.find(IncidentFilter(status=[IncidentStatus.CLOSED])),
        "find text=nowhere": lambda: found.find(IncidentFilter(text="нигде")),
        "find text, common": lambda: found.find(IncidentFilter(text="тема 3")),
        "by_priority of open": lambda: found.by_priority(IncidentFilter(status=OPEN)),
        "by_priority of open + municipality": lambda: found.by_priority(
            IncidentFilter(status=OPEN, municipality=["75000007"])
        ),
        "counts": found.counts,
        "count of open": lambda: found.count(IncidentFilter(status=OPEN)),
        "open_by_authority": found.open_by_authority,
        "overdue": lambda: found.overdue(now),
        "history of one": lambda: found.history(total - 7),
        "get one": lambda: found.get(total - 7),
    }


def milliseconds(work: Callable[[], object], rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def p95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


def batches(url: str, total: int, now: datetime, worker: int) -> tuple[int, float]:
    """Posts that one worker has stored, and its process time: half on known matters, on distinct ones of them."""
    store = Store(url)
    work = step(store)
    for number in range(BATCHES):
        first = total - (worker * BATCHES + number + 1) * BATCH
        chosen = (first + i // 2 for i in range(BATCH))
        work.add([post(n, total, now, f"w{worker}_{number}_{i}") for i, n in enumerate(chosen)])
    store.close()
    return BATCHES * BATCH, time.process_time()


@contextmanager
def database(kind: str) -> Iterator[Store]:
    if kind == "postgresql":
        server = PostgresServer()
        try:
            store = Store(server.url())
            yield store
            store.close()
        finally:
            server.remove()
    else:
        with tempfile.TemporaryDirectory() as folder:
            store = Store(f"sqlite:///{Path(folder)}/store.db")
            yield store
            store.close()


def measure(store: Store, kind: str, total: int) -> int:
    """Print the tables; how many targets were missed."""
    most_attach, most_read = WANTED[kind]
    now = datetime.now(UTC)
    began = time.perf_counter()
    store.upgrade()
    fill(store, total, now)
    with store.reading() as conn:
        posts = _count(conn, "posts")
    print(f"{kind}: {total:,} incidents, {posts:,} posts, made in {time.perf_counter() - began:.0f} s; load {_load()}")
    missed = []
    print(f"  {'list':<44} {'median':>8} {'95 %':>8} ms")
    for name, work in reads(store, total, now).items():
        work()
        taken = milliseconds(work, ROUNDS)
        over = p95(taken) > most_read
        missed += [name] if over else []
        print(f"  {name:<44} {median(taken):>8.1f} {p95(taken):>8.1f}{'  MISSED' if over else ''}", flush=True)
    worker = step(store)
    numbers = iter(range(ATTACHED + 20))
    attach = lambda: worker.add([post(total - (n := next(numbers)), total, now, f"a{n}")])  # noqa: E731
    milliseconds(attach, 20)
    cpu = time.process_time()
    taken = milliseconds(attach, ATTACHED)
    cpu = (time.process_time() - cpu) * 1000 / ATTACHED
    over = median(taken) > most_attach
    missed += ["attach"] if over else []
    print(
        f"  attach a post: median {median(taken):.1f} ms, 95 % {p95(taken):.1f}, process time {cpu:.1f}; load {_load()}"
    )
    if kind == "postgresql":
        began = time.perf_counter()
        with get_context("spawn").Pool(WORKERS) as pool:
            done = pool.starmap(batches, [(store.url, total, now, number) for number in range(WORKERS)])
        seconds = time.perf_counter() - began
        stored, used = sum(one[0] for one in done), sum(one[1] for one in done)
        print(
            f"  {WORKERS} workers, batches of {BATCH}: {stored / seconds:,.0f} posts/s with their start; "
            f"{stored / used:,.0f} posts per second of process time; load {_load()}"
        )
    print(f"  missed: {', '.join(missed) or 'none'}")
    return len(missed)


def _count(conn: Connection, table: str) -> int:
    return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=sorted(WANTED))
    parser.add_argument("--incidents", type=int)
    arguments = parser.parse_args()
    for kind in [arguments.database] if arguments.database else sorted(WANTED):
        with database(kind) as store:
            measure(store, kind, arguments.incidents or {"postgresql": 1_000_000, "sqlite": 100_000}[kind])


if __name__ == "__main__":
    main()
