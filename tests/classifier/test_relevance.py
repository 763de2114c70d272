"""Relevance by the shipped model: its floors on texts that it never saw, what context does, and what it is made of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, Item, Model
from classifier.classify import Thresholds
from classifier.evaluation.relevance import figures_of_context, figures_of_examples, judged, measure, show
from classifier.evaluation.sections import Given
from classifier.features import Listed
from classifier.relevance import Relevance
from classifier.training.names import allowed_word
from classifier.training.relevance import Example, allowed_cue, allowed_prefix, parse_examples, seen_by, spread, windows

HELD_OUT_FILE = Path(__file__).with_name("relevance_hard_heldout.jsonl")
RECALL_AT_5 = 0.72
PAIRS = 0.96
CONTEXT_ACCURACY = 0.88
MISTAKES_LEFT = 2 / 3
"""The shipped model has 0.789, 0.990, 0.924 and 0.39. The first is below the 0.80 that was asked for: see
docs/relevance.md. The last is the share of mistakes about comments that stay when their context is known."""


PLAIN_FILE = Path(__file__).with_name("plain_complaints.txt")
PLAIN, PLAIN_SEEN = 0.90, 0.93
"""Of 64 complaints in one line, some of whose words other texts share: shares that are judged relevant, and that at
least reach a person. The shipped model has 0.938 and 0.969."""


@pytest.fixture(scope="module")
def relevance() -> Relevance:
    return Model.load().relevance


@pytest.fixture(scope="module")
def held_out() -> list[Example]:
    return parse_examples(HELD_OUT_FILE.read_text(encoding="utf-8"))


def test_it_keeps_its_floors_on_texts_held_out(relevance: Relevance, held_out: list[Example]) -> None:
    found = figures_of_examples(held_out, judged(relevance, held_out))
    assert found["recall at 5 % false alarms on hard negatives"]["value"] >= RECALL_AT_5
    assert found["pairs in the right order"]["value"] >= PAIRS
    assert len(found["kinds"]) == 21


def test_plain_complaints_are_heard(relevance: Relevance) -> None:
    plain = PLAIN_FILE.read_text(encoding="utf-8").splitlines()
    found, limits = relevance.probabilities(plain), Thresholds()
    assert len(set(plain)) == 64
    assert np.mean(found >= limits.relevant) >= PLAIN
    assert np.mean(found >= limits.unsure_from) >= PLAIN_SEEN


def test_context_helps_comments(relevance: Relevance, held_out: list[Example]) -> None:
    found = figures_of_context(relevance, held_out)
    assert found["with context"]["comments"] >= 60
    assert found["with context"]["accuracy"] >= CONTEXT_ACCURACY
    assert 1 - found["with context"]["accuracy"] <= MISTAKES_LEFT * (1 - found["without"]["accuracy"])


@pytest.mark.parametrize(
    ("comment", "trouble", "talk"),
    [("и у нас тоже", "Второй день нет воды на Речной", "Сегодня открыли каток, приходите кататься")],
)
def test_a_comment_is_judged_by_what_it_answers(classifier: Classifier, comment: str, trouble: str, talk: str) -> None:
    tags = classifier.classify([Item(comment, kind="comment", context=context) for context in (trouble, talk, None)])
    assert [tag.relevant for tag in tags[:2]] == [True, False]
    assert tags[0].relevance > tags[2].relevance > tags[1].relevance


def test_a_post_is_not_judged_by_a_context(classifier: Classifier) -> None:
    posts = [Item("и у нас тоже", kind="post", context=context) for context in ("Нет воды", None)]
    one, other = classifier.classify(posts)
    assert one.relevance == other.relevance


def test_batches_do_not_change_the_answer(relevance: Relevance, held_out: list[Example]) -> None:
    some = held_out[::40]
    together = relevance.probabilities([e.text for e in some], [e.context for e in some])
    alone = [relevance.probabilities([e.text], [e.context])[0] for e in some]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_reasons_add_up_to_what_a_text_says(relevance: Relevance) -> None:
    text = "Второй день нет воды, когда дадут?"
    reasons = relevance.reasons(text)
    assert sum(dict(reasons).values()) > 0
    assert "нет" in [token for token, weight in reasons[:10] if weight > 0]
    assert sum(dict(relevance.reasons("Поздравляем с праздником! Розыгрыш билетов")).values()) < 0
    assert relevance.reasons("") == relevance.reasons("   ")


def test_a_word_counts_by_what_it_adds(relevance: Relevance) -> None:
    """Its weight is the difference that a little less of it makes."""
    text = "Второй день нет воды, когда дадут?"
    weights, before = dict(relevance.reasons(text)), float(relevance.log_odds([text])[0])
    column = relevance.words.listed.tokens.index("вода")
    table = relevance.words.table.copy()
    table[column] *= 0.999
    after = float(replace(relevance, words=replace(relevance.words, table=table)).log_odds([text])[0])
    assert before - after == pytest.approx(weights["вода"] * 0.001, abs=2e-5)


def test_no_token_is_rare_or_a_name(relevance: Relevance) -> None:
    words, cues = relevance.words.listed.tokens, relevance.cues.listed.tokens
    assert len(relevance.frequency) == len(words) + len(cues)
    assert int(relevance.frequency.min()) >= 3
    assert [w for w in words if not (allowed_prefix(w) if w.endswith("*") else allowed_word(w))] == []
    assert [cue for cue in cues if not allowed_cue(cue)] == []
    common = {"иванов", "петров", "елена", "ольга", "сергей", "наталья", "иванович", "путин"}
    plain = {part.partition("/")[0].rstrip("*") for token in (*words, *cues) for part in token.split(" ")}
    assert common & plain == set()


def test_its_arrays_come_back(relevance: Relevance, held_out: list[Example]) -> None:
    again = Relevance.from_arrays(relevance.arrays())
    texts = [e.text for e in held_out[:50]]
    np.testing.assert_allclose(again.probabilities(texts), relevance.probabilities(texts), atol=0.02)
    broken = relevance.arrays() | {"relevance.joint": np.zeros(3)}
    with pytest.raises(ValueError, match=r"relevance.joint: \(3,\) weights, expected \(4,\)"):
        Relevance.from_arrays(broken)


def test_listed_tokens_are_counted() -> None:
    listed = Listed(["вода", "нет"])
    assert listed.count([["нет", "вода", "нет", "чай"], [], ["чай"]]).toarray().tolist() == [[1, 2], [0, 0], [0, 0]]
    assert Listed([]).count([["вода"]]).shape == (1, 1)


def test_what_must_not_be_parted_shares_a_fold() -> None:
    fold = spread(["a", "b", "a", "c", "b"], 2)
    assert (fold[0], fold[1]) == (fold[2], fold[4])
    assert set(fold.tolist()) == {0, 1}


def test_a_net_sees_every_text_of_our_own_many_times_and_a_part_of_the_others() -> None:
    origin = np.array(["citizens"] * 400 + ["own"] * 5 + ["channels"] * 400)
    seen = seen_by(origin, np.random.default_rng(1))
    times = np.bincount(seen, minlength=len(origin))
    assert times[400:405].tolist() == [10] * 5
    assert set(times[origin != "own"].tolist()) == {0, 1}
    assert 350 < times[origin != "own"].sum() < 450


def test_windows_are_short_runs_of_long_texts() -> None:
    text = " ".join(f"слово{n}" for n in range(60))
    (run,) = windows([text], seed=3)
    assert run in text
    assert 3 <= len(run.split()) <= 14
    assert windows(["коротко"], seed=3) == []


def test_the_evaluation_runs_on_any_data(small_data: Path) -> None:
    figures = measure(Given(small_data, Model.load(), lambda _: None))
    assert figures["texts shared with the data sets"] == 0
    assert figures["texts"]["held out"] == 806
    assert "| held out: recall at 5 % false alarms on hard negatives |" in show(figures)
