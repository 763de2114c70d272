"""Incidents as an operator sees them in a terminal."""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from incidents.words import attached, line, moment
from schemas import Incident
from schemas.words import STATUSES, URGENCY
from store import Change, StoredPost
from store.incident_tables import RUNNING

SHOWN_TEXT = 300
"""Characters of a post: enough to recognise it, and forty of them fit a few screens."""


WIDE = 120
"""Columns from which a list has all there is to say: below, no place in the queue, and terms without year and word."""


def console() -> Console:
    """For tables. Elsewhere than on a terminal rich takes 80 columns, which break every word."""
    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200)


def print_list(incidents: Iterable[Incident], zone: tzinfo, now: datetime) -> None:
    """A line for each, however narrow the terminal: what is long is cut with «…»."""
    out = console()
    wide = out.width >= WIDE
    table = Table(box=None, pad_edge=False)
    table.add_column("№", justify="right", no_wrap=True)
    table.add_column("состояние", no_wrap=True)
    table.add_column("что и где")
    table.add_column("публ.", justify="right", no_wrap=True)
    table.add_column("срочность" if wide else "срочн.", no_wrap=True)
    if wide:
        table.add_column("очередь", justify="right", no_wrap=True)
    table.add_column("кому")
    table.add_column("ответить до", no_wrap=True)
    for one in incidents:
        urgent = "" if one.urgency == "normal" else URGENCY[one.urgency]
        table.add_row(
            str(one.id),
            Text(STATUSES[one.status] + (" ↻" if one.recurring else "")),
            _cut(one.title),
            str(len(one.posts)),
            Text(urgent, "bold red" if one.urgency == "now" else ""),
            *([str(one.priority)] if wide else []),
            _cut(one.authority_name or ""),
            _due(one, zone, now) if wide else _short_due(one, zone, now),
        )
    out.print(table)


def _cut(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def _short_due(incident: Incident, zone: tzinfo, now: datetime) -> Text:
    """`03.03 14:00`, with a mark where it is over."""
    if incident.answer_due is None or incident.status not in RUNNING:
        return Text("")
    late = incident.answer_due < now
    return Text(moment(incident.answer_due, zone) + (" !" if late else ""), "bold red" if late else "")


def print_one(
    incident: Incident, history: Sequence[Change], posts: Sequence[StoredPost], zone: tzinfo, now: datetime
) -> None:
    """All that is known of it."""
    out = Console(highlight=False, soft_wrap=True)
    out.print(Text(f"№{incident.id} {incident.title}", "bold"))
    table = Table(box=None, show_header=False, pad_edge=False)
    into = f" (№{incident.merged_into})" if incident.merged_into else ""
    rows: list[tuple[str, str | Text]] = [
        ("состояние", STATUSES[incident.status] + into + (", беда вернулась" if incident.recurring else "")),
        ("версия", str(incident.sequence)),
        ("группа, тема", f"{incident.group}, {incident.topic}"),
        ("муниципалитет", incident.municipality_name or "не назван"),
        ("адрес", incident.address or ""),
        ("срочность", URGENCY[incident.urgency]),
        ("очередь", _weight(incident)),
        ("кому", incident.authority_name or "никому"),
        ("почему", incident.authority_reason or ""),
        ("открыт", _at(incident.opened, zone)),
        ("ответить до", _due(incident, zone, now)),
        ("решить до", _at(incident.solution_due, zone) if incident.solution_due else ""),
        ("сообщено выше", incident.escalated_to or ""),
        ("ответ", incident.answer or ""),
    ]
    for name, value in rows:
        if value:
            table.add_row(name, value if isinstance(value, Text) else Text(value))
    console().print(table)
    out.print(Text(f"\nПубликаций: {len(posts)}", "bold"))
    for post in posts:
        out.print(Text(f"{_at(post.published, zone)}  {post.id}  {post.url or ''}".rstrip()))
        text = " ".join(part for part in (post.title, post.text) if part) or ("(удалена)" if post.deleted else "")
        out.print(Text(f"    {text[:SHOWN_TEXT]}{'…' if len(text) > SHOWN_TEXT else ''}"))
        if post.attachment is not None:
            out.print(Text(f"    почему здесь: {attached(post.attachment)}"))
    out.print(Text("\nИстория", "bold"))
    for change in history:
        out.print(Text(f"{change.sequence}. {line(change, zone)}"))
        for key in ("place", "comment", "answer", "terms"):
            if said := change.details.get(key):
                out.print(Text(f"    {said}"))


def as_json(incident: Incident, history: Sequence[Change], posts: Sequence[StoredPost]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "incident": incident.model_dump(mode="json"),
        "posts": [
            {
                "id": one.id,
                "published": one.published,
                "url": one.url,
                "title": one.title,
                "text": one.text,
                "attached": one.attachment._asdict() if one.attachment is not None else None,
            }
            for one in posts
        ],
        "history": [
            {
                "sequence": one.sequence,
                "at": one.at,
                "type": one.type,
                "actor": one.actor,
                "status": one.status,
                "posts": one.posts,
                **one.details,
            }
            for one in history
        ],
    }


def _weight(incident: Incident) -> str:
    reasons = ", ".join(incident.priority_reasons)
    return f"{incident.priority}: {reasons}" if reasons else ""


def _due(incident: Incident, zone: tzinfo, now: datetime) -> Text:
    if incident.answer_due is None or incident.status not in RUNNING:
        return Text("")
    late = incident.answer_due < now
    return Text(_at(incident.answer_due, zone) + (" просрочен" if late else ""), "bold red" if late else "")


def _at(time: datetime, zone: tzinfo) -> str:
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M}"
