"""The section `places` of a region's file: names that the gazetteer lacks, and the operator's own boundaries."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from text import tokens
from text.address import street_key


def _words(name: str) -> str:
    if not any(token.text[0].isalpha() for token in tokens(name)):
        raise ValueError("в названии нет ни одной буквы")
    return name


class ExtraName(BaseModel):
    """A name that people use for a municipality or for a part of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_words)] = Field(
        min_length=2, max_length=100, description="Как пишут, в именительном падеже; остальные падежи программа знает."
    )
    municipality: str = Field(description="Какому муниципалитету принадлежит: название, город или код ОКТМО.")
    ambiguous: bool = Field(
        default=False,
        description="У слова есть и другой смысл: верить ему, только если на то же место указывает что-то ещё.",
    )


def _street(name: str) -> str:
    if not street_key(name):
        raise ValueError(f"«{name}»: не видно названия улицы; напишите, например, «улица Дружбы»")
    return name


class ExtraStreet(BaseModel):
    """A street that tells the municipality of a post which names no other place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    street: Annotated[str, AfterValidator(_street)] = Field(
        max_length=100, description="Улица, которая в регионе одна: «улица Дружбы», «Ржевского»."
    )
    municipality: str = Field(description="Какому муниципалитету принадлежит: название, город или код ОКТМО.")


class PlacesSettings(BaseModel):
    """What the operator adds to the gazetteer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[ExtraName, ...] = Field(
        default=(), description="Названия, которых нет в справочнике: прозвища, микрорайоны, новые посёлки."
    )
    streets: tuple[ExtraStreet, ...] = Field(
        default=(), description="Улицы, по которым видно муниципалитет, когда места в тексте нет."
    )
    boundaries: Path | None = Field(
        default=None,
        description="Ваш файл границ (GeoJSON с кодами ОКТМО) вместо вычисленных: otklik places boundaries.",
    )
