"""Texts for relevance, and how its models are fitted. The rules of labelling are in docs/relevance.md."""

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from classifier.cues import Reading, read
from classifier.features import Floats, Floats32, Listed, tfidf
from classifier.relevance import Bag, Relevance, answer, shape
from classifier.training import descent
from classifier.training.data import OWN_FILES, Row
from classifier.training.descent import Settings, Task
from classifier.training.fit import SEED, Ints, idf_of
from classifier.training.folds import clusters, folds
from classifier.training.names import MIN_TEXTS, allowed_word, unknown_capitals
from classifier.training.net import narrow, part_of
from classifier.training.vectors import CHANCE, begin
from text import clean, cut, mask

FOLDS = 3
"""Out-of-fold scores for the third model and the one of answers."""
FEW_ELSEWHERE = 10
"""Tokens that our own texts don't use twice must occur this often in the others: there are many, and half the list does
as well."""
NETS = 4
"""Hidden layers that begin differently and whose scores are averaged; side by side they are one."""
RANK = 40
"""Numbers that a token keeps for all of them together."""
SETTINGS = Settings(hidden=32, epochs=3, batch=128, drop_tokens=0.3, drop_hidden=0.3, agree=0.0)
PARTS = {"citizens": 0.5, "channels": 0.5, "windows": 0.3, "own": 1.0}
"""Of each kind of texts, drawn anew for each net."""
OWN_TIMES = 10
"""How often a net sees a text of our own in an epoch. Figures: docs/decisions/2026-11-28-relevance-one-layer.md."""
WINDOW_WEIGHT = 0.3
"""Of short runs of words in the third model. With all of their weight what says little is surely irrelevant, but so are
complaints in few words (57 of 64 are heard instead of 60); with a tenth «Доброе утро» is relevant."""
ANSWERS_C = 1.0
"""The best of a sweep out of fold, on columns as they are: brought to one spread, marks of few comments would get
weights that decide alone."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text of our own. `key` is what it must not be parted from: its pair, its context, else itself."""

    id: str
    kind: str
    relevant: bool
    text: str
    context: str | None = None

    @property
    def key(self) -> str:
        """The id without the mark of the half of a pair or of the comment."""
        return self.id.rstrip("+-") if self.kind == "pair" else self.id.partition(".")[0]


def parse_examples(content: str) -> list[Example]:
    """Examples of a JSON Lines file, cleaned and masked as posts are."""
    found = []
    for line in content.splitlines():
        row = json.loads(line)
        context = row.get("context")
        found.append(
            Example(row["id"], row["kind"], row["relevant"], mask(clean(row["text"])), context and mask(clean(context)))
        )
    return found


def own_examples() -> list[Example]:
    """All texts of our own that are trained on."""
    folder = files("classifier.training")
    return [e for name in OWN_FILES for e in parse_examples(folder.joinpath(name).read_text(encoding="utf-8"))]


def windows(texts: Iterable[str], seed: int) -> list[str]:
    """From each long text a run of 3 to 14 words. Citizens write short and channels write long: without these a text
    is taken for a complaint because it is short."""
    chance = random.Random(seed)  # noqa: S311  reproducible, not secret
    found = []
    for text in texts:
        words = text.split()
        size = chance.randint(3, 14)
        if len(words) > size + 2:
            start = chance.randint(0, len(words) - size)
            found.append(" ".join(words[start : start + size]))
    return found


def spread(keys: Sequence[str], count: int) -> Ints:
    """A fold per text; equal keys share one."""
    unique = sorted(set(keys))
    order = np.random.default_rng(SEED).permutation(len(unique))
    fold_of = {unique[int(i)]: n % count for n, i in enumerate(order)}
    return np.array([fold_of[key] for key in keys], dtype=np.int64)


@dataclass(slots=True)
class Corpus:
    """Everything that is fitted on, in one order: matrices of counts, and per row where it is from."""

    examples: list[Example]
    comments: list[Example]
    words: Listed
    cues: Listed
    frequency: Ints
    counts: tuple[csr_matrix, csr_matrix]
    length: Floats
    relevant: npt.NDArray[np.bool_]
    origin: npt.NDArray[np.str_]
    """citizens, channels, windows or own"""
    fold: Ints


def corpus(
    citizens: Sequence[Row], channels: Sequence[Row], count: int = FOLDS, corrected: Sequence[Row] = ()
) -> Corpus:
    """Read all texts. Near-duplicates, whole channels, pairs and contexts stay in one of `count` folds.

    What operators `corrected` counts as texts of our own.
    """
    said = [Example(f"corrected-{n}", "corrected", bool(row.relevant), row.text) for n, row in enumerate(corrected)]
    ours = [*own_examples(), *said]
    comments = [e for e in ours if e.context]
    examples = [e for e in ours if not e.context]
    known = [row for row in citizens if row.relevant]
    runs: list[tuple[str, str]] = [
        (run, row.origin) for n, row in enumerate(channels) for run in windows([row.text], SEED + n)
    ]
    names = sorted({row.origin for row in channels})
    channel_fold = {name: n % count for n, name in enumerate(names)}
    own_fold = spread([e.key for e in examples], count)
    parts: dict[str, tuple[list[str], Sequence[bool], Sequence[int]]] = {
        "citizens": (
            [row.text for row in known],
            [True] * len(known),
            folds(clusters([row.lemmas for row in known]), count, SEED).tolist(),
        ),
        "channels": (
            [row.text for row in channels],
            [False] * len(channels),
            [channel_fold[row.origin] for row in channels],
        ),
        "windows": ([run for run, _ in runs], [False] * len(runs), [channel_fold[name] for _, name in runs]),
        "own": ([e.text for e in examples], [e.relevant for e in examples], own_fold.tolist()),
    }
    readings = [read(cut(text)) for texts, _, _ in parts.values() for text in texts]
    origin = np.repeat(list(parts), [len(texts) for texts, _, _ in parts.values()])
    words, cues, frequency = choose(readings, origin, [text for texts, _, _ in parts.values() for text in texts])
    return Corpus(
        examples,
        comments,
        words,
        cues,
        frequency,
        (words.count(r.words for r in readings), cues.count(r.cues for r in readings)),
        np.array([float(r.length) for r in readings]),
        np.array([value for _, relevant, _ in parts.values() for value in relevant], dtype=np.bool_),
        origin,
        np.array([value for _, _, fold in parts.values() for value in fold], dtype=np.int64),
    )


def choose(
    readings: Sequence[Reading], origin: npt.NDArray[np.str_], texts: Sequence[str]
) -> tuple[Listed, Listed, Ints]:
    """Listed words and cues, and in how many different texts each occurs: at least 3, and no names."""
    ours: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    total: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    seen: set[str] = set()
    for reading, where, text in zip(readings, origin, texts, strict=True):
        if where == "windows" or text in seen:  # parts and repetitions of texts that are counted
            continue
        seen.add(text)
        for i, tokens in enumerate((set(reading.words), set(reading.cues))):
            total[i].update(tokens)
            if where == "own":
                ours[i].update(tokens)
    proper = unknown_capitals(texts)
    stems = {word[:-1]: False for word in total[0] if word.endswith("*")}
    for word in total[0]:
        if not word.endswith("*") and word[:5] in stems and allowed_word(word, proper):
            stems[word[:5]] = True

    def enough(token: str, i: int) -> bool:
        return total[i][token] >= (MIN_TEXTS if ours[i][token] > 1 else FEW_ELSEWHERE)

    words = [
        t
        for t in total[0]
        if enough(t, 0) and (stems[t[:-1]] and allowed_prefix(t) if t.endswith("*") else allowed_word(t, proper))
    ]
    cues = [t for t in total[1] if enough(t, 1) and allowed_cue(t, proper)]
    listed = Listed(sorted(words)), Listed(sorted(cues))
    frequency = [total[i][token] for i in (0, 1) for token in listed[i].tokens]
    return *listed, np.array(frequency, dtype=np.int64)


def allowed_prefix(token: str) -> bool:
    """Whether the first letters of words may be a token: not where they are a name themselves."""
    return all("а" <= letter <= "я" or letter == "-" for letter in token[:-1]) and allowed_word(token[:-1])


def allowed_cue(token: str, proper: frozenset[str] = frozenset()) -> bool:
    """Whether a cue may be listed: classes and layout always, a verb and its neighbour if neither is a name."""
    marked = [part for part in token.split(" ") if "/" in part]
    if not marked or any(mark in token for mark in "=>") or token.startswith(("first ", "last ")):
        return True
    plain = [part.partition("/")[0] for part in token.split(" ")]
    return all(allowed_word(word, proper) for word in plain)


def fit_net(data: Corpus, train: Ints) -> Relevance:
    """The hidden layer, learned from the rows `train`; the third model and the one of answers are yet to be fitted."""
    idf = [idf_of(counts[train]) for counts in data.counts]
    matrix = csr_matrix(hstack([tfidf(c[train], i) for c, i in zip(data.counts, idf, strict=True)]), dtype=np.float32)
    words = begin(data.words.tokens)

    def first(source: np.random.Generator, hidden: int) -> Floats32:
        cues = source.normal(scale=CHANCE, size=(len(data.cues), hidden))
        return np.vstack([words(source, hidden), cues.astype(np.float32)])

    task = Task(data.relevant[train].astype(np.int64), 2)
    nets = []
    for number in range(NETS):
        seen = seen_by(data.origin[train], np.random.default_rng(SEED + number))
        nets.append(descent.fit(matrix[seen], [part_of(task, seen)], SETTINGS, SEED + number, start=first))
    table, turn = narrow(matrix, np.hstack([net.embedding for net in nets]), RANK)
    weights = np.vstack([net.weights[0] for net in nets]) / np.float32(NETS)
    bias = np.mean([net.bias[0] for net in nets], axis=0)
    cut_at = len(data.words)
    return Relevance(
        Bag(data.words, idf[0], table[:cut_at]),
        Bag(data.cues, idf[1], table[cut_at:]),
        data.frequency,
        turn * np.float32(SETTINGS.scale),
        np.concatenate([net.hidden_bias for net in nets]),
        weights[:, 1] - weights[:, 0],
        float(bias[1] - bias[0]),
        np.array([1.0, 0.0, 0.0, 0.0]),
        np.zeros(answer(np.zeros(1), np.zeros(1), [[]]).shape[1] + 1),
    )


def seen_by(origin: npt.NDArray[np.str_], chance: np.random.Generator) -> Ints:
    """Rows that one net learns from: a part of each kind, and our own texts many times."""
    part = np.array([PARTS[where] for where in origin])
    rows = np.flatnonzero(chance.random(len(origin)) < part)
    return np.repeat(rows, np.where(origin[rows] == "own", OWN_TIMES, 1))


def out_of_fold(data: Corpus) -> Floats:
    """Scores where no text's own fold had a part in them."""
    found = np.zeros(len(data.fold))
    for held in sorted(set(data.fold.tolist())):
        test = np.flatnonzero(data.fold == held)
        net = fit_net(data, np.flatnonzero(data.fold != held))
        found[test] = net.scores(data.counts[0][test], data.counts[1][test])
    return found


def fit_joint(data: Corpus, scores: Floats, rows: Ints) -> Floats:
    """Weights of the third model, constant last, from out-of-fold scores of `rows`. Also the calibration."""
    weight = np.where(data.origin[rows] == "windows", WINDOW_WEIGHT, 1.0)
    seen = shape(scores[rows], data.length[rows])
    scale = seen.std(axis=0)
    estimator = LogisticRegression(max_iter=1000, random_state=SEED)
    estimator.fit(seen / scale, data.relevant[rows], sample_weight=weight)
    return np.append(estimator.coef_[0] / scale, estimator.intercept_[0])


def fit_answers(model: Relevance, comments: Sequence[Example]) -> Floats:
    """Weights of the model for comments with a context. Neither comments nor contexts were learned from before."""
    alone, told = (
        _log_odds(model.probabilities([text or "" for text in texts]))
        for texts in ([c.text for c in comments], [c.context for c in comments])
    )
    seen = answer(alone, told, [read(cut(c.text)).cues for c in comments])
    relevant = np.array([c.relevant for c in comments])
    estimator = LogisticRegression(C=ANSWERS_C, max_iter=1000, random_state=SEED).fit(seen, relevant)
    return np.append(estimator.coef_[0], estimator.intercept_[0])


def _log_odds(probability: Floats) -> Floats:
    bounded = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(bounded / (1 - bounded)), dtype=np.float64)


def fit(data: Corpus) -> Relevance:
    """The whole judgement of relevance."""
    everything = np.arange(len(data.fold))
    joint = fit_joint(data, out_of_fold(data), everything)
    model = replace(fit_net(data, everything), joint=joint)
    return replace(model, answers=fit_answers(model, data.comments))


def settings() -> dict[str, Any]:
    """For the model's header."""
    return {**asdict(SETTINGS), "nets": NETS, "rank": RANK, "parts": PARTS, "own_times": OWN_TIMES}
