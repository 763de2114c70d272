"""What a kind of source does: turn its settings and its cursor into pages of drafts."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from crawlers.settings import Cursor, Settings
from intake import Draft
from schemas import Outcome

S = TypeVar("S", bound=Settings)
C = TypeVar("C", bound=Cursor)


@dataclass(frozen=True, slots=True)
class Source(Generic[S]):
    """One source of the configuration, ready to be crawled."""

    id: str
    settings: S
    place_hint: str | None
    time_zone: str
    """IANA name: what the source's bare dates mean."""


@dataclass(frozen=True, slots=True)
class Page(Generic[C]):
    """Drafts, and the cursor that is true once they are all on the bus."""

    drafts: list[Draft]
    cursor: C


class SourceProblem(Exception):
    """A run that ends otherwise than ok or empty. Both texts are in Russian, for an operator.

    Neither ends in a full stop: whoever shows them puts them together.
    `retry_at` is when it makes sense to try again (Retry-After, the end of a quota); None: at the next interval.
    """

    def __init__(
        self, outcome: Outcome, reason: str, action: str | None = None, retry_at: datetime | None = None
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.action = action
        self.retry_at = retry_at


class Collector(Protocol[S, C]):
    """One per crawler process and kind; it holds what its sources share (an HTTP stack, API sessions)."""

    kind: ClassVar[str]
    """The key in the YAML: `news`, `vk`, `telegram`."""
    settings_type: type[S]
    cursor_type: type[C]

    def slot(self, settings: S) -> str:
        """The host or account that the source's requests go to: two sources with one slot never run at once."""

    def collect(self, source: Source[S], cursor: C) -> AsyncGenerator[Page[C], None]:
        """Visit the source once, from `cursor`, oldest first where the source allows it.

        Each page is published and its cursor stored before the next is asked for, so a crash costs one page.

        Raises:
            SourceProblem: the visit did not work out; the pages before it stand.
        """

    async def close(self) -> None:
        """Release what is shared."""


@runtime_checkable
class Live(Protocol):
    """What a collector has as well if it visits over a connection that only one process may have, and hears of news
    there. The connection is made by the first visit and kept; visits may share it.
    """

    def session(self, settings: Settings) -> str | None:
        """Names what one process has to hold to visit the source; None: nothing of the kind."""

    def tell(self, hint: Callable[[str], None]) -> None:
        """From now on call `hint`, in the loop, with the id of each source that has something new. It is no more than
        a hint: the visit that follows fetches what is true."""

    async def leave(self, session: str) -> None:
        """End the connection; the next visit makes a new one."""
