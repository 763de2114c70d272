"""That an unmodified TelegramClient understands it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from telethon import TelegramClient, errors, events
from telethon.crypto import rsa
from telethon.sessions import MemorySession, StringSession

from tests.simulators.telegram import PUBLIC_KEY, Chat, Fault, Person, TelegramSimulator, load


@pytest.fixture
def chats() -> list[Chat]:
    return load(datetime.now(UTC))


@pytest.fixture
def simulator(chats: list[Chat]) -> Iterator[TelegramSimulator]:
    with TelegramSimulator(chats) as running:
        yield running


def client(simulator: TelegramSimulator) -> TelegramClient:
    return TelegramClient(StringSession(simulator.session()), 1, "hash", flood_sleep_threshold=0, retry_delay=0.05)


def test_a_new_client_makes_a_key_and_is_not_logged_in(simulator: TelegramSimulator) -> None:
    async def run() -> bool:
        rsa.add_key(PUBLIC_KEY, old=False)
        session = MemorySession()
        session.set_dc(2, "127.0.0.1", simulator.port)
        async_client = TelegramClient(session, 1, "hash")
        await async_client.connect()
        try:
            return bool(await async_client.is_user_authorized())
        finally:
            await async_client.disconnect()

    assert asyncio.run(run()) is False


def test_a_login_with_code_and_password(chats: list[Chat]) -> None:
    person = Person("79990000001", "12345", "второй секрет")

    async def run(port: int) -> None:
        rsa.add_key(PUBLIC_KEY, old=False)
        session = MemorySession()
        session.set_dc(2, "127.0.0.1", port)
        telegram = TelegramClient(session, 1, "hash", flood_sleep_threshold=0)
        await telegram.connect()
        try:
            with pytest.raises(errors.PhoneNumberInvalidError):
                await telegram.send_code_request("+7 999 000-00-02")
            await telegram.send_code_request("+7 999 000-00-01")
            with pytest.raises(errors.PhoneCodeInvalidError):
                await telegram.sign_in(code="54321")
            with pytest.raises(errors.SessionPasswordNeededError):
                await telegram.sign_in(code="12345")
            with pytest.raises(errors.PasswordHashInvalidError):
                await telegram.sign_in(password="первый секрет")
            assert not await telegram.is_user_authorized()
            await telegram.sign_in(password="второй секрет")
            assert await telegram.is_user_authorized()
            assert len(await telegram.get_messages("zavodskoy_ryadom", limit=3)) == 3
        finally:
            await telegram.disconnect()

    with TelegramSimulator(chats, people=[person]) as simulator:
        asyncio.run(run(simulator.port))


def test_a_key_that_two_clients_use_at_once_is_lost_to_both(simulator: TelegramSimulator) -> None:
    session = simulator.session()

    async def run() -> None:
        one, other = (TelegramClient(StringSession(session), 1, "hash", retry_delay=0.05) for _ in range(2))
        await one.connect()
        assert await one.get_messages("zavodskoy_ryadom", limit=1)
        with pytest.raises(errors.AuthKeyDuplicatedError):
            await other.connect()
        with pytest.raises(errors.AuthKeyDuplicatedError):
            await one.get_messages("zavodskoy_ryadom", limit=1)
        await one.disconnect()
        await other.disconnect()

    asyncio.run(run())
    assert simulator.together == 2


def test_history_comments_and_search(simulator: TelegramSimulator, chats: list[Chat]) -> None:
    for number in range(250):
        chats[0].add(f"Новость {number}")

    async def run() -> None:
        async with client(simulator) as telegram:
            down = [m.id async for m in telegram.iter_messages("zavodskoy_ryadom", wait_time=0)]
            assert down == sorted(chats[0].posts, reverse=True)
            up = [m.id async for m in telegram.iter_messages("zavodskoy_ryadom", reverse=True, min_id=14, wait_time=0)]
            assert up == [number for number in sorted(chats[0].posts) if number > 14]
            said = [m.text async for m in telegram.iter_messages("zavodskoy_ryadom", reply_to=3)]
            assert said == [comment.text for comment in reversed(chats[0].comments(3))]
            found = [m.id async for m in telegram.iter_messages("zavodskoy_ryadom", search="фонарь")]
            assert found == [12]

    asyncio.run(run())


def test_changes_are_pushed(simulator: TelegramSimulator, chats: list[Chat]) -> None:
    chats[0].joined = True
    heard: list[str] = []

    async def run() -> None:
        async with client(simulator) as telegram:
            done = asyncio.Event()

            @telegram.on(events.NewMessage)
            async def new(event: events.NewMessage.Event) -> None:
                heard.append(f"new {event.message.text}")

            @telegram.on(events.MessageEdited)
            async def edited(event: events.MessageEdited.Event) -> None:
                heard.append(f"edit {event.message.text}")

            @telegram.on(events.MessageDeleted)
            async def deleted(event: events.MessageDeleted.Event) -> None:
                heard.append(f"delete {event.deleted_id}")
                done.set()

            await telegram.get_input_entity("zavodskoy_ryadom")
            post = chats[0].add("Прорвало трубу")
            await asyncio.sleep(0.2)
            chats[0].edit(post.id, "Прорвало две трубы")
            await asyncio.sleep(0.2)
            chats[0].delete(post.id)
            await asyncio.wait_for(done.wait(), 10)
            assert heard == ["new Прорвало трубу", "edit Прорвало две трубы", f"delete {post.id}"]

    asyncio.run(run())


def test_errors_are_typed_and_a_cut_connection_is_survived(simulator: TelegramSimulator) -> None:
    async def run() -> None:
        async with client(simulator) as telegram:
            simulator.fail("ResolveUsername", "FLOOD_WAIT_72000", 420)
            with pytest.raises(errors.FloodWaitError) as caught:
                await telegram.get_input_entity("zavodskoy_ryadom")
            assert caught.value.seconds == 72_000
        async with client(simulator) as telegram:
            simulator.faults.extend([Fault("GetHistory", drop=True), Fault("GetHistory", cut=True)])
            assert len(await telegram.get_messages("zavodskoy_ryadom", limit=3)) == 3
            with pytest.raises(ValueError, match="No user has"):
                await telegram.get_input_entity("nobody_at_all")

    asyncio.run(run())
