"""The routes of Open311 GeoReport v2: reading incidents, and reporting troubles as appeals."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.params import Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from console import open311
from console.access import Access
from console.errors import ApiError
from console.open311 import Format, Service
from intake.draft import Draft
from intake.publish import Intake
from net.addresses import host_port
from schemas import Geo, IncidentStatus, Media, PostKind
from store import Audit, IncidentFilter, Incidents, PostReader, Store

BASE = "/open311/v2"
SPAN = timedelta(days=90)
"""Without dates, requests of the last ninety days are given: the specification's own limit."""
PAGE = 100
LARGEST_PAGE = 1000
"""The specification's own limit on an answer."""
DEEPEST = 100_000
"""Requests that may be skipped, for the database reads them: two years of a region, far above any span of dates."""
LONGEST_NUMBER = 18
"""Digits."""
LONGEST_DESCRIPTION = 4_000
REPORT_BYTES = 64 * 1024
"""Of a whole form: the longest description takes 24 KB as a form encodes Russian letters."""
REPORT_FIELDS = 50
"""The specification has 16, and `attribute[…]`."""
_TOKEN = re.compile(r"[0-9a-f]{32}")
_STATUSES: Mapping[str, Sequence[IncidentStatus]] = {
    "open": tuple(status for status in IncidentStatus if status not in open311.CLOSED),
    "closed": open311.CLOSED,
}


class Wrong(Exception):
    """Answered as GeoReport answers errors."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


def _web(url: str) -> str:
    """An address that whoever is shown it may follow: not `javascript:`."""
    host_port(url)
    return url


class Report(BaseModel):
    """The fields of a POST, as far as they are looked at. Names and addresses of persons tell authors apart and go no
    further; others are ignored."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    service_code: str
    description: str = Field(min_length=1, max_length=LONGEST_DESCRIPTION)
    address_string: str | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    long: Annotated[float, Field(ge=-180, le=180)] | None = None
    media_url: Annotated[str, AfterValidator(_web)] | None = None
    account_id: str | None = None
    email: str | None = None
    phone: str | None = None
    device_id: str | None = None

    @property
    def author(self) -> str | None:
        """What tells who reported; it is hashed."""
        return self.account_id or self.email or self.phone or self.device_id

    @property
    def geo(self) -> Geo | None:
        return Geo(lat=self.lat, lon=self.long) if self.lat is not None and self.long is not None else None


def draft(report: Report, token: str, service: Service, now: datetime) -> Draft:
    """The appeal. Its title is what the reporter chose: the classifier reads that too."""
    media = (Media(kind="link", url=report.media_url),) if report.media_url else ()
    return Draft(
        id=f"appeal:{token}",
        kind=PostKind.APPEAL,
        source="open311",
        title=service.name,
        text=report.description,
        published=now,
        author=report.author,
        address=report.address_string,
        geo=report.geo,
        media=media,
    )


class Open311:
    """What the routes do. `region`, the short name, is the jurisdiction; without an `intake` nothing is taken."""

    def __init__(
        self,
        store: Store,
        region: str,
        services: Sequence[Service],
        *,
        intake: Intake | None,
    ) -> None:
        self._incidents = Incidents(store)
        self._posts = PostReader(store)
        self._region = region
        self._services = {one.code: one for one in services}
        self._by_topic = {one.topic: one for one in services}
        self._intake = intake
        self._store = store

    def services(self) -> open311.Document:
        return open311.services(list(self._services.values()))

    def service(self, code: str) -> open311.Document:
        """No service has questions of its own, so by the specification none has a definition."""
        if code not in self._services:
            raise Wrong(HTTPStatus.NOT_FOUND, f"Услуги {code} нет: они перечислены в services.")
        raise Wrong(HTTPStatus.NOT_FOUND, f"У услуги {code} нет дополнительных вопросов (metadata: false).")

    def requests(self, asked: Mapping[str, str]) -> open311.Document:
        """A page of requests, the newest first."""
        self.check_jurisdiction(asked)
        found = self._incidents.find_page(self._filter(asked), *_page(asked))
        return open311.requests(found, self._by_topic)

    def request(self, number: str) -> open311.Document:
        found = self._incidents.get(int(number)) if number.isdecimal() and len(number) < 19 else None
        if found is None:
            raise Wrong(HTTPStatus.NOT_FOUND, f"Обращения {number} нет.")
        return open311.requests([found], self._by_topic)

    def token(self, value: str) -> open311.Document:
        """What has become of a report."""
        known, incident = self._posts.incident_of(f"appeal:{value}") if _TOKEN.fullmatch(value) else (False, None)
        if not known:
            raise Wrong(HTTPStatus.NOT_FOUND, f"Обращения с token {value} нет, или его ещё не разобрали.")
        return open311.token(value, incident)

    def report(self, fields: Mapping[str, Any], name: str) -> open311.Document:
        """Take a report, from the token of this name; the token under which its request can be asked for."""
        self.check_jurisdiction(fields)
        if self._intake is None:
            raise Wrong(HTTPStatus.FORBIDDEN, "Обращения здесь не принимают: у консоли нет ключа авторов.")
        try:
            report = Report.model_validate({key: value for key, value in fields.items() if value != ""})
        except ValidationError as error:
            names = ", ".join(dict.fromkeys(str(one["loc"][0]) for one in error.errors()))
            raise Wrong(HTTPStatus.BAD_REQUEST, f"Не хватает или не годится: {names}.") from error
        service = self._services.get(report.service_code)
        if service is None:
            raise Wrong(HTTPStatus.NOT_FOUND, f"Услуги {report.service_code} нет: они перечислены в services.")
        if not report.address_string and report.geo is None:
            raise Wrong(HTTPStatus.BAD_REQUEST, "Нужно место: address_string или lat и long.")
        token = uuid4().hex
        with self._store.transaction() as conn:  # first: what can't be recorded is not taken
            Audit(self._store).add(conn, name, "report", f"post:appeal:{token}", {"through": "open311"})
        self._intake.publish([draft(report, token, service, self._store.now())])
        return open311.token(token, accepted=True)

    def check_jurisdiction(self, asked: Mapping[str, Any]) -> None:
        given = asked.get("jurisdiction_id")
        if given and given != self._region:
            raise Wrong(HTTPStatus.NOT_FOUND, f"Здесь отвечает jurisdiction_id {self._region}, а не {given}.")

    def _filter(self, asked: Mapping[str, str]) -> IncidentFilter:
        numbers = [part.strip() for part in asked.get("service_request_id", "").split(",") if part.strip()]
        if numbers:  # then the specification looks at nothing else
            return IncidentFilter(ids=[int(one) for one in numbers if one.isdecimal() and len(one) < 19] or [0])
        topics = []
        for code in filter(None, (part.strip() for part in asked.get("service_code", "").split(","))):
            if code not in self._services:
                raise Wrong(HTTPStatus.BAD_REQUEST, f"Услуги {code} нет: они перечислены в services.")
            topics.append(self._services[code].topic)
        status: list[IncidentStatus] = []
        for name in filter(None, (part.strip() for part in asked.get("status", "").split(","))):
            if name not in _STATUSES:
                raise Wrong(HTTPStatus.BAD_REQUEST, f"Состояния {name} нет: бывает open и closed.")
            status += _STATUSES[name]
        start, end = (_moment(asked, name) for name in ("start_date", "end_date"))
        if start is None:
            start = (end or self._store.now()) - SPAN
        return IncidentFilter(topic=topics, status=status, opened_from=start, opened_to=end, history=False)


def install(app: FastAPI, reader: Sequence[Depends], access: Access, served: Open311, *, region: str) -> None:
    """Add the routes, each with `.json` and `.xml`; reading is for whom `reader` lets in."""
    router = APIRouter(dependencies=reader, include_in_schema=False)

    @router.get("/open311/discovery.{format_}")
    def discovery(request: Request, format_: Format) -> Response:
        base = str(request.base_url).rstrip("/") + BASE
        body = open311.discovery(base, f"Отклик, {region}", format_)
        return Response(body, media_type=open311.MEDIA_TYPES[format_])

    @router.get(BASE + "/services.{format_}")
    def services(format_: Format) -> Response:
        return answered(served.services, format_)

    @router.get(BASE + "/services/{code}.{format_}")
    def service(code: str, format_: Format) -> Response:
        return answered(lambda: served.service(code), format_)

    @router.get(BASE + "/requests.{format_}")
    def requests(request: Request, format_: Format) -> Response:
        return answered(lambda: served.requests(request.query_params), format_)

    @router.get(BASE + "/requests/{number}.{format_}")
    def one(number: str, format_: Format) -> Response:
        return answered(lambda: served.request(number), format_)

    @router.get(BASE + "/tokens/{value}.{format_}")
    def token(value: str, format_: Format) -> Response:
        return answered(lambda: served.token(value), format_)

    @app.post(BASE + "/requests.{format_}", include_in_schema=False)
    async def report(request: Request, format_: Format) -> Response:
        try:
            fields = await _form(request)
            name = access.check_key(str(fields.pop("api_key", "")))
        except ApiError as error:
            return _refused(error.status, error.message, format_)
        except Wrong as wrong:
            return _refused(wrong.status, str(wrong), format_)
        return await run_in_threadpool(answered, lambda: served.report(fields, name), format_, HTTPStatus.CREATED)

    app.include_router(router)


def answered(work: Callable[[], open311.Document], format_: Format, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """The document, or what is wrong with the request, as GeoReport says it."""
    try:
        return _answer(work(), format_, status)
    except Wrong as wrong:
        return _refused(wrong.status, str(wrong), format_)


async def _form(request: Request) -> dict[str, Any]:
    """The fields of a form. Its key stands in it, so whoever sent it is a stranger as yet: nothing of it may go to the
    disk, nor much into memory.

    Raises:
        Wrong: it is too long, of unknown length, or no form.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise Wrong(HTTPStatus.LENGTH_REQUIRED, "Нужен заголовок Content-Length.")
    if len(length) > LONGEST_NUMBER or int(length) > REPORT_BYTES:
        raise Wrong(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Обращение длиннее {REPORT_BYTES // 1024} КБ не принимается.")
    try:
        async with request.form(max_files=0, max_fields=REPORT_FIELDS) as form:
            return dict(form.items())
    except HTTPException as error:
        said = f"Это не форма, или в ней файлы или больше {REPORT_FIELDS} полей: фотографии — ссылкой в media_url."
        raise Wrong(HTTPStatus.BAD_REQUEST, said) from error


def _refused(status: HTTPStatus, said: str, format_: Format) -> Response:
    return _answer(open311.errors([(str(status.value), said)]), format_, status)


def _answer(document: open311.Document, format_: Format, status: HTTPStatus) -> Response:
    return Response(document.encode(format_), status, media_type=open311.MEDIA_TYPES[format_])


def _page(asked: Mapping[str, str]) -> tuple[int, int]:
    """Offset and limit."""
    page, size = (_number(asked.get(name, str(default))) for name, default in (("page", 1), ("page_size", PAGE)))
    if not (page >= 1 and 1 <= size <= LARGEST_PAGE):
        raise Wrong(HTTPStatus.BAD_REQUEST, f"page — от 1, page_size — от 1 до {LARGEST_PAGE}.")
    offset = (page - 1) * size
    if offset > DEEPEST:
        raise Wrong(
            HTTPStatus.BAD_REQUEST,
            f"Дальше {DEEPEST} обращений по страницам не пройти: сузьте start_date и end_date.",
        )
    return offset, size


def _number(value: str) -> int:
    """0 for what is none, or far too long."""
    return int(value) if value.isdecimal() and len(value) <= LONGEST_NUMBER else 0


def _moment(asked: Mapping[str, str], name: str) -> datetime | None:
    value = asked.get(name)
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Wrong(
            HTTPStatus.BAD_REQUEST, f"{name} «{value}» — не время с часовым поясом, например 2026-03-05T14:00:00Z."
        )
    return found
