"""What is collected of a channel's web page, and what the operator reads when it is none."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from parsel import Selector
from pydantic import ValidationError

from crawlers.base import Page, SourceProblem
from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.page import Kind, history, kind_of
from crawlers.telegram.settings import TelegramCursor, TelegramSettings
from schemas import Outcome
from tests.crawlers.harness import World, drafts, pages, source
from tests.simulators.telegram_web import Channel, Message, TelegramWeb, load
from tests.simulators.telegram_web.server import Answer


@pytest.fixture
def channel() -> Channel:
    return load(datetime.now(UTC))


@pytest.fixture
def site(channel: Channel) -> Iterator[TelegramWeb]:
    with TelegramWeb([channel]) as running:
        yield running


def visit(
    here: World, site: TelegramWeb, cursor: TelegramCursor | None = None, **settings: Any
) -> list[Page[TelegramCursor]]:
    values = {"channel": "magnitka_ryadom", "base_url": site.url, "allow_private": True} | settings

    async def run() -> list[Page[TelegramCursor]]:
        async with here.collector(TelegramCollector) as collector:
            return await pages(collector, source(TelegramSettings.model_validate(values)), cursor)

    found = asyncio.run(run())
    for page in found:
        here.intake.publish(page.drafts)
    return found


def problem(here: World, site: TelegramWeb, cursor: TelegramCursor | None = None, **settings: Any) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        visit(here, site, cursor, **settings)
    return caught.value


def test_a_message_is_read_with_all_that_belongs_to_it(here: World, site: TelegramWeb, channel: Channel) -> None:
    channel.messages[5].views = "12.3K"
    visit(here, site)
    posts = {post.id: post for post in here.posts()}
    trouble, answer, album = (posts[f"telegram:magnitka_ryadom/{number}"] for number in (4, 5, 7))
    assert (
        trouble.text
        == "Магнитогорск, улица Грязнова, 15: с утра нет холодной воды.\nСоседи пишут, что прорвало трубу во дворе."
    )
    assert trouble.url == "https://t.me/magnitka_ryadom/4"
    assert trouble.published == channel.messages[4].at
    assert (answer.parent, answer.context) == (trouble.id, trouble.text.replace("\n", " "))
    assert [media.kind for media in album.media] == ["photo"] * 3
    assert [m.url for m in posts["telegram:magnitka_ryadom/17"].media] == ["https://t.me/afisha_ural/501"]
    assert posts["telegram:magnitka_ryadom/10"].text.startswith("Внимание! В субботу")
    assert posts["telegram:magnitka_ryadom/19"].media[0].kind == "video"


@pytest.mark.parametrize(("shown", "views"), [("812", 812), ("12.3K", 12_300), ("1.05M", 1_050_000), ("много", None)])
def test_views_are_counted_as_shown(shown: str, views: int | None) -> None:
    channel = Channel("chan", "Канал", 5)
    channel.messages[2] = Message(2, datetime.now(UTC), "Текст", views=shown)
    (message,) = history(Selector(text=channel.page(None))).messages
    assert message.views == views


def test_the_channel_is_read_backwards_to_the_cursor_and_no_further(
    here: World, site: TelegramWeb, channel: Channel
) -> None:
    cursor = visit(here, site)[-1].cursor
    site.requests.clear()
    for number in range(45):
        channel.add(f"Сообщение номер {number}", datetime.now(UTC))
    visit(here, site, cursor)
    assert {post.id for post in here.posts()} == channel.ids()
    assert site.requests == ["/s/magnitka_ryadom"] + [f"/s/magnitka_ryadom?before={n}" for n in (61, 41)]


def test_depth_limits_the_first_visit_for_good(here: World, site: TelegramWeb, channel: Channel) -> None:
    cursor = visit(here, site, depth=3)[-1].cursor
    channel.add("Ещё одно", datetime.now(UTC))
    visit(here, site, cursor, depth=3)
    assert [post.id.rpartition("/")[2] for post in here.posts()] == ["32", "34", "35", "36"]


def test_edits_and_deletions_on_the_last_page_are_noticed(here: World, site: TelegramWeb, channel: Channel) -> None:
    cursor = visit(here, site)[-1].cursor
    channel.messages[32].text += " Обновлено: перекрыли."
    del channel.messages[30]
    cursor = visit(here, site, cursor)[-1].cursor
    edited, gone = here.posts()[-2:]
    assert (edited.id, edited.revision > 0) == ("telegram:magnitka_ryadom/32", True)
    assert (gone.id, gone.deleted, gone.text) == ("telegram:magnitka_ryadom/30", True, "")
    visit(here, site, cursor)
    assert len(here.posts()) == 32


def test_another_channel_under_the_same_source_starts_anew(here: World, channel: Channel) -> None:
    other = Channel("other_channel", "Другой", 5)
    other.add("Первое", datetime.now(UTC))
    with TelegramWeb([channel, other]) as site:
        cursor = visit(here, site)[-1].cursor
        assert [d.id for d in drafts(visit(here, site, cursor, channel="other_channel"))] == [
            "telegram:other_channel/2"
        ]


def test_a_channel_without_posts_is_no_error(here: World) -> None:
    with TelegramWeb([Channel("empty_channel", "Пусто", 0)]) as site:
        assert drafts(visit(here, site, channel="empty_channel")) == []


@pytest.mark.parametrize(
    ("name", "outcome", "reason", "action"),
    [
        (
            "hidden_channel",
            Outcome.BLOCKED,
            "канал hidden_channel есть, но его публикации видны только в приложении",
            "Удалите источник: без веб-страницы и без аккаунта такой канал не читается",
        ),
        (
            "ivan_person",
            Outcome.GONE,
            "ivan_person — не канал, а чат, бот или человек",
            "Исправьте channel или удалите источник",
        ),
        (
            "nobody_here",
            Outcome.GONE,
            "канала nobody_here нет: удалён, переименован или стал закрытым",
            "Найдите его новое имя и исправьте channel",
        ),
    ],
)
def test_a_name_without_a_public_history_is_told(
    here: World, name: str, outcome: Outcome, reason: str, action: str
) -> None:
    with TelegramWeb([Channel("hidden_channel", "Скрытый", 5, preview=False)]) as site:
        found = problem(here, site, channel=name)
        assert (found.outcome, found.reason, found.action) == (outcome, reason, action)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, "<html><body>Проверка браузера</body></html>"), Outcome.CHANGED),
        (Answer(403), Outcome.BLOCKED),
        (Answer(404), Outcome.GONE),
        (Answer(500), Outcome.BROKEN),
    ],
)
def test_other_answers_are_told_apart(here: World, site: TelegramWeb, answer: Answer, outcome: Outcome) -> None:
    site.instead = answer
    assert problem(here, site).outcome is outcome


def test_too_many_requests_name_the_time_to_come_again(here: World, site: TelegramWeb) -> None:
    site.instead = Answer(429, headers={"Retry-After": "600"})
    found = problem(here, site)
    assert found.outcome is Outcome.QUOTA
    assert found.retry_at is not None
    assert timedelta(minutes=9) < found.retry_at - here.clock() <= timedelta(minutes=10)


def test_markup_that_has_changed_is_told(here: World, site: TelegramWeb, channel: Channel) -> None:
    site.instead = Answer(200, channel.page(None).replace("tgme_widget_message_date", "tgme_date"))
    found = problem(here, site)
    assert (found.outcome, found.reason) == (
        Outcome.CHANGED,
        "разметка страницы Telegram изменилась: публикации есть, но не читаются",
    )


def test_a_channel_that_suddenly_shows_nothing_is_not_empty(here: World, site: TelegramWeb, channel: Channel) -> None:
    cursor = visit(here, site)[-1].cursor
    channel.messages.clear()
    found = problem(here, site, cursor)
    assert (found.outcome, found.reason) == (
        Outcome.CHANGED,
        "в канале magnitka_ryadom раньше были публикации, а теперь страница без них",
    )
    assert not any(post.deleted for post in here.posts())


def test_pages_are_told_apart() -> None:
    assert kind_of(Selector(text="<html></html>")) is Kind.UNKNOWN
    assert kind_of(Selector(text=Channel("chan", "Канал", 5).page(None))) is Kind.HISTORY
    assert kind_of(Selector(text=Channel("chan", "Канал", 5).profile())) is Kind.PREVIEW_OFF


@pytest.mark.parametrize(
    "written", ["Magnitka_ryadom", "@magnitka_ryadom", "https://t.me/s/magnitka_ryadom", "t.me/magnitka_ryadom?x=1"]
)
def test_a_channel_may_be_written_in_many_ways(written: str) -> None:
    assert TelegramSettings.model_validate({"channel": written}).channel == "magnitka_ryadom"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"channel": "https://t.me/+AbCdEf"},
            "«https://t.me/+AbCdEf» — ссылка-приглашение; собираются только открытые каналы, у которых есть имя",
        ),
        (
            {"channel": "новости"},
            "«новости» не похоже на имя канала: латинские буквы, цифры и _, как в адресе t.me/имя",
        ),
        ({"base_url": "t.me"}, "«t.me» — не адрес вида https://t.me"),
    ],
)
def test_wrong_settings_are_refused_with_a_reason(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TelegramSettings.model_validate({"channel": "a_channel"} | changes)
    assert caught.value.errors()[0]["msg"] == f"Value error, {message}"
