"""The sections `topics` and `corrections` of the file: what an operator gets for each mistake."""

import json

import pytest

from tests.otklik.region_file import GOOD, only, read, said

ADDED = """\
topics:
  add:
    - id: snow-dump
      name: Снежные свалки
      group: Экология
      words: ["снег свалка", "снегосвалка"]
"""
DOCS = "Подробнее: docs/configuration.md#topics"
LIST = "Можно: одна из 195 тем, их список: docs/configuration.md#группы-и-темы"


def test_an_added_topic_may_be_routed_timed_grouped_and_delivered(file):
    text = ADDED + GOOD.replace("groups: [ЖКХ]", "topics: [Снежные свалки]")
    text += "    when: {topic: [snow-dump]}\ndeadlines: {fast: {answer: 4h, topics: [snow-dump]}}\n"
    text += "grouping: {snow: {topics: [Снежные свалки, road-snow], together: true}}\n"
    config = read(file, text)
    assert config.file.authorities[0].topics == ("Снежные свалки",)
    assert dict(config.file.deadlines.named())["fast"].topics == ("Снежные свалки",)
    assert config.file.sinks[0].when.topic == ("Снежные свалки",)
    assert config.file.grouping.matter("Дороги", "Снежные свалки").topics[1].startswith("★ Нарушение правил очистки")
    assert config.topics.group_of["Снежные свалки"] == "Экология"


def test_names_and_ids_become_the_spelling_that_events_carry(file):
    text = GOOD.replace(
        "groups: [ЖКХ]", "groups: [servicemen-families], topics: [Аварии, open-manholes, Лифт не работает]"
    )
    config = read(file, text + "topics: {rename: {burst-pipe: Аварии}, disable: [Архитектура города, kiosks]}\n")
    (authority,) = config.file.authorities
    assert authority.groups == ("Мобилизация",)
    assert authority.topics == (
        "★ Прорыв трубы/трубопровода",
        "★ Открытые канализационные люки",
        "Лифт неисправен или отключен",
    )
    assert config.topics.disabled == {
        "Спецпроекты",
        "Архитектура города",
        "★ Нестационарная торговля (киоски, павильоны, сезонная торговля)",
    }
    assert config.topics.names()["★ Прорыв трубы/трубопровода"] == "Аварии"


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (
            "topics: {disable: [Пробкы]}\n",
            said(
                "region.yaml:11:20  topics.disable[0]",
                "Классификатор не знает такой темы.",
                "Записано: «Пробкы»",
                LIST,
                "Может быть, «Пробки»?",
                DOCS,
            ),
        ),
        (
            "topics: {enable: [special-projekt]}\n",
            said(
                "region.yaml:11:19  topics.enable[0]",
                "Классификатор не знает такой темы.",
                "Записано: «special-projekt»",
                LIST,
                "Может быть, «special-project» или «regional-property»?",
                DOCS,
            ),
        ),
        (
            "topics: {rename: {Открытые люкы: Люки}}\n",
            said(
                "region.yaml:11:19  topics.rename.Открытые люкы",
                "Классификатор не знает такой темы.",
                "Записано: «Открытые люкы»",
                LIST,
                "Может быть, «Открытые люки»?",
                DOCS,
            ),
        ),
        (
            "topics: {rename: {Пробки: Ремонт дороги}}\n",
            said(
                "region.yaml:11:27  topics.rename.Пробки",
                "Название «Ремонт дороги» уже у другой темы: дайте другое.",
                "Записано: «Ремонт дороги»",
                DOCS,
            ),
        ),
        (
            "topics: {rename: {Пробки: ''}}\n",
            said(
                "region.yaml:11:27  topics.rename.Пробки",
                "Слишком коротко: нужно символов не меньше 1.",
                "Записано: «»",
                DOCS,
            ),
        ),
        (
            "topics: {disable: [Пробки], enable: [traffic-jams, Пробки]}\n",
            said(
                "region.yaml:11:52  topics.enable[1]",
                "Эта тема стоит и в enable, и в disable: оставьте её в одном месте.",
                "Записано: «Пробки»",
                DOCS,
            ),
        ),
        (
            "topics: {disabled: [Пробки]}\n",
            said(
                "region.yaml:11:10  topics.disabled",
                "Нет такого ключа: «disabled».",
                "Можно: add, disable, enable, rename",
                "Может быть, «disable»?",
                DOCS,
            ),
        ),
        (
            ADDED.replace("Экология", "Экологья"),
            said(
                "region.yaml:15:14  topics.add[0].group",
                "Классификатор не знает такой группы.",
                "Записано: «Экологья»",
                "Можно: Безопасность, Благоустройство, Газ и топливо, Государственная собственность, Дороги, ЖКХ, "
                'Здравоохранение/Медицина, Коронавирус, Культура, МФЦ "Мои документы", Мобилизация, '
                "Мусор/Свалки/ТКО и ещё 14",
                "Может быть, «Экология»?",
                DOCS,
            ),
        ),
        (
            ADDED.replace("snow-dump", "Снег"),
            said(
                "region.yaml:13:11  topics.add[0].id",
                "Такое имя не годится.",
                "Записано: «Снег»",
                "Можно: строчные латинские буквы, цифры, точка, дефис, подчёркивание; до 63 знаков, "
                "первый — буква или цифра",
                DOCS,
            ),
        ),
        (
            ADDED.replace("snow-dump", "road-snow"),
            said("region.yaml:13:11  topics.add[0].id", "Имя «road-snow» уже у другой темы: дайте другое.", DOCS),
        ),
        (
            ADDED.replace("Снежные свалки", "Открытые люки"),
            said(
                "region.yaml:14:13  topics.add[0].name",
                "Название «Открытые люки» уже у другой темы: дайте другое.",
                DOCS,
            ),
        ),
        (
            ADDED + "    - {id: b, name: Снежные свалки, group: ЖКХ, words: [лёд]}\n",
            said(
                "region.yaml:17:21  topics.add[1].name",
                "Название «Снежные свалки» уже у другой темы: дайте другое.",
                DOCS,
            ),
        ),
        (
            ADDED.replace('"снегосвалка"', '"-вывезли"'),
            said(
                "region.yaml:16:30  topics.add[0].words[1]",
                "В строке «-вывезли» нет слов, по которым узнавать тему: пишите так: снег|лёд свалка -вывезли.",
                "Записано: «-вывезли»",
                DOCS,
            ),
        ),
        (
            ADDED + "      examples: [Снег свалили в овраг, На снегосвалке пожар]\n",
            said(
                "region.yaml:17:18  topics.add[0].examples[0]",
                "Слова из words этого примера не узнают: добавьте строку в words или уберите пример.",
                "Записано: «Снег свалили в овраг»",
                DOCS,
            ),
        ),
        (
            ADDED + "  disable: [Снежные свалки]\n",
            said(
                "region.yaml:17:13  topics.disable[0]",
                "Это ваша тема: чтобы её не было, уберите её из add.",
                "Записано: «Снежные свалки»",
                DOCS,
            ),
        ),
        (
            "topics: [Пробки]\n",
            said("region.yaml:11:9  topics", "Нужен раздел с ключами.", "Записано: список (1)", DOCS),
        ),
    ],
)
def test_one_mistake(file, added, expected):
    assert only(file, GOOD + added) == expected


def test_a_mistake_in_an_added_topic_is_told_once_and_not_where_it_is_used(file):
    text = GOOD.replace("groups: [ЖКХ]", "topics: [Снежные свалки, snow-dump]") + ADDED.replace("words: ", "wrods: ")
    with pytest.raises(AssertionError) as caught:  # two mistakes: the unknown key, and the one that is missing
        only(file, text)
    told = str(caught.value)
    assert "Нет такого ключа: «wrods»." in told
    assert "Нет обязательного ключа «words»." in told
    assert "Классификатор не знает" not in told


def test_a_rule_for_a_disabled_topic_is_noted(file):
    text = GOOD.replace("groups: [ЖКХ]", "topics: [Пробки, Ремонт дороги]") + "topics: {disable: [traffic-jams]}\n"
    assert [str(note) for note in read(file, text).notes] == [
        said(
            "region.yaml:7:58  authorities[0].topics[0]",
            "Тема «Пробки» выключена: это правило для неё не сработает.",
            "Подробнее: docs/configuration.md#authorities",
        )
    ]


def test_bad_lines_of_the_corrections_are_noted(file, tmp_path):
    line = {"text": "нет воды", "topic": "Пробкы", "by": "И", "at": "2026-03-05T09:00:00Z"}
    (tmp_path / "c.jsonl").write_text(json.dumps(line) + "\noops\n", encoding="utf-8")
    config = read(file, GOOD + "corrections: c.jsonl\n")
    assert str(config.file.corrections) == "c.jsonl"
    assert [str(note) for note in config.notes] == [
        said(
            "region.yaml:11:14  corrections",
            "Негодные строки, остальные работают. Строка 1: нет такой темы: «Пробкы»; строка 2: не JSON.",
            "Подробнее: docs/configuration.md#corrections",
        )
    ]


def test_a_file_of_corrections_that_is_not_there_yet_is_noted(file):
    config = read(file, GOOD + "corrections: c.jsonl\n")
    assert [str(note) for note in config.notes] == [
        said(
            "region.yaml:11:14  corrections",
            "Файла c.jsonl пока нет: он появится с первым otklik correct.",
            "Подробнее: docs/configuration.md#corrections",
        )
    ]
