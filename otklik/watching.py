"""`run --watch`: incidents in the terminal as they are opened and grow."""

import asyncio
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from otklik.config import Config
from schemas import Incident, IncidentEvent
from store import Outbox, StoreError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SHOWN = {
    "incident.opened": ("+", "bold green"),
    "incident.updated": ("·", "cyan"),
    "incident.merged": ("⇒", "yellow"),
    "incident.split": ("⇐", "yellow"),
    "incident.moved": ("→", "yellow"),
    "incident.reopened": ("↺", "yellow"),
    "incident.overdue": ("!", "bold red"),
    "incident.closed": ("✓", "green"),
}
PAGE = 100
"""Events read at once: a burst is printed whole, in bounded memory."""
URGENCY = {"now": " · СРОЧНО", "soon": " · скоро", "normal": ""}


class Watcher:
    """Prints events to standard output, from those that come after it was made."""

    def __init__(self, config: Config, outbox: Outbox, console: Console | None = None) -> None:
        self._zone = config.region.timezone
        self._outbox = outbox
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._position = outbox.last_position()

    async def run(self, pause: float) -> None:
        """Until cancelled."""
        while True:
            await self.rest()
            await asyncio.sleep(pause)

    async def rest(self) -> None:
        """Print what has not been printed yet."""
        while True:
            try:
                page = await asyncio.to_thread(self._outbox.after, self._position, PAGE)
            except StoreError:
                return  # the roles say so themselves
            for position, event in page.events:
                self._console.print(line(event, self._zone))
                self._position = position
            if not page.more:
                return


def line(event: IncidentEvent, zone: "ZoneInfo") -> Text:
    """One event on one or two lines."""
    incident = event.data.incident
    mark, style = SHOWN.get(event.type, ("·", "dim"))
    text = Text()
    text.append(f"{event.time.astimezone(zone):%H:%M:%S} ")
    text.append(f"{mark} №{incident.id} ", style)
    text.append(incident.title, "bold")
    text.append(URGENCY[incident.urgency], "bold red")
    text.append(f"\n         {_about(incident, zone)}", "dim")
    return text


def _about(incident: Incident, zone: "ZoneInfo") -> str:
    parts = [incident.municipality_name or "место не названо", f"публикаций: {len(incident.posts)}"]
    if incident.authority_name:
        parts.append(f"отвечает: {incident.authority_name}")
    if incident.answer_due:
        parts.append(f"до {incident.answer_due.astimezone(zone):%d.%m %H:%M}")
    if incident.needs_review:
        parts.append("нужен взгляд человека")
    return ", ".join(parts) + (f" · {incident.urls[0]}" if incident.urls else "")
