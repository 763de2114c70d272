"""The web application: feeds, the API, health and metrics."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from html import escape
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from bus import Bus
from console import cursor, deciding, errors, feed_routes, open311_routes, query
from console.access import Access
from console.headers import SecurityHeaders
from console.health import Checker
from console.open311 import Service
from console.open311_routes import Open311
from console.query import HIGHEST_ID, Filters, Following, Names, Queue
from console.reads import watch
from console.settings import ConsoleSettings
from incidents.desk import Desk
from incidents.workflow import OPEN
from intake.publish import Intake
from schemas import Health, IncidentEvent
from store import Fare, Fares, IncidentFilter, Incidents, Outbox, Store
from store.posts import NOWHERE
from store.reads import ReadLog


def create_app(
    store: Store,
    bus: Bus,
    settings: ConsoleSettings,
    region: str,
    names: Names,
    *,
    desk: Desk,
    title: str,
    zone: tzinfo,
    services: Sequence[Service] = (),
    intake: Intake | None = None,
) -> FastAPI:
    """`region` is its short name, as in the events' source, `title` what people call it, `zone` its clock.
    The caller opens and closes store and bus, and closes `state.reads` before them.

    `services` are what may be reported by Open311; without an `intake` nothing can.
    """
    app = FastAPI(title="Otklik", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    query.install(app)
    access = Access(settings)
    app.state.reads = ReadLog(store)
    reader = [Depends(access.require("read")), Depends(watch(access, app.state.reads))]
    incidents, outbox, fares, checker = Incidents(store), Outbox(store), Fares(store), Checker(store, bus)

    def checked(filters: Filters) -> IncidentFilter:
        names.check(filters, lambda one: bool(incidents.find(one, limit=1)))
        return filters.filter()

    @app.api_route("/", methods=["GET", "HEAD"], dependencies=reader, include_in_schema=False)
    def index() -> HTMLResponse:
        return HTMLResponse(_INDEX.format(region=escape(title)))

    feed_routes.install(
        app, reader, incidents, checked=checked, region=region, title=title, zone=zone, shown=names.shown
    )

    @app.get("/api/queue", dependencies=reader)
    def queue(filters: Annotated[Queue, Query()]) -> JSONResponse:
        """What is open, and deserves a look first: docs/priority.md."""
        wanted = checked(filters)
        if not wanted.status:
            wanted = replace(wanted, status=OPEN)
        found = incidents.by_priority(wanted, limit=filters.limit)
        return JSONResponse({"incidents": [one.model_dump(mode="json") for one in found]})

    @app.get("/api/incidents", dependencies=reader)
    def events(asked: Annotated[Following, Query()]) -> JSONResponse:
        """Incident events after a cursor, in an order that never changes; `next` is the cursor to go on with."""
        position = cursor.decode(asked.after) if asked.after else 0
        page = outbox.after(position, asked.limit, _keeper(checked(asked)))
        content = {
            "events": [event.model_dump(mode="json") for _, event in page.events],
            "next": cursor.encode(page.position),
            "more": page.more,
        }
        return JSONResponse(content)

    @app.get("/api/incidents/{id}", dependencies=reader)
    def incident(id: int) -> JSONResponse:
        """One incident with its history. The ETag rises with each event."""
        found = incidents.get(id) if 0 < id <= HIGHEST_ID else None
        if found is None:
            raise errors.no_incident(id)
        history = [
            {
                "sequence": change.sequence,
                "at": change.at.isoformat(),
                "type": change.type,
                "actor": change.actor,
                "status": change.status,
                "posts": change.posts,
                **change.details,
            }
            for change in incidents.history(id)
        ]
        content = {"incident": found.model_dump(mode="json"), "history": history}
        return JSONResponse(content, headers={"ETag": deciding.etag(found)})

    deciding.install(app, access, desk, names.municipalities)
    open311_routes.install(app, reader, access, Open311(store, region, services, intake=intake), region=region)

    @app.get("/api/sources", dependencies=reader)
    def sources() -> JSONResponse:
        """How each source fares, those in trouble first. Sources that were not visited yet are missing."""
        found = sorted(fares.list(), key=lambda one: (one.standing.health is Health.HEALTHY, one.source))
        return JSONResponse({"sources": [_source(one) for one in found]})

    @app.get("/healthz")
    def healthz(request: Request) -> JSONResponse:
        """Whether store and bus answer. Reasons, which may name machines, only for who may read."""
        health = checker.health()
        checks: dict[str, Any] = {}
        for name, problem in (("store", health.store), ("bus", health.bus)):
            checks[name] = {"ok": problem is None}
            if problem is not None and access.is_open_to(request):
                checks[name]["reason"] = problem
        status = HTTPStatus.OK if health.is_well else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"status": "ok" if health.is_well else "fail", "checks": checks}, status)

    @app.get("/metrics", dependencies=reader)
    def metrics() -> PlainTextResponse:
        """In Prometheus' text format."""
        return PlainTextResponse(checker.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


_INDEX = """<!doctype html>
<html lang="ru">
<meta charset="utf-8">
<title>Отклик</title>
<h1>Отклик: {region}</h1>
<ul>
<li><a href="/feeds/incidents.atom">Лента обращений, Atom</a>
<li><a href="/feeds/incidents.json">Лента обращений, JSON Feed</a>
<li><a href="/feeds/incidents.csv">Таблица обращений, CSV</a>
<li><a href="/api/queue">Что смотреть первым, JSON</a>
<li><a href="/open311/discovery.json">Open311</a>
<li><a href="/api/incidents">События по порядку, JSON</a>, <a href="/api/openapi.json">описание</a>
<li><a href="/api/sources">Источники, JSON</a>
<li><a href="/healthz">Состояние</a>, <a href="/metrics">показатели</a>
</ul>
<p>Ленту можно сузить: <code>?group=ЖКХ&amp;status=new&amp;status=confirmed</code>.
</html>
"""


def _source(fare: Fare) -> dict[str, Any]:
    standing = fare.standing
    return {
        "source": fare.source,
        "kind": fare.kind,
        "health": standing.health.value,
        "since": standing.since and standing.since.isoformat(),
        "outcome": fare.outcome.value,
        "reason": standing.reason or fare.reason,
        "action": standing.action or fare.action,
        "last_visit": fare.finished.isoformat(),
        "last_success": standing.good and standing.good.isoformat(),
        "bad_visits": standing.bad_visits,
    }


def _keeper(filter_: IncidentFilter) -> Callable[[IncidentEvent], bool] | None:
    if filter_ == IncidentFilter(municipality=[], group=[], topic=[], authority=[], status=[]):
        return None

    def keep(event: IncidentEvent) -> bool:
        one = event.data.incident
        return all(
            not values or value in values
            for value, values in (
                (one.municipality or NOWHERE, filter_.municipality),
                (one.group, filter_.group),
                (one.topic, filter_.topic),
                (one.authority, filter_.authority),
                (one.status, filter_.status),
            )
        )

    return keep
