"""The opaque cursor of `/api/incidents`: a position in the outbox, in a form that invites nobody to count with it."""

import base64
import binascii
from http import HTTPStatus

from console.errors import ApiError

_PREFIX = "v1."
HIGHEST = 2**63 - 1


def encode(position: int) -> str:
    return base64.urlsafe_b64encode(f"{_PREFIX}{position}".encode()).decode().rstrip("=")


def decode(cursor: str) -> int:
    """The inverse of `encode`.

    Raises:
        ApiError: it is not one of ours.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    digits = text.removeprefix(_PREFIX)
    if text.startswith(_PREFIX) and digits.isdecimal() and len(digits) < 20 and int(digits) <= HIGHEST:
        return int(digits)
    raise ApiError(
        HTTPStatus.BAD_REQUEST,
        "bad_cursor",
        "Непонятный курсор.",
        "Передавайте в after значение next из прошлого ответа без изменений; без after — с начала.",
    )
