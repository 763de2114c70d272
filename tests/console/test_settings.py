import pytest
from pydantic import ValidationError

from console.settings import ConsoleSettings

TOKEN = {"name": "лента", "token": "t" * 20}


def said(settings: dict) -> str:
    with pytest.raises(ValidationError) as caught:
        ConsoleSettings.model_validate(settings)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("listen", "host", "port", "url"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, "http://127.0.0.1:8080"),
        ("localhost:0", "localhost", 0, "http://localhost:0"),
        ("[::1]:81", "::1", 81, "http://[::1]:81"),
        ("127.8.8.8:1", "127.8.8.8", 1, "http://127.8.8.8:1"),
    ],
)
def test_this_machine_needs_no_tokens(listen: str, host: str, port: int, url: str) -> None:
    settings = ConsoleSettings(listen=listen)
    assert (settings.host, settings.port, settings.url) == (host, port, url)


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "192.168.1.5:80"])
def test_any_other_address_needs_tokens(listen: str) -> None:
    assert said({"listen": listen}) == (
        f"адрес {listen} виден с других машин, а токенов нет: добавьте console.tokens или слушайте 127.0.0.1"
    )
    settings = ConsoleSettings.model_validate({"listen": listen, "tokens": [TOKEN]})
    assert settings.tokens[0].scope == "read"
    assert settings.url in ("http://127.0.0.1:8080", "http://192.168.1.5:80")


@pytest.mark.parametrize(
    "listen", ["8080", "example.ru:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", ":80", "a:b:c"]
)
def test_what_is_no_address(listen: str) -> None:
    assert said({"listen": listen}) == (
        f"«{listen}» — не адрес: нужен IP-адрес этой машины и порт, например 127.0.0.1:8080 или 0.0.0.0:8080"
    )


def test_tokens_are_long_distinct_and_never_shown() -> None:
    assert said({"tokens": [{"name": "лента", "token": "secret"}]}) == (
        "токен слишком короткий: нужно не меньше 20 знаков; сделать его можно так: openssl rand -hex 32"
    )
    assert said({"tokens": [TOKEN, TOKEN]}) == "имя токена «лента» встречается дважды: дайте другое"
    assert "tttt" not in repr(ConsoleSettings.model_validate({"tokens": [TOKEN]}))
