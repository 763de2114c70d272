"""The section `console`: where the web side listens, and who may ask it."""

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

Scope = Literal["read", "write"]

SHORTEST_TOKEN = 20
"""Characters: even of hexadecimal ones that is 80 bits, which nobody guesses over a network."""


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not (_is_host(host) and port.isdecimal() and int(port) <= 65535):
        raise ValueError(
            f"«{value}» — не адрес: нужен IP-адрес этой машины и порт, например 127.0.0.1:8080 или 0.0.0.0:8080"
        )
    return value


def _is_host(host: str) -> bool:
    try:
        return host == "localhost" or bool(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return False


def _token(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SHORTEST_TOKEN:
        raise ValueError(
            f"токен слишком короткий: нужно не меньше {SHORTEST_TOKEN} знаков; "
            "сделать его можно так: openssl rand -hex 32"
        )
    return value


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Token(_Settings):
    name: str = Field(min_length=1, description="Кому выдан: попадает в журнал.")
    scope: Scope = Field(default="read", description="read — только читать, write — и менять.")
    token: Annotated[SecretStr, AfterValidator(_token)] = Field(description="Сам токен: ${ИМЯ} из окружения.")


class ConsoleSettings(_Settings):
    listen: Annotated[str, AfterValidator(_listen)] = Field(
        default="127.0.0.1:8080", description="Адрес и порт. Не только для этой машины — нужны tokens."
    )
    tokens: tuple[Token, ...] = Field(default=(), description="Кому можно; без токенов — всем на этой машине.")

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if not self.is_loopback and not self.tokens:
            raise ValueError(
                f"адрес {self.listen} виден с других машин, а токенов нет: добавьте console.tokens "
                "или слушайте 127.0.0.1"
            )
        names = [token.name for token in self.tokens]
        double = next((name for name in names if names.count(name) > 1), None)
        if double is not None:
            raise ValueError(f"имя токена «{double}» встречается дважды: дайте другое")
        return self

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """0: any free one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def is_loopback(self) -> bool:
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = self.host
        if host != "localhost" and ipaddress.ip_address(host).is_unspecified:
            host = "127.0.0.1"
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
