"""Sessions of Telegram accounts on disk: whoever holds one is the account, so it is written encrypted or not at all."""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from crawlers.telegram.settings import HOW, VARIABLE
from text.refusal import refusal

LOGIN = "Войдите в Telegram: otklik telegram login ФАЙЛ_РЕГИОНА --source ИСТОЧНИК"


def key_from_environment() -> str | None:
    """The key that all sessions of this installation are encrypted with."""
    return os.environ.get(VARIABLE)


class SessionError(Exception):
    """Why there is no session; both texts are Russian, for an operator."""

    def __init__(self, reason: str, action: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.action = action


class SessionFile:
    """One account's session, as Telethon's `StringSession` writes it, under a key of `VARIABLE`'s value."""

    def __init__(self, path: Path, key: str | None) -> None:
        """
        Raises:
            SessionError: there is no key, or it is none.
        """
        self._path = path
        if not key:
            raise SessionError(f"не задан ключ сессий Telegram {VARIABLE}", HOW)
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise SessionError(f"{VARIABLE} — не ключ: нужны 32 байта в base64", HOW) from error

    def load(self) -> str:
        """The session.

        Raises:
            SessionError: there is none that this key opens.
        """
        try:
            return self._fernet.decrypt(self._path.read_bytes()).decode()
        except FileNotFoundError as error:
            raise SessionError(f"нет файла сессии Telegram {self._path}", LOGIN) from error
        except OSError as error:
            raise SessionError(
                f"файл сессии Telegram {self._path} не читается: {refusal(error)}", "Проверьте права на файл"
            ) from error
        except InvalidToken as error:
            raise SessionError(
                f"файл сессии Telegram {self._path} не открывается ключом {VARIABLE}: ключ другой или файл повреждён",
                f"Верните прежний {VARIABLE} или войдите в Telegram заново",
            ) from error

    def save(self, session: str) -> None:
        """Write the session, readable by nobody but the owner; a crash leaves the old one whole."""
        fresh = self._path.with_name(self._path.name + ".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(self._fernet.encrypt(session.encode()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
