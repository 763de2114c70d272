"""Figures of relevance: out of fold on the data, and of the shipped model on the texts held out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.evaluation.sections import Given, Section
from classifier.features import Floats
from classifier.relevance import Relevance, shape
from classifier.training.data import perm, telegram
from classifier.training.fit import SEED
from classifier.training.relevance import Corpus, Example, corpus, fit_joint, out_of_fold, own_examples, parse_examples

FOLDS = 5
HELD_OUT = Path(__file__).parents[2] / "tests" / "classifier" / "relevance_hard_heldout.jsonl"
BOOTSTRAP = 1000


def measure(given: Given) -> dict[str, Any]:
    """All figures; the texts of `HELD_OUT` were never learned from."""
    given.told("Значимость: перекрёстная проверка")
    citizens, channels = perm(given.folder), telegram(given.folder)
    data = corpus(citizens, channels, FOLDS)
    examples = parse_examples(HELD_OUT.read_text(encoding="utf-8"))
    ours = {example.text for example in (*examples, *own_examples())}
    model = given.model.relevance
    return {
        "out_of_fold": figures_out_of_fold(data),
        "held_out": figures_of_examples(examples, judged(model, examples)),
        "context": figures_of_context(model, examples),
        "texts": {"trained on": len(data.examples) + len(data.comments), "held out": len(examples)},
        "texts shared with the data sets": len(ours & {row.text for row in (*citizens, *channels)}),
    }


def cross_fitted(data: Corpus) -> Floats:
    """Log-odds of every row of `data`, each from models that its fold had no part in."""
    found = out_of_fold(data)
    scores = np.zeros(len(data.fold))
    for held in sorted(set(data.fold.tolist())):
        test = np.flatnonzero(data.fold == held)
        weights = fit_joint(data, found, np.flatnonzero(data.fold != held))
        seen = shape(found[test], data.length[test])
        scores[test] = seen @ weights[:-1] + weights[-1]
    return scores


def figures_out_of_fold(data: Corpus) -> dict[str, Any]:
    """Citizens against channels held out whole, and our training texts by kind."""
    scores = cross_fitted(data)
    citizens, channels = (scores[data.origin == name] for name in ("citizens", "channels"))
    limit = float(np.quantile(channels, 0.98))
    hard = [(e, s) for e, s in zip(data.examples, scores[data.origin == "own"], strict=True) if "first-" not in e.kind]
    return {
        "recall of citizens at 2 % false alarms on unseen channels": with_interval(citizens > limit),
        "recall of citizens at probability 0.5": with_interval(citizens > 0),
        "false alarms on unseen channels at probability 0.5": with_interval(channels > 0),
        "our training texts": figures_of_examples([e for e, _ in hard], np.array([s for _, s in hard])),
    }


def judged(model: Relevance, examples: Sequence[Example]) -> Floats:
    """Log-odds of examples, comments with their context."""
    probability = model.probabilities([e.text for e in examples], [e.context for e in examples])
    bounded = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(bounded / (1 - bounded)), dtype=np.float64)


def figures_of_examples(examples: Sequence[Example], scores: Floats) -> dict[str, Any]:
    """Recall at 5 % false alarms on hard negatives, the order in pairs, and each kind at that limit."""
    single = np.array([e.kind not in ("pair", "comment") for e in examples])
    relevant = np.array([e.relevant for e in examples])
    limit = float(np.quantile(scores[single & ~relevant], 0.95))
    by_key: dict[str, dict[bool, float]] = {}
    for e, score in zip(examples, scores, strict=True):
        if e.kind == "pair":
            by_key.setdefault(e.key, {})[e.relevant] = float(score)
    whole = [pair for pair in by_key.values() if len(pair) == 2]
    pairs = np.array([e.kind == "pair" for e in examples])
    return {
        "recall at 5 % false alarms on hard negatives": with_interval(scores[single & relevant] > limit),
        "the same, halves of pairs among both": with_interval(
            scores[(single | pairs) & relevant] > np.quantile(scores[(single | pairs) & ~relevant], 0.95)
        ),
        "pairs in the right order": with_interval(np.array([pair[True] > pair[False] for pair in whole])),
        "recall at probability 0.5": with_interval(scores[single & relevant] > 0),
        "false alarms at probability 0.5": with_interval(scores[single & ~relevant] > 0),
        "kinds": {
            kind: {
                "relevant": bool(relevant[mask][0]),
                "texts": int(mask.sum()),
                "above the limit": float((scores[mask] > limit).mean()),
                "above 0.5": float((scores[mask] > 0).mean()),
            }
            for kind in sorted({e.kind for e in examples} - {"pair", "comment"})
            if (mask := np.array([e.kind == kind for e in examples])).any()
        },
    }


def figures_of_context(model: Relevance, examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Comments judged with what they answer and without."""
    comments = [e for e in examples if e.context]
    relevant = np.array([e.relevant for e in comments])
    found = {}
    for name, contexts in (("with context", [e.context for e in comments]), ("without", None)):
        positive = model.probabilities([e.text for e in comments], contexts) >= 0.5
        found[name] = {
            "comments": len(comments),
            "accuracy": float((positive == relevant).mean()),
            "recall": float(positive[relevant].mean()),
            "false alarms": float(positive[~relevant].mean()),
        }
    return found


def with_interval(hits: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Share, number of texts, and a 95 % bootstrap interval over texts."""
    chance = np.random.default_rng(SEED)
    share = float(hits.mean())
    means = chance.binomial(len(hits), share, size=BOOTSTRAP) / len(hits)
    low, high = np.quantile(means, [0.025, 0.975])
    return {"value": share, "low": float(low), "high": float(high), "texts": len(hits)}


def show(figures: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    lines = ["| relevance | value | 95 % interval | texts |", "| --- | --- | --- | --- |"]

    def rows(part: dict[str, Any], prefix: str) -> None:
        for name, value in part.items():
            if isinstance(value, dict) and "low" in value:
                lines.append(
                    f"| {prefix}{name} | {value['value']:.3f} | {value['low']:.3f}–{value['high']:.3f} "
                    f"| {value['texts']} |"
                )

    rows(figures["out_of_fold"], "")
    rows(figures["out_of_fold"]["our training texts"], "our training texts, out of fold: ")
    rows(figures["held_out"], "held out: ")
    lines += ["", "| comments held out | accuracy | recall | false alarms | texts |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {f['accuracy']:.3f} | {f['recall']:.3f} | {f['false alarms']:.3f} | {f['comments']:.0f} |"
        for name, f in figures["context"].items()
    ]
    lines += [
        "",
        "| kind held out | relevant | texts | above the limit | above 0.5 |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {kind} | {'yes' if f['relevant'] else 'no'} | {f['texts']} | {f['above the limit']:.2f} "
        f"| {f['above 0.5']:.2f} |"
        for kind, f in figures["held_out"]["kinds"].items()
    ]
    return "\n".join(lines)


SECTION = Section("relevance", "Relevance", measure, show)
