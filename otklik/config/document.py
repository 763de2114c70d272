"""A YAML file as plain values, with the place of each; duplicate keys and foreign tags are mistakes."""

import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from otklik.config.problems import ConfigErrors, Path, Position, Problem
from text.refusal import refusal

MAX_NODES = 500_000
"""Ten thousand sources of twenty values, twice over. A file of nested aliases ("a billion laughs") ends here."""

# `{token: ${TOKEN}}` is not YAML: a plain scalar in braces may not hold braces. Characters of the private use area
# stand in for them while the file is parsed, one for one, so that every line and column stays what it is.
_OPEN, _CLOSE = "\ue000", "\ue001"
_REFERENCE = re.compile(r"\$\{([^{}\n]*)\}")
_STAND_IN = re.compile(rf"\${_OPEN}([^\n]*?){_CLOSE}")

_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge")}
_SYNTAX = (
    ("cannot start any token", "Здесь не может начинаться значение: чаще всего это табуляция вместо пробелов."),
    ("mapping values are not allowed", "Лишнее двоеточие или сбитый отступ: возьмите значение в кавычки."),
    ("expected <block end>", "Сбит отступ: строка не относится ни к одному разделу выше."),
    ("could not find expected ':'", "После ключа нет двоеточия с пробелом."),
    ("expected ',' or", "Не закрыта скобка, или между значениями в скобках нет запятой."),
    ("while scanning a quoted scalar", "Не закрыта кавычка."),
    ("found undefined alias", "Ссылка *… на якорь, которого нет выше."),
)


@dataclass
class Document:
    """`values` is what the file says; `places` and `keys` say where each value and each key stands."""

    file: str
    text: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    filled: dict[str, Any] = field(default_factory=dict)
    """The values with the environment put in: never shown."""
    origins: dict[Path, str] = field(default_factory=dict)
    """For each place where the environment was put in, what the file says there."""
    places: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: Path) -> Position | None:
        """Of the value at `path`, or of the nearest thing around it."""
        while path not in self.places:
            if not path:
                return None
            path = path[:-1]
        return self.places[path]

    def key(self, path: Path) -> Position | None:
        """Of the key that ends `path`; of its value in a list."""
        return self.keys.get(path) or self.place(path)

    def value(self, path: Path) -> Any:
        """What the file says at `path`; None where it says nothing."""
        return _at(self.values, path)

    def filled_value(self, path: Path) -> Any:
        """The same with the environment put in."""
        return _at(self.filled, path)

    def replace(self, path: Path, value: Any) -> None:
        """Put another value in place of the filled one at `path`, which is there."""
        _at(self.filled, path[:-1])[path[-1]] = value


def _at(values: Any, path: Path) -> Any:
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def read(path: FilePath, name: str = "") -> Document:
    """Read a file, called `name` in messages where that is not its path.

    Raises:
        ConfigErrors: there is no such file, or it is not YAML, so that nothing else can be said of it.
    """
    name = name or str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigErrors(
            [Problem(name, f"Файл не в UTF-8: байт {error.start + 1} не читается. Сохраните его в UTF-8.")]
        ) from error
    except OSError as error:
        reason = {FileNotFoundError: "Такого файла нет", IsADirectoryError: "Это папка, а не файл"}
        text = reason.get(type(error), f"Файл не читается ({refusal(error)})")
        raise ConfigErrors(
            [Problem(name, f"{text}. Укажите файл региона, например configs/chelyabinsk.yaml.")]
        ) from error
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """The text of a file called `name` in messages.

    Raises:
        ConfigErrors: it is not YAML, or not a mapping.
    """
    try:
        return _parsed(text, name)
    except RecursionError:
        raise ConfigErrors(
            [Problem(name, "Разделы вложены друг в друга слишком глубоко. Это не файл региона.")]
        ) from None


def _parsed(text: str, name: str) -> Document:
    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(_REFERENCE.sub(rf"${_OPEN}\1{_CLOSE}", text))
    except MarkedYAMLError as error:
        raise ConfigErrors([_syntax(error, name)]) from error
    except YAMLError as error:
        raise ConfigErrors([Problem(name, f"Это не YAML: {error}")]) from error
    document = Document(name, text)
    if node is None:
        raise ConfigErrors([Problem(name, "Файл пуст. Начните со строки region: chelyabinsk.")])
    if not isinstance(node, MappingNode):
        at = _position(node)
        raise ConfigErrors([Problem(name, "Наверху файла должны быть ключи: region, sources…", at=at)])
    document.values = _Builder(yaml, document).mapping(node, ())
    return document


class _Builder:
    def __init__(self, yaml: YAML, document: Document) -> None:
        self._yaml = yaml
        self._document = document
        self._nodes = 0
        self._open: set[int] = set()

    def value(self, node: Node, path: Path) -> Any:
        self._document.places[path] = _position(node)
        self._nodes += 1
        if self._nodes > MAX_NODES or id(node) in self._open:
            message = "Якоря и ссылки (&, *) в этом месте не кончаются. Напишите значения прямо."
            raise ConfigErrors([Problem(self._document.file, message, path, _position(node))])
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self.mapping(node, path)
            if isinstance(node, SequenceNode):
                return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        self._document.places.setdefault(path, _position(node))
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged |= self._merged(value_node, path)
                continue
            if not isinstance(key_node, ScalarNode):
                self._problem("Ключом может быть только слово.", path, key_node)
                continue
            key = _restored(key_node.value)
            if key in found:
                first = self._document.keys[(*path, key)]
                self._problem(f"Ключ «{key}» уже есть в строке {first.line}: оставьте один.", (*path, key), key_node)
                continue
            self._document.keys[(*path, key)] = _position(key_node)
            found[key] = self.value(value_node, (*path, key))
        return merged | found

    def _merged(self, node: Node, path: Path) -> dict[str, Any]:
        parts = node.value if isinstance(node, SequenceNode) else [node]
        found: dict[str, Any] = {}
        for part in reversed(parts):  # the first of several wins
            if isinstance(part, MappingNode):
                found |= self.value(part, path)
        return found

    def _scalar(self, node: Node, path: Path) -> Any:
        if node.tag not in _PLAIN:
            self._problem(f"Метка {node.tag} не поддерживается. Секреты пишут так: ${{ПЕРЕМЕННАЯ}}.", path, node)
            return None
        if node.tag.rpartition(":")[2] in ("str", "timestamp", "merge"):
            return _restored(node.value)
        return self._yaml.constructor.construct_object(node)

    def _problem(self, message: str, path: Path, node: Node) -> None:
        self._document.problems.append(Problem(self._document.file, message, path, _position(node)))


def _restored(text: str) -> str:
    return _STAND_IN.sub(r"${\1}", text)


def _position(node: Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def _syntax(error: MarkedYAMLError, name: str) -> Problem:
    said = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    if "while scanning a quoted scalar" in said:  # the problem shows at the end of the file, the quote stands above
        mark = error.context_mark
    message = next((text for part, text in _SYNTAX if part in said), f"Это не YAML: {said.strip()}.")
    begun = error.context_mark
    if "while parsing a flow" in said and begun is not None and mark is not None and begun.line != mark.line:
        message += f" Скобка открыта в строке {begun.line + 1}: ошибка там или ниже; проверьте и кавычки."
    return Problem(name, message, at=mark and Position(mark.line + 1, mark.column + 1))
