"""The routes of the feeds: each page of incidents as Atom, as JSON Feed and as CSV."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from email.utils import format_datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.params import Depends

from console import feeds
from console.query import Filters, Paged
from schemas import IncidentStatus
from store import IncidentFilter, Incidents

FEED_ITEMS = 100
"""The incidents of an ordinary day in an ordinary region (130 to 340, two thirds of them in one feed of a filter)."""
SHOWN = tuple(status for status in IncidentStatus if status is not IncidentStatus.MERGED)
"""A merged incident lives on in another one."""

FEEDS: dict[str, tuple[Callable[[feeds.Page], bytes], str]] = {
    "atom": (feeds.atom, "application/atom+xml; charset=utf-8"),
    "json": (feeds.json_feed, "application/feed+json"),
    "csv": (feeds.table, "text/csv; charset=utf-8; header=present"),
}
"""The end of the name, to what makes the feed and its media type."""


def install(
    app: FastAPI,
    reader: Sequence[Depends],
    incidents: Incidents,
    *,
    checked: Callable[[Filters], IncidentFilter],
    region: str,
    title: str,
    zone: tzinfo,
    shown: Mapping[str, str],
) -> None:
    """Add the routes, for whom `reader` lets in. `checked` makes a filter of what was asked for; `shown` are what
    people see for topics, `title` for the region; `zone` is its clock."""
    router = APIRouter(dependencies=reader, include_in_schema=False)

    def add(kind: str, make: Callable[[feeds.Page], bytes], media_type: str) -> None:
        @router.api_route(f"/feeds/incidents.{kind}", methods=["GET", "HEAD"])
        def feed(request: Request, filters: Annotated[Paged, Query()]) -> Response:
            wanted = checked(filters)
            if not wanted.status:
                wanted = replace(wanted, status=SHOWN)
            found = incidents.find(wanted, before=filters.before, limit=FEED_ITEMS)
            after = str(request.url.include_query_params(before=found[-1].id)) if len(found) == FEED_ITEMS else None
            page = feeds.Page(region, title, zone, str(request.base_url), str(request.url), found, shown, after)
            return _cacheable(request, make(page), media_type, page)

    for kind, (make, media_type) in FEEDS.items():
        add(kind, make, media_type)
    app.include_router(router)


def _cacheable(request: Request, body: bytes, media_type: str, page: feeds.Page) -> Response:
    """The body, or 304 where the asker has it already (RFC 9110, section 13).

    If-Modified-Since is not looked at: an incident that leaves a filter leaves no newer time behind.
    """
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    changed = feeds.updated(page.incidents).replace(microsecond=0)
    headers = {
        "ETag": tag,
        "Last-Modified": format_datetime(changed, usegmt=True),
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization",
        **({"Link": f'<{page.after}>; rel="next"'} if page.after else {}),
    }
    known = request.headers.get("If-None-Match", "")
    if known.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in known.split(",")}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
