"""Incidents as Atom 1.0 (RFC 4287) and as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): pure functions.

A feed shows incidents, not their events: a reader that polls sees each in its latest state. No words of posts are in
it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from lxml import etree
from lxml.builder import ElementMaker

from schemas import Incident
from schemas.words import URGENCY

ATOM = "http://www.w3.org/2005/Atom"
_E = ElementMaker(namespace=ATOM, nsmap={None: ATOM})
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When an empty feed was last changed: a fixed time, so that its ETag stands."""


def updated(incidents: Sequence[Incident]) -> datetime:
    """When the feed last changed."""
    return max((one.updated for one in incidents), default=NEVER)


def atom(region: str, base: str, feed: str, incidents: Sequence[Incident], names: Mapping[str, str]) -> bytes:
    """`base` is the console's own URL with a slash at its end, `feed` that of this very feed; `names` are what people
    see for groups and topics."""
    root = _E.feed(
        _E.id(f"urn:otklik:{region}:incidents"),
        _E.title(_title(region)),
        _E.updated(_time(updated(incidents))),
        _E.author(_E.name("Otklik")),
        _E.link(rel="self", type="application/atom+xml", href=feed),
        _E.link(rel="alternate", type="text/html", href=base),
        *(_entry(region, base, one, names) for one in incidents),
    )
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "ru")
    found: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return found


def json_feed(region: str, base: str, feed: str, incidents: Sequence[Incident], names: Mapping[str, str]) -> bytes:
    """As `atom`; each item carries its incident whole under `_otklik`."""
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": _title(region),
            "home_page_url": base,
            "feed_url": feed,
            "language": "ru",
            "items": [_item(region, base, one, names) for one in incidents],
        }
    )


def _entry(region: str, base: str, incident: Incident, names: Mapping[str, str]) -> Any:
    return _E.entry(
        _E.id(_id(region, incident)),
        _E.title(incident.title),
        _E.published(_time(incident.opened)),
        _E.updated(_time(incident.updated)),
        _E.link(rel="alternate", type="application/json", href=_url(base, incident)),
        *(_E.link(rel="related", href=url) for url in incident.urls),
        *(_E.category(term=one, label=names.get(one, one)) for one in (incident.group, incident.topic)),
        _E.summary(_summary(incident), type="text"),
    )


def _item(region: str, base: str, incident: Incident, names: Mapping[str, str]) -> dict[str, Any]:
    item = {
        "id": _id(region, incident),
        "url": _url(base, incident),
        "title": incident.title,
        "content_text": _summary(incident),
        "date_published": _time(incident.opened),
        "date_modified": _time(incident.updated),
        "tags": [names.get(one, one) for one in (incident.group, incident.topic)],
        "_otklik": {"incident": incident.model_dump(mode="json")},
    }
    if incident.urls:
        item["external_url"] = incident.urls[0]
    return item


def _summary(incident: Incident) -> str:
    parts = [f"Публикаций: {len(incident.posts)}", f"срочность: {URGENCY[incident.urgency]}"]
    if incident.authority_name:
        parts.append(f"отвечает: {incident.authority_name}")
    if incident.answer_due:
        parts.append(f"ответить до {incident.answer_due:%d.%m.%Y %H:%M} UTC")
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
