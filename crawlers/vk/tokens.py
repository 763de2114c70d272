"""Tokens: what each kind of them may call, and how often."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

TokenKind = Literal["service", "user", "community"]
KINDS: Mapping[TokenKind, str] = {
    "service": "сервисный ключ",
    "user": "токен пользователя",
    "community": "ключ сообщества",
}
PER_SECOND: Mapping[TokenKind, int] = {"service": 5, "user": 3, "community": 20}
"""Calls of all methods together. https://dev.vk.com/ru/api/api-requests"""
PER_DAY = {
    "wall.get": 5000,
    "wall.getComments": 5000,
    "wall.search": 1000,
    "newsfeed.search": 1000,
    "board.getTopics": 5000,
    "board.getComments": 5000,
}
"""Per method and token. VK publishes those of wall.get and of the searches. The others are taken to be that of
wall.get: too low a guess slows us down, too high a one ends in error 29."""

_READERS = frozenset[TokenKind]({"service", "user"})
_ALL = frozenset[TokenKind]({"service", "user", "community"})
ACCEPTS: Mapping[str, frozenset[TokenKind]] = {
    "wall.get": _READERS,
    "wall.getById": _READERS,
    "wall.getComments": _READERS,
    "wall.search": _READERS,
    "newsfeed.search": _READERS,
    "board.getTopics": _READERS,
    "board.getComments": _READERS,
    "groups.getById": _ALL,
    "utils.resolveScreenName": _ALL,
    "execute": frozenset({"user", "community"}),
}
"""Which kinds of token VK takes for a method: `access_token_type` in its schema of 5.199
(https://github.com/VKCOM/vk-api-schema). A community's key elsewhere is error 27, a service key error 28."""


class VkToken(BaseModel):
    """One of several, with its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(min_length=1)
    kind: TokenKind | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A token as configured."""

    secret: SecretStr
    kind: TokenKind

    @property
    def hash(self) -> str:
        """Names the token in quotas without revealing it. 64 bits: nobody has a billion tokens."""
        return sha256(self.secret.get_secret_value().encode()).hexdigest()[:16]


def misfit(kind: TokenKind, methods: Collection[str]) -> str | None:
    """What to tell an operator whose token of this kind is to call these methods; None where it may."""
    refused = [method for method in methods if kind not in ACCEPTS[method]]
    if not refused:
        return None
    fits = [KINDS[other] for other in KINDS if all(other in ACCEPTS[method] for method in methods)]
    return (
        f"{_BY[kind]} нельзя вызывать {', '.join(refused)}: "
        f"нужен {' или '.join(fits)}; замените ключ и исправьте его вид"
    )


_BY: Mapping[TokenKind, str] = {
    "service": "сервисным ключом",
    "user": "токеном пользователя",
    "community": "ключом сообщества",
}
