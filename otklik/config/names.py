"""The region and the model that a file names, and with them the names it may use."""

from pathlib import Path

from classifier.model import Model
from classifier.modelfile import ModelError
from classifier.places.region import Region, UnknownRegion
from classifier.places.table import PlacesError
from classifier.region_topics import RegionTopics
from otklik.config.document import Document
from otklik.config.messages import docs_of
from otklik.config.problems import Problem, shown
from otklik.config.topics import added_names, changes_of
from otklik.config.vocabulary import Vocabulary


def names_of(document: Document) -> tuple[Region | None, Vocabulary, list[Problem]]:
    """What is None could not be read; the problems say why."""
    problems: list[Problem] = []
    region = _region(document, problems)
    model = _model(document, problems)
    if model is None:
        return region, Vocabulary(groups=None, topics=None, region=region), problems
    own = RegionTopics(model.group_of, changes_of(document))
    vocabulary = Vocabulary(
        groups=frozenset(model.groups),
        topics=frozenset(own.group_of),
        region=region,
        own=own,
        shipped=RegionTopics(model.group_of),
        promised=frozenset(added_names(document)),
    )
    return region, vocabulary, problems


def _region(document: Document, problems: list[Problem]) -> Region | None:
    path = ("region",)
    name = document.filled_value(path)
    if not isinstance(name, str):  # said where the types are checked
        return None
    try:
        return Region.load(name)
    except UnknownRegion as error:
        seen = document.origins.get(path) or shown(name)
        problems.append(Problem(document.file, str(error), path, document.place(path), seen, docs=docs_of(path)))
    except PlacesError as error:
        problems.append(Problem(document.file, str(error), path, document.place(path)))
    return None


def _model(document: Document, problems: list[Problem]) -> Model | None:
    path = ("classifier", "model")
    name = document.filled_value(path)
    if isinstance(name, str) and not Path(name).is_file():  # said where files are checked
        return None
    try:
        return Model.load(Path(name) if isinstance(name, str) else None)
    except ModelError as error:
        problems.append(Problem(document.file, str(error), path, document.place(path), docs=docs_of(path)))
    return None
