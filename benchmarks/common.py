"""Baseline and ours, alternating in one run: machines change speed within minutes, so nothing else is comparable."""

from collections.abc import Callable, Mapping
from statistics import median

ROUNDS = 5


def alternate(variants: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Run every variant once per round, in turn; each returns its figure (records/s, say)."""
    figures: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            figures[name].append(run())
    return figures


def table(title: str, unit: str, figures: Mapping[str, list[float]]) -> str:
    """Medians, ratios to the first variant, and the raw figures."""
    baseline = median(next(iter(figures.values())))
    lines = [f"{title} ({unit}, median of {len(next(iter(figures.values())))}, raw figures in brackets)"]
    for name, values in figures.items():
        raw = ", ".join(f"{value:,.0f}" for value in values)
        lines.append(f"  {name:<44} {median(values):>10,.0f}   ×{median(values) / baseline:.2f}   [{raw}]")
    return "\n".join(lines)
