"""`${VAR}` and `${VAR:-default}` in the file, and the key that authors are hashed with."""

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from otklik.config.document import Document
from otklik.config.problems import DOCS, ConfigErrors, Path, Problem
from text.refusal import refusal

AUTHOR_KEY = "OTKLIK_AUTHOR_KEY"
MIN_KEY = 32
"""Characters. `openssl rand -hex 32` gives 64; what is shorter than 32 was thought up by a person."""

ANCHOR = f"{DOCS}#секреты"

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class Missing(KeyError):
    """Neither the variable nor its file is there; the message is in Russian."""


def lookup(name: str, env: Mapping[str, str]) -> str:
    """The variable `name`, or what is in the file that `name_FILE` names, without its last line break.

    Raises:
        Missing: it is not set, or the file can't be read.
    """
    if env.get(name):
        return env[name]
    file = env.get(f"{name}_FILE")
    if not file:
        raise Missing(f"Не задана переменная окружения {name} (или {name}_FILE с путём к файлу).")
    try:
        return FilePath(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = refusal(error) if isinstance(error, OSError) else "не текст UTF-8"
        raise Missing(f"Файл из переменной {name}_FILE не читается: {file} ({reason}).") from error


def substitute(document: Document, env: Mapping[str, str]) -> None:
    """Put the environment into `document.filled`, and what the file says there into `document.origins`.

    What is missing is added to the document's problems, and the reference stays as it is.
    """

    def filled(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: filled(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        document.origins[path] = value
        return _REFERENCE.sub(lambda match: _one(match, path), value)

    def _one(match: re.Match[str], path: Path) -> str:
        parts = _NAME.fullmatch(match[1])
        if parts is None:
            _problem(f"«{match[0]}» не понято.", path, "${ПЕРЕМЕННАЯ} или ${ПЕРЕМЕННАЯ:-значение по умолчанию}")
            return match[0]
        try:
            return lookup(parts[1], env)
        except Missing as missing:
            if parts[2] is not None:
                return parts[2]
            _problem(missing.args[0], path)
            return match[0]

    def _problem(message: str, path: Path, allowed: str | None = None) -> None:
        document.problems.append(
            Problem(document.file, message, path, document.place(path), allowed=allowed, docs=ANCHOR)
        )

    document.filled = filled(document.values, ())


HOW = f"Создайте ключ один раз, храните его и не меняйте: export {AUTHOR_KEY}=$(openssl rand -hex 32)"


def author_key_problem(env: Mapping[str, str]) -> Problem | None:
    """What is wrong with the key of the author hashes; None where it is good."""
    try:
        key = lookup(AUTHOR_KEY, env)
    except Missing as missing:
        return Problem("окружение", missing.args[0], hint=HOW, docs=ANCHOR)
    if len(key) < MIN_KEY:
        message = f"Ключ {AUTHOR_KEY} слишком короткий: {len(key)} символов, нужно не меньше {MIN_KEY}."
        return Problem("окружение", message, hint=HOW, docs=ANCHOR)
    return None


def author_key(env: Mapping[str, str]) -> bytes:
    """The key that authors are hashed with: whoever has it could find out who wrote a post.

    Raises:
        ConfigErrors: it is absent or too short.
    """
    problem = author_key_problem(env)
    if problem is not None:
        raise ConfigErrors([problem])
    return lookup(AUTHOR_KEY, env).encode()
