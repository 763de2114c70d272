import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crawlers.news.workshop import Lost, Workshop


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
