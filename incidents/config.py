"""Settings of the sections `authorities`, `deadlines`, `grouping` and `reopen`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, WithJsonSchema, model_validator

from incidents.scope import FAMILIES, FAMILY_OF, Scope, scope_of
from incidents.terms import Span, Written
from schemas import Urgency

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DURATION = re.compile(r"(\d{1,6})([mhd])")
LONGEST = timedelta(days=366)
"""A term of more than a year is a slip of the keyboard: the longest in law is 30 days."""


def parse_duration(value: Any) -> timedelta:
    """`30m`, `24h`, `10d` as a time span.

    Raises:
        ValueError: it is not of this form, is nothing, or more than a year. The message is in Russian.
    """
    if isinstance(value, timedelta):
        found = value
    else:
        match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"непонятный срок «{value}»: нужно число и m (минуты), h (часы) или d (дни), например 24h")
        found = int(match[1]) * _UNITS[match[2]]
    if not timedelta(0) < found <= LONGEST:
        raise ValueError(f"срок «{value}» не подходит: он должен быть больше нуля и не больше {LONGEST.days}d")
    return found


Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), WithJsonSchema({"type": "string", "pattern": r"^\d{1,6}[mhd]$"})
]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Authority(_Settings):
    """Who answers for what. The first that fits, in the order of the file, is proposed.

    `groups` and `topics` widen each other, `municipalities` narrows: an authority with groups and municipalities
    gets those groups there.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", description="Короткое имя: в событиях и фильтрах.")
    name: str = Field(min_length=1, description="Название, как его видят люди.")
    groups: tuple[str, ...] = Field(default=(), description="Группы тем.")
    topics: tuple[str, ...] = Field(default=(), description="Отдельные темы, вдобавок к группам.")
    municipalities: tuple[str, ...] = Field(default=(), description="Только здесь: названия или коды ОКТМО.")
    default: bool = Field(default=False, description="Получает всё, что не досталось другим.")

    @model_validator(mode="after")
    def _gets_something(self) -> Self:
        if not (self.groups or self.topics or self.municipalities or self.default):
            raise ValueError(
                f"«{self.id}» никогда ничего не получит: напишите groups, topics, municipalities или default: true"
            )
        return self


class Term(_Settings):
    """By when to answer, and for which incidents. Every key that is written must hold; any of its values does."""

    answer: Written = Field(description="Срок ответа от регистрации: 30m, 24h, 10d, 8wh, 3wd.")
    solution: Written | None = Field(default=None, description="Срок решения от регистрации; без него его нет.")
    groups: tuple[str, ...] = Field(default=(), description="Группы тем.")
    topics: tuple[str, ...] = Field(default=(), description="Темы.")
    urgency: tuple[Urgency, ...] = Field(default=(), description="Срочность: now, soon, normal.")
    authorities: tuple[str, ...] = Field(default=(), description="Имена (id) из authorities.")
    municipalities: tuple[str, ...] = Field(default=(), description="Названия или коды ОКТМО.")

    @model_validator(mode="after")
    def _answer_comes_first(self) -> Self:
        answer, solution = self.answer, self.solution
        if solution is not None and answer.unit == solution.unit and answer.count > solution.count:
            raise ValueError(f"срок решения {solution} короче срока ответа {answer}")
        return self

    @property
    def is_general(self) -> bool:
        """It names nothing, so it fits every incident."""
        return not (self.groups or self.topics or self.urgency or self.authorities or self.municipalities)

    @property
    def working(self) -> bool:
        """It needs the calendar of working time."""
        return self.answer.working or (self.solution is not None and self.solution.working)


def fits_wherever(first: Term, second: Term, group_of: Mapping[str, str]) -> bool:
    """Whether `first` fits each incident that `second` does. `group_of` names the group of a topic."""
    groups = set(second.groups) or {group_of.get(topic, "") for topic in second.topics}
    if first.groups and not (groups and groups <= set(first.groups)):
        return False
    pairs = (
        (first.topics, second.topics),
        (first.urgency, second.urgency),
        (first.authorities, second.authorities),
        (first.municipalities, second.municipalities),
    )
    return all(not wide or (narrow and set(narrow) <= set(wide)) for wide, narrow in pairs)


DEFAULT_TERM = Term(answer=Span(24, "h"))
"""The norm of the regional centres for a message found in a network, counted from its registration."""


class Deadlines(BaseModel):
    """`default`, and further terms under names of the operator's choice: the first that fits, in order of the file."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Term]

    default: Term = Field(default=DEFAULT_TERM, description="Срок для всего, что не названо отдельно.")

    @model_validator(mode="after")
    def _only_the_default_is_general(self) -> Self:
        if not self.default.is_general:
            raise ValueError("срок default действует для всего остального: условия пишите у срока с другим именем")
        for name, term in self.named():
            if term.is_general:
                raise ValueError(
                    f"у срока «{name}» нет условий: напишите groups, topics, urgency, authorities или municipalities"
                )
        return self

    def named(self) -> Iterator[tuple[str, Term]]:
        """All but the default, in the order of the file."""
        yield from self.__pydantic_extra__.items()


class Alarms(_Settings):
    """When to tell of a deadline, besides in lists."""

    remind: Duration = Field(default=timedelta(hours=2), description="За сколько до срока ответа напомнить.")
    escalate_after: Duration = Field(
        default=timedelta(hours=24), description="Через сколько после срока сообщить вышестоящему."
    )
    escalate_to: str | None = Field(default=None, description="Кому: имя (id) из authorities; без ключа — никому.")


DEFAULT_WINDOW = timedelta(hours=24)
"""Posts about one trouble come minutes or hours apart, with a pause for the night. A whole day without one means that
it is over, or answered: the norm for an answer is a day as well."""
DEFAULT_SPAN = timedelta(days=3)
"""In a large city somebody writes of any common trouble every day, and a chain of such days is not one matter. What
is not solved in three days deserves a new line with a new deadline."""


DEFAULT_ALIKE = 0.15
"""Of two texts on one topic that name no street. Measured on the stories: see docs/decisions/2026-11-28-grouping.md."""
ADDRESS_WINDOW = timedelta(days=14)
"""People come back to a trouble at their house for weeks: the gap that the matters of the SPb data are cut at."""
ADDRESS_SPAN = timedelta(days=60)
"""Two terms of the law (30 days): who writes after that writes of an answer that did not help."""
ADDRESS_ALIKE = 0.05
"""Bhattacharyya coefficient of two posts' topics, measured on SPb; 0.63 was the best of a sweep, and flat around."""


class Period(_Settings):
    """How far apart in time the posts of one matter may be."""

    window: Duration = Field(default=DEFAULT_WINDOW, description="Наибольший перерыв между публикациями об одном.")
    span: Duration = Field(default=DEFAULT_SPAN, description="Наибольшее время от первой публикации до последней.")

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.window > self.span:
            raise ValueError("перерыв window не может быть больше, чем всё время span")
        return self


class AddressWindow(Period):
    """Posts about one house."""

    window: Duration = Field(default=ADDRESS_WINDOW, description="Наибольший перерыв между публикациями об одном доме.")
    span: Duration = Field(default=ADDRESS_SPAN, description="Наибольшее время от первой до последней.")
    alike: float = Field(
        default=ADDRESS_ALIKE,
        ge=0,
        le=1,
        description="Насколько похожи должны быть темы двух публикаций об одном доме.",
    )


class Window(Period):
    scope: Scope | None = Field(
        default=None,
        description="`area` — беда на весь населённый пункт, `address` — у каждого адреса своя; без него — по теме.",
    )
    alike: float = Field(
        default=DEFAULT_ALIKE,
        ge=0,
        le=1,
        description="Для `address`: насколько похожи должны быть тексты, если в одном из них нет улицы.",
    )


class WindowRule(Window):
    groups: tuple[str, ...] = Field(default=(), description="Группы тем.")
    topics: tuple[str, ...] = Field(default=(), description="Темы.")
    together: bool = Field(default=False, description="Считать все эти темы одной: «нет воды» и «прорыв трубы».")

    @model_validator(mode="after")
    def _fits_something(self) -> Self:
        if not (self.groups or self.topics):
            raise ValueError("правило ни к чему не относится: напишите groups или topics")
        if self.together and self.groups:
            raise ValueError("together объединяет темы: перечислите их в topics, без groups")
        return self


@dataclass(frozen=True, slots=True)
class Matter:
    """What may be one matter, as far as the topic goes: `topics` all count as one."""

    key: str
    topics: tuple[str, ...]
    window: timedelta
    span: timedelta
    scope: Scope = "area"
    alike: float = 0.0
    common: bool = False
    """Whether the common trouble that a post tells of counts for more than its topic: no rule says how to group."""

    @property
    def reach(self) -> timedelta:
        """How far from a post others can have a say in what it belongs to (see `incidents.group`)."""
        return self.window + self.span


class Grouping(BaseModel):
    """`default`, and rules under names of the operator's choice: the first that fits, in the order of the file."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, WindowRule]

    default: Window = Field(default_factory=Window, description="Для всех тем, что не названы отдельно.")
    address: AddressWindow = Field(default_factory=AddressWindow, description="Для публикаций об одном доме.")
    head: str | None = Field(
        default=None,
        description="Голова из classifier.heads, чей ответ говорит, об одном ли две публикации об одном доме.",
    )

    _matters: dict[tuple[str, str], Matter] = PrivateAttr(default_factory=dict)

    def matter(self, group: str, topic: str) -> Matter:
        """What posts on this topic are grouped with, and how."""
        found = self._matters.get((group, topic))
        if found is None:
            found = self._matters[group, topic] = self._matter(group, topic)
        return found

    def _matter(self, group: str, topic: str) -> Matter:
        for name, rule in self.__pydantic_extra__.items():
            if topic in rule.topics or group in rule.groups:
                if rule.together:
                    scope = rule.scope or ("area" if "area" in map(scope_of, rule.topics) else "address")
                    return Matter(f"together:{name}", rule.topics, rule.window, rule.span, scope, rule.alike)
                return _of(rule, topic)
        if (family := FAMILY_OF.get(topic)) is not None:
            others = FAMILIES[family]
            scope = self.default.scope or scope_of(others[0])
            period = self.default
            return Matter(
                f"family:{family}", others, period.window, period.span, scope, period.alike, self._common_counts
            )
        return _of(self.default, topic, common=self._common_counts)

    @property
    def _common_counts(self) -> bool:
        return self.default.scope != "address"


def _of(rule: Window, topic: str, *, common: bool = False) -> Matter:
    return Matter(topic, (topic,), rule.window, rule.span, rule.scope or scope_of(topic), rule.alike, common)


DEFAULT_REOPEN = timedelta(days=30)
"""The term within which a citizen may expect a repair to hold, and the longest term for an answer in law
(Federal law 59-FZ of 2 May 2006, article 12): what comes back sooner was not solved."""


class Reopening(_Settings):
    """When a new post on a matter that is over opens its incident again."""

    within: Duration = Field(
        default=DEFAULT_REOPEN, description="Столько времени после решения или закрытия новая публикация возвращает."
    )


DEFAULT_REOPENING = Reopening()
