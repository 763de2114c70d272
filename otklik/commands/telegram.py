"""`otklik telegram login`: make the session that an account is read with."""

import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otklik.commands.common import ConfigFile, command, group, load
from otklik.commands.crawl import unknown
from otklik.exits import Exit, Failed
from otklik.russian import sentences

if TYPE_CHECKING:
    from otklik.config import Config

Of = Annotated[str | None, typer.Option("--source", metavar="ID", help="Войти аккаунтом этого источника.")]
To = Annotated[
    Path | None,
    typer.Option("--session", metavar="СЕССИЯ", help="Записать сессию в этот файл; api_id и api_hash — из ФАЙЛА."),
]


def register(app: typer.Typer) -> None:
    telegram = group(app, "telegram", "Telegram: войти аккаунтом, которым читаются каналы.")

    @command(telegram, "login")
    def login(file: ConfigFile, *, source: Of = None, session: To = None) -> int:
        """Войти в Telegram и записать сессию в зашифрованный файл.

        Спросит телефон, код, который пришлёт Telegram, и пароль двухэтапной проверки, если он есть. Шифрует ключом
        OTKLIK_SESSION_KEY. Источник и сессию можно не называть, если в ФАЙЛЕ один аккаунт.

        Код 0 — сессия записана; 2 — неверный телефон, код, пароль или ключ; 3 — Telegram не отвечает или просит
        подождать.
        """
        config = load(file)
        settings = _settings(config, file, source, session)
        return _login(settings, session or settings.session)


def _settings(config: "Config", file: Path, source: str | None, session: Path | None) -> Any:
    """Those of the source whose account logs in."""
    readers = {one.id: one.settings for one in config.file.sources if one.kind == "telegram" and one.settings.by_api}
    if source is not None and source not in {one.id for one in config.file.sources}:
        raise Failed(unknown("источника", source, [one.id for one in config.file.sources], file))
    if source is not None and source not in readers:
        raise Failed(f"Источник {source} не читается через API Telegram: входить незачем. Нужны api_id и api_hash.")
    if source is not None:
        return readers[source]
    if not readers:
        raise Failed(f"В файле {file} нет источников, которые читаются через API Telegram: добавьте api_id и api_hash.")
    found = {one.api_id if session is not None else one.session: one for one in readers.values()}
    if len(found) > 1:
        raise Failed(f"В файле {file} несколько аккаунтов Telegram: назовите источник, --source ID.")
    return next(iter(found.values()))


def _login(settings: Any, path: Path) -> Exit:
    import asyncio  # noqa: PLC0415

    from crawlers.telegram.login import LoginError, login  # noqa: PLC0415
    from crawlers.telegram.session import SessionError, SessionFile, key_from_environment  # noqa: PLC0415

    try:
        file = SessionFile(path, key_from_environment())
    except SessionError as error:
        message = sentences(error.reason, error.action)
        raise Failed(f"{message[:1].upper()}{message[1:]}.") from error
    if path.exists() and not typer.confirm(f"Файл {path} уже есть. Войти заново и заменить его?"):
        raise typer.Abort
    path.parent.mkdir(parents=True, exist_ok=True)
    # asyncio's own handler would only cancel the task, which waits for what is typed: Ctrl-C would seem to do nothing.
    signal.signal(signal.SIGINT, _interrupted)
    try:
        saved = asyncio.run(login(settings, _Terminal()))
    except LoginError as error:
        code = Exit.UNREACHABLE if error.later else Exit.USAGE
        raise Failed(f"Войти не удалось: {sentences(error.reason, error.action)}.", code) from error
    file.save(saved)
    typer.echo(f"Вход выполнен. Сессия записана в {path}, зашифрованной; не копируйте файл на другие машины.")
    return Exit.OK


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Terminal:
    def phone(self) -> str:
        return str(typer.prompt("Телефон аккаунта, с кодом страны"))

    def code(self) -> str:
        return str(typer.prompt("Код, который прислал Telegram"))

    def password(self) -> str:
        return str(typer.prompt("Пароль двухэтапной проверки (не показывается)", hide_input=True))

    def wrong(self, what: str) -> None:
        typer.echo(f"{what}, попробуйте ещё раз.", err=True)
