"""What is collected by Telegram's API, and what the operator reads when it is not."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from crawlers.base import Page, SourceProblem
from crawlers.context import Uncounted
from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.session import VARIABLE, SessionError, SessionFile
from crawlers.telegram.settings import TelegramCursor, TelegramSettings
from schemas import Outcome, Post, PostKind
from store import Allowance, Turn
from tests.crawlers.harness import World, drafts, pages, source, world
from tests.simulators.telegram import Fault, TelegramSimulator, load

NAME = "zavodskoy_ryadom"


class Site:
    """The simulator, an account that is logged in, and a crawler that visits."""

    def __init__(self, simulator: TelegramSimulator, here: World, file: Path) -> None:
        self.simulator = simulator
        self.channel, self.talk, _ = simulator.methods.chats
        self.here = here
        self.file = file

    def settings(self, **changes: Any) -> TelegramSettings:
        values = {"channel": NAME, "api_id": 1, "api_hash": "simulated", "session": str(self.file)} | changes
        return TelegramSettings.model_validate(values)

    def visit(self, cursor: TelegramCursor | None = None, **changes: Any) -> list[Page[TelegramCursor]]:
        async def run() -> list[Page[TelegramCursor]]:
            async with self.here.collector(TelegramCollector) as collector:
                of = source(self.settings(**changes), place_hint="Магнитогорск")
                return await pages(collector, of, cursor)

        found = asyncio.run(run())
        for page in found:
            self.here.intake.publish(page.drafts)
        return found

    def problem(self, cursor: TelegramCursor | None = None, **changes: Any) -> SourceProblem:
        with pytest.raises(SourceProblem) as caught:
            self.visit(cursor, **changes)
        return caught.value

    def posts(self) -> dict[str, Post]:
        """The latest of each."""
        return {post.id: post for post in self.here.posts()}

    def numbers(self) -> list[str]:
        """Ids of all publications, edits included."""
        return [post.id for post in self.here.posts()]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    key = Fernet.generate_key().decode()
    monkeypatch.setenv(VARIABLE, key)
    with world(tmp_path) as here, TelegramSimulator(load(datetime.now(UTC))) as simulator:
        file = tmp_path / "reader.session"
        SessionFile(file, key).save(simulator.session())
        yield Site(simulator, here, file)


def test_posts_albums_forwards_and_comments(site: Site) -> None:
    site.visit()
    posts = site.posts()
    trouble, album, forwarded = (posts[f"telegram:{NAME}/{number}"] for number in (3, 4, 9))
    assert trouble.text == "Улица Речная, 14: второй день нет горячей воды, жильцы греют чайники."
    assert (trouble.kind, trouble.published) == (PostKind.POST, site.channel.posts[3].at)
    assert trouble.url == f"https://t.me/{NAME}/3"
    assert [media.kind for media in album.media] == ["photo"] * 3
    assert album.text == "Фото дня: иней на набережной."
    assert [media.url for media in forwarded.media] == ["https://t.me/zhkh_ural/77"]
    assert posts[f"telegram:{NAME}/12"].text.count("\n") == 1
    comment, answer = posts["telegram:zavodskoy_talk/3"], posts["telegram:zavodskoy_talk/4"]
    for one in (comment, answer):
        assert (one.kind, one.parent, one.context) == (PostKind.COMMENT, trouble.id, trouble.text)
        assert one.parent_place_hint == "Магнитогорск"
    assert comment.url == f"https://t.me/{NAME}/3?comment=3"
    assert comment.author != answer.author
    assert "telegram:zavodskoy_talk/7" not in posts


def test_without_comments_nobody_asks_for_them(site: Site) -> None:
    site.visit(comments=False)
    assert set(site.posts()) == site.channel.ids(comments=False)
    assert site.simulator.called("GetReplies") == 0


def test_a_group_without_a_name_gives_its_number(site: Site) -> None:
    site.talk.name = None
    site.visit()
    assert set(site.posts()) == site.channel.ids()
    assert f"telegram:c/{site.talk.id}/3" in site.posts()


def test_a_public_chat_is_read_without_copies_of_the_channels_posts(site: Site) -> None:
    site.visit(channel="zavodskoy_talk")
    posts = site.posts()
    assert set(posts) == {f"telegram:zavodskoy_talk/{number}" for number in (3, 4, 6, 7)}
    answer = posts["telegram:zavodskoy_talk/4"]
    assert (answer.kind, answer.parent) == (PostKind.POST, "telegram:zavodskoy_talk/3")
    assert answer.context == "У нас на Речной, 16 то же самое, диспетчер не берёт трубку"


def test_edits_and_deletions_of_posts_and_comments_are_followed(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.edit(3, "Улица Речная, 14: воду дали.")
    site.channel.delete(8)
    site.talk.delete(4)
    new = site.channel.comment(3, "Дали, но холодную")
    site.visit(cursor)
    posts = site.posts()
    edited = posts[f"telegram:{NAME}/3"]
    assert edited.text == "Улица Речная, 14: воду дали."
    assert edited.revision == int(site.channel.posts[3].edited.timestamp())  # type: ignore[union-attr]
    gone, silent = posts[f"telegram:{NAME}/8"], posts["telegram:zavodskoy_talk/4"]
    assert (gone.deleted, gone.text, silent.deleted, silent.kind) == (True, "", True, PostKind.COMMENT)
    assert posts[f"telegram:zavodskoy_talk/{new.id}"].text == "Дали, но холодную"
    assert {id_ for id_, post in posts.items() if post.deleted} == {gone.id, silent.id}


def test_an_edited_comment_is_seen_within_hours(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.talk.edit(6, "И на Садовой, 5 снова светло")
    again = site.visit(cursor)[-1].cursor
    assert site.posts()["telegram:zavodskoy_talk/6"].text == "И на Садовой, 5 темно, споткнулась вчера"
    site.here.clock.forward(hours=7)
    site.visit(again)
    assert site.posts()["telegram:zavodskoy_talk/6"].text == "И на Садовой, 5 снова светло"


def test_the_last_comment_of_a_thread_may_be_deleted(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.talk.delete(6)
    again = site.visit(cursor)[-1].cursor
    assert [id_ for id_, post in site.posts().items() if post.deleted] == ["telegram:zavodskoy_talk/6"]
    before = len(site.numbers())
    site.visit(again)
    assert len(site.numbers()) == before


def test_an_album_keeps_its_number_when_its_first_picture_goes(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.delete(4)
    site.visit(cursor)
    album = site.posts()[f"telegram:{NAME}/4"]
    assert (album.deleted, len(album.media)) == (False, 2)
    assert f"telegram:{NAME}/5" not in site.posts()


def test_a_visit_without_news_costs_one_call_and_the_name_is_looked_up_once(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    before = len(site.simulator.calls)
    site.visit(TelegramCursor.model_validate_json(cursor.model_dump_json()))
    connecting = {"GetConfig", "GetUsers", "GetState", "GetDifference"}
    assert [c.method for c in site.simulator.calls[before:] if c.method not in connecting] == ["GetHistory"]
    assert site.simulator.called("ResolveUsername") == 1


def test_a_long_absence_leaves_no_gap_while_posts_change_between_the_pages(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    for number in range(350):
        site.channel.add(f"Новость {number}", album=number // 3 + 1 if number % 50 < 6 else None)
    expected = site.channel.ids()

    async def run() -> None:
        async with site.here.collector(TelegramCollector) as collector:
            generator: Any = collector.collect(source(site.settings()), cursor)
            async with aclosing(generator) as found:
                async for page in found:
                    site.here.intake.publish(page.drafts)
                    if page.drafts and "edited" not in seen:
                        seen.append("edited")
                        site.channel.edit(15, "Новость 0, исправлено")
                        site.channel.edit(300, "Новость исправлена")
                        site.channel.add("Пока листали")

    seen: list[str] = []
    asyncio.run(run())
    assert set(site.posts()) == expected
    assert len(site.numbers()) == len(set(site.numbers()))


def test_a_first_visit_reads_as_deep_as_is_wished(site: Site) -> None:
    for number in range(300):
        site.channel.add(f"Новость {number}")
    cursor = site.visit(depth=150, comments=False)[-1].cursor
    newest = sorted(site.channel.posts)[-150:]
    assert set(site.posts()) == {f"telegram:{NAME}/{number}" for number in newest}
    assert cursor.newest == newest[-1]
    assert site.here.posts()[0].text == site.channel.posts[newest[0]].text


def test_a_kill_between_any_two_pages_loses_and_doubles_nothing(site: Site) -> None:
    for number in range(130):
        site.channel.add(f"Новость {number}")
    for number in range(120):
        site.channel.comment(14, f"Ответ {number}")
    cursor = TelegramCursor()

    async def page_then_kill() -> bool:
        nonlocal cursor
        async with site.here.collector(TelegramCollector) as collector:
            generator: Any = collector.collect(source(site.settings(depth=1000)), cursor)
            async with aclosing(generator) as found:
                async for page in found:
                    site.here.intake.publish(page.drafts)
                    if page.cursor != cursor:
                        cursor = TelegramCursor.model_validate_json(page.cursor.model_dump_json())
                        return True
        return False

    while asyncio.run(page_then_kill()):
        pass
    assert sorted(site.numbers()) == sorted(site.channel.ids())


def test_a_long_thread_comes_whole(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    for number in range(230):
        site.channel.comment(3, f"И у нас {number}")
    site.visit(cursor)
    assert sorted(site.numbers()) == sorted(site.channel.ids())


def test_long_texts_nul_bytes_markup_and_names_of_persons(site: Site) -> None:
    long = site.channel.add("Течёт. " * 2285 + "Конец")
    odd = site.channel.add("🔥 Ямы\0 на <Мира> & дожди, Иван Петров", named="Иван Петров")
    site.visit()
    posts = site.posts()
    assert posts[f"telegram:{NAME}/{long.id}"].text == long.text
    assert len(long.text) == 16_000
    assert "Петров" not in posts[f"telegram:{NAME}/{odd.id}"].text
    assert posts[f"telegram:{NAME}/{odd.id}"].text.endswith("& дожди, [упоминание]")


def test_cut_connections_are_survived(site: Site) -> None:
    site.simulator.faults.extend([Fault("GetHistory", drop=True), Fault("GetReplies", drop=True)])
    site.visit()
    assert sorted(site.numbers()) == sorted(site.channel.ids())


def test_an_account_is_never_connected_twice_nor_after_a_visit(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.visit(cursor)
    assert site.simulator.together == 1


def test_changing_from_the_web_page_to_the_api_doubles_nothing(site: Site) -> None:
    site.visit(comments=False)
    as_web = TelegramCursor(channel=NAME, newest=12, floor=2, recent={12: site.channel.posts[12].at})
    before = len(site.numbers())
    cursor = site.visit(as_web, comments=False)[-1].cursor
    assert len(site.numbers()) == before
    assert cursor.newest == 14


def test_a_flood_wait_of_20_hours_names_its_end(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.simulator.fail("GetHistory", "FLOOD_WAIT_72000", 420)
    found = site.problem(cursor)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.QUOTA,
        "Telegram просит аккаунт подождать 20 ч (FLOOD_WAIT)",
        "Ничего делать не нужно; если повторяется, увеличьте every или добавьте второй аккаунт",
    )
    assert found.retry_at is not None
    assert abs(found.retry_at - site.here.clock() - timedelta(hours=20)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("method", "code", "name", "outcome", "reason", "action"),
    [
        (
            "GetHistory",
            400,
            "CHANNEL_PRIVATE",
            Outcome.BLOCKED,
            f"канал {NAME} стал закрытым, или аккаунту в нём отказано",
            "Удалите источник: собираются только открытые каналы и чаты",
        ),
        (
            "ResolveUsername",
            400,
            "USERNAME_NOT_OCCUPIED",
            Outcome.GONE,
            f"канала {NAME} нет: удалён, переименован или стал закрытым",
            "Найдите его новое имя и исправьте channel",
        ),
        (
            "GetHistory",
            400,
            "CHANNEL_INVALID",
            Outcome.GONE,
            f"канала {NAME} нет: удалён, переименован или стал закрытым",
            "Найдите его новое имя и исправьте channel",
        ),
        (
            "GetConfig",
            406,
            "AUTH_KEY_DUPLICATED",
            Outcome.BLOCKED,
            "Telegram отменил сессию: ею пользовались с двух адресов сразу (AUTH_KEY_DUPLICATED)",
            "Войдите в Telegram заново и замените файл сессии; у каждой установки Отклика должна быть своя сессия",
        ),
        (
            "ResolveUsername",
            401,
            "SESSION_REVOKED",
            Outcome.BLOCKED,
            "Telegram не признаёт сессию: из неё вышли или её отозвали",
            "Войдите в Telegram заново и замените файл сессии",
        ),
        (
            "ResolveUsername",
            401,
            "USER_DEACTIVATED_BAN",
            Outcome.BLOCKED,
            "Telegram заблокировал или удалил этот аккаунт",
            "Войдите другим аккаунтом",
        ),
        (
            "GetConfig",
            400,
            "API_ID_INVALID",
            Outcome.BLOCKED,
            "Telegram не принимает api_id и api_hash",
            "Возьмите свои на https://my.telegram.org и исправьте настройки",
        ),
        (
            "GetHistory",
            400,
            "SOMETHING_NEW",
            Outcome.BROKEN,
            "Telegram ответил ошибкой 400: SOMETHING_NEW",
            "Если повторяется, сообщите разработчикам Отклика",
        ),
    ],
)
def test_refusals_are_told_apart(
    site: Site, method: str, code: int, name: str, outcome: Outcome, reason: str, action: str
) -> None:
    site.simulator.fail(method, name, code)
    found = site.problem()
    assert (found.outcome, found.reason, found.action) == (outcome, reason, action)


def test_a_key_that_telegram_has_forgotten(site: Site) -> None:
    site.simulator.keys.clear()
    found = site.problem()
    assert (found.outcome, found.reason) == (
        Outcome.BLOCKED,
        "Telegram не признаёт сессию: из неё вышли или её отозвали",
    )


def test_an_account_that_asked_for_too_many_names_waits(site: Site) -> None:
    class UsedUp(Uncounted):
        def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
            turn = super().take(service, method, allowances, unused)
            return replace(turn, at=tomorrow, granted=False) if method == "ResolveUsername" else turn

    tomorrow = site.here.clock() + timedelta(days=1)

    async def run() -> None:
        async with site.here.collector(TelegramCollector, UsedUp(site.here.clock)) as collector:
            await pages(collector, source(site.settings()))

    with pytest.raises(SourceProblem) as caught:
        asyncio.run(run())
    assert (caught.value.outcome, caught.value.reason, caught.value.action) == (
        Outcome.QUOTA,
        "суточный запас вызовов ResolveUsername для этого аккаунта израсходован",
        "Подождите до завтра или добавьте второй аккаунт",
    )
    assert caught.value.retry_at == tomorrow
    assert site.simulator.called("ResolveUsername") == 0


def test_two_sources_of_one_account_share_its_slot(site: Site) -> None:
    async def slots() -> set[str]:
        async with site.here.collector(TelegramCollector) as collector:
            return {collector.slot(site.settings(channel=name)) for name in (NAME, "zhkh_ural")}

    assert len(asyncio.run(slots())) == 1


def test_visits_of_one_account_at_once_take_turns(site: Site) -> None:
    async def run() -> list[list[Page[TelegramCursor]]]:
        async with site.here.collector(TelegramCollector) as collector:
            wanted = [source(site.settings(channel=name), id_=name) for name in (NAME, "zhkh_ural")]
            return await asyncio.gather(*(pages(collector, one) for one in wanted))

    found, other = asyncio.run(run())
    assert {draft.id for draft in drafts(found)} == site.channel.ids()
    assert {draft.id for draft in drafts(other)} == {"telegram:zhkh_ural/77"}
    assert site.simulator.together == 1


def test_a_person_is_not_collected(site: Site) -> None:
    found = site.problem(channel="ivan_person")
    assert (found.outcome, found.reason, found.action) == (
        Outcome.GONE,
        "ivan_person — не канал и не чат, а человек или бот",
        "Исправьте channel или удалите источник",
    )


def test_a_renamed_channel_is_collected_on_and_keeps_its_numbers(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.name = "zavodskoy_novosti"
    site.channel.add("На Мира снова темно")
    found = site.problem(cursor)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.CHANGED,
        f"канал {NAME} переименован в zavodskoy_novosti; его публикации собираются и дальше",
        "Укажите channel: zavodskoy_novosti; номера публикаций останутся прежними",
    )
    before = len(site.numbers())
    site.visit(cursor, channel="zavodskoy_novosti")
    assert len(site.numbers()) - before == 1
    assert site.numbers()[-1] == f"telegram:{NAME}/{max(site.channel.posts)}"


def test_an_emptied_history_is_not_a_wave_of_deletions(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.posts.clear()
    found = site.problem(cursor)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.CHANGED,
        f"в канале {NAME} раньше были публикации, а теперь Telegram не показывает ни одной",
        "Откройте канал сами: возможно, его историю очистили",
    )
    assert not any(post.deleted for post in site.here.posts())


def test_a_session_file_tells_nothing_without_its_key(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    session = site.simulator.session()
    file = SessionFile(site.file, Fernet.generate_key().decode())
    file.save(session)
    assert file.load() == session
    assert session.encode()[1:40] not in site.file.read_bytes()
    assert site.file.stat().st_mode & 0o077 == 0
    found = site.problem()
    assert (found.outcome, found.reason, found.action) == (
        Outcome.BLOCKED,
        f"файл сессии Telegram {site.file} не открывается ключом {VARIABLE}: ключ другой или файл повреждён",
        f"Верните прежний {VARIABLE} или войдите в Telegram заново",
    )
    site.file.unlink()
    assert site.problem().reason == f"нет файла сессии Telegram {site.file}"
    monkeypatch.delenv(VARIABLE)
    assert site.problem().reason == f"не задан ключ сессий Telegram {VARIABLE}"
    with pytest.raises(SessionError) as caught:
        SessionFile(site.file, "short")
    assert caught.value.reason == f"{VARIABLE} — не ключ: нужны 32 байта в base64"


def test_an_api_id_alone_is_not_enough() -> None:
    with pytest.raises(ValidationError) as caught:
        TelegramSettings.model_validate({"channel": "a_channel", "api_id": 5})
    assert caught.value.errors()[0]["msg"] == (
        "Value error, для чтения через API не хватает: api_hash, session; без аккаунта укажите mode: web"
    )
    assert not TelegramSettings.model_validate({"channel": "a_channel"}).by_api
    assert not TelegramSettings.model_validate({"channel": "a_channel", "api_id": 5, "mode": "web"}).by_api


def test_every_comment_fits_the_page_that_brings_it(site: Site) -> None:
    found = drafts(site.visit())
    assert {draft.parent for draft in found if draft.kind is PostKind.COMMENT} == {
        f"telegram:{NAME}/3",
        f"telegram:{NAME}/12",
    }
