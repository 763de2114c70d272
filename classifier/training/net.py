"""How a net is trained: a hidden layer by descent and linear SVMs on the same features, blended and calibrated.

The two err differently: on the Perm set their blend is better than either, and than several nets together
(docs/decisions/2026-11-28-classifier-tries.md).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.isotonic import IsotonicRegression
from sklearn.svm import LinearSVC

from classifier.curve import STRAIGHT, Curve
from classifier.features import Floats, Floats32
from classifier.linear import softmax
from classifier.net import TINY, Embedding, Net, Table
from classifier.training.descent import Ints, Task
from classifier.training.estimator import HiddenLayerClassifier
from classifier.training.fit import SEED
from classifier.training.folds import clusters, folds
from classifier.training.tokens import Chosen, choose_words
from classifier.training.vectors import Begin, begin, installed

NETS = 2
"""Hidden layers that begin differently and whose scores are averaged. Side by side they are one layer of twice the
width."""
RANK = 256
"""Numbers that a token keeps for both hidden layers together: on the Perm set they hold 95 % of what sums of texts vary
by. Out of fold nothing is lost with them, and little with 192."""
SVC_C = 0.4
HOLD_OUT = 5
"""One fifth of the texts tells how the parts are blended and how sure the blend may be."""
FEW = 30
"""Held-out texts below which the factors would be chance; then `USUAL` are taken."""
UNSEEN = -20.0
"""Score of the hidden layer for a label that a training part has no text of, and `NEVER` its margin."""
NEVER = -1.5
LEANING = 0.35
"""Towards rare labels that have no groups: chosen with topics of the Perm set, before groups leant on their own; heads
of other columns are measured with it (docs/evaluation.md), not tuned."""
GROUP_LEANING = 0.7
TOPIC_LEANING = 0.5
"""Where labels have groups: towards rare groups, and towards the rare topics of a group. Out of fold on the Perm set
they add 0.011 to the weighted F1 of groups and 0.026 to that of topics, and accuracy rises by 0.002; 0.35 for both adds
0.006 and 0.018, and a leaning of each topic's own, fitted on the other folds, 0.006 and 0.023 to 0.027."""
MOST_KNOTS = 12
TEXTS_PER_KNOT = 40
"""A share of 40 texts is known to 0.08; isotonic regression pools bins that contradict each other."""

Told = Callable[[float], None]
Views = tuple[csr_matrix, csr_matrix]
"""The inner and the direct view of some texts (`classifier.words`)."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts as lemmas and what is to be learned of them; `parent` maps a label to its group. `helpers` are further
    columns that are learned beside it and not kept: a shared hidden layer learns from them."""

    texts: Sequence[Sequence[str]]
    labels: Sequence[str]
    parent: Mapping[str, str] | None = None
    helpers: Sequence[Sequence[str | None]] = ()


@dataclass(frozen=True, slots=True)
class Blend:
    """Factors of the parts' scores."""

    hidden: float
    linear: float


USUAL = Blend(0.75, 0.9)
"""What the Perm set gives."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Of the parts, texts × labels."""

    hidden: Floats32
    linear: Floats32

    def rows(self, rows: Ints) -> "Scores":
        """Those of some texts."""
        return Scores(self.hidden[rows], self.linear[rows])

    def probabilities(self, blend: Blend) -> Floats:
        """Of the labels."""
        blended = blend.hidden * self.hidden.astype(np.float64) + blend.linear * self.linear
        return np.asarray(softmax(blended), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """`weights` (tokens × labels) and `bias`."""

    weights: Floats32
    bias: Floats32


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What is learned, before it is blended. `embedding` (tokens × R), `turn` (R × H), `hidden_bias`, `weights` and
    `bias` are those of the hidden layers side by side."""

    embedding: Floats32
    turn: Floats32
    hidden_bias: Floats32
    weights: Floats32
    bias: Floats32
    linear: Linear

    def scores(self, views: Views) -> Scores:
        """Of texts in both views."""
        inner, direct = views
        hidden = np.maximum(inner @ self.embedding @ self.turn + self.hidden_bias, 0.0)
        return Scores(
            hidden @ self.weights + self.bias,
            direct @ self.linear.weights + self.linear.bias,
        )


def fit_parts(
    views: Views,
    tasks: Sequence[Task],
    start: Begin,
    *,
    told: Told = lambda _: None,
) -> Parts:
    """The first task is the one whose scores are wanted, others only help the hidden layers."""
    inner, direct = views
    main = tasks[0]
    nets = [
        HiddenLayerClassifier(random_state=SEED + n).fit(
            inner,
            main.truth,
            parent=main.parent,
            helpers=tasks[1:],
            start=start,
            told=lambda done, n=n: told((n + done) / NETS),  # type: ignore[misc]
        )
        for n in range(NETS)
    ]
    classes = nets[0].classes_
    hidden_bias = np.concatenate([net.hidden_bias_ for net in nets])
    weights = np.zeros((len(hidden_bias), main.labels), dtype=np.float32)
    bias = np.full(main.labels, UNSEEN, dtype=np.float32)
    weights[:, classes] = np.vstack([net.weights_ for net in nets]) / NETS
    bias[classes] = np.mean([net.bias_ for net in nets], axis=0)
    embedding, turn = narrow(inner, np.hstack([net.embedding_ for net in nets]), RANK)
    return Parts(embedding, turn, hidden_bias, weights, bias, _svm(direct, main.truth, main.labels))


def narrow(texts: csr_matrix, embedding: Floats32, rank: int) -> tuple[Floats32, Floats32]:
    """The embedding (tokens × H) as a product of tokens × R and R × H: of all such products the one that changes the
    sums of these texts least (principal components of the sums, not of the rows: rare tokens count little).

    The components are turned by chance: a row is stored in int8 with one scale, so that none may dwarf the others.
    """
    rank = min(rank, embedding.shape[1])
    sums = (texts @ embedding).astype(np.float64)
    _, components = np.linalg.eigh(sums.T @ sums)
    mixed = np.linalg.qr(np.random.default_rng(SEED).normal(size=(rank, rank)))[0]
    base = (components[:, -rank:] @ mixed).astype(np.float32)
    return embedding @ base, base.T


def _svm(direct: csr_matrix, truth: Ints, labels: int) -> Linear:
    """One against the rest. A label that no text has is never the answer."""
    weights = np.zeros((direct.shape[1], labels), dtype=np.float32)
    bias = np.full(labels, NEVER, dtype=np.float32)
    if not direct.shape[1]:
        return Linear(weights, bias)
    estimator = LinearSVC(C=SVC_C, random_state=SEED).fit(direct.astype(np.float64), truth)
    coefficients, intercepts = estimator.coef_, estimator.intercept_
    if len(estimator.classes_) == 2:
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.concatenate([-intercepts, intercepts])
    weights[:, estimator.classes_] = coefficients.T
    bias[estimator.classes_] = intercepts
    return Linear(weights, bias)


def fit_blend(scores: Scores, task: Task) -> Blend:
    """The factors that make held-out labels and their groups likeliest: temperature scaling with two scores.

    Guo et al. (2017), "On calibration of modern neural networks".
    """
    truth, parent = task.truth, task.parent
    rows = np.arange(len(truth))
    same = None if parent is None else parent[None, :] == parent[truth][:, None]

    def loss(logarithms: Floats) -> float:
        probability = scores.probabilities(Blend(*np.exp(logarithms)))
        found = -np.log(np.maximum(probability[rows, truth], TINY)).mean()
        if same is not None:
            found += -np.log(np.maximum((probability * same).sum(axis=1), TINY)).mean()
        return float(found)

    at = np.log([USUAL.hidden, USUAL.linear])
    # Nelder-Mead's own first steps are a share of the values, and so nothing where a logarithm is 0
    corners = at + np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 0.3]])
    options = {"xatol": 0.01, "fatol": 1e-4, "maxiter": 80, "initial_simplex": corners}
    found = minimize(loss, at, method="Nelder-Mead", options=options)
    return Blend(*(float(value) for value in np.exp(found.x)))


def fit_curve(probability: Floats, right: npt.NDArray[np.bool_]) -> Curve:
    """Shares of right answers in bins of equally many texts, made to rise: isotonic regression on bins.

    Zadrozny and Elkan (2002). `STRAIGHT` where there are too few texts.
    """
    bins = min(MOST_KNOTS, len(right) // TEXTS_PER_KNOT)
    if bins < 2:
        return STRAIGHT
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    said = np.array([probability[part].mean() for part in parts])
    shares = np.array([right[part].mean() for part in parts])
    rising = IsotonicRegression().fit_transform(np.arange(bins), shares)
    return Curve(np.concatenate([[0.0], said, [1.0]]), np.concatenate([[0.0], rising, [max(rising[-1], 0.999)]]))


def leaning(task: Task) -> Floats32:
    """Towards rare labels: minus a share of the logarithm of how frequent each is, or its group and it in its group."""
    counts = np.maximum(np.bincount(task.truth, minlength=task.labels), 1)
    if task.parent is None:
        return (-LEANING * np.log(counts / len(task.truth))).astype(np.float32)
    group = np.bincount(task.parent, weights=counts)[task.parent]
    towards = -GROUP_LEANING * np.log(group / len(task.truth)) - TOPIC_LEANING * np.log(counts / group)
    return towards.astype(np.float32)


def net_of(parts: Parts, chosen: Chosen, labels: Sequence[str], task: Task, blend: Blend) -> Net:
    """For prediction: int8 rows, the blend folded into the weights."""
    linear = np.float32(blend.linear)
    return Net(
        labels=tuple(labels),
        embedding=Embedding(chosen.words, Table.of(parts.embedding), Table.of(parts.linear.weights * linear)),
        frequency=chosen.frequency,
        turn=parts.turn,
        hidden_bias=parts.hidden_bias,
        weights=parts.weights * np.float32(blend.hidden),
        bias=parts.bias * np.float32(blend.hidden) + parts.linear.bias * linear,
        leaning=leaning(task),
    )


def settings() -> dict[str, Any]:
    """What a net depends on besides its texts, for the header of its file."""
    return {
        **HiddenLayerClassifier(random_state=SEED).get_params(),
        "nets": NETS,
        "rank": RANK,
        "svc_c": SVC_C,
        "word_vectors": installed(),
    }


def indices(values: Sequence[str], labels: Sequence[str]) -> Ints:
    """The index of each value among sorted labels."""
    return np.searchsorted(np.asarray(labels), np.asarray(values)).astype(np.int64)


def tasks_of(data: Labelled) -> tuple[tuple[str, ...], list[Task]]:
    """Sorted labels, and the tasks of descent."""
    names = tuple(sorted(set(data.labels)))
    parent = None
    if data.parent is not None:
        groups = sorted({data.parent[name] for name in names})
        parent = indices([data.parent[name] for name in names], groups)
    tasks = [Task(indices(data.labels, names), len(names), parent)]
    for column in data.helpers:
        known = {value: i for i, value in enumerate(sorted({value for value in column if value is not None}))}
        truth = np.array([-1 if value is None else known[value] for value in column], dtype=np.int64)
        tasks.append(Task(truth, len(known)))
    return names, tasks


def part_of(task: Task, rows: Ints) -> Task:
    """The task for some of its texts."""
    return replace(task, truth=task.truth[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A net, and the probabilities and labels of the texts that were held out for its calibration; there are none where
    there were too few texts."""

    net: Net
    blend: Blend
    probability: Floats
    task: Task


def train_net(data: Labelled, proper: frozenset[str], told: Told = lambda _: None) -> Trained:
    """A calibrated net. It is trained twice: without a fifth of the texts, which tells the factors, and with all."""
    chosen = choose_words(data.texts, proper)
    inner, direct = chosen.words.views(data.texts)
    start = begin(chosen.words.tokens)
    names, tasks = tasks_of(data)
    fold = folds(clusters(data.texts), HOLD_OUT, SEED)
    kept, held = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
    held = held if len(held) >= FEW else held[:0]
    blend, curve = USUAL, STRAIGHT
    task = part_of(tasks[0], held)
    probability = np.zeros((0, len(names)))
    if len(held):
        some = [part_of(one, kept) for one in tasks]
        without = fit_parts((inner[kept], direct[kept]), some, start, told=lambda done: told(done / 2))
        scores = without.scores((inner[held], direct[held]))
        blend = fit_blend(scores, task)
        probability = scores.probabilities(blend)
        answer = (np.log(probability + TINY) + leaning(tasks[0])).argmax(axis=1)
        curve = fit_curve(probability[np.arange(len(held)), answer], answer == task.truth)
    parts = fit_parts((inner, direct), tasks, start, told=lambda done: told((1 + done) / 2))
    told(1.0)
    net = replace(net_of(parts, chosen, names, tasks[0], blend), curve=curve)
    return Trained(net, blend, probability, task)
