"""Figures of a partition against the true one."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass

Home = Mapping[str, Hashable]
"""Thing to the set that it is in."""


@dataclass(frozen=True, slots=True)
class Score:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def homes(partition: Iterable[Collection[str]]) -> dict[str, Hashable]:
    """Each member with its set's first member as the set's name."""
    return {one: min(members) for members in partition for one in members}


def b_cubed(found: Home, true: Home) -> Score:
    """Mean over things of how much of its found set is right, and how much of its true set is found. Bagga and Baldwin
    (1998), "Entity-based cross-document coreferencing"."""
    together, in_found, in_true = _counted(found, true)
    precision = sum(n * n / in_found[one] for (one, _), n in together.items()) / len(true)
    recall = sum(n * n / in_true[other] for (_, other), n in together.items()) / len(true)
    return Score(precision, recall)


def pairwise(found: Home, true: Home) -> Score:
    """Of the pairs that are found together how many belong so, and of those that do how many are found."""
    together, in_found, in_true = _counted(found, true)
    right = _pairs(together.values())
    return Score(right / max(_pairs(in_found.values()), 1), right / max(_pairs(in_true.values()), 1))


def _counted(
    found: Home, true: Home
) -> tuple[Counter[tuple[Hashable, Hashable]], Counter[Hashable], Counter[Hashable]]:
    pairs = [(found[one], true[one]) for one in true]
    return Counter(pairs), Counter(one for one, _ in pairs), Counter(other for _, other in pairs)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes)
