"""Our own texts for relevance: enough of each kind, rightly split, and none in both halves."""

import json
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from classifier.training.relevance import Example, own_examples, parse_examples

HELD_OUT_FILE = Path(__file__).with_name("relevance_hard_heldout.jsonl")
HARD_NEGATIVES = frozenset(
    [
        "talk",
        "sale",
        "opening",
        "thanks",
        "congrats",
        "reply",
        "solved",
        "plan",
        "contest",
        "advert",
        "spam",
        "chronicle",
        "howto",
    ]
)
TROUBLES = frozenset(["news", "sarcasm", "question", "thanks_but", "returned", "plain", "request", "likeneg"])
BOTH = frozenset(["pair", "comment"])
SPLIT = {
    **{"talk": 61, "sale": 56, "opening": 56, "thanks": 55, "congrats": 54, "reply": 55, "solved": 57, "plan": 56},
    **{"contest": 53, "advert": 55, "spam": 53, "chronicle": 57, "howto": 54, "news": 52, "sarcasm": 39},
    **{"question": 38, "thanks_but": 30, "returned": 30, "plain": 46, "request": 30, "likeneg": 30},
    **{"pair": 211, "comment": 46},
}
"""How many keys of each kind were written before any result was seen; of these the half was held out. What was written
later is trained on only."""


@pytest.fixture(scope="module")
def trained() -> list[Example]:
    return [example for example in own_examples() if not example.kind.startswith("first-")]


@pytest.fixture(scope="module")
def held_out() -> list[Example]:
    return parse_examples(HELD_OUT_FILE.read_text(encoding="utf-8"))


def test_a_line_says_all_of_a_text() -> None:
    folder = Path(__file__).parents[2] / "classifier" / "training"
    for path in (folder / "relevance_hard.jsonl", HELD_OUT_FILE):
        for line in path.read_text(encoding="utf-8").splitlines():
            row: dict[str, Any] = json.loads(line)
            wanted = {"id", "kind", "relevant", "text"} | ({"context"} if row["kind"] == "comment" else set())
            assert set(row) == wanted, line
            assert re.fullmatch(rf"{row['kind']}-\d{{3,4}}(?:[+-]|\.\d)?", row["id"]), line
            assert row["text"].strip(), line


def test_a_kind_has_one_label(trained: list[Example], held_out: list[Example]) -> None:
    for example in (*trained, *held_out):
        assert example.kind in HARD_NEGATIVES | TROUBLES | BOTH
        if example.kind in HARD_NEGATIVES | TROUBLES:
            assert example.relevant == (example.kind in TROUBLES), example
        if example.kind == "pair":
            assert example.relevant == example.id.endswith("+"), example


def test_there_are_enough_of_each(trained: list[Example], held_out: list[Example]) -> None:
    both = Counter(example.kind for example in (*trained, *held_out))
    assert all(both[kind] >= 50 for kind in HARD_NEGATIVES)
    assert sum(SPLIT[kind] for kind in HARD_NEGATIVES) >= 600
    assert SPLIT["pair"] >= 200
    comments = Counter(example.relevant for example in held_out if example.kind == "comment")
    assert comments[True] >= 30
    assert comments[False] >= 30


def test_pairs_are_whole(trained: list[Example], held_out: list[Example]) -> None:
    for part in (trained, held_out):
        halves = Counter(example.key for example in part if example.kind == "pair")
        assert set(halves.values()) == {2}


def test_a_hash_of_the_key_decided_what_is_held_out(held_out: list[Example]) -> None:
    found = {kind: {e.key for e in held_out if e.kind == kind} for kind in SPLIT}
    for kind, count in SPLIT.items():
        keys = sorted((f"{kind}-{n:03d}" for n in range(1, count + 1)), key=lambda k: sha256(k.encode()).hexdigest())
        assert found[kind] == set(keys[: count // 2]), kind


def test_ids_and_texts_are_different(trained: list[Example], held_out: list[Example]) -> None:
    everything = [*trained, *held_out]
    assert [i for i, n in Counter(e.id for e in everything).items() if n > 1] == []
    texts = Counter((e.text.lower(), e.context) for e in everything)
    assert [text for text, n in texts.items() if n > 1] == []


def test_no_trained_text_is_nearly_one_held_out(trained: list[Example], held_out: list[Example]) -> None:
    """By words: Jaccard likeness below 0.6. A short comment may stand under two posts; then the posts differ."""

    def words(text: str) -> frozenset[str]:
        return frozenset(re.findall(r"\w+", text.lower().replace("ё", "е")))

    seen = [(words(e.text), e.text) for e in trained if e.kind != "comment"]
    plain = Path(__file__).with_name("plain_complaints.txt").read_text(encoding="utf-8").splitlines()
    near = [
        (text, one)
        for one in [*plain, *(e.text for e in held_out if e.kind != "comment")]
        for known, text in seen
        for mine in [words(one)]
        if len(known & mine) >= 0.6 * len(known | mine)
    ]
    assert near == []
    assert {e.context for e in trained} & {e.context for e in held_out} == {None}
