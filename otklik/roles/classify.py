"""The role `classify`: topics `posts` and `posts.history` to `tagged`."""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from bus import Bus, BusError, Received, Record
from bus.worker import Retry, Worker
from classifier import Classifier, item_of
from classifier.correcting import knows
from classifier.corrections import BadLine, Corrections
from otklik.config import Config
from otklik.exits import Exit
from otklik.roles.common import CLASSIFY, journal, role, run_together
from schemas import Post, TaggedPost, Tags, decode, headers, topics

log = structlog.get_logger()

TOPICS = (topics.POSTS, topics.HISTORY)


class ClassifyStep:
    """A worker's step. `amend` may change a judgement before it is published."""

    def __init__(self, classifier: Classifier, bus: Bus, amend: Callable[[Post, Tags], Tags] | None = None) -> None:
        self._classifier = classifier
        self._bus = bus
        self._amend = amend

    def process(self, records: Sequence[Received]) -> None:
        """Judge the posts and publish what was found.

        Raises:
            Retry: the bus did not take it.
            pydantic.ValidationError, UnknownSchema: a record is not a post.
        """
        posts = [decode(Post, one.record.value, one.record.headers) for one in records]
        tags = self._classifier.classify([item_of(post) for post in posts])
        if self._amend is not None:
            tags = [self._amend(post, one) for post, one in zip(posts, tags, strict=True)]
        try:
            self._bus.publish(topics.TAGGED, [_record(p, t) for p, t in zip(posts, tags, strict=True)])
        except BusError as error:
            raise Retry(str(error)) from error


def _record(post: Post, tags: Tags) -> Record:
    key = topics.NO_MUNICIPALITY if tags.municipality is None else tags.municipality.oktmo
    return Record(key, TaggedPost(post=post, tags=tags).encode(), post.published, headers(TaggedPost))


def load_classifier(config: Config, heads: Mapping[str, Path] | None = None) -> Classifier:
    """The classifier as configured, with further heads.

    Raises:
        classifier.ModelError: a file of a model can't be used.
    """
    section = config.file.classifier
    classifier = Classifier.load(
        section.model,
        region=config.region,
        heads=section.heads | dict(heads or {}),
        changes=config.file.topics,
    )
    if config.file.corrections is not None:
        classifier.corrections = corrections_of(config.file.corrections, classifier)
    classifier.thresholds = replace(classifier.thresholds, **section.thresholds.model_dump(exclude_none=True))
    return classifier


def corrections_of(file: Path, classifier: Classifier) -> Corrections:
    """The file of corrections, checked against what the classifier knows; bad lines are logged."""

    def known(what: str, name: str) -> bool:
        return knows(what, name, classifier.topics, classifier.resolver)

    def report(line: BadLine) -> None:
        log.warning("bad line in the corrections", file=str(file), line=line.number, reason=line.reason)

    return Corrections(file, known, report)


def run_classify(config: Config) -> Exit:
    """Until SIGTERM."""
    classifier = load_classifier(config)
    gc.freeze()  # the model stays: the collector needn't walk over its objects again and again
    with role(config, CLASSIFY) as (stop, bus):
        step = ClassifyStep(classifier, bus)
        worker = Worker(bus, TOPICS, CLASSIFY, step, name=CLASSIFY, journal=journal(config, CLASSIFY))
        run_together([worker], stop)
    return Exit.OK
