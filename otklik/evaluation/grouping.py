"""Which posts are one matter: Saint Petersburg's portal, and our own stories."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from classifier import Classifier
from classifier.evaluation.sections import Given, Section, rows
from classifier.places import Region
from incidents.config import DEFAULT_SPAN, DEFAULT_WINDOW, Grouping
from incidents.group import cut
from otklik.evaluation import portal, stories
from otklik.evaluation.clusters import Home, b_cubed, pairwise
from store import StoredPost

HOUSES = Grouping.model_validate({"default": {"scope": "address"}})
"""The portal's matters are of houses, whatever the topic: its region would say so in its file."""
LEARNED = Grouping.model_validate({"default": {"scope": "address"}, "head": portal.HEAD})
BASELINES = ("all alone", "same address within 14 days", "and the true category")
REGION = "chelyabinsk"
STORIES = {
    "stories": ("Our own stories", stories.FILE),
    "further stories": ("Further stories, written before grouping was looked at again", stories.FURTHER),
    "last stories": ("Stories written after grouping, and measured last", stories.LAST),
}
"""Name of the figures: title, file. Only the first may be tuned to."""


def measure(given: Given) -> dict[str, Any]:
    """The portal with the address given and with the text alone, and the stories, each beside plain rules."""
    given.told("Группировка: Санкт-Петербург")
    reports = portal.read(given.folder)
    chosen, true = portal.sample(reports)
    given.told("Группировка: обучение головы на письмах до 15 января 2021 года")
    head = portal.learned(reports, chosen)
    classifier = Classifier(given.model, Classifier.load().resolver, heads={portal.HEAD: head})
    told = _portal(chosen, true, portal.tagged(classifier, chosen, told_address=True))
    read = portal.tagged(classifier, chosen, told_address=False)
    named = {post.id for post in read if post.address is not None}
    text = _portal(
        [one for one in chosen if one.id in named],
        {id_: matter for id_, matter in true.items() if id_ in named},
        [post for post in read if post.id in named],
    )
    told["gain"] = told["with a learned head"]["f1"] - told["same address within 14 days"]["f1"]
    given.told("Группировка: свои истории")
    return {"address given": told, "text alone": text, **_stories(Classifier.load(region=Region.load(REGION)))}


def _portal(
    chosen: Sequence[portal.Report], true: Mapping[str, Hashable], posts: Sequence[StoredPost]
) -> dict[str, Any]:
    key = {post.id: post.address or post.id for post in posts}
    found: dict[str, Home] = {
        "all alone": {one.id: one.id for one in chosen},
        "same address within 14 days": portal.chained(chosen, key),
        "and the true category": portal.chained(chosen, {one.id: (key[one.id], one.category) for one in chosen}),
        "with the shipped topics": stories.grouped(posts, HOUSES),
        "with a learned head": stories.grouped(posts, LEARNED),
    }
    return {"posts": len(chosen), **{name: _figures(home, true) for name, home in found.items()}}


def _stories(classifier: Classifier) -> dict[str, Any]:
    return {name: _told(classifier, file) for name, (_, file) in STORIES.items()}


def _told(classifier: Classifier, file: Path) -> dict[str, Any]:
    posts, true = stories.told(file)
    tagged = stories.tagged(classifier, posts)
    found: dict[str, Home] = {
        "all alone": {post.id: post.id for post in posts},
        "municipality, topic and time": _by_topic(tagged),
        "ours": stories.grouped(tagged, Grouping()),
    }
    return {
        "posts": len(posts),
        "matters": len(set(true.values())),
        "taken for no trouble": sum(not post.relevant for post in tagged),
        **{name: _figures(home, true) for name, home in found.items()},
    }


def _by_topic(posts: Iterable[StoredPost]) -> Home:
    """As it was before anything but time, place and topic was looked at."""
    found: dict[str, Hashable] = {}
    shelves: dict[Hashable, list[StoredPost]] = {}
    for post in posts:
        found[post.id] = post.id
        if post.relevant and post.municipality is not None:
            shelves.setdefault((post.municipality, post.topic), []).append(post)
    for members in shelves.values():
        for part in cut(sorted(members, key=lambda one: (one.published, one.id)), DEFAULT_WINDOW, DEFAULT_SPAN):
            found |= {post.id: part[0].id for post in part}
    return found


def _figures(home: Home, true: Home) -> dict[str, float]:
    cubed, pairs = b_cubed(home, true), pairwise(home, true)
    return {
        "precision": cubed.precision,
        "recall": cubed.recall,
        "f1": cubed.f1,
        "pair_precision": pairs.precision,
        "pair_recall": pairs.recall,
    }


def show(found: Mapping[str, Any]) -> str:
    """Tables."""
    parts = []
    for title, name in (
        ("Saint Petersburg, 15 January to 1 March 2021, the address given", "address given"),
        ("The same, those whose text names street and house, from the text alone", "text alone"),
        *((title, name) for name, (title, _) in STORIES.items() if name in found),  # a report may be older
    ):
        one = found[name]
        body: list[tuple[object, ...]] = [
            (rule, *(f"{figures[key]:.3f}" for key in _SHOWN))
            for rule, figures in sorted(one.items(), key=lambda pair: _ORDER.get(pair[0], 0))
            if isinstance(figures, Mapping)
        ]
        parts.append(f"{title}: {one['posts']} posts.")
        parts.append(rows(("rule", "B³ precision", "B³ recall", "B³ F1", "pairs' precision", "pairs' recall"), body))
        if name in STORIES:
            parts.append(
                f"They tell of {one['matters']} matters; {one['taken for no trouble']} of their posts are taken for no "
                "trouble, so that each of them is alone."
            )
    return "\n\n".join(parts)


_SHOWN = ("precision", "recall", "f1", "pair_precision", "pair_recall")
_ORDER = {
    name: n
    for n, name in enumerate(
        (*BASELINES, "municipality, topic and time", "with the shipped topics", "with a learned head", "ours")
    )
}
SECTION = Section("grouping", "One matter or two", measure, show)
