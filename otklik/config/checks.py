"""Mistakes that no single value shows: doubles, names that nothing answers to, a section without its kind."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path as FilePath

from pydantic import BaseModel

from net.addresses import names_private
from otklik.config.document import Document
from otklik.config.messages import HIDDEN, docs_of
from otklik.config.model import secret_paths
from otklik.config.problems import Path, Problem, shown
from otklik.config.vocabulary import Vocabulary
from text.suggest import did_you_mean, listed, perhaps

ANY = "*"
REFERENCES: Mapping[Path, str] = {
    ("sources", ANY, "municipality"): "municipality",
    ("places", "names", ANY, "municipality"): "municipality",
    ("places", "streets", ANY, "municipality"): "municipality",
    ("topics", "disable", ANY): "topic",
    ("topics", "enable", ANY): "topic",
    ("topics", "add", ANY, "group"): "group",
    ("authorities", ANY, "groups", ANY): "group",
    ("authorities", ANY, "topics", ANY): "topic",
    ("authorities", ANY, "municipalities", ANY): "municipality",
    ("routing", "rules", ANY, "to"): "authority",
    ("routing", "rules", ANY, "groups", ANY): "group",
    ("routing", "rules", ANY, "topics", ANY): "topic",
    ("routing", "rules", ANY, "municipalities", ANY): "municipality",
    ("routing", "learned", "authorities", ANY): "authority",
    ("routing", "tests", ANY, "expect"): "authority",
    ("routing", "tests", ANY, "topic"): "topic",
    ("routing", "tests", ANY, "municipality"): "municipality",
    ("alarms", "escalate_to"): "authority",
    ("deadlines", ANY, "groups", ANY): "group",
    ("deadlines", ANY, "topics", ANY): "topic",
    ("deadlines", ANY, "authorities", ANY): "authority",
    ("deadlines", ANY, "municipalities", ANY): "municipality",
    ("grouping", ANY, "groups", ANY): "group",
    ("grouping", ANY, "topics", ANY): "topic",
    ("grouping", "head"): "head",
    ("sinks", ANY, "when", "municipality", ANY): "municipality",
    ("sinks", ANY, "when", "group", ANY): "group",
    ("sinks", ANY, "when", "topic", ANY): "topic",
    ("sinks", ANY, "when", "authority", ANY): "authority",
    ("sinks", ANY, "when", "without", "municipality", ANY): "municipality",
    ("sinks", ANY, "when", "without", "group", ANY): "group",
    ("sinks", ANY, "when", "without", "topic", ANY): "topic",
    ("sinks", ANY, "when", "without", "authority", ANY): "authority",
}
"""Which values must be names of something."""

ADDRESSES: tuple[Path, ...] = (
    ("sources", ANY, "news", "feed"),
    ("sources", ANY, "news", "sitemap"),
    ("sources", ANY, "news", "listing", "url"),
    ("sources", ANY, "telegram", "base_url"),
    ("sinks", ANY, "webhook", "url"),
    ("sinks", ANY, "telegram", "api"),
    ("sinks", ANY, "opensearch", "url"),
)
"""Which values must lie on the public Internet, unless `allow_private` stands in their section."""

TOPICS = "docs/configuration.md#группы-и-темы"
UNKNOWN = {
    "municipality": "В этом регионе нет такого муниципалитета.",
    "group": "Классификатор не знает такой группы.",
    "topic": "Классификатор не знает такой темы.",
    "authority": "В разделе authorities нет такого.",
    "head": "В classifier.heads нет такой головы.",
}


def doubles(document: Document) -> Iterator[Problem]:
    """Ids that occur twice in their section."""
    for section in ("sources", "sinks", "authorities"):
        first: dict[str, Path] = {}
        for path, entry in _entries(document, section):
            name = entry.get("id")
            if not isinstance(name, str):
                continue
            here = (*path, "id")
            if name in first:
                at = document.place(first[name])
                message = f"Имя «{name}» уже занято в строке {at.line if at else '?'}: дайте другое."
                yield Problem(document.file, message, here, document.place(here), docs=docs_of(path))
            first.setdefault(name, here)


def defaults(document: Document) -> Iterator[Problem]:
    """Authorities that would get what is left after another one got it."""
    paths = [path for path, entry in _entries(document, "authorities") if entry.get("default") is True]
    for path in paths[1:]:
        first = document.key((*paths[0], "default"))
        line = first.line if first else "?"
        message = f"Всё, что не досталось другим, уже получает тот, у кого default: true в строке {line}."
        here = (*path, "default")
        hint = "Оставьте default: true у одного."
        yield Problem(document.file, message, here, document.key(here), hint=hint, docs=docs_of(path))


def kinds(document: Document, section: str, known: Collection[str]) -> Iterator[Problem]:
    """Entries without exactly one key that says what they are."""
    what = {"sources": "источника", "sinks": "получателя"}[section]
    for path, entry in _entries(document, section):
        given = [kind for kind in known if kind in entry]
        empty = [kind for kind in given if entry[kind] is None]
        allowed = listed(sorted(known))
        if empty:
            key = (*path, empty[0])
            message = f"Раздел «{empty[0]}» пуст: напишите настройки под ним."
            yield Problem(document.file, message, key, document.key(key), docs=docs_of(path))
        elif not given and any(did_you_mean(key, known) for key in entry):
            continue  # a misspelt kind has been told
        elif not given:
            message = f"Не сказано, что это: нужен ровно один ключ с видом {what}."
            yield Problem(document.file, message, path, document.place(path), None, allowed, docs=docs_of(path))
        elif len(given) > 1:
            message = f"Видов {what} сразу {len(given)}: {', '.join(given)}. Оставьте один, остальное — отдельно."
            key = (*path, given[1])
            yield Problem(document.file, message, path, document.key(key), None, allowed, docs=docs_of(path))


def references(document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Names that nothing answers to."""
    authorities = [name for _, entry in _entries(document, "authorities") if isinstance(name := entry.get("id"), str)]
    names: dict[str, Collection[str] | None] = {
        "municipality": vocabulary.municipalities,
        "group": vocabulary.groups,
        "topic": vocabulary.topics,
        "authority": authorities,
        "head": list(heads) if isinstance(heads := document.filled_value(("classifier", "heads")), dict) else [],
    }
    for pattern, what in REFERENCES.items():
        known = names[what]
        if known is None:  # the region or the model is at fault, and that has been said
            continue
        for path, value in _matching(document, pattern):
            if what == "municipality" and type(value) is int:  # a code without quotes
                value = str(value)  # noqa: PLW2901
            if not isinstance(value, str) or vocabulary.knows(what, value, known, lenient=pattern[0] == "sinks"):
                continue
            other = next((w for w in ("group", "topic") if w != what and value in (names[w] or ())), None)
            hint = did_you_mean(value, vocabulary.names(what, known))
            if what == "municipality" and vocabulary.region is not None:
                hint = perhaps(vocabulary.region.suggestions(value))
            if other is not None and what in ("group", "topic"):
                hint = f"Это {'группа' if other == 'group' else 'тема'}: место ей в ключе {_sibling(path, other)}."
            seen = document.origins.get(path) or shown(value)
            allowed = listed(sorted(known)) or "ничего: раздел пуст"
            if what == "topic":
                allowed = f"одна из {len(known)} тем, их список: {TOPICS}"
            yield Problem(document.file, UNKNOWN[what], path, document.place(path), seen, allowed, hint, docs_of(path))


def keys_for_names(document: Document, vocabulary: Vocabulary) -> None:
    """Put OKTMO codes and the spellings of topics and groups in place of names, wherever incidents are compared.

    «Копейск», «копейский городской округ» and 75728000 are one place, «Открытые люки» and `open-manholes` one topic;
    routing and deadlines compare codes and spellings. A source's municipality stays as the operator wrote it.
    """
    for pattern, what in REFERENCES.items():
        if what in ("authority", "head") or pattern[0] == "sources":
            continue
        for path, value in _matching(document, pattern):
            if type(value) not in (str, int):
                continue
            place = what == "municipality"
            found = vocabulary.oktmo_of(str(value)) if place else vocabulary.spelling(what, str(value))
            if found is not None:
                document.replace(path, found)


def secrets(document: Document, model: type[BaseModel]) -> Iterator[Problem]:
    """Secrets written into the file itself, which ends in a repository sooner or later."""
    for path in secret_paths(model, document.values):
        if path not in document.origins:
            name = f"{str(path[-1]).upper()}"
            yield Problem(
                document.file,
                "Секрет записан прямо в файле.",
                path,
                document.place(path),
                HIDDEN,
                f"${{{name}}} из окружения (или из файла, который назван в {name}_FILE)",
                docs="docs/configuration.md#секреты",
            )


def files(document: Document) -> Iterator[Problem]:
    """Files that must be there, and two databases in one file."""
    bus, store = document.filled_value(("bus",)), document.filled_value(("store",))
    if isinstance(bus, str) and bus == store:
        message = "Шина и база — разные файлы: у обеих записан один."
        yield Problem(document.file, message, ("bus",), document.place(("bus",)), shown(bus), docs=docs_of(("bus",)))
    heads = document.filled_value(("classifier", "heads"))
    paths: list[Path] = [("classifier", "model")]
    paths += [("classifier", "heads", name) for name in (heads if isinstance(heads, dict) else ())]
    for path in paths:
        name = document.filled_value(path)
        if isinstance(name, str) and not FilePath(name).is_file():
            seen = document.origins.get(path) or shown(name)
            yield Problem(document.file, "Такого файла нет.", path, document.place(path), seen, docs=docs_of(path))


def notes(document: Document) -> Iterator[Problem]:
    """What is allowed and still worth knowing."""
    bus, store = document.filled_value(("bus",)), document.filled_value(("store",))
    bus = bus if isinstance(bus, str) else "sqlite:"
    store = store if isinstance(store, str) else "sqlite:"
    if bus.startswith("kafka:") and store.startswith("sqlite:"):
        message = (
            "База SQLite работает на одной машине: роли на других машинах её не увидят. "
            "Для нескольких машин нужна store: postgresql://…"
        )
        yield Problem(document.file, message, ("store",), document.place(("store",)), docs=docs_of(("store",)))
    if bus.startswith("sqlite:") and not store.startswith("sqlite:"):
        message = (
            "Шина SQLite работает на одной машине: роли на других машинах её не увидят. "
            "Для нескольких машин нужна bus: kafka://…"
        )
        yield Problem(document.file, message, ("bus",), document.place(("bus",)), docs=docs_of(("bus",)))
    for pattern in ADDRESSES:
        for path, value in _matching(document, pattern):
            allowed = document.filled_value((*path[:3], "allow_private"))
            if isinstance(value, str) and names_private(value) and allowed is not True:
                seen = document.origins.get(path) or shown(value)
                message = "Это внутренний адрес: к таким Отклик не подключается, пока это не разрешено."
                hint = f"Если сервер ваш, добавьте рядом с «{path[3]}»: allow_private: true."
                at = document.place(path)
                yield Problem(document.file, message, path, at, seen, hint=hint, docs=docs_of(path))
    for section, message in (
        ("sources", "Источников нет: собирать нечего."),
        ("sinks", "Получателей нет: события видны только в ленте и в API."),
    ):
        if not document.filled_value((section,)):
            yield Problem(document.file, message, (section,), document.key((section,)), docs=docs_of((section,)))


def _entries(document: Document, section: str) -> Iterator[tuple[Path, dict[str, object]]]:
    found = document.filled_value((section,))
    for index, entry in enumerate(found if isinstance(found, list) else ()):
        if isinstance(entry, dict):
            yield (section, index), entry


def _matching(document: Document, pattern: Path) -> Iterator[tuple[Path, object]]:
    """The values whose paths fit the pattern; one that stands where a list may stand counts as a list of one."""
    found: list[tuple[Path, object]] = [((), document.filled)]
    for part in pattern:
        following: list[tuple[Path, object]] = []
        for path, value in found:
            if isinstance(value, dict):
                keys = list(value) if part == ANY else [part] if part in value else []
                following += [((*path, key), value[key]) for key in keys]
            elif isinstance(value, list) and part == ANY:
                following += [((*path, index), item) for index, item in enumerate(value)]
            elif part == ANY and path and path[-1] != ANY and not isinstance(value, list):
                following.append((path, value))
        found = following
    yield from found


def _sibling(path: Path, other: str) -> str:
    key = path[-2] if isinstance(path[-1], int) else path[-1]
    return f"{other}s" if str(key).endswith("s") else other
