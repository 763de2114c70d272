"""What may be asked for behind the question mark, and what is said to who asks for something else."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from console.errors import ApiError, response
from schemas import IncidentStatus
from store import IncidentFilter
from store.posts import NOWHERE
from text.suggest import close, did_you_mean, listed

MANY = 50
"""Values of one parameter: every group that there is (26), every municipality of Chelyabinsk (43)."""
LARGEST_PAGE = 1000
"""Events of some 2 KB: a page stays at 2 MB."""
HIGHEST_ID = 2**63 - 1
"""What the databases hold; they raise at more."""
MAX_SHOWN = 60
"""Characters of a value in a message: enough to recognise it."""


_TRACKING = re.compile(r"utm_|(?:yclid|gclid|fbclid|_openstat|ysclid)$")


class Filters(BaseModel):
    """Each may be given several times, and any of its values fits. The descriptions are shown to who erred."""

    model_config = ConfigDict(extra="forbid")

    municipality: list[str] = Field(default=[], max_length=MANY, description="код ОКТМО или none")
    group: list[str] = Field(default=[], max_length=MANY, description="название группы тем")
    topic: list[str] = Field(default=[], max_length=MANY, description="название темы")
    authority: list[str] = Field(default=[], max_length=MANY, description="id из раздела authorities")
    status: list[IncidentStatus] = Field(default=[], max_length=MANY, description=", ".join(IncidentStatus))

    @model_validator(mode="before")
    @classmethod
    def _without_tracking(cls, given: Any) -> Any:
        """Mailers and readers put marks of their own behind the addresses that they are given."""
        if not isinstance(given, Mapping):
            return given
        return {name: value for name, value in given.items() if not _TRACKING.match(str(name))}

    def filter(self) -> IncidentFilter:
        return IncidentFilter(
            municipality=self.municipality,
            group=self.group,
            topic=self.topic,
            authority=self.authority,
            status=self.status,
        )


class Paged(Filters):
    before: int | None = Field(default=None, ge=1, le=HIGHEST_ID, description="номер инцидента: страница после него")


class Queue(Filters):
    limit: int = Field(default=100, ge=1, le=LARGEST_PAGE, description=f"целое число от 1 до {LARGEST_PAGE}")


class Following(Filters):
    after: str = Field(default="", description="значение next из прошлого ответа")
    limit: int = Field(default=100, ge=1, le=LARGEST_PAGE, description=f"целое число от 1 до {LARGEST_PAGE}")


@dataclass(frozen=True)
class Names:
    """What filters may name: what can come, by the file of the region and the model."""

    municipalities: Mapping[str, str]
    """OKTMO code to name."""
    groups: Collection[str]
    topics: Collection[str]
    authorities: Collection[str]
    shown: Mapping[str, str] = field(default_factory=dict)
    """What people see for groups and topics; what is not there is shown as it is spelt."""

    def check(self, filters: Filters, occurs: Callable[[IncidentFilter], bool]) -> None:
        """Refuse names that nothing has, now or, by `occurs`, earlier: an older model, an authority of last year.

        Raises:
            ApiError: what is allowed, and what may have been meant.
        """
        wrong: list[tuple[str, str]] = []
        for parameter, known in self._known().items():
            values: list[str] = getattr(filters, parameter)
            for value in dict.fromkeys(values):
                # What is not printable stands in no name, and PostgreSQL takes no zero byte.
                alone = Filters.model_validate({parameter: [value]}).filter()
                if value in known or (value.isprintable() and occurs(alone)):
                    continue
                allowed, meant = self._allowed(parameter, known), self._meant(parameter, value)
                wrong.append(_wrong_value(parameter, value, allowed, meant))
        if wrong:
            raise refusal(wrong)

    def _known(self) -> dict[str, Collection[str]]:
        return {
            "municipality": {*self.municipalities, NOWHERE},
            "group": self.groups,
            "topic": self.topics,
            "authority": self.authorities,
        }

    def _allowed(self, parameter: str, known: Collection[str]) -> str:
        return "коды ОКТМО этого региона, none" if parameter == "municipality" else listed(sorted(known)) or "ничего"

    def _meant(self, parameter: str, value: str) -> str | None:
        if parameter != "municipality":
            return did_you_mean(value, self._known()[parameter])
        codes = {name: code for code, name in self.municipalities.items()}
        near = [f"«{codes[name]}» ({name})" for name in close(value, codes)]
        return f"Может быть, {' или '.join(near)}?" if near else did_you_mean(value, self._known()[parameter])


def install(app: FastAPI) -> None:
    """Explain what the routes of `app` refuse."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        models = [one.field_info.annotation for one in request.scope["route"].dependant.query_params]
        parameters = {name: field for model in models for name, field in model.model_fields.items()}
        return response(explained(error.errors(), parameters))


def explained(errors: Iterable[Mapping[str, Any]], parameters: Mapping[str, FieldInfo]) -> ApiError:
    """What pydantic found wrong with a request, said to a person; `parameters` are those of the route."""
    return refusal([_wrong(error, parameters) for error in errors])


def refusal(wrong: Iterable[tuple[str, str]]) -> ApiError:
    """One error for all mistakes, each with its hint."""
    messages, hints = zip(*dict.fromkeys(wrong), strict=True)
    return ApiError(HTTPStatus.BAD_REQUEST, "bad_parameter", " ".join(messages), " ".join(dict.fromkeys(hints)))


def _wrong(error: Mapping[str, Any], parameters: Mapping[str, FieldInfo]) -> tuple[str, str]:
    name, context = str(error["loc"][1]), error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        return f"Параметра {_shown(name)} нет.", _hint(f"Есть {', '.join(parameters)}.", did_you_mean(name, parameters))
    if error["type"] == "too_long":
        return f"В {name} слишком много значений: {context['actual_length']}.", f"Можно не больше {MANY}."
    if name not in parameters:
        return _value(name, error["input"]), "Какие значения бывают, сказано в /api/openapi.json."
    meant = did_you_mean(str(error["input"]), IncidentStatus) if error["type"] == "enum" else None
    return _wrong_value(name, error["input"], parameters[name].description or "", meant)


def _wrong_value(name: str, value: object, allowed: str, meant: str | None) -> tuple[str, str]:
    return _value(name, value), _hint(f"В {name} можно: {allowed}.", meant)


def _value(name: str, value: object) -> str:
    return f"Значения {_shown(str(value))} в {name} не бывает."


def _hint(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _shown(text: str) -> str:
    return f"«{text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + '…'}»"
