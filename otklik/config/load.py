"""From a file to a configuration, or to the list of everything that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

import crawlers
import sinks
from incidents.calendar import Calendar
from otklik.config import checks, demand, environment, places, routing, sessions, topics
from otklik.config.document import Document, read
from otklik.config.messages import problems_of
from otklik.config.model import FileBase, file_model
from otklik.config.names import names_of
from otklik.config.problems import ConfigErrors, Problem
from otklik.config.vocabulary import Vocabulary

if TYPE_CHECKING:
    from classifier.places.region import Region
    from classifier.region_topics import RegionTopics


@dataclass(frozen=True, slots=True)
class Config:
    path: Path
    file: Any
    """`otklik.config.model.file_model()`: what the file says, validated, with defaults."""
    region: "Region"
    vocabulary: Vocabulary
    """The names that the model and the region know."""
    topics: "RegionTopics"
    notes: tuple[Problem, ...]
    """What is allowed and still worth knowing."""
    text: str
    """Of the file, as it was read."""

    @property
    def data(self) -> Path:
        """The folder of locks and journals: as configured, else beside a SQLite store, else `var`."""
        file: FileBase = self.file
        if file.data is not None:
            return file.data
        return Path(file.store.removeprefix("sqlite:///")).parent if file.store.startswith("sqlite:") else Path("var")


def load(path: Path, env: Mapping[str, str], *, author_key: bool = False, copy: Path | None = None) -> Config:
    """Read the file of a region. With `author_key`, the key of the author hashes must be there as well.

    With `copy`, that is read instead, and messages still speak of `path`.

    Raises:
        ConfigErrors: every mistake found.
    """
    try:
        document = read(copy or path, str(path))
    except ConfigErrors as errors:
        raise ConfigErrors([*errors.problems, *_key(env, author_key)]) from None
    return build(document, path, env, author_key=author_key)


def build(document: Document, path: Path, env: Mapping[str, str], *, author_key: bool = False) -> Config:
    """The same for a document that is read already."""
    environment.substitute(document, env)
    model = file_model()
    problems = [*document.problems, *_key(env, author_key), *checks.secrets(document, model)]
    region, vocabulary, unreadable = names_of(document)
    unknown = list(checks.references(document, vocabulary))
    unknown += topics.topic_problems(document, vocabulary)
    unknown += places.problems(document, vocabulary)
    checks.keys_for_names(document, vocabulary)
    file = None
    try:
        file = model.model_validate(document.filled)
    except ValidationError as error:
        problems += problems_of(error, model, document)
    problems += unreadable
    problems += checks.doubles(document)
    problems += checks.defaults(document)
    problems += checks.kinds(document, "sources", crawlers.KINDS)
    problems += checks.kinds(document, "sinks", sinks.KINDS)
    problems += unknown
    problems += checks.files(document)
    if file is not None and not problems:  # else a section may be without its kind
        problems += sessions.problems(document, file)
        group_of = vocabulary.own.group_of if vocabulary.own else {}
        problems += routing.shadowed(document, file, group_of)
        problems += routing.shadowed_terms(document, file, group_of)
        if region is not None:
            problems += routing.unknown_years(document, file, Calendar(region.timezone, file.calendar))
    if problems or file is None or region is None or vocabulary.own is None:
        raise ConfigErrors(_once(problems))
    region = region.with_names(file.places.names).with_streets(file.places.streets)
    notes = (
        *checks.notes(document),
        *routing.nobody_by_default(document, file),
        *topics.topic_notes(document, vocabulary.own),
        *topics.correction_notes(document, vocabulary),
        *routing.ending_years(document, file, Calendar(region.timezone, file.calendar)),
        *demand.notes(document, file, region.timezone.key),
        *sessions.notes(document, file, env, str(path)),
    )
    return Config(path, file, region, vocabulary, vocabulary.own, notes, document.text)


def _key(env: Mapping[str, str], wanted: bool) -> list[Problem]:
    problem = environment.author_key_problem(env) if wanted else None
    return [problem] if problem is not None else []


def _once(problems: list[Problem]) -> list[Problem]:
    """One mistake per place: what a missing variable or an empty section leads to is not said again."""
    found: list[Problem] = []
    for problem in problems:
        silent = [p.path for p in found if p.path and p.file == problem.file]
        if problem.path and problem.path in silent:
            continue
        found.append(problem)
    return found
