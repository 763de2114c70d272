"""Does a text report or ask about a current trouble? A hidden layer over words and cues; no words are kept.

    view     = tf-idf of the words, scaled to length 1, and the same of the cues, times the numbers of each token
    score    = max(0, view · turn + hidden_bias) · weights + bias
    log-odds = what a third small model makes of the score and of how long the text is

The layer learned from citizens' messages, from channels' posts, and most of all from texts of our own that differ in
nothing but whether there is a trouble. A comment is judged with the text it answers. Numpy and scipy only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from classifier.cues import Reading, read
from classifier.features import Floats, Floats32, Listed, tfidf
from classifier.linear import quantise
from classifier.modelfile import Array, pack_strings, unpack_strings
from text import Cut, cut

ANSWER_CUES = (
    *("=echo", "=we", "=still", "=lack", "=thanks", "=joy", "=ask", "=who", "=duration", "=burden", "=bad", "=office"),
    *("=fix/past", "=не fix/past", "=fix/is", "=не fix/is", "=fail/past", "=fail/is", "=plead/do", "=but", "=you"),
    *("=now", "=play", "?", "!", "!!", "emoji", "smile", "words<4", "words<9", "words<20"),
)
"""Cues of a comment that tell whether it stands by what it answers («и у нас») or ends it («спасибо, сделали»)."""


@dataclass(frozen=True, slots=True, eq=False)
class Bag:
    """Listed tokens (V) with their `idf` (V) and what each adds to a view: `table` (V × R)."""

    listed: Listed
    idf: Floats
    table: Floats32

    def view(self, counts: csr_matrix) -> Floats32:
        """Of texts given as counts, n × R; zero for a text of unknown tokens."""
        return np.asarray(tfidf(counts, self.idf).astype(np.float32) @ self.table)

    def parts(self, tokens: Sequence[str], slope: Floats) -> dict[str, float]:
        """What each token of one text adds to a sum over its view, weighed by `slope` (R)."""
        row = tfidf(self.listed.count([tokens]), self.idf)
        added = row.data * (self.table[row.indices].astype(np.float64) @ slope)
        return {self.listed.tokens[column]: float(value) for column, value in zip(row.indices, added, strict=True)}

    def arrays(self, name: str) -> dict[str, Array]:
        """For the model's file: numbers as int8 with a scale per token."""
        packed, scale = quantise(self.table)
        return {
            name: pack_strings(self.listed.tokens),
            f"{name}.idf": self.idf.astype(np.float32),
            f"{name}.table": packed,
            f"{name}.scale": scale,
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, Array], rank: int) -> "Bag":
        """The inverse of `arrays`, to quantisation; `rank` is R.

        Raises:
            KeyError: an array is missing.
            ValueError: shapes contradict each other.
        """
        listed = Listed(unpack_strings(arrays[name]))
        packed, scale, idf = (arrays[f"{name}.{part}"] for part in ("table", "scale", "idf"))
        expected = ((len(listed), rank), (len(listed),), (len(listed),))
        if (packed.shape, scale.shape, idf.shape) != expected:
            raise ValueError(f"{name}: {packed.shape}, {scale.shape} and {idf.shape} numbers, expected {expected}")
        return cls(listed, idf.astype(np.float64), packed.astype(np.float32) * scale[:, None])


def shape(score: Floats, length: Floats) -> Floats:
    """What the third model sees: the score, how long a text is, and how the score counts with the length."""
    size = np.log1p(length)
    return np.column_stack([score, score * size, size])


def answer(own: Floats, context: Floats, cues: Sequence[Sequence[str]]) -> Floats:
    """What a comment is judged by: its own score, that of the text it answers, and its cues weighed by the latter."""
    told = _sigmoid(context)[:, None]
    marks = np.array([[cue in set(of_text) for cue in ANSWER_CUES] for of_text in cues], dtype=np.float64)
    marks = marks.reshape(len(cues), len(ANSWER_CUES))
    score = np.clip(own, -6, 6)[:, None]
    return np.hstack([score, told, score * told, marks, marks * told])


@dataclass(frozen=True, slots=True, eq=False)
class Relevance:
    """The whole judgement: `turn` (R × H), `hidden_bias` (H), `weights` (H) and `bias` of the hidden layer; `joint` and
    `answers` are weights with the constant last."""

    words: Bag
    cues: Bag
    frequency: npt.NDArray[np.int64]
    """In how many training texts each word, then each cue occurs; at least 3."""
    turn: Floats32
    hidden_bias: Floats32
    weights: Floats32
    bias: float
    joint: Floats
    answers: Floats

    def probabilities(self, texts: Sequence[str], contexts: Sequence[str | None] | None = None) -> Floats:
        """Calibrated probability per cleaned text; a text with a context is judged as an answer to it."""
        return _sigmoid(self.log_odds(texts, contexts))

    def log_odds(self, texts: Sequence[str], contexts: Sequence[str | None] | None = None) -> Floats:
        """Of the probabilities; see there."""
        return self._log_odds(list(map(cut, texts)), [cut(one) if one else None for one in contexts or ()])

    def judge(self, texts: Sequence[Cut], contexts: Sequence[Cut | None]) -> Floats:
        """`probabilities` of texts that are cut already."""
        return _sigmoid(self._log_odds(texts, contexts))

    def _log_odds(self, texts: Sequence[Cut], contexts: Sequence[Cut | None]) -> Floats:
        readings = list(map(read, texts))
        scores = self._scores(readings)
        answered = [(i, context) for i, context in enumerate(contexts) if context]
        if answered:
            answers = [i for i, _ in answered]
            told = self._scores([read(context) for _, context in answered])
            seen = answer(scores[answers], told, [readings[i].cues for i in answers])
            scores[answers] = seen @ self.answers[:-1] + self.answers[-1]
        return scores

    def scores(self, words: csr_matrix, cues: csr_matrix) -> Floats:
        """Of texts given as counts of both kinds; above 0 speaks for relevance."""
        hidden = np.maximum(self._inner(words, cues), 0.0)
        return np.asarray(hidden @ self.weights + self.bias, dtype=np.float64)

    def _inner(self, words: csr_matrix, cues: csr_matrix) -> Floats32:
        """What reaches the hidden units, n × H; those above 0 are opened."""
        view = self.words.view(words) + self.cues.view(cues)
        return np.asarray(view @ self.turn + self.hidden_bias)

    def _scores(self, readings: Sequence[Reading]) -> Floats:
        if not readings:
            return np.zeros(0)
        words, cues = (r.words for r in readings), (r.cues for r in readings)
        score = self.scores(self.words.listed.count(words), self.cues.listed.count(cues))
        seen = shape(score, np.array([float(r.length) for r in readings]))
        return np.asarray(seen @ self.joint[:-1] + self.joint[-1], dtype=np.float64)

    def reasons(self, text: str) -> list[tuple[str, float]]:
        """Words and cues of a text with what each adds to the log-odds, the strongest first.

        The layer is linear between its thresholds: with the hidden units that this text opens, the log-odds are exactly
        these parts and a constant.
        """
        reading = read(cut(text))
        words, cues = self.words.listed.count([reading.words]), self.cues.listed.count([reading.cues])
        opened = self._inner(words, cues)[0] > 0
        of_score = self.joint[0] + self.joint[1] * np.log1p(reading.length)
        slope = self.turn.astype(np.float64) @ np.where(opened, self.weights, 0.0) * of_score
        found = self.words.parts(reading.words, slope)
        for token, value in self.cues.parts(reading.cues, slope).items():
            found[token] = found.get(token, 0.0) + value
        return sorted(found.items(), key=lambda item: -abs(item[1]))

    def arrays(self) -> dict[str, Array]:
        """For the model's file."""
        return {
            **self.words.arrays("relevance.words"),
            **self.cues.arrays("relevance.cues"),
            "relevance.frequency": self.frequency.astype(np.int32),
            "relevance.turn": self.turn,
            "relevance.hidden_bias": self.hidden_bias,
            "relevance.weights": self.weights,
            "relevance.bias": np.array([self.bias]),
            "relevance.joint": self.joint,
            "relevance.answers": self.answers,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Relevance":
        """The inverse of `arrays`, to quantisation.

        Raises:
            KeyError: an array is missing.
            ValueError: shapes contradict each other.
        """
        one = np.zeros(1)
        turn, bias = arrays["relevance.turn"], arrays["relevance.bias"]
        hidden = turn.shape[1:]
        expected = {
            "hidden_bias": hidden,
            "weights": hidden,
            "bias": (1,),
            "joint": (shape(one, one).shape[1] + 1,),
            "answers": (answer(one, one, [[]]).shape[1] + 1,),
        }
        for name, size in expected.items():
            if arrays[f"relevance.{name}"].shape != size:
                raise ValueError(f"relevance.{name}: {arrays[f'relevance.{name}'].shape} weights, expected {size}")
        words, cues = (Bag.from_arrays(f"relevance.{name}", arrays, len(turn)) for name in ("words", "cues"))
        frequency = arrays["relevance.frequency"].astype(np.int64)
        if len(frequency) != len(words.listed) + len(cues.listed):
            raise ValueError(
                f"relevance.frequency: {len(frequency)} for {len(words.listed)} words and {len(cues.listed)} cues"
            )
        return cls(
            words,
            cues,
            frequency,
            turn,
            arrays["relevance.hidden_bias"],
            arrays["relevance.weights"],
            float(bias[0]),
            arrays["relevance.joint"],
            arrays["relevance.answers"],
        )


def _sigmoid(scores: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30))), dtype=np.float64)
