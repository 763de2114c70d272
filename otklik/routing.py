"""Who would get a text, and why: `otklik route`, and the tests of the rules that `otklik check` runs."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from classifier import Classifier, Item
from incidents.route import Matter, Step, steps
from otklik.config import Config, ConfigErrors, Problem
from otklik.config.document import Document, read
from otklik.config.messages import docs_of
from otklik.roles.classify import load_classifier
from schemas import Address, Tags
from text import clean_cut, mask


def matter_of(text: str, tags: Tags, source: str | None = None) -> Matter:
    """A single post as the rules see it."""
    place = tags.municipality
    return Matter(
        group=tags.group,
        topic=tags.topic,
        municipality=place.oktmo if place else None,
        municipality_name=place.name if place else None,
        settlement=tags.settlement,
        sources=(source,) if source else (),
        urgency=tags.urgency,
        texts=(text,),
        heads={name: (head.value, head.probability) for name, head in tags.heads.items()},
    )


def judged(classifier: Classifier, texts: Sequence[str]) -> list[Tags]:
    return list(classifier.classify([Item(mask(clean_cut(text)[0])) for text in texts]))


def seen(tags: Tags) -> dict[str, Any]:
    """Whether it is a trouble, and where."""
    place = tags.municipality
    return {
        "relevance": round(tags.relevance, 4),
        "relevant": tags.relevant,
        "municipality_name": place.name if place else None,
        "settlement": tags.settlement,
        "address": shown(tags.address) if tags.address else None,
    }


def shown(address: Address) -> str:
    """`улица Труда, 5`."""
    street = " ".join(part for part in (address.street_type, address.street) if part)
    return f"{street}, {address.house}" if address.house else street


class Places:
    """Where in the file a rule stands."""

    def __init__(self, config: Config) -> None:
        self.document: Document = read(config.path, str(config.path))

    def of(self, step: Step) -> str:
        at = self.document.place(step.path)
        return f"{self.document.file}:{at.line}:{at.column}" if at else self.document.file


def asked(config: Config, matter: Matter) -> list[Step]:
    """The rules down to the one that decides, itself the last; all of them where none does."""
    found = []
    for step in steps(config.file.routing, config.file.authorities, matter):
        found.append(step)
        if step.missing is None:
            break
    return found


def explained(config: Config, matter: Matter, places: Places) -> dict[str, Any]:
    """For programs, and for the lines that people read."""
    passed = asked(config, matter)
    last = passed[-1] if passed and passed[-1].missing is None else None
    names = {one.id: one.name for one in config.file.authorities}
    return {
        "authority": last and last.authority,
        "authority_name": last and names[last.authority],
        "authority_reason": last and last.because,
        "topic": matter.topic,
        "municipality": matter.municipality,
        "rules": [
            {"at": places.of(step), "authority": step.authority or None, "fits": step.missing is None,
             "because": step.missing or step.because}
            for step in passed
        ],
    }  # fmt: skip


def failures(config: Config) -> Iterator[Problem]:
    """The tests in `routing.tests` that fail, each with its place.

    Raises:
        ModelError: a test has a text without a topic, and the model can't be used.
    """
    classifier = cache(lambda: load_classifier(config))
    document = Places(config).document
    for index, test in enumerate(config.file.routing.tests):
        if test.topic is None:
            (tags,) = judged(classifier(), [test.text])
            seen = matter_of(test.text, tags)
        else:
            seen = Matter(group=config.topics.group_of[test.topic], topic=test.topic, texts=(test.text,))
        matter = Matter(
            group=seen.group,
            topic=seen.topic,
            municipality=test.municipality or seen.municipality,
            municipality_name=None if test.municipality else seen.municipality_name,
            settlement=test.settlement or seen.settlement,
            sources=(test.source,) if test.source else (),
            urgency=test.urgency or seen.urgency,
            texts=seen.texts,
            heads=seen.heads,
        )
        passed = asked(config, matter)
        last = passed[-1] if passed and passed[-1].missing is None else None
        if last is not None and last.authority == test.expect:
            continue
        got = f"получит «{last.authority}» ({last.because})" if last else "не получит никто"
        path = ("routing", "tests", index)
        at = document.place((*path, "expect"))
        message = f"Проверка не прошла: ожидался «{test.expect}», а {got}. Тема: {matter.topic}."
        yield Problem(document.file, message, (*path, "expect"), at, docs=docs_of(path))


def run_tests(config: Config) -> None:
    """Run the tests of the rules.

    Raises:
        ConfigErrors: every test that fails.
    """
    if failed := list(failures(config)):
        raise ConfigErrors(failed)
