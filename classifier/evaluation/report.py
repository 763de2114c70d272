"""The report as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from classifier.evaluation.gate import figure
from classifier.evaluation.sections import Section, rows


def report(found: Mapping[str, Any], sections: Sequence[Section]) -> str:
    """docs/evaluation.md."""
    parts = [
        "# Evaluation",
        f"Written by `make eval` on {found['date']} for the model `{found['model']}`; the same figures for programs "
        "are in `evaluation.json`. What was tried and what each step gave: "
        "[decisions](decisions/2026-11-28-classifier-tries.md).",
    ]
    for section in sections:
        if section.name in found["sections"]:
            parts += [f"## {section.title}", section.show(found["sections"][section.name])]
    limits: list[tuple[object, ...]] = []
    for name, wanted in sorted(found["floors"].items()):
        for path, limit in sorted(wanted.items()):
            value = figure(found["sections"].get(name, {}), path)
            allowed = " ".join(f"{'≥' if kind == 'least' else '≤'} {number:g}" for kind, number in limit.items())
            limits.append((f"{name}.{path}", f"{value:.4g}", allowed))
    parts += ["## Floors", rows(("figure", "measured", "floor"), limits)]
    return "\n\n".join(parts) + "\n"
