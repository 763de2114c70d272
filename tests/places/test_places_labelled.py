"""The labelled posts as a whole: `make eval` publishes the figures, this keeps them."""

import json
from collections import Counter

import pytest

from classifier.evaluation import places
from classifier.places import Region, Resolver

CASES = [json.loads(line) for line in places.CASES.read_text(encoding="utf-8").splitlines()]


def test_there_are_enough_of_each(chelyabinsk: Region) -> None:
    halves = Counter(case["written"] for case in CASES)
    assert halves["before"] >= 200
    assert halves["after"] >= 220
    assert sum(places.expected(case) is None for case in CASES) >= 100
    for half in ("before", "after"):
        assert chelyabinsk.oktmo_codes - {case["oktmo"] for case in CASES if case["written"] == half} == set()


def test_none_is_there_twice() -> None:
    keys = [(case["text"], case.get("source")) for case in CASES]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("half", ["before", "after"])
def test_right_municipality_and_right_silence(resolver: Resolver, half: str) -> None:
    cases = [case for case in CASES if case["written"] == half]
    figures = places.figures_of_cases(cases, [places.answer(resolver, case) for case in cases])[half]
    assert figures["named"]["share"] >= 0.98
    assert figures["silence"]["share"] >= 0.98


def test_a_route_lists_the_others(resolver: Resolver) -> None:
    listed = [case for case in CASES if "others" in case]
    assert len(listed) >= 10
    for case in listed:
        found = places.answer(resolver, case).municipality
        assert found is not None, case["text"]
        assert set(found.others) == set(case["others"]), case["text"]


def test_hand_labels_hold_hashes_and_codes_of_their_region(perm: Resolver, resolver: Resolver) -> None:
    for name, known in (("perm.csv", perm), ("telegram.csv", resolver)):
        labels = places.labels(places.FOLDER / name)
        assert all(len(key) == places.HASHED and int(key, 16) >= 0 for key in labels)
        assert known.region is not None
        assert set(labels.values()) <= known.region.oktmo_codes | {""}
    assert sum(bool(code) for code in places.labels(places.FOLDER / "perm.csv").values()) >= 300
