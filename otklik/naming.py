"""Names of topics, groups and municipalities as an operator writes them, to those that we keep."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from otklik.exits import Failed

if TYPE_CHECKING:
    from otklik.config import Config


def topic(config: "Config", name: str) -> str:
    """The spelling of a topic by its spelling, name or id.

    Raises:
        Failed: there is none.
    """
    found = config.topics.topic(_spelt(name, config.topics.accepted()[0]))
    if found is None:
        raise Failed(_unknown("темы", name, config.topics.accepted()[0], "Список тем: docs/taxonomy.md."))
    return found


def group(config: "Config", name: str) -> str:
    """The same of a group."""
    found = config.topics.group(_spelt(name, config.topics.accepted()[1]))
    if found is None:
        raise Failed(_unknown("группы", name, config.topics.accepted()[1], "Список: docs/taxonomy.md."))
    return found


def oktmo(config: "Config", name: str) -> str:
    """The code of a municipality by its name, town or code.

    Raises:
        Failed: the region has none.
    """
    found = config.region.municipality_by_name(name)
    if found is None:
        near = " или ".join(f"«{one}»" for one in config.region.suggestions(name))
        hint = f" Может быть, {near}?" if near else ""
        raise Failed(f"В регионе нет муниципалитета «{name}».{hint}")
    return found


def code_and_name(config: "Config", name: str) -> tuple[str, str]:
    """The code and the name that people see of it."""
    found = oktmo(config, name)
    return found, municipality(config, found)


def municipality(config: "Config", name: str) -> str:
    """Its full name."""
    found = oktmo(config, name)
    return next(one.name for one in config.region.municipalities if one.oktmo == found)


def authority(config: "Config", name: str, gone: Collection[str] = ()) -> str:
    """The id of an authority by its id or name; of those in `gone`, which the file no longer has, by its id.

    Raises:
        Failed: there is none.
    """
    if name in gone:
        return name
    ids: dict[str, str] = {}
    for one in config.file.authorities:
        ids |= {one.id: one.id, one.name: one.id}
    if name not in ids:
        raise Failed(_unknown("ведомства", name, list(ids), "Они перечислены в разделе authorities."))
    return ids[name]


def _spelt(name: str, known: Collection[str]) -> str:
    """As it is spelt, whatever the case of its letters, ё and the star."""
    if name in known:
        return name
    return next((one for one in known if _plain(one) == _plain(name)), name)


def _plain(name: str) -> str:
    return name.removeprefix("★").strip().casefold().replace("ё", "е")


def _unknown(what: str, name: str, known: list[str], where: str) -> str:
    from text.suggest import did_you_mean  # noqa: PLC0415

    hint = did_you_mean(name, known)
    return " ".join(part for part in (f"Нет {what} «{name}».", hint, where) if part)
