"""Does a text report or ask about a current trouble? Linear scores, one logistic function over them, no words kept.

Two linear models look at each text. `trouble` learned from texts of our own that differ in nothing but whether there is
a trouble; `voice` from thousands of citizens' messages and channels' posts. Neither will do alone: voice takes thanks
for a complaint because residents wrote them, trouble has seen too few words. How much each counts depends on how sure
it is and on the length of the text, which a third small model decides. A comment is judged with the text it answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from classifier.cues import Reading, read
from classifier.features import Floats, Listed
from classifier.linear import LinearHead
from classifier.modelfile import Array, pack_strings, unpack_strings
from text import Cut, cut

SIDES = ("voice", "trouble")
ANSWER_CUES = (
    *("=echo", "=we", "=still", "=lack", "=thanks", "=joy", "=ask", "=who", "=duration", "=burden", "=bad", "=office"),
    *("=fix/past", "=не fix/past", "=fix/is", "=не fix/is", "=fail/past", "=fail/is", "=plead/do", "=but", "=you"),
    *("=now", "=play", "?", "!", "!!", "emoji", "smile", "words<4", "words<9", "words<20"),
)
"""Cues of a comment that tell whether it stands by what it answers («и у нас») or ends it («спасибо, сделали»)."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two linear models: the sum of a score over words and one over cues."""

    words: LinearHead
    cues: LinearHead

    def scores(self, words: csr_matrix, cues: csr_matrix) -> Floats:
        """One score per text; above 0 speaks for relevance."""
        total: Floats = (self.words.scores(words) + self.cues.scores(cues))[:, 0].astype(np.float64)
        return total


def shape(voice: Floats, trouble: Floats, length: Floats) -> Floats:
    """What the third model sees: both scores, bent where one of them is very sure, and how they grow with length."""
    size = np.log1p(length)
    long = np.maximum(size - 2.5, 0.0)  # from 11 words on
    return np.column_stack(
        [
            voice,
            trouble,
            np.maximum(voice - 2, 0),
            np.maximum(voice - 4, 0),
            np.maximum(-voice - 1, 0),
            np.maximum(-voice - 3, 0),
            np.maximum(trouble, 0),
            np.maximum(-trouble, 0),
            voice * size,
            trouble * size,
            voice * long,
            trouble * long,
            size,
            long,
        ]
    )


def answer(own: Floats, context: Floats, cues: Sequence[Sequence[str]]) -> Floats:
    """What a comment is judged by: its own score, that of the text it answers, and its cues weighed by the latter."""
    told = _sigmoid(context)[:, None]
    marks = np.array([[cue in set(of_text) for cue in ANSWER_CUES] for of_text in cues], dtype=np.float64)
    marks = marks.reshape(len(cues), len(ANSWER_CUES))
    score = np.clip(own, -6, 6)[:, None]
    return np.hstack([score, told, score * told, marks, marks * told])


@dataclass(frozen=True, slots=True, eq=False)
class Relevance:
    """The whole judgement. `joint` and `answer` are weights with the constant last."""

    words: Listed
    cues: Listed
    frequency: npt.NDArray[np.int64]
    """In how many training texts each word, then each cue occurs; at least 3."""
    sides: Mapping[str, Side]
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

    def sides_of(self, readings: Sequence[Reading]) -> dict[str, Floats]:
        """The scores of the two linear models."""
        words, cues = self.words.count(r.words for r in readings), self.cues.count(r.cues for r in readings)
        return {name: side.scores(words, cues) for name, side in self.sides.items()}

    def _scores(self, readings: Sequence[Reading]) -> Floats:
        if not readings:
            return np.zeros(0)
        sides = self.sides_of(readings)
        seen = shape(sides["voice"], sides["trouble"], np.array([float(r.length) for r in readings]))
        return np.asarray(seen @ self.joint[:-1] + self.joint[-1], dtype=np.float64)

    def reasons(self, text: str) -> list[tuple[str, float]]:
        """Words and cues of a text with what each adds to the log-odds, the strongest first.

        The third model is bent, so a token counts with the slope at this very text.
        """
        reading = read(cut(text))
        words, cues = self.words.count([reading.words]), self.cues.count([reading.cues])
        base = {name: side.scores(words, cues) for name, side in self.sides.items()}
        length = np.array([float(reading.length)])

        def joint(shifted: str) -> float:
            moved = {name: score + 0.5 * (name == shifted) for name, score in base.items()}
            return float((shape(moved["voice"], moved["trouble"], length) @ self.joint[:-1])[0])

        found: dict[str, float] = {}
        for name, side in self.sides.items():
            slope = 2.0 * (joint(name) - joint(""))
            for head, counts, listed in ((side.words, words, self.words), (side.cues, cues, self.cues)):
                for column, value in head.contributions(counts, head.labels[1])[0].items():
                    found[listed.tokens[column]] = found.get(listed.tokens[column], 0.0) + slope * value
        return sorted(found.items(), key=lambda item: -abs(item[1]))

    def arrays(self) -> dict[str, Array]:
        """For the model's file."""
        result = {
            "relevance.words": pack_strings(self.words.tokens),
            "relevance.cues": pack_strings(self.cues.tokens),
            "relevance.frequency": self.frequency.astype(np.int32),
            "relevance.joint": self.joint,
            "relevance.answers": self.answers,
        }
        for name, side in self.sides.items():
            result |= side.words.arrays(f"relevance.{name}.words") | side.cues.arrays(f"relevance.{name}.cues")
        return result

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Relevance":
        """The inverse of `arrays`, to quantisation.

        Raises:
            KeyError: an array is missing.
            ValueError: shapes contradict each other.
        """
        words = Listed(unpack_strings(arrays["relevance.words"]))
        cues = Listed(unpack_strings(arrays["relevance.cues"]))
        one = np.zeros(1)
        joint, answers = arrays["relevance.joint"], arrays["relevance.answers"]
        expected = (shape(one, one, one).shape[1] + 1, answer(one, one, [[]]).shape[1] + 1)
        if (joint.shape, answers.shape) != ((expected[0],), (expected[1],)):
            raise ValueError(f"relevance: {joint.shape} and {answers.shape} weights, expected {expected}")
        sides = {
            name: Side(
                LinearHead.from_arrays(f"relevance.{name}.words", arrays, len(words)),
                LinearHead.from_arrays(f"relevance.{name}.cues", arrays, len(cues)),
            )
            for name in SIDES
        }
        return cls(words, cues, arrays["relevance.frequency"].astype(np.int64), sides, joint, answers)


def _sigmoid(scores: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30))), dtype=np.float64)
