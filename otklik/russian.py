"""Russian for what others say: the help and the mistakes of the command-line library."""

import re
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

_HELP = (
    (r"^Usage: ", "Как вызвать: "),
    (r"\[OPTIONS\]", "[КЛЮЧИ]"),
    (r"COMMAND \[ARGS\]\.\.\.", "КОМАНДА [АРГУМЕНТЫ]..."),
    (r"^Arguments:$", "Аргументы:"),
    (r"^Options:$", "Ключи:"),
    (r"^Commands:$", "Команды:"),
    (r"Show this message and exit\.", "Показать эту справку."),
    (r"\[required\]", "[обязательно]"),
    (r"\[default: ", "[по умолчанию: "),
)
_ERRORS = (
    (r"Missing argument '(.+?)'\.", r"Не хватает аргумента \1."),
    (r"Missing option '(.+?)'\.", r"Не хватает ключа \1."),
    (r"Missing command\.", "Не указана команда."),
    (r"No such command '(.+?)'\.", r"Нет такой команды: \1."),
    (r"No such option:? '?([^' ]+?)'?\.?(?= |$)", r"Нет такого ключа: \1."),
    (r"\(?Possible options?: (.+?)\)?$", r"Может быть, \1?"),
    (r"Did you mean '?(.+?)'?\?", r"Может быть, \1?"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", r"Лишнее в команде: \1."),
    (r"Option '(.+?)' requires an argument\.", r"Ключу \1 нужно значение."),
    (r"Option '(.+?)' does not take a value\.", r"Ключу \1 значение не нужно."),
    (r"Invalid value for '?(.+?)'?: ", r"Неверное значение \1: "),
    (r"Invalid value: ", "Неверное значение: "),
    (r"(?:File|Path|Directory) '(.+?)' does not exist\.", r"нет такого файла: \1."),
    (r"(?:File|Path) '(.+?)' is a directory\.", r"\1 — папка, а не файл."),
    (r"'(.+?)' is not a valid integer(?: range)?\.", r"«\1» — не целое число."),
    (r"Input should be a valid integer.*", "нужно целое число"),
    (r"Input should be greater than or equal to (\S+)", r"нужно не меньше \1"),
    (r"Input should be less than or equal to (\S+)", r"нужно не больше \1"),
    (r"'(.+?)' is not one of (.+)\.", r"«\1» не подходит, можно: \2."),
)


def sentences(*parts: str | None) -> str:
    """Texts without a full stop at the end, such as a source's reason and action, as one text without it."""
    return ". ".join(part for part in parts if part)


def translated_help(text: str) -> str:
    """The help of a command."""
    for pattern, russian in _HELP:
        text = re.sub(pattern, russian, text, flags=re.MULTILINE)
    return text


def translated_error(text: str) -> str:
    """A mistake in a command line; what is not known stays as it is."""
    for pattern, russian in _ERRORS:
        text = re.sub(pattern, russian, text)
    return text


class Command(TyperCommand):
    def get_help(self, ctx: Any) -> str:
        return translated_help(super().get_help(ctx))


class Group(TyperGroup):
    def get_help(self, ctx: Any) -> str:
        return translated_help(super().get_help(ctx))


class RoleGroup(Group):
    """Its first word followed by a file starts the role of that name, as the command `run` does."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        is_file = args[0] not in self.commands and (Path(args[0]).suffix in (".yaml", ".yml") or Path(args[0]).exists())
        return super().resolve_command(ctx, ["run", *args] if is_file else args)
