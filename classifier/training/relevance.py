"""Texts for relevance, and how its models are fitted. The rules of labelling are in docs/relevance.md."""

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse import vstack as stack_rows
from sklearn.linear_model import LogisticRegression

from classifier.cues import Reading, read
from classifier.features import Floats, Listed
from classifier.linear import LinearHead
from classifier.relevance import SIDES, Relevance, Side, answer, shape
from classifier.training.data import OWN_FILES, Row
from classifier.training.fit import SEED, Ints, idf_of
from classifier.training.folds import clusters, folds
from classifier.training.names import MIN_TEXTS, allowed_word, unknown_capitals
from text import clean, cut, mask

FOLDS = 3
"""Out-of-fold scores for the third model and the one of answers."""
FEW_FROM_CHANNELS = 15
"""Tokens that only channels use must occur this often: there are many."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How strongly a side regularises and weighs its texts; `own_idf` counts frequencies in our own texts only.

    Figures: docs/decisions/2026-11-28-relevance-two-sides.md.
    """

    c: float
    citizens: float
    channels: float
    windows: float
    own: float
    joined: float
    own_idf: bool


MIXES = {
    "voice": Mix(c=2.0, citizens=1.0, channels=1.0, windows=0.3, own=5.0, joined=0.0, own_idf=False),
    "trouble": Mix(c=1.0, citizens=0.04, channels=0.12, windows=0.04, own=10.0, joined=0.2, own_idf=True),
}
JOINT_OWN_WEIGHT = 20.0
"""Weight of our own texts in the third model: more is better for hard texts and worse for citizens against channels."""
ANSWERS_C = 0.5


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


def joined(examples: Sequence[Example], fold: Ints, seed: int) -> tuple[list[str], list[bool], list[int]]:
    """Two of our texts in a row, with relevance and fold: talk and a trouble are a trouble, talk and thanks are talk.

    Both come from one fold. What is solved and halves of pairs don't stand for talk: next to a trouble they would read
    as its end.
    """
    chance = random.Random(seed)  # noqa: S311  reproducible, not secret
    texts: list[str] = []
    relevant: list[bool] = []
    place: list[int] = []
    for number in sorted(set(fold.tolist())):
        part = [e for e, f in zip(examples, fold, strict=True) if f == number]
        troubles = [e.text for e in part if e.relevant]
        talk = [e.text for e in part if not e.relevant and not e.kind.endswith(("solved", "pair"))]
        for _ in part if troubles and talk else ():
            pair = [chance.choice(troubles), chance.choice(talk)]
            chance.shuffle(pair)
            texts += [". ".join(pair), ". ".join(chance.choices(talk, k=2))]
            relevant += [True, False]
            place += [number, number]
    return texts, relevant, place


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
    """citizens, channels, windows, own or joined"""
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
    both, both_relevant, both_fold = joined(examples, own_fold, SEED)
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
        "joined": (both, both_relevant, both_fold),
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
    wanted: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    total: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    seen: set[str] = set()
    for reading, where, text in zip(readings, origin, texts, strict=True):
        if where in ("windows", "joined") or text in seen:  # parts and repetitions of texts that are counted
            continue
        seen.add(text)
        for i, tokens in enumerate((set(reading.words), set(reading.cues))):
            total[i].update(tokens)
            if where != "channels":
                wanted[i].update(tokens)
    proper = unknown_capitals(texts)
    stems = {word[:-1]: False for word in total[0] if word.endswith("*")}
    for word in total[0]:
        if not word.endswith("*") and word[:5] in stems and allowed_word(word, proper):
            stems[word[:5]] = True

    def enough(token: str, i: int) -> bool:
        return total[i][token] >= (MIN_TEXTS if token in wanted[i] else FEW_FROM_CHANNELS)

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


def fit_sides(data: Corpus, train: Ints) -> dict[str, Side]:
    """Both linear models, learned from the rows `train`."""
    return {name: _fit_side(data, train, MIXES[name]) for name in SIDES}


def _fit_side(data: Corpus, train: Ints, mix: Mix) -> Side:
    weight_of = {
        "citizens": mix.citizens,
        "channels": mix.channels,
        "windows": mix.windows,
        "own": mix.own,
        "joined": mix.joined,
    }
    weight = np.array([weight_of[where] for where in data.origin[train]])
    used = train[weight > 0]
    base = used[data.origin[used] == "own"] if mix.own_idf else used
    heads = [
        LinearHead(("no", "yes"), idf_of(counts[base]), np.zeros((counts.shape[1], 1)), np.zeros(1))
        for counts in data.counts
    ]
    matrix = csr_matrix(_beside([head.matrix(counts[used]) for head, counts in zip(heads, data.counts, strict=True)]))
    estimator = LogisticRegression(C=mix.c, max_iter=300, tol=1e-3, random_state=SEED)
    estimator.fit(matrix, data.relevant[used], sample_weight=weight[weight > 0])
    cut = len(data.words)
    column = estimator.coef_.T
    return Side(
        LinearHead(("no", "yes"), heads[0].idf, np.ascontiguousarray(column[:cut]), estimator.intercept_),
        LinearHead(("no", "yes"), heads[1].idf, np.ascontiguousarray(column[cut:]), np.zeros(1)),
    )


def _beside(blocks: Sequence[csr_matrix]) -> csr_matrix:
    return stack_rows([block.T for block in blocks], format="csc").T


def out_of_fold(data: Corpus) -> dict[str, Floats]:
    """Scores of both sides where no text's own fold had a part in them."""
    found = {name: np.zeros(len(data.fold)) for name in SIDES}
    for held in sorted(set(data.fold.tolist())):
        test = np.flatnonzero(data.fold == held)
        sides = fit_sides(data, np.flatnonzero(data.fold != held))
        for name, side in sides.items():
            found[name][test] = side.scores(data.counts[0][test], data.counts[1][test])
    return found


def fit_joint(data: Corpus, scores: dict[str, Floats], rows: Ints) -> Floats:
    """Weights of the third model, constant last, from out-of-fold scores of `rows`. Also the calibration."""
    weight_of = {"citizens": 1.0, "channels": 1.0, "windows": 0.3, "own": JOINT_OWN_WEIGHT, "joined": 0.0}
    weight = np.array([weight_of[where] for where in data.origin[rows]])
    seen = shape(scores["voice"][rows], scores["trouble"][rows], data.length[rows])
    return _logistic(seen, data.relevant[rows], weight, c=1.0)


def _logistic(seen: Floats, relevant: npt.NDArray[np.bool_], weight: Floats, c: float) -> Floats:
    """Weights of a logistic regression on standardised columns, for the columns as they are; constant last."""
    scale = seen.std(axis=0)
    scale[scale == 0.0] = 1.0
    estimator = LogisticRegression(C=c, max_iter=1000, random_state=SEED)
    estimator.fit(seen / scale, relevant, sample_weight=weight)
    return np.append(estimator.coef_[0] / scale, estimator.intercept_[0])


def fit_answers(model: Relevance, comments: Sequence[Example]) -> Floats:
    """Weights of the model for comments with a context. Neither comments nor contexts were learned from before."""
    alone, told = (
        _log_odds(model.probabilities([text or "" for text in texts]))
        for texts in ([c.text for c in comments], [c.context for c in comments])
    )
    seen = answer(alone, told, [read(cut(c.text)).cues for c in comments])
    relevant = np.array([c.relevant for c in comments])
    return _logistic(seen, relevant, np.ones(len(comments)), c=ANSWERS_C)


def _log_odds(probability: Floats) -> Floats:
    bounded = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(bounded / (1 - bounded)), dtype=np.float64)


def fit(data: Corpus) -> Relevance:
    """The whole judgement of relevance."""
    everything = np.arange(len(data.fold))
    joint = fit_joint(data, out_of_fold(data), everything)
    sides = fit_sides(data, everything)
    zero = np.zeros(1)
    unfitted = np.zeros(answer(zero, zero, [[]]).shape[1] + 1)
    model = Relevance(data.words, data.cues, data.frequency, sides, joint, unfitted)
    return Relevance(data.words, data.cues, data.frequency, sides, joint, fit_answers(model, data.comments))
