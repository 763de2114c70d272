"""Sessions of Telegram accounts: one application each, a file that is there, a key that opens it."""

from collections.abc import Iterator, Mapping
from typing import Any

from crawlers.telegram.settings import HOW, VARIABLE
from otklik.config.document import Document
from otklik.config.messages import docs_of
from otklik.config.problems import Path, Problem, shown


def problems(document: Document, file: Any) -> Iterator[Problem]:
    """Sources that would use one session for two applications: Telegram takes such a session away."""
    first: dict[str, tuple[int, Path]] = {}
    for path, one in _readers(file):
        given = (one.api_id, (*path, "api_id"))
        api_id, where = first.setdefault(one.account, given)
        if api_id != one.api_id:
            at = document.place(where)
            message = (
                f"Сессией {one.session} пользуется и источник в строке {at.line if at else '?'}, но с другим api_id: "
                "у каждого api_id должна быть своя сессия."
            )
            yield Problem(document.file, message, given[1], document.place(given[1]), docs=docs_of(path))


def notes(document: Document, file: Any, env: Mapping[str, str], name: str) -> Iterator[Problem]:
    """Sessions that nobody has made yet, once each, and the lack of a key. `name` is the file's, for the command."""
    told: set[str] = set()
    for path, one in _readers(file):
        here = (*path, "session")
        if not told and not env.get(VARIABLE):
            message = f"Не задан {VARIABLE}: сессии Telegram без него не открыть."
            yield Problem(document.file, message, here, document.place(here), hint=f"{HOW}.", docs=docs_of(path))
        if one.account not in told and not one.session.is_file():
            source = file.sources[path[1]].id
            yield Problem(
                document.file,
                "Файла сессии ещё нет: источник начнёт собираться, когда вы войдёте в Telegram.",
                here,
                document.place(here),
                shown(str(one.session)),
                hint=f"Войдите: otklik telegram login {name} --source {source}",
                docs=docs_of(path),
            )
        told.add(one.account)


def _readers(file: Any) -> Iterator[tuple[Path, Any]]:
    for number, section in enumerate(file.sources):
        if section.kind == "telegram" and section.settings.by_api:
            yield ("sources", number, "telegram"), section.settings
