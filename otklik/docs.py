"""The generated parts of the operators' docs: the commands' help, the keys of the file, topics, rules of urgency.

`python -m otklik.docs docs` renews `cli.md`, `config.schema.json`, `taxonomy.md`, `urgency.md` and the marked blocks of
`configuration.md` and `incidents.md`.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import time as clock_time
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from classifier.model import Model
from classifier.taxonomy import Taxonomy, shipped_taxonomy
from classifier.urgency_rules import Table, table
from incidents.workflow import TABLE
from otklik.config.messages import literals, models_at
from otklik.config.model import SinkSection, SourceSection, file_model
from otklik.config.schema import FILE, schema_text
from otklik.exits import MEANING
from otklik.main import app
from schemas import IncidentStatus

WIDTH = 100
BLOCK = re.compile(r"<!-- (keys|topics|workflow)(?: ([\w.]+))? -->\n.*?<!-- end -->", re.DOTALL)

HEAD = """# Команды

Этот файл составлен из справки самой программы (`make docs`); тест следит, чтобы он не отставал.

Почти каждой команде нужен файл региона ([устройство файла](configuration.md)). Ключи `-v` (подробный журнал) и
`--debug` (всё, и место каждой ошибки) пишут в любом месте команды. Сообщения идут в stderr, ответы и JSON — в stdout.
"""


def cli() -> str:
    """`docs/cli.md`."""
    root = typer.main.get_command(app)
    codes = "\n".join(f"| {code.value} | {meaning} |" for code, meaning in MEANING.items())
    parts = [HEAD, f"## Коды выхода\n\n| код | что значит |\n| --- | --- |\n{codes}\n"]
    parts += [f"## {name}\n\n```text\n{text}\n```\n" for name, text in _helps(root, "otklik")]
    return "\n".join(parts)


def _helps(command: Any, path: str, parent: Any = None) -> Iterator[tuple[str, str]]:
    context = command.make_context(path, [], parent=parent, resilient_parsing=True, max_content_width=WIDTH)
    context.terminal_width = WIDTH
    yield path, command.get_help(context).rstrip()
    for name, child in getattr(command, "commands", {}).items():
        yield from ((f"{path} {inner}", text) for inner, text in _helps(child, name, context))


def keys(section: str) -> str:
    """A table of a section's keys: type, default, meaning."""
    path: tuple[str | int, ...] = tuple(0 if part == "0" else part for part in section.split("."))
    own: dict[str, list[type[BaseModel]]] = {"sources": [SourceSection], "sinks": [SinkSection]}
    found = own.get(section) or models_at(file_model(), path) or models_at(file_model(), (*path, 0))
    rows = [row for one in found for row in _rows(one)]
    return "\n".join(["| ключ | без него | что значит |", "| --- | --- | --- |", *rows])


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        allowed = literals(field.annotation)
        meaning = (field.description or "") + (f" ({', '.join(allowed)})" if allowed else "")
        yield f"| `{name}` | {_default(field)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "нельзя"
    default = field.get_default(call_default_factory=True) if field.default_factory is None else None
    if (
        default is None
        or default is PydanticUndefined
        or default in ((), {}, frozenset())
        or isinstance(default, BaseModel)
    ):
        return "—"
    if isinstance(default, timedelta):
        seconds = int(default.total_seconds())
        for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
            if seconds % size == 0:
                return f"`{seconds // size}{unit}`"
        return f"`{seconds}`"
    if isinstance(default, tuple) and all(isinstance(one, clock_time) for one in default):
        return "`" + "–".join(f"{one:%H:%M}" for one in default) + "`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def topics() -> str:
    """All groups with their topics, as the shipped model spells them."""
    groups: dict[str, list[str]] = defaultdict(list)
    for topic, group in Model.load().group_of.items():
        groups[group].append(topic)
    return "\n".join(f"- **{group}**: {'; '.join(sorted(groups[group]))}" for group in sorted(groups))


URGENCIES = {"now": "срочно", "soon": "скоро", "normal": "—"}
TAXONOMY = """# Группы и темы

Этот файл составлен из `classifier/taxonomy.yaml` (`make docs`); тест следит, чтобы он не отставал. Жирным — как тему
видят люди, под ней — как она зовётся в ответах `tag` и в событиях (так её пометили модераторы данных). В файле региона
годится любое из трёх: имя в ответах, название, id. Как переименовать, выключить или добавить тему —
[`topics`](configuration.md#topics). Срочность — та, что у публикации по теме, если её [слова](urgency.md) не говорят
большего. Последний столбец — какого рода орган обычно отвечает.
"""
URGENCY = """# Срочность

Этот файл составлен из `classifier/urgency.yaml` (`make docs`); тест следит, чтобы он не отставал. Правила смотрятся по
порядку, решает первое подходящее. Правилу нужно по слову из каждой строки, в любой форме и недалеко друг от друга.
Не подошло ни одно — срочность обычная для темы ([таблица](taxonomy.md)), если тема вероятна хотя бы на 0,6, иначе
обычная. Слова сильнее темы. Какое правило сработало и на каких словах, говорит `otklik explain`.

- `now`, срочно: опасность для жизни или ущерб, который растёт с каждым часом.
- `soon`, скоро: нужно сегодня.
- `normal`, обычная: всё остальное.

Отрицания понимаются: «запаха газа нет», «провод не упал», «нет открытых люков» ничего не значат. «Не» перед словом
в таблице значит, что отрицание и нужно: «скорая не едет». Сказано, что беды больше нет («починили», «убрали»,
«дали»), — правило не срабатывает, если рядом нет «опять», «пока не», «чтобы». «Зимой» — ноябрь–март по времени
публикации; если оно не известно, зимние правила молчат. Ни одно правило не срабатывает рядом со словами: {talk}.
"""


def taxonomy(known: Taxonomy) -> str:
    """`docs/taxonomy.md`."""
    parts = [TAXONOMY]
    for group in known.groups:
        also = "" if group.shown == group.group else f" В ответах и событиях: «{group.group}»."
        parts.append(f"## {group.shown}\n\n`{group.id}`, {group.english}.{also}\n")
        parts.append(
            "| тема | id | по-английски | о чём | срочность | кто отвечает |\n| --- | --- | --- | --- | --- | --- |"
        )
        for topic in group.topics:
            name = f"**{topic.shown}**" + ("" if topic.shown == topic.topic else f"<br>{topic.topic}")
            about = topic.about + ("" if topic.enabled else " **Выключена.**")
            row = (name, f"`{topic.id}`", topic.english, about, URGENCIES[topic.urgency], f"`{topic.authority}`")
            parts.append(f"| {' | '.join(row)} |")
        parts.append("")
    return "\n".join(parts)


def urgency(rules: Table) -> str:
    """`docs/urgency.md`."""
    parts = [URGENCY.format(talk=", ".join(sorted(rules.talk)))]
    parts.append("| срочность | правило | нужны слова | кроме | когда |\n| --- | --- | --- | --- | --- |")
    for rule in rules.rules:
        words = "<br>".join(", ".join(part.split()).replace("не_", "не ") for part in rule.parts)
        unless = ", ".join(rule.unless.split()) or "—"
        when = "зимой" if rule.winter else "всегда"
        parts.append(f"| `{rule.urgency}` | {rule.title} (`{rule.id}`) | {words} | {unless} | {when} |")
    return "\n".join(parts) + "\n"


def workflow() -> str:
    """The table of statuses."""
    rows = [
        f"| {one.action} | {', '.join(status for status in IncidentStatus if status in one.sources)} | {one.to} "
        f"| {one.needs or '—'} |"
        for one in TABLE
    ]
    return "\n".join(["| action | from | to | needs |", "| --- | --- | --- | --- |", *rows])


def marked(text: str) -> str:
    """A document with its marked blocks renewed."""

    def renewed(match: re.Match[str]) -> str:
        body = keys(match[2]) if match[1] == "keys" else topics() if match[1] == "topics" else workflow()
        return f"{match[0].partition(chr(10))[0]}\n{body}\n<!-- end -->"

    return BLOCK.sub(renewed, text)


def documents(folder: Path) -> dict[str, str]:
    """File name to what it should hold."""
    return {
        "cli.md": cli(),
        FILE: schema_text(),
        "taxonomy.md": taxonomy(shipped_taxonomy()),
        "urgency.md": urgency(table()),
    } | {name: marked((folder / name).read_text(encoding="utf-8")) for name in ("configuration.md", "incidents.md")}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    for file, content in documents(target).items():
        (target / file).write_text(content, encoding="utf-8")
