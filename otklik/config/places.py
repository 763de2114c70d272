"""Mistakes in the section `places`: names and streets given twice, boundaries that are not the region's."""

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import orjson

from classifier.places.region import Region
from otklik.config.document import Document
from otklik.config.messages import docs_of
from otklik.config.problems import Path, Problem, shown
from otklik.config.vocabulary import Vocabulary
from text import normal
from text.address import street_key
from text.refusal import refusal
from text.suggest import listed

NAMES: Path = ("places", "names")
STREETS: Path = ("places", "streets")
BOUNDARIES: Path = ("places", "boundaries")
ADVICE = "Пример такого файла: otklik places boundaries РЕГИОН."


def problems(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    """What no single value of the section shows."""
    yield from _doubles(document, vocabulary)
    yield from _street_doubles(document, vocabulary)
    name = document.filled_value(BOUNDARIES)
    if isinstance(name, str) and vocabulary.region is not None:
        for message in boundary_mistakes(FilePath(name), vocabulary.region):
            seen = document.origins.get(BOUNDARIES) or shown(name)
            at = document.place(BOUNDARIES)
            yield Problem(document.file, message, BOUNDARIES, at, seen, hint=ADVICE, docs=docs_of(BOUNDARIES))
            return  # one place, one message: see load._once


def _doubles(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    found = document.filled_value(NAMES)
    first: dict[tuple[str, str], Path] = {}
    for index, entry in enumerate(found if isinstance(found, list) else ()):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            continue
        municipality = str(entry.get("municipality"))
        key = normal(entry["name"]), vocabulary.oktmo_of(municipality) or municipality
        here: Path = (*NAMES, index, "name")
        if key in first:
            at = document.place(first[key])
            message = f"Это название того же муниципалитета уже есть в строке {at.line if at else '?'}: оставьте одно."
            yield Problem(document.file, message, here, document.place(here), shown(entry["name"]), docs=docs_of(NAMES))
        first.setdefault(key, here)


def _street_doubles(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    found = document.filled_value(STREETS)
    first: dict[str, tuple[str, Path]] = {}
    for index, entry in enumerate(found if isinstance(found, list) else ()):
        if not isinstance(entry, dict) or not isinstance(entry.get("street"), str):
            continue
        named = str(entry.get("municipality"))
        key, municipality = street_key(entry["street"]), vocabulary.oktmo_of(named) or named
        here: Path = (*STREETS, index, "street")
        if key and key in first:
            before, at = first[key][0], document.place(first[key][1])
            line = at.line if at else "?"
            message = (
                f"Эта улица того же муниципалитета уже есть в строке {line}: оставьте одну."
                if before == municipality
                else f"Эта улица уже есть в строке {line} у другого муниципалитета: по ней место не узнать, и "
                "программа её пропустит. Уберите обе или ту, что неверна."
            )
            docs = docs_of(STREETS)
            yield Problem(document.file, message, here, document.place(here), shown(entry["street"]), docs=docs)
        first.setdefault(key, (municipality, here))


def boundary_mistakes(path: FilePath, region: Region) -> list[str]:
    """What is wrong with an operator's boundaries, the first mistakes of each kind."""
    try:
        content = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return ["Такого файла нет."]
    except OSError as error:
        return [f"Файл границ не читается: {refusal(error)}."]
    except orjson.JSONDecodeError as error:
        return [f"Файл границ — не JSON: ошибка в строке {error.lineno}."]
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or content.get("type") != "FeatureCollection":
        return ["Файл границ — не GeoJSON: наверху нужен FeatureCollection с features."]
    found = [mistake for number, feature in enumerate(features, 1) if (mistake := _mistake(number, feature, region))]
    codes = [feature["properties"]["oktmo"] for feature in features] if not found else []
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        found.append(f"В файле границ муниципалитет дважды: {listed(twice)}.")
    return found


def _mistake(number: int, feature: Any, region: Region) -> str | None:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    code = properties.get("oktmo") if isinstance(properties, dict) else None
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(code, str):
        return f"В файле границ у feature {number} нет properties.oktmo — строки с кодом муниципалитета."
    if code not in region.oktmo_codes:
        former = next((one for one in region.municipalities if one.former_oktmo == code), None)
        hint = f" Это прежний код, теперь {former.oktmo} ({former.name})." if former else ""
        return f"В файле границ у feature {number} код {code}: в регионе «{region.name}» такого нет.{hint}"
    if kind not in ("Polygon", "MultiPolygon"):
        return f"В файле границ у feature {number} ({code}) нет многоугольника: нужен Polygon или MultiPolygon."
    return None
