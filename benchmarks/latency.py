"""From a post to its event: `python -m benchmarks.latency [--bus kafka|sqlite] [--rate 10] [--posts 600]`.

The roles `classify` and `incidents` run as processes, as `otklik run` starts them. Posts are put on the bus one by one,
at an even pace, each with a trouble and a town, so that each opens an incident or joins one. The clock of a post stops
when its event can be read from the topic `incidents`, where sinks read it. With Kafka the store is PostgreSQL, else
SQLite.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

from bus import Bus, Record, open_bus
from classifier.places import Region
from otklik.roles.common import ensure_topics
from schemas import IncidentEvent, Post, decode, headers, topics
from store import Store
from tests.servers import KafkaServer, PostgresServer

TROUBLES = (
    "Второй день нет холодной воды, когда дадут?",
    "Батареи ледяные, отопления нет с понедельника",
    "Не вывозят мусор, баки переполнены",
    "Яма на дороге, пробили колесо",
    "Во дворе не горят фонари, темно",
)
WARM = 50
"""Posts that are not counted: models and statements are loaded by then."""


def posts(count: int) -> Iterator[Post]:
    towns = [one.name for one in Region.load("chelyabinsk").municipalities]
    for n, trouble, town in zip(range(count), itertools.cycle(TROUBLES), itertools.cycle(towns), strict=False):
        now = datetime.now(UTC)
        text = f"{town}. {trouble} Дом {n % 90 + 1}."
        yield Post(id=f"vk:-1_{n}", source="bench", published=now - timedelta(minutes=n), collected=now, text=text)


def publish(bus: Bus, count: int, rate: float, sent: dict[str, float]) -> None:
    begun = time.monotonic()
    for n, post in enumerate(posts(count)):
        time.sleep(max(0.0, begun + n / rate - time.monotonic()))
        sent[post.id] = time.monotonic()
        bus.publish(topics.POSTS, [Record(post.source, post.encode(), post.published, headers(Post))])


def seen(bus: Bus, count: int, patience: float) -> dict[str, float]:
    """When the event of each post came."""
    found: dict[str, float] = {}
    end = time.monotonic() + patience
    with closing(bus.consume([topics.INCIDENTS], "bench")) as consumer:
        while len(found) < count and time.monotonic() < end:
            for one in consumer.poll(256, 0.5):
                event = decode(IncidentEvent, one.record.value, one.record.headers)
                for post in event.data.posts_added:
                    found.setdefault(post, time.monotonic())
    return found


def main() -> None:
    """Print milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bus", choices=["kafka", "sqlite"], default="kafka")
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--posts", type=int, default=600)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places = f"bus: sqlite:///{folder}/bus.db\nstore: sqlite:///{folder}/store.db\n"
        if given.bus == "kafka":
            kafka, postgres = KafkaServer(folder / "kafka"), PostgresServer()
            stack.callback(postgres.remove)
            kafka.start()
            stack.callback(kafka.stop)
            places = f"bus: {kafka.url}\nstore: {postgres.url()}\n"
        file = folder / "region.yaml"
        file.write_text(
            f"region: chelyabinsk\ndata: {folder}/data\n{places}authorities: [{{id: a, name: А, default: true}}]\n"
        )
        with closing(Store(places.split("store: ")[1].strip())) as store:
            store.upgrade()
        bus = stack.enter_context(closing(open_bus(places.split("bus: ")[1].split()[0])))
        ensure_topics(bus)
        env = os.environ | {"OTKLIK_AUTHOR_KEY": "0" * 64}
        for role in ("classify", "incidents"):
            process = subprocess.Popen([sys.executable, "-m", "otklik", role, str(file)], env=env)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        sent: dict[str, float] = {}
        sender = threading.Thread(target=publish, args=(bus, given.posts, given.rate, sent))
        sender.start()
        came = seen(bus, given.posts, given.posts / given.rate + 60)
        sender.join()
    counted = [post for post in list(sent)[WARM:] if post in came]
    took = sorted((came[post] - sent[post]) * 1000 for post in counted)
    points = quantiles(took, n=100, method="inclusive")
    print(
        f"{given.bus}, {given.rate:g} posts/s: {len(counted)} of {given.posts - WARM} posts became events; median "
        f"{median(took):.0f} ms, 95 % within {points[94]:.0f}, 99 % within {points[98]:.0f}, longest {took[-1]:.0f}; "
        f"load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
