"""`otklik explain` and `otklik correct`, as a new operator would try them."""

import json

import pytest

TEXT = "Снег с дорог вываливают прямо на берег реки в Копейске"
TOPICS = """\
corrections: corrections.jsonl
topics:
  rename: {★ Прорыв трубы/трубопровода: Аварии на водопроводе}
"""


def tagged(otklik, *lines):
    stdin = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    done = otklik("tag", "--config", "region.yaml", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_correction_is_obeyed_by_tag_and_told_by_explain(otklik):
    otklik.config(TOPICS)
    (before,) = tagged(otklik, {"text": TEXT})
    done = otklik(
        "correct", "region.yaml", "--text", TEXT, "--topic", "Стихийные свалки", "--irrelevant",
        "--municipality", "Миасс", "--as", "Иванова",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "Исправление записано: corrections.jsonl.\n"), done.stderr
    line = json.loads((otklik.folder / "corrections.jsonl").read_text())
    assert line.pop("at").endswith("Z")
    assert line == {
        "text": TEXT,
        "topic": "★ Стихийные свалки в городе/в парках/в лесу",
        "relevant": False,
        "municipality": "Миасский городской округ",
        "by": "Иванова",
    }
    (after,) = tagged(otklik, {"text": TEXT.upper() + "!!!"})
    assert (after["topic"], after["relevance"]) == (line["topic"], 0.0)
    assert (after["municipality"]["oktmo"], after["municipality"]["found_by"]) == ("75742000", "operator")
    assert (after["needs_review"], after["model"]) == (False, before["model"] + "+corrected")
    told = otklik("explain", TEXT, "--config", "region.yaml")
    assert told.returncode == 0, told.stderr
    assert "так исправил оператор; ниже — что говорит сама модель" in told.stdout
    assert "не о беде" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--text", TEXT, "--topic", "Стихиные свалки"),
            "Нет темы «Стихиные свалки». Может быть, «Стихийные свалки»? Список тем: docs/taxonomy.md.\n",
        ),
        (("--text", TEXT, "--group", "Дорги"), "Нет группы «Дорги». Может быть, «Дороги»? Список: docs/taxonomy.md.\n"),
        (("--text", TEXT, "--topic", "Пробки", "--group", "ЖКХ"), "Тема «Пробки» — из группы «Дороги», а не «ЖКХ».\n"),
        (
            ("--text", TEXT, "--municipality", "Мияс"),
            "В регионе нет муниципалитета «Мияс». Может быть, «Миасс» или «Миасское»?\n",
        ),
        (("--text", "👍", "--topic", "Пробки"), "В этом тексте нет слов: узнать его нельзя. Исправляйте по --id.\n"),
        (
            ("--topic", "Пробки"),
            "Ошибка: Неверное значение --text: укажите --text или --id: какую публикацию исправить\n"
            "Справка: otklik correct --help\n",
        ),
        (
            ("--text", TEXT),
            "Ошибка: Неверное значение --topic: скажите, что верно: --topic, --group, --relevant, --irrelevant или "
            "--municipality\nСправка: otklik correct --help\n",
        ),
    ],
)
def test_a_wrong_correction_is_refused_and_nothing_is_written(otklik, arguments, said):
    otklik.config(TOPICS)
    done = otklik("correct", "region.yaml", *arguments, "--as", "И")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
    assert not (otklik.folder / "corrections.jsonl").exists()


def test_without_a_place_for_corrections(otklik):
    otklik.config()
    done = otklik("correct", "region.yaml", "--text", TEXT, "--topic", "Пробки", "--as", "И")
    assert done.returncode == 2
    assert done.stderr == (
        "В файле region.yaml нет ключа corrections: напишите, куда складывать исправления, например\n"
        "corrections: var/corrections.jsonl\n"
    )


def test_explain_json_is_exact(otklik):
    otklik.config(TOPICS)
    done = otklik(
        "explain", "Прорвало трубу в Копейске, хлещет кипяток", "--config", "region.yaml", "--json"
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["topic"]["name"] == "Аварии на водопроводе"
    assert (found["topic"]["topic"], found["topic"]["id"]) == ("★ Прорыв трубы/трубопровода", "burst-pipe")
    for score in (found["first"], found["second"], found["margin"], found["relevance"]):
        assert sum(part["weight"] for part in score["parts"]) + score["bias"] == pytest.approx(score["score"])
    assert found["municipality"]["words"] == "Копейске"
    assert found["urgency"] == {
        "urgency": "now",
        "rule": "burst",
        "because": "прорвало трубу, льётся вода или кипяток",
        "words": ["прорвало", "трубу"],
    }
    assert (found["needs_review"], found["review_because"], found["corrected"]) == (False, [], False)


def test_explain_reads_a_text_from_the_input_and_knows_the_season(otklik):
    text = "Нет отопления, батареи ледяные"
    winter = otklik("explain", "-", "--published", "2026-01-15", stdin=text)
    summer = otklik("explain", "-", "--published", "2026-07-15", stdin=text)
    assert "Срочность:   срочно — зимой нет тепла: нет, отопления\n" in winter.stdout
    assert "Срочность:   скоро — " in summer.stdout
    assert "К оператору: да: место не названо\n" in winter.stdout
    assert "│ всего " in winter.stdout


def test_tag_says_what_was_cut_and_what_is_not_russian(otklik):
    otklik.config()
    long, foreign, plain = tagged(
        otklik, {"text": "нет воды " * 100_000}, {"text": "Ауылда өсөнсө көн һыу юҡ, ҡасан була?"}, {"text": "Нет воды"}
    )
    assert (long["truncated"], "language" in long) == (True, False)
    assert (foreign["language"], foreign["needs_review"], "truncated" in foreign) == ("ba", True, False)
    assert {"truncated", "language"} & set(plain) == set()


def test_halves_of_characters_are_judged_and_not_refused(otklik):
    otklik.config()
    done = otklik("tag", stdin='{"id": "\\ud83d", "text": "Нет воды \\ud83d в Копейске"}\n{"text": "\\ud83\n')
    assert done.returncode == 1
    (line,) = [json.loads(one) for one in done.stdout.splitlines()]
    assert (line["id"], line["municipality"]["oktmo"]) == ("?", "75728000")
    assert done.stderr == "строка 2: не JSON\n"


def test_an_added_topic_is_proposed_and_a_disabled_one_is_not(otklik):
    otklik.config(
        "topics:\n  disable: [no-cold-water]\n  add:\n    - id: snow-dump\n      name: Снежные свалки\n"
        "      group: Экология\n      words: [снег вываливать|сваливать берег|река]\n"
    )
    added, other = tagged(otklik, {"text": TEXT}, {"text": "Второй день нет холодной воды"})
    assert (added["group"], added["topic"], added["topic_probability"]) == ("Экология", "Снежные свалки", 1.0)
    assert other["topic"] != "Отсутствие холодной воды"
    told = otklik("explain", TEXT, "--config", "region.yaml").stdout
    assert "ваша тема, по словам: снег, вываливать, берег; ниже — что говорит сама модель" in told
