"""Figures of places: our own labelled posts, false claims on foreign texts, two regions of real texts, speed."""

import csv
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from classifier.evaluation.sections import Given, Section, rows
from classifier.places import Place, Region, Resolver
from classifier.training.data import KURSK, PERM, SPB, TELEGRAM, read_rows
from schemas import Geo
from text import clean, mask

FOLDER = Path(__file__).parents[2] / "tests" / "places"
HALVES = {
    "before": "written before the resolver",
    "after": "written after it, then improved on",
    "unseen": "written last, never improved on",
}
CASES = FOLDER / "cases.jsonl"
OUTSIDE = "outside"
"""In place of a code: a place is named, and it is in another region."""
HASHED = 16
"""Hexadecimal digits of a text's SHA-256 that stand for it in the files of labels: the texts are not ours."""
SPEED_TEXTS = 6_000
TURNS = 3
CITY = "40000000"
"""Saint Petersburg as a whole, which is no answer where districts are asked for."""

Case = Mapping[str, Any]


def measure(given: Given) -> dict[str, Any]:
    """All figures. Labels by hash are read from `FOLDER`."""
    given.told("Места")
    chelyabinsk = Resolver(Region.load("chelyabinsk"))
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    answers = [answer(chelyabinsk, case) for case in cases]
    citizens = texts_of(given.folder / PERM)
    return {
        "gazetteer_sha256": gazetteer_digest(),
        "cases": figures_of_cases(cases, answers),
        "bases": figures_of_bases(cases, answers),
        "claims": {
            "kursk": figures_of_claims(chelyabinsk, texts_of(given.folder / KURSK), {}),
            "telegram": figures_of_claims(
                chelyabinsk, texts_of(given.folder / TELEGRAM), labels(FOLDER / "telegram.csv")
            ),
        },
        "perm": figures_of_labels(Resolver(Region.load("perm")), citizens, labels(FOLDER / "perm.csv")),
        "spb": figures_of_districts(given.folder / SPB),
        "speed": {
            "one region": speed(Resolver(Region.load("chelyabinsk")), list(map(ready, citizens[:SPEED_TEXTS]))),
            "all Russia": speed(Resolver(), list(map(ready, citizens[:SPEED_TEXTS]))),
        },
    }


def gazetteer_digest() -> str:
    """SHA-256 of the shipped gazetteer: the figures are its own as much as the resolver's."""
    return sha256(files("classifier").joinpath("data", "places.npz").read_bytes()).hexdigest()


def answer(resolver: Resolver, case: Case) -> Place:
    """What is found for a case of `CASES`."""
    geo = Geo(lat=case["geo"][0], lon=case["geo"][1]) if "geo" in case else None
    return resolver.resolve(case["text"], context=case.get("context"), hints=(case.get("source"),), geo=geo)


def expected(case: Case) -> str | None:
    """The code that must be found; None where silence is right."""
    return None if case["oktmo"] == OUTSIDE else case["oktmo"]


def code(place: Place) -> str | None:
    """OKTMO of the answer."""
    return place.municipality.oktmo if place.municipality else None


def texts_of(path: Path) -> list[str]:
    """Texts as the data holds them."""
    return [row["text"] for row in read_rows(path, ("text",))]


def ready(text: str) -> str:
    """A text as it would stand in a post."""
    return mask(clean(text))


def labels(path: Path) -> dict[str, str]:
    """Hash of a text to the code it was labelled with by hand, which is empty where no municipality can be told."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["sha256_16"]: row["oktmo"] for row in csv.DictReader(file)}


def hashed(text: str) -> str:
    """What a text of the data is known by in the files of labels: as it is, for what is cleaned and masked changes."""
    return sha256(text.encode()).hexdigest()[:HASHED]


def figures_of_cases(cases: Sequence[Case], answers: Sequence[Place]) -> dict[str, Any]:
    """Those written before the resolver was, those written after and improved on, and those never improved on."""
    result: dict[str, Any] = {}
    for half in HALVES:
        pairs = [(c, code(a)) for c, a in zip(cases, answers, strict=True) if c["written"] == half]
        named = [found == expected(c) for c, found in pairs if expected(c)]
        silent = [found is None for c, found in pairs if not expected(c)]
        result[half] = {"named": _share(named), "silence": _share(silent)}
    kinds: dict[str, list[bool]] = defaultdict(list)
    for case, place in zip(cases, answers, strict=True):
        kinds[case["kind"]].append(code(place) == expected(case))
    result["kinds"] = {kind: _share(right) for kind, right in kinds.items()}
    return result


def figures_of_bases(cases: Sequence[Case], answers: Sequence[Place]) -> dict[str, Any]:
    """For each thing that an answer rests on: how often it is right, and the mean probability that was given."""
    found: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for case, place in zip(cases, answers, strict=True):
        if place.municipality and place.basis:
            right = place.municipality.oktmo == expected(case)
            found[place.basis].append((right, place.municipality.probability))
    return {
        basis: _share([right for right, _ in pairs]) | {"probability": sum(p for _, p in pairs) / len(pairs)}
        for basis, pairs in sorted(found.items())
    }


def figures_of_claims(resolver: Resolver, texts: Sequence[str], true: Mapping[str, str]) -> dict[str, Any]:
    """Claims of a municipality of the region in texts from elsewhere; `true` are those that were looked at and do name
    it."""
    claims = [(text, place) for text in texts if (place := code(resolver.resolve(ready(text))))]
    false = [1 for text, place in claims if true.get(hashed(text)) != place]
    return {"texts": len(texts), "claims": len(claims), "false": len(false), "share": len(false) / len(texts)}


def figures_of_labels(resolver: Resolver, texts: Iterable[str], known: Mapping[str, str]) -> dict[str, Any]:
    """On texts labelled by hand: right municipality where one can be told, silence where none can. `lost` are the
    labels whose text isn't there."""
    named, silent, wrong = [], [], 0
    for text in dict.fromkeys(texts):
        label = known.get(hashed(text))
        if label is None:
            continue
        found = code(resolver.resolve(ready(text)))
        if label:
            named.append(found == label)
            wrong += found is not None and found != label
        else:
            silent.append(found is None)
    lost = len(known) - len(named) - len(silent)
    return {"named": _share(named), "silence": _share(silent), "wrong": wrong / max(len(named), 1), "lost": lost}


def figures_of_districts(path: Path) -> dict[str, Any]:
    """Texts of Saint Petersburg's portal that name a district or a town of the city, against the district of the
    address they were sent about. The two may differ in truth: people write to one district about another's body."""
    resolver = Resolver(Region.load("Санкт-Петербург"))
    names = {info.oktmo: info.name.removesuffix(" район") for info in resolver.table.municipalities.values()}
    districts = sorted({row["district"] for row in read_rows(path, ("district",))})
    naming = re.compile(rf"\b(?:{'|'.join(name[:-2] for name in districts)})\w+\s+(?:р-н|район)", re.IGNORECASE)
    towns = re.compile(
        r"\b(?:Колпин|Пушкине|Пушкина\b|Петергоф|Ломоносов[еа]?\b|Кронштадт|Сестрорецк|Зеленогорск|Красно[ем]\w* Сел"
        r"|Шушар|Парголов|Металлостро|Стрельн|Павловск|Купчин|Песочн[ыо]|Понтонн|Левашов|Репино|Комаров)\w*"
    )
    tally: dict[str, Counter[str]] = {"district": Counter(), "town": Counter()}
    seen: set[str] = set()
    for row in read_rows(path, ("district", "text")):
        text = ready(row["text"])
        kind = "district" if naming.search(text) else "town" if towns.search(text) else ""
        if not kind or text in seen:
            continue
        seen.add(text)
        found = code(resolver.resolve(text))
        silent = found is None or found == CITY
        right = not silent and names[found or ""] == row["district"]
        tally[kind]["silent" if silent else "right" if right else "other"] += 1
    return {
        kind: {
            "texts": sum(counts.values()),
            "answered": (counts["right"] + counts["other"]) / max(sum(counts.values()), 1),
            "right of answered": counts["right"] / max(counts["right"] + counts["other"], 1),
        }
        for kind, counts in tally.items()
    }


def speed(resolver: Resolver, texts: Sequence[str]) -> dict[str, float]:
    """Posts a second of process time: the first sight of each text, when most words are new, and again."""
    turns = []
    for _ in range(TURNS):
        start = time.process_time()
        for text in texts:
            resolver.resolve(text)
        turns.append(len(texts) / (time.process_time() - start))
    return {"first": turns[0], "warm": max(turns)}


def _share(right: Sequence[bool]) -> dict[str, Any]:
    return {"share": sum(right) / max(len(right), 1), "texts": len(right)}


def show(found: Mapping[str, Any]) -> str:
    """Tables."""
    cases, claims, perm = found["cases"], found["claims"], found["perm"]
    return "\n\n".join(
        [
            rows(
                ("our posts of Chelyabinsk region", "right municipality", "posts", "right silence", "posts"),
                [
                    (
                        HALVES[half],
                        f"{part['named']['share']:.3f}",
                        part["named"]["texts"],
                        f"{part['silence']['share']:.3f}",
                        part["silence"]["texts"],
                    )
                    for half, part in ((half, cases[half]) for half in HALVES)
                ],
            ),
            rows(
                ("kind", "right", "posts"),
                [(k, f"{v['share']:.3f}", v["texts"]) for k, v in sorted(cases["kinds"].items())],
            ),
            rows(
                ("the answer rests on", "right", "mean probability", "posts"),
                [
                    (k, f"{v['share']:.3f}", f"{v['probability']:.3f}", v["texts"])
                    for k, v in sorted(found["bases"].items())
                ],
            ),
            rows(
                ("texts from elsewhere", "texts", "claims of the region", "false", "share"),
                [(k, v["texts"], v["claims"], v["false"], f"{v['share']:.2%}") for k, v in sorted(claims.items())],
            ),
            rows(
                ("Perm, labelled by hand", "share", "texts"),
                [
                    ("right municipality", f"{perm['named']['share']:.3f}", perm["named"]["texts"]),
                    ("another municipality instead", f"{perm['wrong']:.3f}", perm["named"]["texts"]),
                    ("silence where none can be told", f"{perm['silence']['share']:.3f}", perm["silence"]["texts"]),
                ],
            ),
            rows(
                ("Saint Petersburg: texts that name", "texts", "answered", "of these the address's district"),
                [
                    (f"a {k}", v["texts"], f"{v['answered']:.3f}", f"{v['right of answered']:.3f}")
                    for k, v in sorted(found["spb"].items())
                ],
            ),
            rows(
                ("posts a second, one core", "first sight", "warm"),
                [(k, f"{v['first']:.0f}", f"{v['warm']:.0f}") for k, v in sorted(found["speed"].items())],
            ),
        ]
    )


SECTION = Section("places", "Places", measure, show)
