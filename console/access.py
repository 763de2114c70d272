"""Who may ask: tokens with a scope, or, without any, whoever is on this machine."""

import base64
import binascii
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address

from fastapi import Request

from console.errors import ApiError
from console.settings import ConsoleSettings, Scope, Token

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="otklik", Basic realm="otklik"'}
LOCAL = "эта машина"
"""Who asks where there are no tokens."""
GRANTS: dict[Scope, frozenset[Scope]] = {"read": frozenset({"read"}), "write": frozenset({"read", "write"})}


class Access:
    """Tokens are kept as digests, and compared in constant time."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self._tokens = [(_digest(token.token.get_secret_value()), token) for token in settings.tokens]

    def require(self, scope: Scope) -> Callable[[Request], None]:
        """A dependency that lets nobody pass without that scope."""

        def check(request: Request) -> None:
            self.check(request, scope)

        return check

    def check(self, request: Request, scope: Scope) -> None:
        """Raises:
        ApiError: no token, an unknown one, one without the scope, or a name of another machine.
        """
        if not self._tokens:
            if not _is_local(request.url.hostname):
                # Otherwise a page in a browser on this machine could read it under a name of its own (DNS rebinding).
                raise ApiError(
                    HTTPStatus.FORBIDDEN,
                    "foreign_host",
                    "Без токенов консоль отвечает только по адресу этой машины.",
                    "Откройте http://127.0.0.1:порт или добавьте console.tokens в файл региона.",
                )
            return
        given = _given(request)
        known = self._known(given) if given is not None else None
        if known is None:
            raise ApiError(
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                "Нужен токен." if given is None else "Такого токена нет.",
                "Заголовок Authorization: Bearer ТОКЕН, или токен вместо пароля.",
                CHALLENGE,
            )
        if scope not in GRANTS[known.scope]:
            raise ApiError(
                HTTPStatus.FORBIDDEN, "forbidden", "Этот токен только для чтения.", "Нужен токен со scope: write."
            )

    def name(self, request: Request) -> str:
        """To whom the token of a request was given.

        Raises:
            ApiError: there are no tokens: whoever changes something must have a name.
        """
        if not self._tokens:
            raise ApiError(
                HTTPStatus.FORBIDDEN,
                "token_required",
                "Менять можно только с токеном: его имя остаётся в истории.",
                "Добавьте в console.tokens файла региона токен со scope: write.",
            )
        return self.name_of(request)

    def check_key(self, key: str) -> str:
        """The same for a key in a form, as Open311 has it: the name of a token that may write.

        Raises:
            ApiError: as `check`; and where there are no tokens at all, for a stranger's form must not write.
        """
        known = self._known(key)
        if known is None:
            raise ApiError(HTTPStatus.FORBIDDEN, "unauthorized", "Нужен api_key: токен консоли со scope: write.")
        if "write" not in GRANTS[known.scope]:
            raise ApiError(HTTPStatus.FORBIDDEN, "forbidden", "Этот токен только для чтения.")
        return known.name

    def is_open_to(self, request: Request) -> bool:
        """Whether the asker may read."""
        try:
            self.check(request, "read")
        except ApiError:
            return False
        return True

    def name_of(self, request: Request) -> str:
        """Of the token that the asker has shown; `LOCAL` where there are no tokens."""
        given = _given(request)
        known = self._known(given) if given is not None else None
        return known.name if known else LOCAL

    def _known(self, given: str) -> Token | None:
        digest = _digest(given)
        found: Token | None = None
        for known, token in self._tokens:  # all of them, whichever fits
            if compare_digest(known, digest):
                found = token
        return found


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _given(request: Request) -> str | None:
    """The token of `Bearer`, or the password of `Basic`: feed readers know only that."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return None


def _is_local(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return host is not None and ip_address(host).is_loopback
    except ValueError:
        return False
