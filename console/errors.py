"""One shape for every error: {"error": {"code", "message", "hint"}}. Codes are for programs, the rest for people."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bus import BusError
from console.headers import SECURITY_HEADERS
from store import StoreError

log = structlog.get_logger()


class ApiError(Exception):
    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        hint: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = headers


NOT_FOUND = ApiError(HTTPStatus.NOT_FOUND, "not_found", "Такой страницы нет.", "Что есть, перечислено на странице /.")
METHOD = ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "Этот метод здесь не поддерживается.")
REFUSED = ApiError(HTTPStatus.BAD_REQUEST, "bad_request", "Запрос не понят.")
INTERNAL = ApiError(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal",
    "Ошибка программы.",
    "Подробности в журнале консоли: передайте их разработчикам.",
)
RETRY_SECONDS = "5"
"""Retry-After of an outage: roles reconnect within seconds."""


def no_incident(id_: int) -> ApiError:
    hint = "Номера есть в /api/incidents и в лентах."
    return ApiError(HTTPStatus.NOT_FOUND, "no_such_incident", f"Инцидента №{id_} нет.", hint)


def response(error: ApiError) -> JSONResponse:
    content = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    return JSONResponse(content, error.status, {**SECURITY_HEADERS, **(error.headers or {})})


def install(app: FastAPI) -> None:
    """Answer every error of `app` in the one shape; those of queries: `console.query`."""

    @app.exception_handler(ApiError)
    async def api_error(_: Request, error: ApiError) -> JSONResponse:
        return response(error)

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        known = {HTTPStatus.NOT_FOUND: NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED: METHOD}
        return response(known.get(HTTPStatus(error.status_code), REFUSED))

    @app.exception_handler(StoreError)
    @app.exception_handler(BusError)
    async def outage(_: Request, error: StoreError | BusError) -> JSONResponse:
        log.warning("console_outage", problem=str(error))  # which names machines: not for everybody
        message = "База или шина сейчас не отвечает."
        hint = "Повторите через несколько секунд; подробности в журнале консоли и в /healthz."
        found = ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", message, hint, {"Retry-After": RETRY_SECONDS})
        return response(found)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        log.error("console_bug", path=request.url.path, error_type=type(error).__name__)
        return response(INTERNAL)
