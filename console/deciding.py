"""`PATCH /api/incidents/{id}`: how other systems say what has become of an incident."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Self

from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.concurrency import run_in_threadpool

from console.access import Access
from console.errors import ApiError, no_incident
from console.query import HIGHEST_ID
from incidents.acts import Act
from incidents.desk import Desk
from incidents.placing import Said
from incidents.refusals import Refused
from incidents.workflow import TABLE, Action
from schemas import Incident, IncidentStatus
from text.suggest import did_you_mean

STATUS_OF = {
    "no_such": HTTPStatus.NOT_FOUND,
    "invalid": HTTPStatus.BAD_REQUEST,
    "not_allowed": HTTPStatus.CONFLICT,
    "contradicts": HTTPStatus.CONFLICT,
    "stale": HTTPStatus.PRECONDITION_FAILED,
}
ANY = "*"
LONGEST_SEQUENCE = 18
"""Digits: of what the databases hold."""
ACTIONS = {row.to: row.action for row in TABLE}
"""Each status is reached by one action."""


class Decision(BaseModel):
    """What a receiver may change. `status` alone is enough where the status needs no more; `authority` alone assigns,
    and `answer` alone answers. Municipality, settlement and address say where it is, in a request of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    status: IncidentStatus | None = None
    authority: str | None = Field(default=None, min_length=1)
    answer: str | None = Field(default=None, min_length=1)
    municipality: str | None = Field(default=None, min_length=1)
    """OKTMO code or name."""
    settlement: str | None = Field(default=None, min_length=1)
    address: str | None = Field(default=None, min_length=1)
    comment: str | None = Field(default=None, min_length=1)
    actor: str | None = Field(default=None, min_length=1)
    """Who of the token's owners decided."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        decided = self.status is not None or self.authority is not None or self.answer is not None
        if not decided and not self.places:
            raise ValueError("нужно хотя бы одно: status, authority, answer, municipality, settlement, address")
        if decided and self.places:
            raise ValueError("место (municipality, settlement, address) меняют отдельным запросом")
        if self.status is not None and self.status not in ACTIONS:
            allowed = ", ".join(ACTIONS)
            raise ValueError(f"состояние {self.status} не ставят по API; можно: {allowed}")
        return self

    @property
    def places(self) -> bool:
        """It says where the incident is."""
        return self.municipality is not None or self.settlement is not None or self.address is not None

    def act(self) -> Act:
        """The act of a person that this asks for."""
        if self.status is not None:
            action = ACTIONS[self.status]
        else:
            action = Action.ANSWER if self.answer is not None else Action.ASSIGN
        return Act(action, self.comment, self.answer, self.authority)


def etag(incident: Incident) -> str:
    """Rises with each event."""
    return f'"{incident.id}.{incident.sequence}"'


def install(app: FastAPI, access: Access, desk: Desk, municipalities: Mapping[str, str]) -> None:
    """Add the route. `municipalities`: names by code."""

    @app.patch("/api/incidents/{id}", dependencies=[Depends(access.require("write"))])
    async def change(id: int, request: Request, if_match: Annotated[str | None, Header()] = None) -> JSONResponse:
        """Change status, authority, answer or place of an incident that nobody has changed since it was read.

        If-Match holds the ETag that was read, or `*`.
        """
        if not 0 < id <= HIGHEST_ID:
            raise no_incident(id)
        asked = decision(await request.body())
        name = access.name(request)
        expected = sequence(id, if_match)
        actor = f"{asked.actor} ({name})" if asked.actor else name
        place = said(asked, municipalities) if asked.places else None

        def decide() -> Incident:
            if place is None:
                return desk.act(id, asked.act(), actor, expected)
            seen = {} if expected is None else {id: expected}
            found = desk.place(id, place, actor, comment=asked.comment, expected=seen)
            return [one.incident for one in found.changes if one.incident.id == id][-1]

        try:
            after = await run_in_threadpool(decide)
        except Refused as refused:
            raise ApiError(STATUS_OF[refused.code], refused.code, str(refused)) from refused
        return JSONResponse({"incident": after.model_dump(mode="json")}, headers={"ETag": etag(after)})


def said(asked: Decision, municipalities: Mapping[str, str]) -> Said:
    """Where the request says that the incident is.

    Raises:
        ApiError: there is no such municipality.
    """
    named = None
    if (wanted := asked.municipality) is not None:
        code = next((code for code, name in municipalities.items() if wanted in (code, name)), None)
        if code is None:
            message = f"Муниципалитета «{wanted}» нет."
            hint = did_you_mean(wanted, municipalities.values()) or "Нужен код ОКТМО или полное название."
            raise ApiError(HTTPStatus.NOT_FOUND, "no_such", message, hint)
        named = code, municipalities[code]
    return Said(municipality=named, settlement=asked.settlement, address=asked.address)


def decision(body: bytes) -> Decision:
    """The body of a request.

    Raises:
        ApiError: what is wrong with it, all at once.
    """
    try:
        return Decision.model_validate_json(body)
    except ValidationError as error:
        messages = [_wrong(one) for one in error.errors()]
        raise ApiError(HTTPStatus.BAD_REQUEST, "bad_body", " ".join(messages), _HINT) from error


_HINT = 'Тело — JSON, например {"status": "answered", "answer": "Воду дали"}.'


def _wrong(error: Any) -> str:
    where = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        hint, names = did_you_mean(where, Decision.model_fields), ", ".join(Decision.model_fields)
        return f"Ключа «{where}» нет. {hint or f'Есть {names}.'}"
    if error["type"] == "value_error":
        said = str(error["ctx"]["error"])
        return f"{said[:1].upper()}{said[1:]}."
    if error["type"] == "enum":
        return f"Состояния «{error['input']}» нет. Есть {', '.join(ACTIONS)}."
    return f"В «{where}» нужен непустой текст." if where else "Тело запроса — не JSON."


def sequence(id_: int, if_match: str | None) -> int | None:
    """What If-Match says was seen; None for `*`.

    Raises:
        ApiError: it is absent, or no ETag of this incident.
    """
    if if_match is None:
        message = "Нужен заголовок If-Match с ETag прочитанного инцидента: чтобы не затереть чужое решение."
        raise ApiError(
            HTTPStatus.PRECONDITION_REQUIRED, "if_match_required", message, "Его даёт GET /api/incidents/{id}."
        )
    tag = if_match.strip()
    if tag == ANY:
        return None
    number, _, seen = tag.strip('"').partition(".")
    if number != str(id_) or not seen.isdecimal() or len(seen) > LONGEST_SEQUENCE:
        message = f"If-Match «{tag}» — не ETag инцидента №{id_}."
        raise ApiError(HTTPStatus.PRECONDITION_FAILED, "stale", message, "Прочтите инцидент заново.")
    return int(seen)
