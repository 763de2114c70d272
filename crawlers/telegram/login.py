"""Log an account in, once, by hand: the conversation with Telegram. Whom to ask is the caller's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from telethon import errors, utils
from telethon.sessions import StringSession

from crawlers.telegram import problems
from crawlers.telegram.account import ANSWER_WITHIN, client
from crawlers.telegram.settings import TelegramSettings

ATTEMPTS = 3
"""To type a code or a password; Telegram takes a code away after about five."""


class Person(Protocol):
    """Who logs in. Each answers as typed."""

    def phone(self) -> str: ...

    def code(self) -> str: ...

    def password(self) -> str: ...

    def wrong(self, what: str) -> None:
        """What was typed is wrong, and may be typed again. `what` is in Russian."""


class LoginError(Exception):
    """Why there is no login; both texts are Russian, for the person. `later`: it may work out another time as it is."""

    def __init__(self, reason: str, action: str, *, later: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.action = action
        self.later = later


async def login(settings: TelegramSettings, person: Person, retry_pause: float = 1.0) -> str:
    """A new session of the account, as `StringSession` writes it: a secret.

    Raises:
        LoginError: it did not work out.
    """
    session = StringSession()
    if settings.api_server is not None:
        host, _, port = settings.api_server.rpartition(":")
        session.set_dc(2, host, int(port))
    telegram = client(session, settings, retry_pause, updates=False)
    try:
        await asyncio.wait_for(telegram.connect(), ANSWER_WITHIN)
        await _sign_in(telegram, person)
        saved: str = session.save()
    except (errors.RPCError, OSError, TimeoutError) as error:
        raise _explained(error) from error
    finally:
        await telegram.disconnect()
    return saved


async def _sign_in(telegram: Any, person: Person) -> None:
    phone = utils.parse_phone(person.phone())
    if phone is None:
        raise LoginError("это не номер телефона", "Повторите: номер с кодом страны, например +7 900 123-45-67")
    await telegram.send_code_request(phone)
    try:
        await _asked(
            person.code,
            lambda code: telegram.sign_in(phone, code),
            errors.PhoneCodeInvalidError,
            "Код неверный",
            person,
        )
    except errors.SessionPasswordNeededError:
        await _asked(
            person.password,
            lambda password: telegram.sign_in(password=password),
            errors.PasswordHashInvalidError,
            "Пароль неверный",
            person,
        )


async def _asked(
    ask: Callable[[], str], tried: Callable[[str], Awaitable[Any]], wrong: type[Exception], what: str, person: Person
) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await tried(ask().strip())
        except wrong:
            if attempt == ATTEMPTS:
                raise
            person.wrong(what)
        else:
            return


def _explained(error: Exception) -> LoginError:  # noqa: PLR0911 - one line of a table each
    match error:
        case errors.PhoneNumberInvalidError():
            return LoginError(
                "Telegram не знает такого номера телефона", "Повторите: номер с кодом страны, например +7 900 123-45-67"
            )
        case errors.PhoneNumberUnoccupiedError():
            return LoginError(
                "у этого номера нет аккаунта Telegram", "Сначала зарегистрируйте его в приложении Telegram"
            )
        case errors.PhoneNumberBannedError():
            return LoginError("Telegram заблокировал этот номер", "Войдите другим аккаунтом")
        case errors.PhoneCodeInvalidError() | errors.PhoneCodeEmptyError():
            return LoginError("код неверный", "Повторите вход: Telegram пришлёт новый код")
        case errors.PhoneCodeExpiredError():
            return LoginError("код устарел", "Повторите вход: Telegram пришлёт новый код; введите его сразу")
        case errors.PasswordHashInvalidError():
            return LoginError(
                "пароль неверный", "Повторите вход с паролем двухэтапной проверки; забытый сбрасывают в приложении"
            )
        case errors.FloodWaitError():
            return LoginError(
                f"Telegram просит подождать {problems.long(error.seconds)}, прежде чем входить снова (FLOOD_WAIT)",
                "Подождите; попытки до того времени его только продлят",
                later=True,
            )
        case errors.ApiIdInvalidError() | errors.ApiIdPublishedFloodError():
            return LoginError(
                "Telegram не принимает api_id и api_hash",
                "Возьмите свои на https://my.telegram.org и исправьте настройки",
            )
        case errors.RPCError():
            return LoginError(
                f"Telegram ответил ошибкой {error.code}: {error.message}",
                "Если повторяется, сообщите разработчикам Отклика",
            )
        case TimeoutError():
            return LoginError("Telegram не отвечает", "Обычно проходит само", later=True)
        case _:
            return LoginError(
                f"нет связи с Telegram: {type(error).__name__}",
                "Проверьте, что с этой машины Telegram доступен",
                later=True,
            )
