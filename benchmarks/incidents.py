"""Grouping and store: `python -m benchmarks.incidents [--incidents 100000] [--posts 10000]`.

A private PostgreSQL on loopback, without fsync as in the tests, is filled with closed incidents of one post each over
three years; then posts of the day after come in batches of 100 through worker processes, and one by one. Posts are of
43 municipalities, large and small, of 24 topics; two thirds name a street, half of these a house; a tenth are reposts,
a tenth comments. Texts and tags are made up: what is timed is grouping, description, history, outbox and database.
"""

import argparse
import logging
import multiprocessing
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median, quantiles

import structlog
from sqlalchemy import insert, text

from incidents.arrival import arrive
from incidents.config import Deadlines, Grouping
from incidents.process import IncidentStep
from incidents.scope import AREA, FAMILY_OF
from schemas import Address, Municipality, Post, TaggedPost, Tags
from store import Store
from store.incident_tables import incidents, posts
from tests.servers import PostgresServer

NOW = datetime(2026, 11, 1, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
TOPICS = [*sorted(AREA)[:8], *sorted(FAMILY_OF)[:12], *(f"topic {n}" for n in range(4))]
PLACES = [Municipality(oktmo=f"75{n:06}", name=f"m{n}", probability=1, found_by="text") for n in range(43)]
SIZES = [1 / (n + 1) for n in range(43)]  # Zipf's law: the largest town has a fifth of all posts
STREETS = 400  # of a municipality
BATCH = 100


def made(chance: random.Random, start: datetime, span: timedelta, prefix: str) -> Iterator[TaggedPost]:
    """Posts without end."""
    last: list[TaggedPost] = []
    for n in range(10**9):
        (place,) = chance.choices(PLACES, SIZES)
        topic = chance.choice(TOPICS)
        street = f"s{chance.randrange(STREETS)}" if chance.random() < 2 / 3 else None
        house = str(chance.randrange(1, 60)) if street and chance.random() < 1 / 2 else None
        signature = tuple(chance.randrange(1, 1 << 32) for _ in range(32))
        parent = None
        if last and chance.random() < 0.2:
            other = chance.choice(last)
            topic, place = other.tags.topic, other.tags.municipality or place
            if chance.random() < 0.5:
                signature = other.tags.signature
            else:
                parent = other.post.id
        at = start + span * chance.random()
        key = f"{street}, {house}"
        one = TaggedPost(
            post=Post(
                id=f"{prefix}{n}", source=f"vk{n % 50}", published=at, collected=at, parent=parent, text="т" * 280
            ),
            tags=Tags(
                relevance=0.9,
                relevant=True,
                group="ЖКХ",
                group_probability=0.9,
                topic=topic,
                topic_probability=0.8,
                topics={topic: 0.8, **{f"other {k}": 0.05 for k in range(4)}},
                municipality=place,
                address=Address(street=street, text="", house=house, key=key, street_key=street) if street else None,
                signature=signature,
                model="m",
            ),
        )
        last = [*last[-200:], one]
        yield one


def fill(store: Store, count: int) -> None:
    """Closed incidents of one post each."""
    source = made(random.Random(1), NOW - YEARS, YEARS, "old")
    done = 0
    while done < count:
        part = [found for one in islice(source, min(5_000, count - done)) if (found := arrive(None, one))]
        with store.transaction() as conn:
            conn.execute(
                insert(incidents),
                [
                    {
                        "id": done + n + 1, "sequence": 1, "status": "closed", "title": "t",
                        "municipality": one.municipality, "group": one.group, "topic": one.topic,
                        "urgency": "normal", "needs_review": False,
                        "opened": one.published, "updated": one.published, "first_published": one.published,
                        "last_published": one.published, "history": False,
                    }
                    for n, one in enumerate(part)
                ],
            )  # fmt: skip
            names = [column.name for column in posts.c]
            conn.execute(
                insert(posts),
                [
                    {name: getattr(one, name) for name in names} | {"incident": done + n + 1}
                    for n, one in enumerate(part)
                ],
            )
        done += len(part)
    with store.transaction() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT setval(pg_get_serial_sequence('incidents', 'id'), :top)"), {"top": max(count, 1)})
            conn.execute(text("ANALYZE"))


def step(store: Store) -> IncidentStep:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    return IncidentStep(
        store, "bench", authorities=(), deadlines=Deadlines(), windows=Grouping(), now=lambda: datetime.now(UTC)
    )


def work(url: str, seed: int, count: int) -> None:
    """A worker's share, in batches."""
    store = Store(url)
    worker = step(store)
    source = made(random.Random(seed), NOW, timedelta(days=1), f"new{seed}.")
    for _ in range(count // BATCH):
        worker.add(list(islice(source, BATCH)))
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--incidents", type=int, default=100_000)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    server = PostgresServer()
    try:
        measure(server.url(), given.incidents, given.posts, given.workers)
    finally:
        server.remove()


def measure(url: str, known: int, count: int, workers: int) -> None:
    """Fill, time and print."""
    store = Store(url)
    store.upgrade()
    start = time.perf_counter()
    fill(store, known)
    print(f"filled with {known:,} incidents in {time.perf_counter() - start:.0f} s", flush=True)
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=work, args=(url, 10 + n, count // workers)) for n in range(workers)]
    start = time.perf_counter()
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    took = time.perf_counter() - start
    print(f"{workers} workers, batches of {BATCH}: {count / took:,.0f} posts/s", flush=True)
    worker, source = step(store), made(random.Random(99), NOW, timedelta(days=1), "one")
    times = []
    for one in islice(source, 500):
        start = time.perf_counter()
        worker.add([one])
        times.append((time.perf_counter() - start) * 1000)
    print(f"one by one: median {median(times):.2f} ms, 95 % within {quantiles(times, n=20)[-1]:.2f} ms")
    store.close()


if __name__ == "__main__":
    main()
