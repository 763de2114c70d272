import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from crawlers.news.workshop import Lost, Workshop
from tests.crawlers.news.paper import paper
from tests.disks import without_shared_memory


def hang() -> None:
    while True:
        time.sleep(0.01)


def die() -> None:
    os._exit(3)


def swell() -> int:
    return len(b"x" * (1 << 30))


def fail() -> None:
    raise ValueError("what the function raised")


def run(use: Callable[[Workshop], Awaitable[Any]], **options: Any) -> None:
    async def main() -> None:
        workshop = Workshop(**options)
        try:
            await use(workshop)
        finally:
            workshop.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("function", "options"), [(hang, {"seconds": 0.5}), (die, {}), (swell, {"memory": 900 * 1024**2})]
)
def test_only_the_call_that_went_wrong_is_lost(function: Callable[[], Any], options: dict[str, Any]) -> None:
    async def use(workshop: Workshop) -> None:
        first = asyncio.create_task(workshop.call(len, "до"))
        bad = asyncio.create_task(workshop.call(function))
        last = asyncio.create_task(workshop.call(len, "после"))
        assert await first == 2
        with pytest.raises(Lost):
            await bad
        assert await last == 5

    run(use, **options)


def test_an_ordinary_error_comes_back() -> None:
    async def use(workshop: Workshop) -> None:
        with pytest.raises(ValueError, match="what the function raised"):
            await workshop.call(fail)

    run(use)


@pytest.mark.parametrize(("state", "told"), [("ro", "диск только для чтения"), ("size=4k", "на диске нет места")])
def test_without_shared_memory_the_operator_is_told_what_to_do(tmp_path: Path, state: str, told: str) -> None:
    region = tmp_path / "region.yaml"
    command = [sys.executable, "-m", "otklik", "crawl", str(region), "--source", "paper", "--dry-run"]
    with paper([1]) as site:
        source = f"{{id: paper, news: {{feed: '{site.url}/rss', allow_private: true}}}}"
        region.write_text(f"region: chelyabinsk\nstore: sqlite:///{tmp_path}/store.db\nsources: [{source}]\n")
        environment = ["env", f"PYTHONPATH={Path(__file__).parents[3]}", f"OTKLIK_AUTHOR_KEY={'k' * 64}", *command]
        done = subprocess.run(
            without_shared_memory(environment, state), capture_output=True, text=True, check=False, timeout=120
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"paper: broken: страницы некому разбирать: процессы не запускаются ({told}). "
        "Проверьте на этой машине общую память: папка /dev/shm должна быть, с местом и правом записи "
        "(mount -t tmpfs tmpfs /dev/shm; в контейнере — ключ --shm-size), и перезапустите otklik.\n"
    )
