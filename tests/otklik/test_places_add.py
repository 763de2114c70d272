"""`otklik places add` by a real process."""

import json

from tests.otklik.conftest import Program

POSTS = (
    {"id": "1", "text": "В посёлке Нижнебровкино нет воды, звоните 8-900-123-45-67"},
    {"id": "2", "text": "Посёлок Нижнебровкино, света нет"},
    {"id": "3", "text": "В Копейске и в посёлке Верхнебровкино темно"},
    {"id": "4", "text": "Копейск, посёлок Верхнебровкино"},
)


def test_names_of_texts_without_a_place(otklik: Program) -> None:
    otklik.config()
    otklik.write("posts.jsonl", *POSTS)
    done = otklik("places", "add", "region.yaml", "posts.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "places:\n"
        "  names:\n"
        "    # публикаций: 2\n"
        "    #   В посёлке Нижнебровкино нет воды, звоните [телефон]\n"
        "    #   Посёлок Нижнебровкино, света нет\n"
        '    - {name: "Нижнебровкино", municipality: ""}\n'
    )


def test_tagged_records_are_believed_and_bad_lines_are_named(otklik: Program) -> None:
    otklik.config()
    placed = {"municipality": {"oktmo": "75728000", "found_by": "text"}}
    by_source = {"municipality": {"oktmo": "75728000", "found_by": "source"}}
    lines = [
        {"post": {"id": "1", "text": "посёлок Нижнебровкино"}, "tags": by_source},
        {"post": {"id": "2", "text": "посёлок Нижнебровкино"}, "tags": {"municipality": None}},
        {"post": {"id": "3", "text": "посёлок Верхнебровкино"}, "tags": placed},
        {"post": {"id": "4", "text": "посёлок Верхнебровкино"}, "tags": placed},
        {"id": "5"},
        "не JSON\n",
    ]
    stdin = "".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    done = otklik("places", "add", "region.yaml", stdin=stdin)
    assert done.returncode == 1
    assert done.stderr == "строка 5: нет поля text\nстрока 6: не JSON\n"
    assert '"Нижнебровкино"' in done.stdout
    assert "Верхнебровкино" not in done.stdout


def test_nothing_new(otklik: Program) -> None:
    otklik.config()
    done = otklik("places", "add", "region.yaml", stdin='{"text": "В Копейске нет воды"}\n')
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Новых названий не нашлось.\n")


def test_a_file_that_is_not_there(otklik: Program) -> None:
    otklik.config()
    done = otklik("places", "add", "region.yaml", "posts.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Нет файла posts.jsonl.\n"
