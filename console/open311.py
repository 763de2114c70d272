"""Open311 GeoReport v2 (https://wiki.open311.org/GeoReport_v2): incidents as service requests. Pure functions.

Every answer is a list of records, or the discovery document; JSON and XML say the same. What GeoReport has no field for
stands in `extended_attributes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from lxml import etree

from incidents.workflow import OPEN
from schemas import Incident, IncidentStatus
from schemas.words import STATUSES

Format = Literal["json", "xml"]
MEDIA_TYPES: dict[Format, str] = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-28T00:00:00Z"
"""When the answers last changed their form."""
CLOSED = tuple(status for status in IncidentStatus if status not in OPEN)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """A topic that may be reported. `topic` is its spelling in incidents."""

    code: str
    name: str
    description: str
    group: str
    topic: str


@dataclass(frozen=True, slots=True)
class Document:
    """A list of records with its names in XML: `<services><service>…`."""

    root: str
    item: str
    records: Sequence[Record]

    def encode(self, format_: Format) -> bytes:
        if format_ == "json":
            return orjson.dumps(self.records)
        root = etree.Element(self.root)
        for record in self.records:
            _fill(etree.SubElement(root, self.item), record)
        return _xml(root)


def services(known: Sequence[Service]) -> Document:
    """All that may be reported."""
    return Document("services", "service", [_service(one) for one in known])


def requests(incidents: Sequence[Incident], known: Mapping[str, Service]) -> Document:
    """Incidents as service requests; `known` is by topic."""
    return Document("service_requests", "request", [request(one, known.get(one.topic)) for one in incidents])


def token(value: str, incident: int | None = None, *, accepted: bool = False) -> Document:
    """What a report is answered with, or what has become of one: its request has a number once it was looked at."""
    found: Record = {"token": value}
    if not accepted:
        found = {"service_request_id": None if incident is None else str(incident), **found}
    return Document("service_requests", "request", [found])


def errors(found: Sequence[tuple[str, str]]) -> Document:
    """Codes and descriptions."""
    return Document("errors", "error", [{"code": code, "description": text} for code, text in found])


def discovery(base: str, contact: str, format_: Format) -> bytes:
    """Where the service is; `base` is its URL without a slash at the end."""
    formats = ["text/xml", "application/json"]
    endpoint: Record = {"specification": SPECIFICATION, "url": base, "changeset": CHANGESET, "type": "production"}
    key = "Ключ (api_key) — токен консоли со scope: write."
    head: Record = {"changeset": CHANGESET, "contact": contact, "key_service": key}
    if format_ == "json":
        return orjson.dumps({**head, "endpoints": [{**endpoint, "formats": formats}]})
    root = etree.Element("discovery")
    _fill(root, head)
    one = etree.SubElement(etree.SubElement(root, "endpoints"), "endpoint")
    _fill(one, endpoint)
    listed = etree.SubElement(one, "formats")
    for name in formats:
        etree.SubElement(listed, "format").text = name
    return _xml(root)


def request(incident: Incident, service: Service | None) -> Record:
    """The fields of GeoReport, all of them, in its order. An answer alone closes nothing."""
    return {
        "service_request_id": str(incident.id),
        "status": "open" if incident.status in OPEN else "closed",
        "status_notes": _notes(incident),
        "service_name": service.name if service else incident.topic,
        "service_code": service.code if service else None,
        "description": incident.title,
        "agency_responsible": incident.authority_name,
        "service_notice": None,
        "requested_datetime": _time(incident.opened),
        "updated_datetime": _time(incident.updated),
        "expected_datetime": _time(incident.solution_due or incident.answer_due),
        "address": incident.municipality_name,
        "address_id": incident.municipality,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
        "extended_attributes": {
            "status": incident.status.value,
            "urgency": incident.urgency,
            "priority": incident.priority,
            "posts": len(incident.posts),
            "overdue": incident.overdue,
            "recurring": incident.recurring,
            "answer_due": _time(incident.answer_due),
            "solution_due": _time(incident.solution_due),
            "merged_into": None if incident.merged_into is None else str(incident.merged_into),
        },
    }


def _notes(incident: Incident) -> str:
    if incident.merged_into is not None:
        return f"{STATUSES[incident.status]}: №{incident.merged_into}"
    return f"{STATUSES[incident.status]}: {incident.answer}" if incident.answer else STATUSES[incident.status]


def _service(service: Service) -> Record:
    """`batch`: a report is answered with a token and gets its number later."""
    return {
        "service_code": service.code,
        "service_name": service.name,
        "description": service.description,
        "metadata": False,
        "type": "batch",
        "keywords": service.group,
        "group": service.group,
    }


def _time(moment: datetime | None) -> str | None:
    """https://www.w3.org/TR/NOTE-datetime, to the second, in UTC."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _fill(element: Any, record: Record) -> None:
    for name, value in record.items():
        child = etree.SubElement(element, name)
        if isinstance(value, dict):
            _fill(child, value)
        elif isinstance(value, bool):
            child.text = str(value).lower()
        elif value is not None:
            child.text = str(value)


def _xml(root: Any) -> bytes:
    found: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return found
