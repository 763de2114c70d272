"""Lines of `tag` and `replay`: a bad one is told with its number, the others go on in their order."""

import json
import subprocess
from collections.abc import Sequence

import pytest

from tests.otklik.conftest import Program

GOOD = {"id": "a", "text": "В Копейске вторые сутки нет воды", "published": "2026-03-01T08:00:00+05:00"}
BOM = b"\xef\xbb\xbf"


def line(**more: object) -> bytes:
    return json.dumps(GOOD | more, ensure_ascii=False).encode()


def without(*names: str) -> bytes:
    return json.dumps({name: value for name, value in GOOD.items() if name not in names}).encode()


FIRST, LAST = line(id="first"), line(id="last")
EVERYWHERE = [
    (b"oops", "не JSON"),
    (b'{"text": "a"} {"text": "b"}', "не JSON"),
    (b'{"text": NaN}', "не JSON"),
    (b"[" * 200_000 + b"]" * 200_000, "не JSON"),
    (b"", "пустая строка"),
    (b" \t", "пустая строка"),
    (b'{"id": "x", "text": "\xff\xfe"}', "не UTF-8: сохраните файл в этой кодировке"),
    ('{"text": "нет воды"}'.encode("cp1251"), "не UTF-8: сохраните файл в этой кодировке"),
    (without("text"), "нет поля text"),
    (line(text="x" * 5_000_000), "длиннее 4 МБ"),
]
OF_TAG = [
    *[(one, "строка должна быть объектом JSON с полем text") for one in (b"[1]", b'"s"', b"5", b"null", b"true")],
    (line(text=None), "поле text должно быть строкой, а не null"),
    (line(text=5), "поле text должно быть строкой, а не число"),
    (line(text=["a"]), "поле text должно быть строкой, а не массив"),
    (line(id=[1]), "поле id должно быть строкой, целым числом или null, а не массив"),
    (line(id=True), "поле id должно быть строкой, целым числом или null, а не логическое значение"),
    (line(id=1.5), "поле id должно быть строкой, целым числом или null, а не число"),
    (line(title={}), "поле title должно быть строкой или null, а не объект"),
    (line(text=" \u200b"), "поле text пусто"),
    (line(published="вчера"), "поле published — не время; нужно так: 2026-03-05T14:00:00+05:00"),
    (line(kind="rumour"), "поле kind: «rumour», допустимо: post, comment, article, appeal, call"),
]
OF_REPLAY = [
    *[
        (one, "строка должна быть объектом JSON с полями id, text и published")
        for one in (b"[1]", b'"s"', b"5", b"null", b"true")
    ],
    (line(text=None), "поле text должно быть строкой"),
    (line(text=5), "поле text должно быть строкой"),
    (without("id"), "нет поля id"),
    (line(id=None), "поле id должно быть строкой"),
    (line(id=""), "поле id пусто"),
    (line(id="x" * 201), "поле id слишком длинное"),
    (without("published"), "нет поля published"),
    (line(published="вчера"), "поле published — не время; нужно так: 2026-03-05T14:00:00+05:00"),
    (line(title={}), "поле title должно быть строкой"),
    (line(kind="rumour"), "поле kind: допустимо post, comment, article, appeal, call"),
]


def tagged(otklik: Program, content: bytes) -> tuple[int, list[str], list[str]]:
    """The exit code, the ids that came out, and what was said."""
    done = subprocess.run(
        [*otklik.command, "tag"], input=content, capture_output=True, check=False, env=otklik.env, cwd=otklik.folder
    )
    ids = [json.loads(one)["id"] for one in done.stdout.splitlines()]
    return done.returncode, ids, done.stderr.decode().splitlines()


def replayed(otklik: Program, content: bytes) -> tuple[int, list[str], list[str]]:
    """The exit code, the posts of all incidents, and what was said, without the tally."""
    otklik.config("authorities:\n  - {id: a, name: А, default: true}\n")
    (otklik.folder / "posts.jsonl").write_bytes(content)
    done = otklik("replay", "posts.jsonl", "--config", "region.yaml", "--out", "out.jsonl", "--all")
    found = [json.loads(one)["posts"] for one in (otklik.folder / "out.jsonl").read_text().splitlines()]
    return done.returncode, sorted(id_ for ids in found for id_ in ids), done.stderr.splitlines()[:-1]


def told(bad: Sequence[tuple[bytes, str]]) -> list[str]:
    return [f"строка {number}: {reason}" for number, (_, reason) in enumerate(bad, start=2)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_tag_tells_each_bad_line(otklik: Program, end: bytes) -> None:
    bad = EVERYWHERE + OF_TAG
    content = end.join([BOM + FIRST, *(one for one, _ in bad), LAST])
    assert tagged(otklik, content) == (1, ["first", "last"], told(bad))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_replay_tells_each_bad_line(otklik: Program, end: bytes) -> None:
    bad = EVERYWHERE + OF_REPLAY
    content = end.join([BOM + FIRST, *(one for one, _ in bad), LAST])
    assert replayed(otklik, content) == (1, ["first", "last"], told(bad))


def test_a_file_of_another_kind_is_refused_once(otklik: Program) -> None:
    yaml = b"region: chelyabinsk\n" * 300
    needed = 'Нужен файл JSON Lines: в каждой строке объект с полем text, например {"text": "Нет воды"}.'
    strange = "строка 1: не JSON, и среди первых 10 строк ни одной годной."
    assert tagged(otklik, yaml) == (2, [], [f"Вход: {strange} {needed}"])
    otklik.config()
    (otklik.folder / "posts.jsonl").write_bytes(yaml)
    done = otklik("places", "add", "region.yaml", "posts.jsonl")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"posts.jsonl: {strange} {needed}\n")


def test_tag_keeps_the_order_and_numbers_what_has_no_id(otklik: Program) -> None:
    lines = [line(id=f"n{n}", text=f"Яма на дороге {n}") if n % 3 else without("id") for n in range(1, 201)]
    ids = [f"n{n}" if n % 3 else str(n) for n in range(1, 201)]
    assert tagged(otklik, b"\n".join(lines)) == (0, ids, [])
    assert tagged(otklik, b"\n".join([b"oops", line(id=None), line(id=""), line(id=7)])) == (
        1,
        ["2", "3", "7"],
        ["строка 1: не JSON"],
    )


def test_an_empty_file(otklik: Program) -> None:
    assert tagged(otklik, b"") == (0, [], [])
    assert replayed(otklik, b"") == (0, [], [])


def test_a_file_without_one_good_line_leaves_the_result_of_before(otklik: Program) -> None:
    assert tagged(otklik, BOM) == (1, [], ["строка 1: пустая строка"])
    assert replayed(otklik, FIRST)[:2] == (0, ["first"])
    before = (otklik.folder / "out.jsonl").read_text()
    (otklik.folder / "posts.jsonl").write_bytes(BOM)
    done = otklik("replay", "posts.jsonl", "--config", "region.yaml", "--out", "out.jsonl", "--all")
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        [
            "строка 1: пустая строка",
            "В файле posts.jsonl нет ни одной годной строки (выше сказано почему): out.jsonl не тронут.",
        ],
    )
    assert (otklik.folder / "out.jsonl").read_text() == before


def test_a_text_as_long_as_a_line_may_be_is_cut_and_judged(otklik: Program) -> None:
    content = line(id="long", text="нет воды " * 250_000) + b"\n" + LAST
    assert tagged(otklik, content) == (0, ["long", "last"], [])
    assert replayed(otklik, content) == (0, ["last", "long"], [])
