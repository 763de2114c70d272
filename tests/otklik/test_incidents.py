"""`otklik incidents …`: what an operator does from a terminal.

In this process, since there are many commands; that the program starts one is seen in `test_commands`.
"""

import csv
import json
import re
import stat
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from otklik.config import load
from otklik.main import main
from otklik.roles.incidents import incident_step
from schemas import IncidentStatus, Municipality, Post, TaggedPost, Tags
from store import Incidents, Store
from tests.store.kit import real_now

WATER, SNOW = (
    "Отсутствие холодной воды",
    "★ Нарушение правил уборки от снега и наледи внутридворового проезда, тротуара, площади",
)
PLACES = {"75728000": "Копейский", "75701000": "Челябинский"}
FILE = """\
authorities:
  - {id: voda, name: Водоканал, groups: [ЖКХ]}
  - {id: dorogi, name: Управление дорог, default: true}
"""


def tagged(id_: str, oktmo: str | None, topic: str, minutes: int = 0, text: str = "Беда", **tags: Any) -> TaggedPost:
    when = real_now() - timedelta(hours=2) + timedelta(minutes=minutes)
    place = oktmo and Municipality(oktmo=oktmo, name=PLACES[oktmo], probability=0.9, found_by="text")
    return TaggedPost(
        post=Post(id=id_, source="vk", url=f"https://vk.example/{id_}", published=when, collected=when, text=text),
        tags=Tags(
            relevance=0.9, relevant=True, group="ЖКХ" if topic == WATER else "Дороги", group_probability=0.9,
            topic=topic, topic_probability=0.9, municipality=place or None, model="m", **tags,
        ),
    )  # fmt: skip


class Terminal:
    """№1: two posts, water in Kopeysk; №2: one in Chelyabinsk; №3: snow, no place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(f"sqlite:///{folder}/store.db", real_now)
        self.store.upgrade()
        self.step = incident_step(load(folder / "region.yaml", {}), self.store, real_now)
        first = tagged("vk:-1_1", "75728000", WATER, text="Нет воды [телефон]")
        self.step.add([first, tagged("vk:-1_2", "75728000", WATER, 5)])
        self.step.add([tagged("vk:-1_3", "75701000", WATER)])
        self.step.add([tagged("vk:-1_4", None, SNOW)])

    def __call__(self, *arguments: str) -> CompletedProcess[str]:
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main(arguments)
        return CompletedProcess(arguments, ended.value.code, out.getvalue(), err.getvalue())


@pytest.fixture
def office(otklik, monkeypatch):
    otklik.config(FILE)
    monkeypatch.chdir(otklik.folder)
    monkeypatch.setenv("COLUMNS", "200")
    found = Terminal(otklik.folder)
    yield found
    found.store.close()


def ids(otklik, *arguments: str) -> list[int]:
    done = otklik("incidents", "list", "region.yaml", "--json", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return [one["id"] for one in json.loads(done.stdout)]


def refused(otklik, *arguments: str) -> tuple[int, str]:
    done = otklik("incidents", *arguments)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_the_whole_way_of_an_incident(office):
    def do(*arguments: str) -> str:
        done = office("incidents", *arguments, "--as", "Петрова")
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert do("confirm", "region.yaml", "1") == "№1: подтверждён (версия 2).\n"
    assert do("assign", "region.yaml", "1", "--authority", "Управление дорог", "--seen", "2") == (
        "№1: передан, Управление дорог (версия 3).\n"
    )
    assert do("wait", "region.yaml", "1", "--comment", "Нужен адрес") == "№1: ждёт жителя (версия 4).\n"
    assert do("answer", "region.yaml", "1", "--answer", "Дали, звоните 89123456789") == "№1: дан ответ (версия 5).\n"
    assert do("solve", "region.yaml", "1") == "№1: решён (версия 6).\n"
    assert do("close", "region.yaml", "1") == "№1: закрыт (версия 7).\n"
    assert do("reopen", "region.yaml", "1", "--comment", "Житель вернул ответ") == "№1: возвращён (версия 8).\n"
    assert do("reject", "region.yaml", "1", "--comment", "Это учения") == "№1: отклонён (версия 9).\n"
    told = office("incidents", "show", "region.yaml", "1").stdout
    assert "Дали, звоните [телефон]" in told
    assert "89123456789" not in told
    lines = re.findall(r"^\d+\. \d\d\.\d\d \d\d:\d\d (.*)$", told, re.MULTILINE)
    assert lines == [
        "otklik — открыт (+2)", "Петрова — подтверждён", "Петрова — передан (Управление дорог)",
        "Петрова — ждёт жителя", "Петрова — дан ответ", "Петрова — решён", "Петрова — закрыт",
        "Петрова — возвращён в работу", "Петрова — отклонён",
    ]  # fmt: skip
    assert "Нет воды [телефон]" in told
    shown = json.loads(office("incidents", "show", "region.yaml", "1", "--json").stdout)
    assert [one["status"] for one in shown["history"]][-2:] == ["reopened", "rejected"]
    assert shown["incident"]["sequence"] == 9
    assert [one["id"] for one in shown["posts"]] == ["vk:-1_1", "vk:-1_2"]
    assert [one["attached"] for one in shown["posts"]] == [
        {"by": "common", "to": "vk:-1_2", "sure": 0.6},
        {"by": "common", "to": "vk:-1_1", "sure": 0.6},
    ]
    assert "    почему здесь: та же общая беда, рядом по времени, что у vk:-1_1 (0.60)\n" in told


def test_lists_and_filters(office):
    office("incidents", "solve", "region.yaml", "2", "--as", "П")
    office("incidents", "confirm", "region.yaml", "2", "--as", "П")
    office("incidents", "solve", "region.yaml", "2", "--as", "П")
    assert ids(office) == [3, 1]
    assert ids(office, "--all") == [3, 2, 1]
    assert ids(office, "--status", "решён") == ids(office, "--status", "solved") == [2]
    assert ids(office, "--all", "--municipality", "Копейск") == [1]
    assert ids(office, "--all", "--municipality", "none") == [3]
    assert ids(office, "--all", "--group", "ЖКХ") == [2, 1]
    assert ids(office, "--all", "--topic", SNOW) == ids(office, "--all", "--authority", "Управление дорог") == [3]
    assert ids(office, "--all", "--text", "холодной ВОДЫ — коп") == [1]
    assert ids(office, "--all", "--text", "%") == []
    assert ids(office, "--all", "--limit", "1", "--before", "3") == [2]
    assert ids(office, "--overdue") == []
    assert ids(office, "--all", "--group", "жкх", "--topic", "нет ХОЛОДНОЙ воды") == [2, 1]
    done = office("incidents", "list", "region.yaml", "--limit", "1")
    assert done.stdout.endswith("Показано: 1, всего подходит: 2.\nДальше: --before 3\n")
    assert "Снег и наледь во дворах и на площадях — место не названо" in done.stdout


def test_a_list_fits_a_narrow_terminal(office, monkeypatch):
    with office.store.transaction() as conn:
        incidents = Incidents(office.store)
        late = incidents.take(conn, [2])[2]
        due = office.store.now() - timedelta(hours=1)
        incidents.update(conn, [late.model_copy(update={"answer_due": due, "urgency": "now"})])
    monkeypatch.setenv("COLUMNS", "80")
    heading, *lines = office("incidents", "list", "region.yaml").stdout.splitlines()
    assert re.fullmatch(r"№ +состояние +что и где +публ\. +срочн\. +кому +ответить до *", heading)
    assert [line.split()[0] for line in lines] == ["3", "2", "1", "Показано:"]
    assert all(len(line) <= 80 for line in (heading, *lines))
    assert re.fullmatch(r"3 +новый +Снег и наледь[^…]*… +1 +Управление дорог +\d\d\.\d\d \d\d:\d\d *", lines[0])
    assert re.fullmatch(r"2 +новый +Нет холодной[^…]*… +1 +срочно +Водоканал +\d\d\.\d\d \d\d:\d\d ! *", lines[1])


def test_the_overdue(office):
    now = office.store.now
    with office.store.transaction() as conn:
        incidents = Incidents(office.store)
        late = incidents.take(conn, [2])[2].model_copy(update={"answer_due": now() - timedelta(hours=1)})
        waiting = incidents.take(conn, [1])[1].model_copy(
            update={"answer_due": late.answer_due, "status": IncidentStatus.WAITING}
        )
        incidents.update(conn, [late, waiting])
    assert ids(office, "--overdue") == [2]
    assert office("incidents", "list", "region.yaml").stdout.count(" просрочен\n") == 1
    office("incidents", "confirm", "region.yaml", "2", "--as", "П")
    office("incidents", "answer", "region.yaml", "2", "--as", "П", "--answer", "да")
    assert ids(office, "--overdue") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--status", "nwe"),
         "Ошибка: Неверное значение --status: нет состояния «nwe». Может быть, «new»? Бывают: new, confirmed, "
         "assigned, waiting, answered, solved, closed, rejected, reopened, merged\n"
         "Справка: otklik incidents list --help\n"),
        (("--municipality", "Копейскк"), "В регионе нет муниципалитета «Копейскк». Может быть, «Копейск» или "),
        (("--authority", "vodo"),
         "Нет ведомства «vodo». Может быть, «voda»? Они перечислены в разделе authorities.\n"),
        (("--topic", "нет воды"),
         "Нет темы «нет воды». Может быть, «Нет горячей воды» или «Нет холодной воды»? "
         "Список тем: docs/taxonomy.md.\n"),
        (("--group", "дорга"), "Нет группы «дорга». Может быть, «Дороги»"),
    ],
)  # fmt: skip
def test_a_filter_that_names_nothing(office, arguments, said):
    code, told = refused(office, "list", "region.yaml", *arguments)
    assert code == 2
    assert told.startswith(said)


def test_merge_split_move_and_undo(office):
    def do(*arguments: str) -> list[str]:
        done = office("incidents", *arguments, "--as", "Петрова")
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    assert do("merge", "region.yaml", "2", "1", "--yes") == [
        "Решение №1 записано.",
        "№2: изменились публикации, публикаций: 3 — Нет холодной воды — Копейский",
        "№1: объединён с другим, публикаций: 0 — Нет холодной воды — Копейский",
    ]
    lines = [
        next(line for line in office("incidents", "show", "region.yaml", number).stdout.splitlines() if "2. " in line)
        for number in ("1", "2")
    ]
    assert [line.partition("Петрова — ")[2] for line in lines] == [
        "объединён с другим (№2, −2)", "изменились публикации (вошёл №1, +2)",
    ]  # fmt: skip
    assert do("undo", "region.yaml") == [
        "Решение №1 отменено.",
        "№2: разделён, публикаций: 1 — Нет холодной воды — Челябинский",
        "№1: возвращён в работу, публикаций: 2 — Нет холодной воды — Копейский",
    ]
    assert do("split", "region.yaml", "1", "vk:-1_2", "--comment", "Другая авария")[0] == "Решение №2 записано."
    assert ids(office) == [4, 3, 2, 1]
    assert do("move", "region.yaml", "vk:-1_2", "--to", "3", "--replace")[0] == "Решение №3 записано."
    assert ids(office) == [3, 2, 1]
    assert do("undo", "region.yaml", "3")[0] == "Решение №3 отменено."
    assert do("undo", "region.yaml", "2")[0] == "Решение №2 отменено."
    assert ids(office) == [3, 2, 1]


def test_what_is_about_different_things_is_merged_after_a_question(office, otklik):
    told = (
        "Инциденты о разном. №2: муниципалитет Челябинский, а у №1 Копейский; №3: муниципалитет не назван, а у №1 "
        "Копейский, группа тем Дороги, а у №1 ЖКХ."
    )
    assert refused(office, "merge", "region.yaml", "1", "2", "3", "--as", "П") == (
        2, f"{told} Если это всё же одна беда, добавьте --yes.\n",
    )  # fmt: skip
    assert ids(office) == [3, 2, 1]
    question = f"{told} Всё равно объединить? [y/N]: "
    command = ("incidents", "merge", "region.yaml", "1", "2", "3", "--as", "П")
    assert otklik.on_a_terminal("n", *command) == (130, f"{question}n\r\n")
    assert ids(office) == [3, 2, 1]
    assert otklik.on_a_terminal("y", *command)[0] == 0
    assert ids(office) == [1]


def test_place_and_undo(office):
    done = office(
        "incidents", "place", "region.yaml", "3", "--municipality", "Копейск", "--settlement", "Октябрьский",
        "--address", "ул. Ленина, д. 5, кв. 7", "--comment", "Уточнено по телефону", "--seen", "1", "--as", "Петрова",
    )  # fmt: skip
    name = next(one.name for one in load(office.folder / "region.yaml", {}).region.municipalities
                if one.oktmo == "75728000")  # fmt: skip
    title = Incidents(office.store).get(3).title
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"Решение №1 записано.\n№3: изменилось место, публикаций: 1 — {title}\n"
        f"    место: место не названо → {name}, Октябрьский, улица Ленина, 5\n"
    )
    shown = office("incidents", "show", "region.yaml", "3").stdout
    assert re.search(r"^адрес +улица Ленина, 5 *$", shown, re.M)
    assert re.search(
        r"^2\. \d\d\.\d\d \d\d:\d\d Петрова — изменилось место\n"
        rf"    место: место не названо → {name}, Октябрьский, улица Ленина, 5\n    Уточнено по телефону$",
        shown,
        re.M,
    )
    assert ids(office, "--municipality", "Копейск") == [3, 1]
    assert office("incidents", "undo", "region.yaml", "--as", "Петрова").stdout == (
        "Решение №1 отменено.\n"
        f"№3: изменилось место, публикаций: 1 — {Incidents(office.store).get(3).title}\n"
        f"    место: {name}, улица Ленина, 5 → место не названо\n"
    )
    assert refused(office, "place", "region.yaml", "3", "--as", "П") == (
        2, "Скажите, где беда: муниципалитет, населённый пункт или адрес.\n",
    )  # fmt: skip
    assert refused(office, "place", "region.yaml", "3", "--municipality", "Капейск", "--as", "П") == (
        2, "В регионе нет муниципалитета «Капейск». Может быть, «Копейск» или «Касли»?\n",
    )  # fmt: skip


def test_refusals(office):
    assert refused(office, "assign", "region.yaml", "1")[0] == 2
    assert refused(office, "reject", "region.yaml", "1", "--as", "П") == (
        2, "Ошибка: Не хватает ключа --comment.\nСправка: otklik incidents reject --help\n",
    )  # fmt: skip
    assert refused(office, "close", "region.yaml", "1", "--as", "П") == (
        1,
        "Инцидент №1 сейчас в состоянии «новый»: нельзя закрыть (close). "
        "Можно: подтвердить (confirm), передать (assign), отклонить (reject).\n",
    )
    assert refused(office, "merge", "region.yaml", "1", "9", "--as", "П") == (
        2, "Инцидента №9 нет. Номера показывает otklik incidents list.\n",
    )  # fmt: skip
    assert refused(office, "show", "region.yaml", "9") == (
        2, "Инцидента №9 нет. Номера показывает otklik incidents list.\n",
    )  # fmt: skip
    assert refused(office, "confirm", "region.yaml", "1", "2", "--seen", "1", "--as", "П") == (
        2,
        "Ошибка: Неверное значение --seen: версия бывает только у одного инцидента\n"
        "Справка: otklik incidents confirm --help\n",
    )
    assert refused(office, "lst", "region.yaml") == (
        2, "Ошибка: Нет такой команды: lst. Может быть, list?\nСправка: otklik incidents --help\n",
    )  # fmt: skip


def test_a_stale_version_is_told_with_who_was_first(office):
    office("incidents", "assign", "region.yaml", "1", "--as", "Сидоров")
    code, told = refused(office, "reject", "region.yaml", "1", "--seen", "1", "--comment", "нет", "--as", "Петрова")
    assert code == 1
    assert re.fullmatch(
        r"Инцидент №1 изменился, пока вы решали: вы видели версию 1, сейчас 2\. Что было: \d\d\.\d\d \d\d:\d\d "
        r"Сидоров — передан \(Водоканал\)\. Посмотрите его заново и решите ещё раз\.\n",
        told,
    )


def test_many_at_once(office):
    done = office("incidents", "confirm", "region.yaml", "1", "7", "2", "2", "--as", "П")
    assert (done.returncode, done.stdout) == (1, "№1: подтверждён (версия 2).\n№2: подтверждён (версия 2).\n")
    assert done.stderr == ("Инцидента №7 нет. Номера показывает otklik incidents list.\nИзменено: 2, не изменено: 1.\n")
    numbers = [str(n) for n in range(1, 13)]
    assert refused(office, "reject", "region.yaml", *numbers, "--comment", "нет", "--as", "П") == (
        2, "Инцидентов 12: чтобы изменить больше 10 без вопроса, добавьте --yes.\n",
    )  # fmt: skip
    assert ids(office) == [3, 2, 1]
    done = office("incidents", "reject", "region.yaml", *numbers, "--comment", "нет", "--as", "П", "--yes")
    assert done.stderr.endswith("Изменено: 3, не изменено: 9.\n")
    assert ids(office) == []


def test_export(office):
    office("incidents", "confirm", "region.yaml", "1", "--as", "П")
    office("incidents", "answer", "region.yaml", "1", "--as", "П", "--answer", "=HYPERLINK(1)")
    done = office("incidents", "export", "region.yaml", "--out", "all.csv")
    assert stat.S_IMODE((office.folder / "all.csv").stat().st_mode) == 0o640
    assert (done.returncode, done.stdout, done.stderr) == (0, "Записано инцидентов: 3, файл all.csv.\n", "")
    with (office.folder / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [(row["номер"], row["состояние"], row["публикаций"]) for row in rows] == [
        ("3", "новый", "1"), ("2", "новый", "1"), ("1", "дан ответ", "2"),
    ]  # fmt: skip
    assert rows[2]["ответ"] == "'=HYPERLINK(1)"
    office("incidents", "export", "region.yaml", "--out", "some.jsonl", "--status", "answered")
    (line,) = (office.folder / "some.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["answer"] == "=HYPERLINK(1)"
    assert refused(office, "export", "region.yaml", "--out", "all.xlsx") == (
        2,
        "Ошибка: Неверное значение --out: «all.xlsx» не понято; нужно имя.csv или имя.jsonl\n"
        "Справка: otklik incidents export --help\n",
    )
    assert sorted(path.name for path in office.folder.glob("*.part")) == []


def test_incidents_of_an_authority_that_the_file_lost_are_found_and_handed_over(office):
    gone = next(one["authority"] for one in json.loads(office("incidents", "list", "region.yaml", "--json").stdout))
    file = office.folder / "region.yaml"
    file.write_text(file.read_text().replace(f"id: {gone},", "id: another,"))
    found = ids(office, "--authority", gone)
    assert found
    assert refused(office, "assign", "region.yaml", str(found[0]), "--as", "П") == (
        2,
        f"Ведомства «{gone}», которому предложен инцидент №{found[0]}, нет в разделе authorities: скажите, кому "
        "передать.\n",
    )
    assert office("incidents", "assign", "region.yaml", str(found[0]), "--authority", "another", "--as", "П").stdout


def test_the_queue_puts_what_presses_first(office):
    office.step.add([tagged("vk:-1_5", "75701000", SNOW, 6, urgency="now"), tagged("vk:-1_6", "75701000", SNOW, 7)])
    office.step.add([tagged("vk:-1_7", None, SNOW, 8)])
    assert ids(office) == [5, 4, 3, 2, 1]
    assert ids(office, "--queue")[0] == 4
    told = office("incidents", "show", "region.yaml", "4").stdout
    assert re.search(r"^очередь +42: срочно \(\+40\), за 3 часа прибавилось: 1 \(\+2\) *$", told, re.MULTILINE)
    assert refused(office, "list", "region.yaml", "--queue", "--before", "3") == (
        2,
        "Ошибка: Неверное значение --before: страницы есть только у списка по новизне: без --queue\n"
        "Справка: otklik incidents list --help\n",
    )
