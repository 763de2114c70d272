"""News crawl against plain Scrapy + trafilatura, over a local site: `python -m benchmarks.news`.

Both fetch the same feed and articles at the same concurrency, without pauses, robots.txt obeyed, and end with the text,
title and date of each. The plain one has all three from trafilatura; ours only the text, since it looks for title and
date by itself. Time runs from the first request to the last article; imports and the start of processes stand outside.
What is not extraction is the CPU time of the process that crawls: ours extracts in another.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

import feedparser
import scrapy
import trafilatura
from scrapy.crawler import CrawlerProcess

from benchmarks.common import ROUNDS, alternate, table
from crawlers.base import Source
from crawlers.context import Context
from crawlers.net import Http, LocalSlots
from crawlers.news.collector import NewsCollector
from crawlers.news.settings import NewsCursor, NewsSettings

PAGES = 400
CONCURRENCY = 8
MIN_RATIO = 0.9  # of plain Scrapy's pages per second
MAX_MS = 3.0  # per page besides extraction
VOCABULARY = """
вода дорога двор улица жители управляющая компания ремонт авария автобус расписание мусор контейнер отопление тепло
подъезд лифт яма асфальт фонарь свет поликлиника очередь запись врач школа детский сад площадка снег уборка трактор
администрация город район посёлок сообщили обещали пожаловались третий день неделю снова опять сегодня вчера утром
"""
WORDS = VOCABULARY.split()


def page(number: int) -> str:
    """An article of some 2,500 characters in a page of a portal's size."""
    choose = random.Random(number)
    paragraphs = "".join(f"<p>{sentence(choose)} {sentence(choose)} {sentence(choose)}</p>" for _ in range(9))
    links = "".join(f'<li><a href="/n/{choose.randrange(PAGES)}">{sentence(choose)}</a></li>' for _ in range(60))
    return (
        f'<!DOCTYPE html><html lang="ru"><head><meta charset="utf-8"><title>{sentence(choose)}</title>'
        f'<meta property="article:published_time" content="2026-11-24T10:{number % 60:02}:00+05:00"></head><body>'
        f"<nav><ul>{links}</ul></nav><main><article><h1>{sentence(choose)}</h1>{paragraphs}</article></main>"
        f"<aside><ul>{links}</ul></aside><footer>Все права защищены</footer></body></html>"
    )


def sentence(choose: random.Random) -> str:
    """Ten words or so."""
    return " ".join(choose.choices(WORDS, k=choose.randint(8, 14))).capitalize() + "."


async def serve() -> None:
    """A site that costs next to nothing: ready bytes, connections kept open. Prints its port."""
    items = "".join(f"<item><title>Заметка {number}</title><link>/n/{number}</link></item>" for number in range(PAGES))
    pages = {f"/n/{number}": page(number).encode() for number in range(PAGES)}
    pages["/rss"] = f'<rss version="2.0"><channel><title>Листок</title>{items}</channel></rss>'.encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            body = pages.get(head.split(b" ", 2)[1].decode(), b"")
            status = "200 OK" if body else "404 Not Found"
            kind = "text/html; charset=utf-8" if not body.startswith(b"<rss") else "application/rss+xml"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            writer.write(body)

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def ours(url: str) -> dict[str, float]:
    """One visit of the news collector, drafts counted."""

    def now() -> datetime:
        return datetime.now(UTC)

    settings = NewsSettings(feed=f"{url}/rss", allow_private=True, max_articles_per_visit=PAGES)
    async with Http(user_agent="bench", pause=timedelta(), per_host=CONCURRENCY) as http:
        quotas: Any = None  # news knows none
        collector = NewsCollector(Context(http, "bench", now, LocalSlots(now), quotas))
        await collector.warm_up()
        started, cpu = time.perf_counter(), time.process_time()
        source = Source("bench", settings, None, "Asia/Yekaterinburg")
        count = 0
        async for found in collector.collect(source, NewsCursor()):
            count += len(found.drafts)
        result = figures(count, time.perf_counter() - started, time.process_time() - cpu)
        await collector.close()
    return result


def plain(url: str) -> dict[str, float]:
    """What one writes in an afternoon."""
    found: list[Any] = []
    spent = 0.0
    marks: dict[str, float] = {}

    class Plain(scrapy.Spider):
        name = "plain"

        async def start(self) -> Any:
            marks.update(wall=time.perf_counter(), cpu=time.process_time())
            yield scrapy.Request(f"{url}/rss", self.parse_feed)

        def parse_feed(self, response: Any) -> Iterator[Any]:
            for entry in feedparser.parse(response.body).entries:
                yield response.follow(entry.link, self.parse_article)

        def parse_article(self, response: Any) -> None:
            nonlocal spent
            started = time.process_time()
            found.append(
                trafilatura.bare_extraction(response.text, url=response.url, include_comments=False, with_metadata=True)
            )
            spent += time.process_time() - started
            marks.update(wall_end=time.perf_counter(), cpu_end=time.process_time())

    process = CrawlerProcess(
        {
            "ROBOTSTXT_OBEY": True,
            "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
            "DOWNLOAD_DELAY": 0,
            "LOG_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
        }
    )
    process.crawl(Plain)
    process.start()
    return figures(len(found), marks["wall_end"] - marks["wall"], marks["cpu_end"] - marks["cpu"] - spent)


def figures(pages: int, wall: float, cpu: float) -> dict[str, float]:
    """As both sides report them."""
    if pages != PAGES:
        raise SystemExit(f"only {pages} of {PAGES} pages came")
    return {"pages_per_second": pages / wall, "ms_besides_extraction": cpu / pages * 1000}


@contextmanager
def site() -> Iterator[str]:
    """The site in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.news", "serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


def compare(rounds: int) -> int:
    """Both in turn, each time in a new process; the number of targets missed."""
    besides: dict[str, list[float]] = {"plain": [], "ours": []}

    def run(role: str, url: str) -> float:
        command = [sys.executable, "-m", "benchmarks.news", role, url]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        besides[role].append(found["ms_besides_extraction"])
        return found["pages_per_second"]

    with site() as url:
        speed = alternate({role: partial(run, role, url) for role in besides}, rounds)
    print(table(f"News crawl, {PAGES} pages, {CONCURRENCY} at a time", "pages/s", speed))
    for role, values in besides.items():
        raw = ", ".join(f"{value:.2f}" for value in values)
        print(f"  {role}: {median(values):.2f} ms per page besides extraction [{raw}]")
    ratio, own = median(speed["ours"]) / median(speed["plain"]), median(besides["ours"])
    missed = [ratio < MIN_RATIO, own > MAX_MS]
    for text, failed in zip((f"ratio {ratio:.2f} >= {MIN_RATIO}", f"{own:.2f} ms <= {MAX_MS} ms"), missed, strict=True):
        print(f"  target {text}: {'MISSED' if failed else 'reached'}")
    return sum(missed)


def main() -> int:
    """The command line; the exit code is the number of targets missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", nargs="?", choices=["serve", "ours", "plain"])
    parser.add_argument("url", nargs="?")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    if arguments.role == "serve":
        asyncio.run(serve())
    elif arguments.role == "ours":
        print(json.dumps(asyncio.run(ours(arguments.url))))
    elif arguments.role == "plain":
        print(json.dumps(plain(arguments.url)))
    else:
        return compare(arguments.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
