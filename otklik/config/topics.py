"""Mistakes in the section `topics`, and what stands in its way: names that are taken, examples that are not found."""

from collections.abc import Iterator
from pathlib import Path as FilePath

from pydantic import ValidationError

from classifier.changes import AddedTopic, TopicChanges
from classifier.corrections import BadLine, parsed
from classifier.region_topics import RegionTopics
from otklik.config.document import Document
from otklik.config.messages import docs_of
from otklik.config.problems import Path, Problem, shown
from otklik.config.vocabulary import Vocabulary
from text import lemmas
from text.refusal import refusal
from text.suggest import did_you_mean

SECTION = "topics"
LIST = "docs/configuration.md#группы-и-темы"
MAX_BAD = 5
"""Bad lines of the corrections in one note: more than that, and the file wants a look as a whole."""


def changes_of(document: Document) -> TopicChanges | None:
    """The section as far as it can be read; what is wrong with it is said where types are checked."""
    try:
        return TopicChanges.model_validate(document.filled_value((SECTION,)) or {})
    except ValidationError:
        return None


def added_names(document: Document) -> list[str]:
    """Names and ids of added topics, valid or not: whoever refers to them makes no mistake."""
    entries = [entry for _, entry in _added(document)]
    return [value for entry in entries for key in ("name", "id") if isinstance(value := entry.get(key), str)]


def topic_problems(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    """What no single value of the section shows."""
    own = vocabulary.shipped
    if own is None:  # the model is at fault, and that has been said
        return
    yield from _renamed(document, own)
    yield from _taken(document, own)
    yield from _examples(document)
    both = {*map(str, _list(document, "disable"))} & {*map(str, _list(document, "enable"))}
    for index, value in enumerate(_list(document, "enable")):
        if value in both:
            path: Path = (SECTION, "enable", index)
            message = "Эта тема стоит и в enable, и в disable: оставьте её в одном месте."
            yield _problem(document, message, path, shown(value))
    new = {entry.get("name") for _, entry in _added(document)}
    for index, value in enumerate(_list(document, "disable")):
        if value in new:
            message = "Это ваша тема: чтобы её не было, уберите её из add."
            yield _problem(document, message, (SECTION, "disable", index), shown(value))


def topic_notes(document: Document, topics: RegionTopics) -> Iterator[Problem]:
    """Rules about topics that are never proposed."""
    for section in ("authorities", "deadlines", "grouping"):
        found = document.filled_value((section,))
        entries = found.items() if isinstance(found, dict) else enumerate(found or ())
        for key, entry in entries:
            for index, name in enumerate(entry.get("topics") or ()) if isinstance(entry, dict) else ():
                if name in topics.disabled:
                    path: Path = (section, key, "topics", index)
                    message = f"Тема «{topics.name(name)}» выключена: это правило для неё не сработает."
                    yield _problem(document, message, path, None)


def _renamed(document: Document, own: RegionTopics) -> Iterator[Problem]:
    rename = document.filled_value((SECTION, "rename"))
    if not isinstance(rename, dict):
        return
    new = {entry.get("name") for _, entry in _added(document)}
    changed = {own.topic(key) or key for key in rename}
    used = {own.name(topic): topic for topic in own.group_of if topic not in changed}
    for key, name in rename.items():
        path: Path = (SECTION, "rename", key)
        if own.topic(key) is None and key not in new:
            known, _ = own.accepted()
            message = "Классификатор не знает такой темы."
            allowed = f"одна из {len(own.group_of)} тем, их список: {LIST}"
            yield Problem(
                document.file,
                message,
                path,
                document.key(path),
                shown(key),
                allowed,
                did_you_mean(key, known),
                docs_of(path),
            )
        elif isinstance(name, str) and (name in used or name in new):
            yield _problem(document, f"Название «{name}» уже у другой темы: дайте другое.", path, shown(name))
        if isinstance(name, str):
            used.setdefault(name, key)


def _taken(document: Document, own: RegionTopics) -> Iterator[Problem]:
    """Ids and names of added topics."""
    seen: set[str] = set()
    for path, entry in _added(document):
        for key in ("id", "name"):
            value = entry.get(key)
            if not isinstance(value, str):
                continue
            if own.topic(value) is not None or value in seen:
                what = "Имя" if key == "id" else "Название"
                yield _problem(document, f"{what} «{value}» уже у другой темы: дайте другое.", (*path, key), None)
            seen.add(value)


def _examples(document: Document) -> Iterator[Problem]:
    for path, entry in _added(document):
        try:
            topic = AddedTopic.model_validate(entry)
        except ValidationError:
            continue
        for index, example in enumerate(topic.examples):
            if not topic.found(lemmas(example)):
                message = "Слова из words этого примера не узнают: добавьте строку в words или уберите пример."
                yield _problem(document, message, (*path, "examples", index), shown(example))


def _added(document: Document) -> list[tuple[Path, dict[str, object]]]:
    entries = enumerate(_list(document, "add"))
    return [((SECTION, "add", index), entry) for index, entry in entries if isinstance(entry, dict)]


def _list(document: Document, key: str) -> list[object]:
    found = document.filled_value((SECTION, key))
    return found if isinstance(found, list) else []


def _problem(document: Document, message: str, path: Path, seen: str | None) -> Problem:
    return Problem(document.file, message, path, document.place(path), seen, docs=docs_of(path))


def correction_notes(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    """What of the file of corrections is not understood."""
    path: Path = ("corrections",)
    name = document.filled_value(path)
    if not isinstance(name, str):
        return

    def known(what: str, value: str) -> bool:
        found = vocabulary.oktmo_of(value) if what == "municipality" else vocabulary.spelling(what, value)
        return found is not None

    try:
        bad = [line for line in parsed(FilePath(name), known) if isinstance(line, BadLine)]
    except FileNotFoundError:
        yield _problem(document, f"Файла {name} пока нет: он появится с первым otklik correct.", path, None)
        return
    except OSError as error:
        yield _problem(document, f"Файл {name} не читается: {refusal(error)}.", path, None)
        return
    if bad:
        more = f" и ещё {len(bad) - MAX_BAD}" if len(bad) > MAX_BAD else ""
        message = f"Негодные строки, остальные работают. С{'; '.join(map(str, bad[:MAX_BAD]))[1:]}{more}."
        yield _problem(document, message, path, None)
