"""The shape of the file: every module owns the settings of its own section; here they are put together."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Optional
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model

import crawlers
import sinks
from bus import is_kafka
from classifier.changes import TopicChanges
from classifier.places.settings import PlacesSettings
from console.settings import ConsoleSettings
from crawlers.schedule import ScheduleError, parse
from incidents.calendar import CalendarSettings
from incidents.config import DEFAULT_REOPENING, Alarms, Authority, Deadlines, Duration, Grouping, Reopening
from incidents.routing import Routing
from otklik.config.messages import is_secret
from sinks.filter import When

ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"
"""Ids become names of consumer groups and keys of records: what Kafka allows, in one case, and short."""


class Section(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"нет такого часового пояса: «{name}», нужно имя вроде Asia/Yekaterinburg") from None
    return name


def _every(line: object) -> str:
    try:
        parse(str(line), "UTC")  # a number is told what intervals look like, not that it wants quotes
    except ScheduleError as error:
        raise ValueError(str(error).removeprefix("every: ")) from None
    return str(line)


def _bus(url: str) -> str:
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        return url
    if is_kafka(url):
        return url
    raise ValueError("непонятный адрес шины: sqlite:///папка/bus.db или kafka://машина:порт,машина:порт")


def _store(url: str) -> str:
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        return url
    if url.startswith(("postgresql://", "postgres://")) and len(url) > len("postgresql://"):
        return url
    raise ValueError("непонятный адрес базы: sqlite:///папка/store.db или postgresql://пользователь@машина/база")


class SourceSection(Section):
    """One source. Beside these keys stands exactly one that names its kind."""

    id: str = Field(pattern=ID_PATTERN, description="Имя источника: в журналах, в status и в ключах записей.")
    every: Annotated[str, BeforeValidator(_every)] = Field(
        default="adaptive", description="Как часто ходить: 5m, строка cron или adaptive."
    )
    municipality: str | None = Field(default=None, description="О каком муниципалитете пишут, когда место не названо.")
    time_zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="Часовой пояс дат без пояса; без ключа — пояс региона."
    )

    @property
    def kind(self) -> str:
        """The one kind that is given."""
        return _given(self, crawlers.KINDS)

    @property
    def settings(self) -> Any:
        """Of its kind."""
        return getattr(self, self.kind)


class SinkSection(Section):
    """One sink. Beside these keys stands exactly one that names its kind."""

    id: str = Field(pattern=ID_PATTERN, description="Имя получателя: в журналах и в имени группы на шине.")
    when: When = Field(default_factory=When, description="Какие события отдавать; без ключа — все об инцидентах.")
    digest: Duration = Field(
        default=timedelta(hours=1),
        description="Сводка об источниках — не чаще; её просят словом source.* в when.events.",
    )

    @property
    def kind(self) -> str:
        """The one kind that is given."""
        return _given(self, sinks.KINDS)

    @property
    def settings(self) -> Any:
        """Of its kind."""
        return getattr(self, self.kind)


class ThresholdsSection(Section):
    """What is not written stays as the model was calibrated."""

    relevant: float | None = Field(default=None, ge=0, le=1, description="С этой вероятности публикация — о беде.")
    urgent: float | None = Field(
        default=None, ge=0, le=1, description="То же, если речь об опасности для жизни (срочность now)."
    )
    unsure_from: float | None = Field(
        default=None, ge=0, le=1, description="С этой вероятности до unsure_to решает человек."
    )
    unsure_to: float | None = Field(default=None, ge=0, le=1, description="Верхняя граница сомнения.")
    group: float | None = Field(default=None, ge=0, le=1, description="Группа менее вероятная — решает человек.")
    topic: float | None = Field(default=None, ge=0, le=1, description="Тема менее вероятная — решает человек.")
    municipality: float | None = Field(default=None, ge=0, le=1, description="Место менее вероятное — решает человек.")


class ClassifierSection(Section):
    model: Path | None = Field(default=None, description="Файл модели; без ключа — модель из программы.")
    thresholds: ThresholdsSection = Field(
        default_factory=ThresholdsSection, description="Ниже этих вероятностей решает человек."
    )
    heads: dict[str, Path] = Field(default_factory=dict, description="Дополнительные головы: имя и файл.")


class CrawlerSection(Section):
    contact: str | None = Field(
        default=None, description="Сайт или почта для владельцев сайтов: попадает в User-Agent."
    )
    user_agent: str | None = Field(default=None, description="User-Agent целиком, вместо обычного.")
    pause: Annotated[timedelta, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 600})] = Field(
        default=timedelta(seconds=1),
        ge=timedelta(0),
        le=timedelta(minutes=10),
        description="Пауза между запросами к одному сайту, секунд; Crawl-delay сайта, если он больше, важнее.",
    )
    concurrency: int = Field(default=32, ge=1, le=500, description="Сколько источников обходит один процесс сразу.")


class Retention(Section):
    """Days. Kafka's topics keep to the broker's own settings."""

    topics: int = Field(
        default=30, ge=1, le=3650, description="Записи на шине SQLite, которые все прочли, и отложенные, дней."
    )
    runs: int = Field(default=90, ge=1, le=3650, description="История обходов источников, дней.")
    versions: int = Field(
        default=180, ge=31, le=3650, description="Память о виденных публикациях, дней: дольше, чем они стоят в лентах."
    )
    outbox: int = Field(default=90, ge=7, le=3650, description="События для /api/incidents и лент, дней.")
    texts: int = Field(
        default=180,
        ge=30,
        le=3650,
        description="Слова публикаций, ответы и пояснения законченных инцидентов, дней; счёт остаётся.",
    )
    audit: int = Field(default=1095, ge=365, le=3650, description="Журнал просмотров и стираний, дней: не меньше года.")


class FileBase(Section):
    region: str = Field(description="Регион: муниципалитеты, соседи, часовой пояс.")
    bus: Annotated[str, AfterValidator(_bus)] = Field(
        default="sqlite:///var/bus.db", description="Шина: sqlite:///папка/bus.db или kafka://машина:порт,…"
    )
    store: Annotated[str, AfterValidator(_store)] = Field(
        default="sqlite:///var/store.db", description="База: sqlite:///папка/store.db или postgresql://…"
    )
    data: Path | None = Field(default=None, description="Папка замков и журналов; без ключа — рядом с базой.")
    authorities: tuple[Authority, ...] = Field(default=(), description="Кто за что отвечает.")
    deadlines: Deadlines = Field(default_factory=Deadlines, description="За какое время отвечать.")
    routing: Routing = Field(default_factory=Routing, description="Правила, кому предлагать, раньше authorities.")
    calendar: CalendarSettings = Field(default_factory=CalendarSettings, description="Рабочие дни и часы.")
    alarms: Alarms = Field(default_factory=Alarms, description="Когда напоминать о сроке и кому сообщать о просрочке.")
    grouping: Grouping = Field(default_factory=Grouping, description="Какие публикации считать одной бедой.")
    reopen: Reopening = Field(default=DEFAULT_REOPENING, description="Когда решённая беда считается вернувшейся.")
    topics: TopicChanges = Field(default_factory=TopicChanges, description="Что изменить в темах.")
    places: PlacesSettings = Field(default_factory=PlacesSettings, description="Что добавить к справочнику мест.")
    corrections: Path | None = Field(
        default=None, description="Файл исправлений: их пишет otklik correct, им сразу следует классификатор."
    )
    console: ConsoleSettings = Field(default_factory=ConsoleSettings, description="Веб-сторона.")
    classifier: ClassifierSection = Field(default_factory=ClassifierSection, description="Модель и её пороги.")
    crawler: CrawlerSection = Field(default_factory=CrawlerSection, description="Как представляться и сколько брать.")
    retention: Retention = Field(default_factory=Retention, description="Сколько что хранить.")
    log: Literal["debug", "info", "warning", "error"] = Field(default="warning", description="Что писать в журнал.")


@cache
def file_model() -> type[FileBase]:
    """`FileBase` with a key per kind of source and sink, as they are registered."""
    source = _with_kinds("Source", SourceSection, {kind: one.settings for kind, one in crawlers.KINDS.items()})
    sink = _with_kinds("Sink", SinkSection, {kind: one.settings for kind, one in sinks.KINDS.items()})
    return create_model(
        "File",
        __base__=FileBase,
        sources=(tuple[source, ...], Field(default=(), description="Откуда брать публикации.")),  # type: ignore[valid-type]
        sinks=(tuple[sink, ...], Field(default=(), description="Кому отдавать события.")),  # type: ignore[valid-type]
    )


def _with_kinds(name: str, base: type[Section], kinds: dict[str, type[BaseModel]]) -> type[Section]:
    keys: dict[str, Any] = {
        kind: (Optional[settings], Field(default=None, title=kind))  # noqa: UP045  (built at run time)
        for kind, settings in kinds.items()
    }

    def exactly_one(schema: dict[str, Any]) -> None:
        schema["oneOf"] = [{"required": [kind]} for kind in kinds]

    class Configured(base):  # type: ignore[misc, valid-type]
        model_config = ConfigDict(json_schema_extra=exactly_one)

    return create_model(name, __base__=Configured, __doc__=base.__doc__, **keys)


def _given(section: Section, kinds: Iterable[str]) -> str:
    return next(kind for kind in kinds if getattr(section, kind) is not None)


def secret_paths(model: type[BaseModel], values: Any) -> Iterator[tuple[str | int, ...]]:
    """Where in `values` a secret stands, by the declared types."""

    def walk(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        if isinstance(value, dict):
            for key, item in value.items():
                yield from walk(item, (*path, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from walk(item, (*path, index))
        elif value is not None and is_secret(model, path):
            yield path

    return walk(values, ())
