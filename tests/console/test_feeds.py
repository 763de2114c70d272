"""Feeds are for people: they show names; programs find the spelling of the data beside them."""

import json
from datetime import UTC, datetime

import feedparser

from console import feeds
from schemas import Incident

AT = ("r", "Край", UTC, "http://h/", "http://h/f")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
INCIDENT = Incident(
    id=1,
    sequence=1,
    title="Аварии на водопроводе — Копейск",
    group="Мобилизация",
    topic="★ Прорыв трубы/трубопровода",
    opened=NOW,
    updated=NOW,
    first_published=NOW,
    last_published=NOW,
    posts=("a",),
)
NAMES = {"Мобилизация": "Поддержка семей", "★ Прорыв трубы/трубопровода": "Аварии на водопроводе"}


def test_atom_has_the_spelling_as_term_and_the_name_as_label():
    (entry,) = feedparser.parse(feeds.atom(feeds.Page(*AT, [INCIDENT], NAMES))).entries
    assert [(tag.term, tag.label) for tag in entry.tags] == [
        ("Мобилизация", "Поддержка семей"),
        ("★ Прорыв трубы/трубопровода", "Аварии на водопроводе"),
    ]


def test_a_json_feed_has_names_as_tags_and_the_spelling_in_the_incident():
    (item,) = json.loads(feeds.json_feed(feeds.Page(*AT, [INCIDENT], NAMES)))["items"]
    assert item["tags"] == ["Поддержка семей", "Аварии на водопроводе"]
    assert item["_otklik"]["incident"]["topic"] == "★ Прорыв трубы/трубопровода"


def test_what_has_no_name_is_shown_as_it_is_spelt():
    (item,) = json.loads(feeds.json_feed(feeds.Page(*AT, [INCIDENT], {})))["items"]
    assert item["tags"] == ["Мобилизация", "★ Прорыв трубы/трубопровода"]
