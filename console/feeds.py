"""Incidents as Atom 1.0 (RFC 4287) and as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): pure functions.

A feed shows incidents, not their events: a reader that polls sees each in its latest state. No words of posts are in
it.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import orjson
from lxml import etree
from lxml.builder import ElementMaker

from schemas import Incident, rows
from schemas.words import URGENCY

ATOM = "http://www.w3.org/2005/Atom"
_E = ElementMaker(namespace=ATOM, nsmap={None: ATOM})
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When an empty feed was last changed: a fixed time, so that its ETag stands."""


def updated(incidents: Sequence[Incident]) -> datetime:
    """When the feed last changed."""
    return max((one.updated for one in incidents), default=NEVER)


@dataclass(frozen=True, slots=True)
class Page:
    """What a feed is made of. `base` is the console's own URL with a slash at its end, `feed` that of this very page;
    `after` is that of the next; `names` are what people see for groups and topics; `title` is the region's name,
    and `zone` its clock, by which people read deadlines."""

    region: str
    title: str
    zone: tzinfo
    base: str
    feed: str
    incidents: Sequence[Incident]
    names: Mapping[str, str]
    after: str | None = None


def atom(page: Page) -> bytes:
    """Pages are linked as RFC 5005 has it."""
    root = _E.feed(
        _E.id(f"urn:otklik:{page.region}:incidents"),
        _E.title(_title(page.title)),
        _E.updated(_time(updated(page.incidents))),
        _E.author(_E.name("Otklik")),
        _E.link(rel="self", type="application/atom+xml", href=page.feed),
        *([_E.link(rel="next", type="application/atom+xml", href=page.after)] if page.after else []),
        _E.link(rel="alternate", type="text/html", href=page.base),
        *(_entry(page, one) for one in page.incidents),
    )
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "ru")
    found: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return found


def json_feed(page: Page) -> bytes:
    """As `atom`; each item carries its incident whole under `_otklik`."""
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": _title(page.title),
            "home_page_url": page.base,
            "feed_url": page.feed,
            **({"next_url": page.after} if page.after else {}),
            "language": "ru",
            "items": [_item(page, one) for one in page.incidents],
        }
    )


def table(page: Page) -> bytes:
    """The incidents as CSV (RFC 4180, comma), in UTF-8 with the mark by which spreadsheets know it; times are UTC."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(rows.COLUMNS)
    writer.writerows(rows.plain(rows.row(one, UTC)) for one in page.incidents)
    return text.getvalue().encode("utf-8-sig")


def _entry(page: Page, incident: Incident) -> Any:
    return _E.entry(
        _E.id(_id(page.region, incident)),
        _E.title(incident.title),
        _E.published(_time(incident.opened)),
        _E.updated(_time(incident.updated)),
        _E.link(rel="alternate", type="application/json", href=_url(page.base, incident)),
        *(_E.link(rel="related", href=url) for url in incident.urls),
        *(_E.category(term=one, label=page.names.get(one, one)) for one in (incident.group, incident.topic)),
        _E.summary(_summary(incident, page.zone), type="text"),
    )


def _item(page: Page, incident: Incident) -> dict[str, Any]:
    item = {
        "id": _id(page.region, incident),
        "url": _url(page.base, incident),
        "title": incident.title,
        "content_text": _summary(incident, page.zone),
        "date_published": _time(incident.opened),
        "date_modified": _time(incident.updated),
        "tags": [page.names.get(one, one) for one in (incident.group, incident.topic)],
        "_otklik": {"incident": incident.model_dump(mode="json")},
    }
    if incident.urls:
        item["external_url"] = incident.urls[0]
    return item


def _summary(incident: Incident, zone: tzinfo) -> str:
    parts = [f"Публикаций: {len(incident.posts)}", f"срочность: {URGENCY[incident.urgency]}"]
    if incident.authority_name:
        parts.append(f"отвечает: {incident.authority_name}")
    if incident.answer_due:
        parts.append(f"ответить до {incident.answer_due.astimezone(zone):%d.%m.%Y %H:%M}")
    if incident.needs_review:
        parts.append("нужен взгляд человека")
    return ", ".join(parts) + "."


def _title(region: str) -> str:
    return f"Отклик: обращения, {region}"


def _id(region: str, incident: Incident) -> str:
    return f"urn:otklik:{region}:incident:{incident.id}"


def _url(base: str, incident: Incident) -> str:
    return f"{base}api/incidents/{incident.id}"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
