"""What pydantic finds wrong, said to an operator in Russian."""

import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, SecretStr, ValidationError

import crawlers
import sinks
from otklik.config.document import Document
from otklik.config.problems import DOCS, Path, Problem, shown
from text.suggest import did_you_mean, listed

SECTIONS = frozenset(
    [
        "region",
        "bus",
        "store",
        "data",
        "sources",
        "authorities",
        "deadlines",
        "routing",
        "calendar",
        "alarms",
        "grouping",
        "reopen",
        "topics",
        "places",
        "corrections",
        "sinks",
        "console",
        "classifier",
        "crawler",
        "retention",
        "log",
    ]
)
"""Those with a heading in the docs; a test holds this equal to the model."""

ID_FORM = "строчные латинские буквы, цифры, точка, дефис, подчёркивание; до 63 знаков, первый — буква или цифра"
HIDDEN = "(секрет, не показывается)"

_TYPES: dict[str, str] = {
    "string_type": "Нужна строка: возьмите значение в кавычки.",
    "int_type": "Нужно целое число.",
    "int_parsing": "Нужно целое число.",
    "int_from_float": "Нужно целое число.",
    "float_type": "Нужно число.",
    "float_parsing": "Нужно число.",
    "finite_number": "Нужно обычное число.",
    "bool_type": "Нужно true (да) или false (нет).",
    "bool_parsing": "Нужно true (да) или false (нет).",
    "list_type": "Нужен список: [один, другой] или строки, начатые с «-».",
    "tuple_type": "Нужен список: [один, другой] или строки, начатые с «-».",
    "set_type": "Нужен список: [один, другой] или строки, начатые с «-».",
    "frozen_set_type": "Нужен список: [один, другой] или строки, начатые с «-».",
    "dict_type": "Нужен раздел с ключами.",
    "model_type": "Нужен раздел с ключами.",
    "model_attributes_type": "Нужен раздел с ключами.",
    "greater_than": "Нужно число больше {gt}.",
    "greater_than_equal": "Нужно не меньше {ge}.",
    "less_than": "Нужно число меньше {lt}.",
    "less_than_equal": "Нужно не больше {le}.",
    "string_too_short": "Слишком коротко: нужно символов не меньше {min_length}.",
    "string_too_long": "Слишком длинно: нужно символов не больше {max_length}.",
    "too_short": "Слишком мало значений: нужно не меньше {min_length}.",
    "too_long": "Слишком много значений: нужно не больше {max_length}.",
    "string_pattern_mismatch": "Не подходит под образец {pattern}.",
    "url_parsing": "Это не адрес: нужен полный, с https://.",
    "url_type": "Нужен адрес: полный, с https://.",
    "url_scheme": "Такой адрес не подходит: он должен начинаться с {expected_schemes}.",
    "date_parsing": "Это не дата: нужно ГГГГ-ММ-ДД.",
    "date_from_datetime_parsing": "Это не дата: нужно ГГГГ-ММ-ДД.",
    "date_from_datetime_inexact": "Нужна дата без времени: ГГГГ-ММ-ДД.",
    "date_type": "Это не дата: нужно ГГГГ-ММ-ДД.",
    "time_delta_parsing": "Это не промежуток времени.",
    "time_delta_type": "Это не промежуток времени.",
    "path_type": "Нужен путь к файлу или папке.",
    "none_required": "Здесь ничего не должно быть.",
}


def problems_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """One problem per mistake; a value that came from the environment is shown as the file has it."""
    found: dict[tuple[Path, str], Problem] = {}
    for item in error.errors(include_url=False):
        path = _path(item["loc"], item["type"], document)
        problem = _problem(item["type"], item["msg"], item.get("ctx", {}), path, model=model, document=document)
        found.setdefault((path, problem.message), problem)  # the branches of a union say the same
    return list(found.values())


def _problem(
    kind: str,
    said: str,
    context: Mapping[str, Any],
    path: Path,
    *,
    model: type[BaseModel],
    document: Document,
) -> Problem:
    if kind == "missing":
        parent = path[:-1]
        at = document.key(parent)
        return Problem(document.file, f"Нет обязательного ключа «{path[-1]}».", parent, at, docs=docs_of(path))
    if kind == "extra_forbidden":
        return unknown_key(path, model, document)
    seen = HIDDEN if is_secret(model, path) else document.origins.get(path) or shown(document.value(path))
    allowed = None
    hint = None
    if kind in ("literal_error", "enum"):
        values = literals(annotation_at(model, path))
        message, allowed = "Такого значения нет.", listed(values) or context.get("expected", "")
        hint = did_you_mean(str(document.value(path)), values)
    elif kind in ("value_error", "assertion_error"):
        message = _sentence(_concealed(said.partition(", ")[2] or said, path, model, document))
    elif kind == "string_pattern_mismatch" and path[-1] == "id":
        message, allowed = "Такое имя не годится.", ID_FORM
    else:
        message = _TYPES.get(kind, said).format_map(_Known(context))
    return Problem(document.file, message, path, document.place(path), seen, allowed, hint, docs_of(path))


def unknown_key(path: Path, model: type[BaseModel], document: Document) -> Problem:
    """A key that the section does not have."""
    around = models_at(model, path[:-1])
    known = sorted({name for candidate in around for name in field_names(candidate)})
    return Problem(
        document.file,
        f"Нет такого ключа: «{path[-1]}».",
        path,
        document.key(path),
        allowed=listed(known),
        hint=did_you_mean(str(path[-1]), known),
        docs=docs_of(path),
    )


def docs_of(path: Path) -> str:
    """The section of the docs about the section of the file."""
    if (
        len(path) > 2
        and path[0] in ("sources", "sinks")
        and path[2] in (crawlers.KINDS if path[0] == "sources" else sinks.KINDS)
    ):
        return f"docs/{path[0]}/{path[2]}.md"
    return f"{DOCS}#{path[0]}" if path and path[0] in SECTIONS else DOCS


def field_names(model: type[BaseModel]) -> list[str]:
    """As the operator writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def annotation_at(model: type[BaseModel], path: Path) -> Any:
    """The declared type of the value at `path`; Any where it is not declared."""
    current: list[Any] = [model]
    for part in path:
        current = [following for one in current for following in _step(one, part)]
    if len(current) == 1:
        return current[0]
    return Union[tuple(current)] if current else Any  # noqa: UP007  (built at run time)


def models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    """The models that the section at `path` may be."""
    return [one for one in _parts(annotation_at(model, path)) if isinstance(one, type) and issubclass(one, BaseModel)]


def is_secret(model: type[BaseModel], path: Path) -> bool:
    """Whether the value at `path` must never be shown."""
    return SecretStr in _parts(annotation_at(model, path))


def literals(annotation: Any) -> list[str]:
    """The values that a Literal or an Enum allows."""
    found: list[str] = []
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            found += [str(value) for value in get_args(part)]
        elif isinstance(part, type) and hasattr(part, "__members__"):
            found += [str(member.value) for member in part.__members__.values()]
    return found


def _parts(annotation: Any) -> list[Any]:
    """The members of a union, or the type itself, without Annotated."""
    if hasattr(annotation, "__metadata__"):
        return _parts(annotation.__origin__)
    if hasattr(annotation, "__value__"):  # `type X = …`
        return _parts(annotation.__value__)
    if get_origin(annotation) in (Union, types.UnionType):
        return [part for member in get_args(annotation) for part in _parts(member)]
    return [annotation]


def _step(annotation: Any, part: str | int) -> Sequence[Any]:
    found: list[Any] = []
    for one in _parts(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            names = {field.alias or name: field for name, field in one.model_fields.items()}
            if part in names:
                found.append(names[str(part)].annotation)
            elif one.model_config.get("extra") == "allow":  # names of the operator's choice, each with such a section
                found += get_args(get_type_hints(one).get("__pydantic_extra__"))[1:]
        elif get_origin(one) in (dict, Mapping) and isinstance(part, str):
            found.append(get_args(one)[1])
        elif get_origin(one) in (list, tuple, set, frozenset, Sequence) and isinstance(part, int):
            found.append(get_args(one)[0])
    return found


def _path(loc: tuple[str | int, ...], kind: str, document: Document) -> Path:
    """The place in the file: pydantic's own also names members of unions and validators."""
    path: Path = ()
    for index, part in enumerate(loc):
        here = document.value(path)
        last = index == len(loc) - 1
        known = (isinstance(here, dict) and part in here) or (isinstance(here, list) and isinstance(part, int))
        if known or (last and kind == "missing"):
            path = (*path, part)
    return path


def _concealed(text: str, path: Path, model: type[BaseModel], document: Document) -> str:
    """A validator's own message without values from the environment."""
    written = document.origins.get(path)
    if written is None and not is_secret(model, path):
        return text
    value = document.filled_value(path)
    return text.replace(str(value), written or HIDDEN) if value not in (None, "") else text


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


class _Known(dict[str, Any]):
    """A format with a name that pydantic does not give stays readable."""

    def __missing__(self, key: str) -> str:
        return f"({key})"
