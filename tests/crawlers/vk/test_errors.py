"""Every way in which VK says no, and what the operator reads."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from crawlers.base import SourceProblem
from crawlers.vk import client
from crawlers.vk.collector import VkCollector
from crawlers.vk.errors import next_day
from crawlers.vk.settings import VkSettings
from schemas import Outcome
from store import Allowance, Quotas
from tests.crawlers.harness import World, drafts, pages, source
from tests.simulators.vk import Community, VkSimulator
from tests.simulators.vk.server import Fault

NEW_TOKEN = "Получите новый токен, замените его в окружении и перезапустите otklik"


def visit(here: World, simulator: VkSimulator, *, ledger: bool = False, **settings: Any) -> list[Any]:
    values = {"wall": "podslushano_chel74", "token": simulator.token, "api_url": simulator.url} | settings

    async def run() -> list[Any]:
        async with here.collector(VkCollector, Quotas(here.store) if ledger else None) as collector:
            return await pages(collector, source(VkSettings.model_validate(values)))

    return asyncio.run(run())


def problem(here: World, simulator: VkSimulator, **settings: Any) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        visit(here, simulator, **settings)
    return caught.value


@pytest.mark.parametrize(
    ("code", "outcome", "reason", "action"),
    [
        (3, Outcome.CHANGED, "ВКонтакте больше не знает метода wall.get (ошибка 3)", "Обновите Отклик"),
        (
            5,
            Outcome.BLOCKED,
            "токен ВКонтакте недействителен: истёк, отозван или введён с ошибкой (ошибка 5)",
            NEW_TOKEN,
        ),
        (
            7,
            Outcome.BLOCKED,
            "у токена нет прав на wall.get (ошибка 7)",
            "Получите новый токен с доступом к стенам, замените его в окружении и перезапустите otklik",
        ),
        (
            9,
            Outcome.QUOTA,
            "ВКонтакте считает запросы wall.get однотипными и приостановил их (ошибка 9)",
            "Увеличьте промежуток every у источников с этим токеном",
        ),
        (
            15,
            Outcome.BLOCKED,
            "доступ запрещён: стена закрыта (ошибка 15)",
            "Проверьте, что страница открыта и это на ней включено; иначе удалите источник",
        ),
        (
            17,
            Outcome.BLOCKED,
            "ВКонтакте требует подтвердить вход владельца токена (ошибка 17)",
            "Войдите на vk.com под владельцем токена, пройдите проверку и замените токен",
        ),
        (
            18,
            Outcome.GONE,
            "страница удалена или заблокирована (ошибка 18)",
            "Найдите новое сообщество или удалите источник",
        ),
        (
            19,
            Outcome.GONE,
            "содержимое недоступно: сообщество закрыто или заблокировано (ошибка 19)",
            "Проверьте страницу сообщества",
        ),
        (
            27,
            Outcome.BLOCKED,
            "ключом доступа сообщества нельзя вызывать wall.get (ошибка 27)",
            "Укажите сервисный ключ приложения или токен пользователя",
        ),
        (
            28,
            Outcome.BLOCKED,
            "сервисным ключом нельзя вызывать wall.get (ошибка 28)",
            "Укажите токен пользователя и token_kind: user",
        ),
        (
            29,
            Outcome.QUOTA,
            "исчерпан суточный лимит wall.get для этого токена (ошибка 29)",
            "Увеличьте промежуток every или добавьте ещё один токен",
        ),
        (
            30,
            Outcome.BLOCKED,
            "страница закрыта настройками приватности: её видят только друзья (ошибка 30)",
            "Закрытые страницы не собираются: удалите источник или попросите владельца открыть страницу",
        ),
        (
            100,
            Outcome.BROKEN,
            "ВКонтакте отверг параметры wall.get: simulated (ошибка 100)",
            "Проверьте wall, board или search; если там всё верно, сообщите разработчикам Отклика",
        ),
        (
            777,
            Outcome.BROKEN,
            "ВКонтакте ответил на wall.get ошибкой 777: simulated",
            "Сообщите разработчикам Отклика код ошибки",
        ),
    ],
)
def test_each_error_has_an_outcome_a_reason_and_an_action(
    here: World, simulator: VkSimulator, code: int, outcome: Outcome, reason: str, action: str
) -> None:
    simulator.fail("wall.get", code)
    found = problem(here, simulator)
    assert (found.outcome, found.reason, found.action) == (outcome, reason, action)
    assert simulator.called("wall.get") == 1


@pytest.mark.parametrize(("code", "outcome"), [(1, Outcome.BROKEN), (6, Outcome.QUOTA), (10, Outcome.BROKEN)])
def test_passing_errors_are_tried_three_times(here: World, simulator: VkSimulator, code: int, outcome: Outcome) -> None:
    simulator.fail("wall.get", code, times=2)
    assert len(drafts(visit(here, simulator))) == 59
    simulator.fail("wall.get", code, times=3)
    assert problem(here, simulator).outcome is outcome


def test_a_captcha_is_not_solved(here: World, simulator: VkSimulator) -> None:
    simulator.fail("wall.get", 14, "Captcha needed", captcha_sid="1", captcha_img="https://vk.com/captcha.php")
    found = problem(here, simulator)
    assert (found.outcome, found.reason) == (
        Outcome.BLOCKED,
        "ВКонтакте требует ввести капчу; Отклик капчи не решает (ошибка 14)",
    )
    assert simulator.called("wall.get") == 1


def test_the_daily_quota_is_waited_for_until_the_next_day(here: World, simulator: VkSimulator) -> None:
    simulator.per_day = {"wall.get": 0}
    found = problem(here, simulator)
    assert found.retry_at is not None
    assert timedelta() < found.retry_at - here.clock() <= timedelta(days=1, minutes=5)
    assert next_day(datetime(2026, 3, 2, 20, 59, tzinfo=UTC)) == datetime(2026, 3, 2, 21, 5, tzinfo=UTC)


def test_a_quota_that_ends_among_the_comments_keeps_what_came_before(here: World, simulator: VkSimulator) -> None:
    simulator.per_day = {"wall.getComments": 3}
    found: list[Any] = []

    async def run() -> None:
        values = {"wall": "podslushano_chel74", "token": simulator.token, "api_url": simulator.url}
        async with here.collector(VkCollector) as collector:
            generator: Any = collector.collect(source(VkSettings.model_validate(values)), collector.cursor_type())
            async for page in generator:
                found.append(page)

    with pytest.raises(SourceProblem) as caught:
        asyncio.run(run())
    assert caught.value.outcome is Outcome.QUOTA
    assert sum(watch.read is not None for watch in found[-1].cursor.watched.values()) == 3
    simulator.per_day = {}

    async def rest() -> list[Any]:
        values = {"wall": "podslushano_chel74", "token": simulator.token, "api_url": simulator.url}
        async with here.collector(VkCollector) as collector:
            return await pages(collector, source(VkSettings.model_validate(values)), found[-1].cursor)

    ids = {draft.id for draft in drafts(found)} | {draft.id for draft in drafts(asyncio.run(rest()))}
    assert len(ids) == 59


def test_our_own_ledger_stops_before_vk_does(
    here: World, simulator: VkSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client.PER_DAY, "wall.get", 3)
    ledger = Quotas(here.store)
    (token,) = VkSettings.model_validate({"wall": "-1", "token": simulator.token}).accounts()
    for _ in range(3):
        ledger.take("vk", "wall.get", [Allowance(token.token, 1_000_000, 3)])
    found = problem(here, simulator, ledger=True)
    assert (found.outcome, found.reason) == (
        Outcome.QUOTA,
        "суточный запас вызовов wall.get для этого токена израсходован",
    )
    assert simulator.called("wall.get") == 0


def test_calls_are_paced_as_the_token_allows(here: World, simulator: VkSimulator) -> None:
    simulator.per_second = 5
    visit(here, simulator, ledger=True)
    assert len(simulator.calls) == 20


def test_comments_closed_under_one_post_do_not_matter(here: World, simulator: VkSimulator) -> None:
    simulator.fail("wall.getComments", 212, "Access to post comments denied")
    assert len(drafts(visit(here, simulator))) == 57


def test_comments_closed_under_all_posts_are_told(here: World, simulator: VkSimulator) -> None:
    simulator.fail("wall.getComments", 15, times=50)
    found = problem(here, simulator)
    assert (found.outcome, found.reason) == (
        Outcome.BLOCKED,
        "посты читаются, но комментарии не видны: доступ запрещён: комментарии закрыты (ошибка 15)",
    )


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        (Fault(status=502), Outcome.BROKEN, "API ВКонтакте ответил HTTP 502"),
        (Fault(status=403), Outcome.BLOCKED, "ВКонтакте не пускает с этого адреса (HTTP 403)"),
        (Fault(status=429), Outcome.QUOTA, "ВКонтакте ответил 429: слишком много запросов"),
        (
            Fault(body="<html><form>Войдите в сеть</form></html>"),
            Outcome.CHANGED,
            "вместо ответа API ВКонтакте пришла страница или обрывок",
        ),
        (Fault(body='{"items": []}'), Outcome.CHANGED, "непонятный ответ ВКонтакте на wall.get"),
        (Fault(body='{"response": {"items": []}}'), Outcome.CHANGED, "непонятный ответ ВКонтакте на wall.get"),
        (
            Fault(body='{"response": {"count": 1, "items": [{"id": 1}]}}'),
            Outcome.CHANGED,
            "непонятный ответ ВКонтакте: KeyError",
        ),
        (
            Fault(redirect="http://127.0.0.1:9/login"),
            Outcome.CHANGED,
            "вместо ответа API ВКонтакте перенаправляет на другой адрес",
        ),
        (Fault(cut=True), Outcome.BROKEN, "нет связи с API ВКонтакте (ChunkedEncodingError)"),
    ],
)
def test_answers_that_are_none_are_told_apart(
    here: World, simulator: VkSimulator, fault: Fault, outcome: Outcome, reason: str
) -> None:
    simulator.faults.extend([replace(fault, method="wall.get")] * 3)
    found = problem(here, simulator)
    assert (found.outcome, found.reason) == (outcome, reason)


def test_one_cut_answer_is_asked_for_again(here: World, simulator: VkSimulator) -> None:
    simulator.faults.append(Fault("wall.getComments", cut=True))
    assert len(drafts(visit(here, simulator))) == 59


def test_a_name_that_is_gone_or_stands_for_something_else_is_told(here: World, simulator: VkSimulator) -> None:
    found = problem(here, simulator, wall="no_such_group")
    assert (found.outcome, found.reason, found.action) == (
        Outcome.GONE,
        "страницы «no_such_group» нет: переименована или удалена",
        "Найдите её новое имя и исправьте wall",
    )
    found = problem(here, simulator, wall="some_app")
    assert (found.outcome, found.reason, found.action) == (
        Outcome.GONE,
        "«some_app» — не сообщество и не страница человека: имя занял другой",
        "Исправьте wall или удалите источник",
    )


def test_a_closed_and_a_deleted_community_are_told_apart(here: World) -> None:
    closed, deleted = Community(5, "closed", "x", closed=True), Community(6, "deleted", "x", deleted=True)
    with VkSimulator([closed, deleted]) as simulator:
        assert problem(here, simulator, wall="closed").outcome is Outcome.BLOCKED
        assert problem(here, simulator, wall="deleted").outcome is Outcome.GONE


@pytest.mark.parametrize(
    ("written", "wall"),
    [
        ("typical_chel", "typical_chel"),
        ("https://vk.com/Typical_Chel", "typical_chel"),
        ("vk.ru/club1234?w=wall-1", "-1234"),
        ("https://m.vk.com/public77/", "-77"),
        (-1234, "-1234"),
        ("event5", "-5"),
        ("https://vk.com/id77", "id77"),
    ],
)
def test_a_wall_may_be_written_in_many_ways(written: Any, wall: str) -> None:
    assert VkSettings.model_validate({"wall": written, "token": "t"}).wall == wall


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (100, "ВКонтакте отверг параметры wall.get: bad value (ошибка 100)"),
        (777, "ВКонтакте ответил на wall.get ошибкой 777: bad value"),
    ],
)
def test_vks_words_can_be_stored_whatever_stands_in_them(
    here: World, simulator: VkSimulator, code: int, reason: str
) -> None:
    simulator.fail("wall.get", code, "bad \0value\ud83d\n")
    assert problem(here, simulator).reason == reason


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"wall": "77"},
            "«77» — номер без вида: сообщество пишется -77, страница человека — id77",
        ),
        (
            {"wall": "привет"},
            "«привет» не похоже на сообщество: короткое имя, -1234, club1234 или ссылка на vk.com",
        ),
        (
            {"api_url": "http://10.0.0.1:80"},
            "адрес API меняют только для имитатора на этой машине: http://127.0.0.1:порт",
        ),
        (
            {"api_url": "https://vk.example"},
            "адрес API меняют только для имитатора на этой машине: http://127.0.0.1:порт",
        ),
    ],
)
def test_wrong_settings_are_refused_with_a_reason(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        VkSettings.model_validate({"wall": "a_wall", "token": "t"} | changes)
    assert caught.value.errors()[0]["msg"] == f"Value error, {message}"


def test_the_token_does_not_show(here: World, simulator: VkSimulator) -> None:
    settings = VkSettings.model_validate({"wall": "a_wall", "token": "vk1.a.secret"})
    assert "secret" not in repr(settings) + settings.accounts()[0].token + str(settings.model_dump(mode="json"))
    assert "simulated" not in problem(here, simulator, token="wrong-simulated").reason
