"""Visits that leave nothing behind: what a source would bring, and whether it would work now."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawlers.base import Collector, Source, SourceProblem
from intake import Draft
from intake.publish import to_post
from schemas import Outcome, Post
from text import AuthorHasher


@dataclass(frozen=True, slots=True)
class Trial:
    """How a trial visit went; the texts are for an operator, in Russian."""

    outcome: Outcome
    reason: str
    action: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nobody has to do anything."""
        return self.outcome is Outcome.OK or (self.outcome is Outcome.EMPTY and self.action is None)


async def dry_run(
    collector: Collector[Any, Any],
    source: Source[Any],
    *,
    hasher: AuthorHasher,
    now: Callable[[], datetime],
    limit: int,
) -> list[Post]:
    """The first `limit` posts that a first visit to the source would bring, as they would be published.

    Raises:
        SourceProblem: the visit did not work out and there is nothing to show.
    """
    drafts, problem = await _first(collector, source, limit)
    if problem is not None and not drafts:
        raise problem
    return [to_post(draft, hasher, now()) for draft in drafts]


async def check_live(collector: Collector[Any, Any], source: Source[Any]) -> Trial:
    """Visit the source as the crawler would, up to the first page that brings something."""
    drafts, problem = await _first(collector, source, 1)
    if problem is not None:
        return Trial(problem.outcome, problem.reason, problem.action)
    if not drafts and source.settings.may_be_empty:
        return Trial(Outcome.EMPTY, "источник отвечает, публикаций пока нет")
    if not drafts:
        return Trial(Outcome.EMPTY, "источник отвечает, но публикаций в нём нет", "Проверьте, тот ли это адрес")
    return Trial(Outcome.OK, "источник отвечает, публикации читаются")


async def _first(
    collector: Collector[Any, Any], source: Source[Any], limit: int
) -> tuple[list[Draft], SourceProblem | None]:
    drafts: list[Draft] = []
    try:
        async with aclosing(collector.collect(source, collector.cursor_type())) as pages:
            async for page in pages:
                drafts += page.drafts
                if len(drafts) >= limit:
                    break
    except SourceProblem as problem:
        return drafts[:limit], problem
    return drafts[:limit], None
