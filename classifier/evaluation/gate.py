"""Pinned floors: what must not get worse."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from importlib.resources import files
from typing import Any

Floors = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Section → path of a figure → {"least": number} or {"most": number}."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A figure beyond its floor."""

    section: str
    path: str
    value: float
    limit: str

    def __str__(self) -> str:
        return f"{self.section}.{self.path}: {self.value:.4f}, {self.limit}"


def pinned() -> Floors:
    """The floors of the repository."""
    text = files("classifier.evaluation").joinpath("floors.toml").read_text(encoding="utf-8")
    floors: Floors = tomllib.loads(text)
    return floors


def breaches(figures: Mapping[str, Any], floors: Floors) -> list[Breach]:
    """Figures that are missing or beyond their floors, of the sections that `figures` holds."""
    found = []
    for section, wanted in floors.items():
        for path, limit in wanted.items() if section in figures else ():
            value = figure(figures[section], path)
            if "least" in limit and not value >= limit["least"]:
                found.append(Breach(section, path, value, f"не меньше {limit['least']}"))
            if "most" in limit and not value <= limit["most"]:
                found.append(Breach(section, path, value, f"не больше {limit['most']}"))
    return found


def figure(figures: Mapping[str, Any], path: str) -> float:
    """A number by its dotted path; NaN, which passes no floor, where there is none."""
    value = reduce(lambda one, key: one.get(key, {}) if isinstance(one, Mapping) else {}, path.split("."), figures)
    return float(value) if isinstance(value, int | float) else float("nan")


def lowered(floors: Floors, earlier: Floors) -> list[str]:
    """Floors that are weaker than they were, or gone."""
    weaker = []
    for section, wanted in earlier.items():
        for path, limit in wanted.items():
            now = floors.get(section, {}).get(path, {})
            least, most = now.get("least", float("-inf")), now.get("most", float("inf"))
            if ("least" in limit and least < limit["least"]) or ("most" in limit and most > limit["most"]):
                weaker.append(f"{section}.{path}")
    return weaker
