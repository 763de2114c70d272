"""Settings of the section `routing`."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import Urgency

Word = Annotated[str, Field(min_length=2)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RouteRule(_Settings):
    """`groups` and `topics` widen each other; every other key that is written must hold, any of its values does."""

    to: str = Field(description="Кому: имя (id) из authorities.")
    groups: tuple[str, ...] = Field(default=(), description="Группы тем.")
    topics: tuple[str, ...] = Field(default=(), description="Отдельные темы, вдобавок к группам.")
    municipalities: tuple[str, ...] = Field(default=(), description="Названия или коды ОКТМО.")
    settlements: tuple[str, ...] = Field(default=(), description="Населённые пункты.")
    sources: tuple[str, ...] = Field(default=(), description="Имена (id) источников.")
    urgency: tuple[Urgency, ...] = Field(default=(), description="Срочность: now, soon, normal.")
    words: tuple[Word, ...] = Field(default=(), description="Начала слов: есть хоть одно в любой публикации.")

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if not any(getattr(self, name) for name in CONDITIONS):
            raise ValueError(f"у правила нет условий: напишите {', '.join(CONDITIONS[:-1])} или {CONDITIONS[-1]}")
        return self


CONDITIONS = ("groups", "topics", "municipalities", "settlements", "sources", "urgency", "words")


class Learned(_Settings):
    """The suggestion of a model trained by `otklik train --target executor`: only where no rule fits."""

    head: str = Field(default="executor", description="Имя модели из classifier.heads.")
    at_least: float = Field(default=0.7, gt=0, le=1, description="С какой вероятности ей верить.")
    authorities: dict[str, str] = Field(description="Ответ модели: имя (id) из authorities.")


class RouteTest(_Settings):
    """Who must be proposed for what; `otklik check` runs it."""

    expect: str = Field(description="Кто должен получить: имя (id) из authorities.")
    text: str = Field(default="", description="Текст; без topic тему и место скажет классификатор.")
    topic: str | None = Field(default=None, description="Тема.")
    municipality: str | None = Field(default=None, description="Название или код ОКТМО.")
    settlement: str | None = Field(default=None, description="Населённый пункт.")
    source: str | None = Field(default=None, description="Имя (id) источника.")
    urgency: Urgency | None = Field(default=None, description="Срочность.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and self.topic is None:
            raise ValueError("у проверки нет ни text, ни topic: неясно, о чём обращение")
        return self


class Routing(_Settings):
    rules: tuple[RouteRule, ...] = Field(default=(), description="Правила по порядку: решает первое подходящее.")
    learned: Learned | None = Field(default=None, description="Подсказка обученной модели.")
    auto_assign: bool = Field(default=False, description="Назначать сразу, а не предлагать человеку.")
    tests: tuple[RouteTest, ...] = Field(default=(), description="Проверки правил.")

    @property
    def reads_posts(self) -> bool:
        """It looks at the words of posts or at further heads, which a snapshot does not hold."""
        return self.learned is not None or any(rule.words for rule in self.rules)
