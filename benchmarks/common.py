"""Runs a baseline and ours in turn, each in a process of its own, and compares their medians."""

import json
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """What a figure has to reach: a least `ratio` of ours to the baseline's, or a most of ours alone."""

    figure: str
    ratio: float | None = None
    at_most: float | None = None


def alternate(
    title: str, *, baseline: Sequence[str], ours: Sequence[str], targets: Sequence[Target], rounds: int = 5
) -> int:
    """Run both commands `rounds` times in turn; each prints one JSON object of figures as its last line.

    Prints raw figures, medians and ratios. Returns the number of targets missed.
    """
    raw: dict[str, list[dict[str, float]]] = {"baseline": [], "ours": []}
    for _ in range(rounds):
        for name, command in (("baseline", baseline), ("ours", ours)):
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            raw[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
    print(f"\n{title}, {rounds} rounds each, in turn")
    medians: dict[str, dict[str, float]] = {"baseline": {}, "ours": {}}
    for figure in raw["ours"][0]:
        for name, runs in raw.items():
            values = [run[figure] for run in runs if figure in run]
            if values:
                medians[name][figure] = statistics.median(values)
                shown = " ".join(f"{value:.4g}" for value in values)
                print(f"  {figure:28} {name:9} median {medians[name][figure]:10.4g}   raw {shown}")
        if figure in medians["baseline"]:
            print(f"  {figure:28} ours / baseline {medians['ours'][figure] / medians['baseline'][figure]:.3f}")
    return sum(not _reached(target, medians) for target in targets)


def _reached(target: Target, medians: dict[str, dict[str, float]]) -> bool:
    ours = medians["ours"][target.figure]
    if target.ratio is not None:
        found, wanted = ours / medians["baseline"][target.figure], f"ratio at least {target.ratio}"
        reached = found >= target.ratio
    else:
        assert target.at_most is not None
        found, wanted, reached = ours, f"at most {target.at_most}", ours <= target.at_most
    print(f"  target: {target.figure} {wanted}: {found:.3f} {'reached' if reached else 'MISSED'}")
    return reached
