"""`otklik forget` and `otklik audit`, as an operator uses them."""

import getpass
import json
import re

import pytest

from schemas import TaggedPost
from store import Audit
from tests.otklik.test_incidents import FILE, WATER, Terminal, tagged
from text import AuthorHasher

HASH = AuthorHasher(b"k" * 64).hash("vk", "42")
STAYS = "Записи на шине остаются до 30 дней (retention.topics); резервные копии и выгрузки сотрите сами.\n"


@pytest.fixture
def office(otklik, monkeypatch):
    otklik.config(FILE)
    monkeypatch.chdir(otklik.folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("OTKLIK_AUTHOR_KEY", "k" * 64)
    found = Terminal(otklik.folder)
    one = tagged("vk:-1_9", "75728000", WATER, 9)
    found.step.add([TaggedPost(post=one.post.model_copy(update={"author": HASH}), tags=one.tags)])
    yield found
    found.store.close()


def said(office, *arguments: str) -> str:
    done = office(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    "asked",
    [("--author", "vk:42"), ("--author", HASH), ("--post", "vk:-1_9"), ("--url", "https://vk.example/vk:-1_9")],
)
def test_it_counts_erases_and_says_what_is_left_to_do(office, asked):
    assert said(office, "forget", "region.yaml", *asked, "--as", "Петрова", "--dry-run") == (
        "Будет стёрто публикаций: 1, затронуто инцидентов: 1.\n"
    )
    assert said(office, "forget", "region.yaml", *asked, "--as", "Петрова", "--comment", "Письмо 17", "--yes") == (
        f"Стёрто публикаций: 1, затронуто инцидентов: 1.\n{STAYS}"
    )
    assert said(office, "forget", "region.yaml", *asked, "--as", "Петрова", "--yes") == (
        "Стёрто публикаций: 0, затронуто инцидентов: 0.\n"
        f"Стирать нечего: в базе такого нет; если оно ещё придёт, текст не сохранится.\n{STAYS}"
    )
    told = said(office, "incidents", "show", "region.yaml", "1")
    assert "Петрова — стёрты данные" in told
    assert "vk.example/vk:-1_9" not in told


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((), "нужно что-то одно: --author, --url или --post"),
        (("--post", "a", "--url", "b"), "нужно что-то одно: --author, --url или --post"),
        (
            ("--author", "Иванов"),
            "нужен хеш (32 знака) или служба и учётная запись, например vk:123456; "
            "службы: vk, telegram, news, appeal, call",
        ),
        (("--url", "vk:-1_2"), "это не адрес публикации: нужен http(s)://…"),
    ],
)
def test_what_is_not_understood_is_told(office, asked, message):
    done = office("forget", "region.yaml", *asked, "--as", "Петрова")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())


def test_it_asks_before_it_erases(office, otklik):
    command = ("forget", "region.yaml", "--post", "vk:-1_9", "--as", "Петрова")
    will = "Будет стёрто публикаций: 1, затронуто инцидентов: 1. Вернуть стёртое нельзя"
    refused = office(*command)
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        2, "", f"{will}: чтобы стереть без вопроса, добавьте --yes.\n",
    )  # fmt: skip
    assert otklik.on_a_terminal("n", *command) == (130, f"{will}. Стереть? [y/N]: n\r\n")
    assert "vk.example/vk:-1_9" in said(office, "incidents", "show", "region.yaml", "1")
    code, screen = otklik.on_a_terminal("y", *command)
    stays = STAYS.replace("\n", "\r\n")
    assert (code, screen) == (
        0, f"{will}. Стереть? [y/N]: y\r\nСтёрто публикаций: 1, затронуто инцидентов: 1.\r\n{stays}",
    )  # fmt: skip


def test_an_account_wants_the_key(office, monkeypatch):
    monkeypatch.delenv("OTKLIK_AUTHOR_KEY")
    done = office("forget", "region.yaml", "--author", "vk:42", "--as", "Петрова")
    assert done.returncode != 0
    assert "Не задана переменная окружения OTKLIK_AUTHOR_KEY" in done.stderr
    assert said(office, "forget", "region.yaml", "--author", HASH, "--as", "Петрова", "--yes").startswith(
        "Стёрто публикаций: 1"
    )


def test_looks_and_erasures_are_in_the_audit(office):
    assert said(office, "audit", "region.yaml") == "Таких записей нет.\n"
    said(office, "incidents", "show", "region.yaml", "1", "--as", "Петрова")
    said(office, "incidents", "export", "region.yaml", "--out", "a.csv", "--status", "new", "--text", "89120001122")
    said(office, "incidents", "list", "region.yaml")
    said(office, "forget", "region.yaml", "--author", "vk:42", "--as", "Сидоров", "--comment", "Письмо 17", "--yes")
    user = getpass.getuser()
    lines = said(office, "audit", "region.yaml").splitlines()
    assert [re.sub(r"^\d+\. \d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "", line) for line in lines] == [
        "Сидоров стирает posts (by: author, comment: Письмо 17, incidents: 1, posts: 1)",
        f"{user} выгружает incidents (filter: status=new; text=[телефон], through: cli)",
        "Петрова смотрит incident:1 (through: cli)",
    ]
    assert (
        said(office, "audit", "region.yaml", "--who", "Петрова", "--limit", "1").splitlines()[1] == "Дальше: --before 1"
    )
    assert said(office, "audit", "region.yaml", "--since", "2100-01-01") == "Таких записей нет.\n"
    found = json.loads(said(office, "audit", "region.yaml", "--object", "incident:1", "--json"))
    assert [(one["actor"], one["action"], one["details"]) for one in found] == [("Петрова", "read", {"through": "cli"})]
    assert "42" not in str([one.details for one in Audit(office.store).list()])


def test_an_incident_that_is_not_there_was_not_looked_at(office):
    assert office("incidents", "show", "region.yaml", "99").returncode != 0
    assert said(office, "audit", "region.yaml") == "Таких записей нет.\n"
