"""`otklik places`: look into the gazetteer, and draw the municipalities of a region."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from otklik.commands.common import Json, command, group, print_json
from otklik.exits import Exit, Failed

if TYPE_CHECKING:
    from classifier.places import Region
    from classifier.places.search import Found, Shown

KINDS = {
    "municipality": "муниципалитет",
    "town": "город или посёлок",
    "village": "сельский населённый пункт",
    "area": "часть города, прозвище",
    "inner": "внутригородской район",
    "rural": "бывшее сельское поселение",
}
TYPES = {"г": "город", "рп": "рабочий посёлок", "пгт": "посёлок городского типа", "с": "село", "д": "деревня"}
TYPES |= {"п": "посёлок", "х": "хутор", "ст-ца": "станица", "аул": "аул", "ж/д_ст": "станция", "рзд": "разъезд"}

NameArgument = Annotated[
    str, typer.Argument(metavar="НАЗВАНИЕ", help="Название в любом падеже, его начало, прежнее название или код ОКТМО.")
]
CodeArgument = Annotated[str, typer.Argument(metavar="ОКТМО", help="Код муниципалитета, восемь цифр; годится прежний.")]
RegionArgument = Annotated[str, typer.Argument(metavar="РЕГИОН", help="Название, короткое имя или код субъекта.")]
InRegion = Annotated[str | None, typer.Option("--region", metavar="РЕГИОН", help="Искать только в этом регионе.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Показать не больше стольких.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="ФАЙЛ", help="Записать в файл, а не в вывод.")]


def register(app: typer.Typer) -> None:
    places = group(app, "places", "Справочник мест: найти, показать, нарисовать границы.")

    @command(places, "search")
    def search(name: NameArgument, *, region: InRegion = None, limit: Limit = 20, as_json: Json = False) -> int:
        """Найти место по названию: муниципалитеты, населённые пункты, районы Челябинска и Магнитогорска, прозвища.

        Код 1 — ничего не нашлось; похожие названия подсказаны.
        """
        from classifier.places import load  # noqa: PLC0415
        from classifier.places.search import Search  # noqa: PLC0415
        from text.suggest import perhaps  # noqa: PLC0415

        answer = Search(load(), region_of(region) if region else None).find(name, limit)
        if as_json:
            found = [_as_json(one) for one in answer.found]
            print_json({"found": found, "total": answer.total, "guesses": list(answer.guesses)})
        elif answer.found:
            for one in answer.found:
                typer.echo(_line(one))
            if answer.total > limit:
                typer.echo(f"…и ещё {answer.total - limit}: уточните название, --region или --limit.", err=True)
        else:
            hint = perhaps(answer.guesses)
            typer.echo(f"Места «{name}» в справочнике нет.{f' {hint}' if hint else ''}", err=True)
        return Exit.OK if answer.found else Exit.SOME_BAD

    @command(places, "show")
    def show(oktmo: CodeArgument, *, as_json: Json = False) -> int:
        """Показать всё, что известно о муниципалитете."""
        from classifier.places import load  # noqa: PLC0415
        from classifier.places.search import Search  # noqa: PLC0415

        shown = Search(load()).show(oktmo.strip())
        if shown is None:
            raise Failed(
                f"Муниципалитета с ОКТМО «{oktmo}» нет. Найдите код по названию: otklik places search НАЗВАНИЕ."
            )
        if as_json:
            print_json(_shown_json(shown))
        else:
            typer.echo("\n".join(_shown_lines(shown)))
        return Exit.OK

    @command(places, "boundaries")
    def boundaries(region: RegionArgument, *, out: Out = None) -> int:
        """Нарисовать муниципалитеты региона: GeoJSON с ключами oktmo и name.

        Границы вычислены по населённым пунктам и похожи на настоящие лишь приблизительно: для карты хватает, для
        споров о земле нет. Свой файл с границами назовите в places.boundaries.
        """
        import orjson  # noqa: PLC0415

        from classifier.places.boundaries import boundaries as drawn  # noqa: PLC0415

        found = orjson.dumps(drawn(region_of(region)))
        if out is None:
            typer.echo(found.decode())
        else:
            out.write_bytes(found)
        return Exit.OK


def region_of(name: str) -> "Region":
    """A region that an operator named.

    Raises:
        Failed: there is none such.
    """
    from classifier.places import Region, UnknownRegion  # noqa: PLC0415

    try:
        return Region.load(name)
    except UnknownRegion as error:
        raise Failed(str(error)) from error


def _number(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def _line(one: "Found") -> str:
    name = one.name
    kind = KINDS[one.kind] if name is None else TYPES.get(name.type, KINDS[one.kind])
    parts = [f"{one.title} — {kind}"]
    if one.former:
        parts[0] += f" (прежде {one.former})"
    if name is not None:
        parts.append(one.municipality.name)
    parts.append(one.region.name)
    code = one.municipality.oktmo if name is None or not name.code else f"{one.municipality.oktmo} ({name.code})"
    parts.append(f"ОКТМО {code}")
    if one.population:
        parts.append(f"жителей {_number(one.population)}")
    return "; ".join(parts)


def _as_json(one: "Found") -> dict[str, Any]:
    name, info = one.name, one.municipality
    return {
        "name": one.title,
        "kind": one.kind,
        "type": name.type if name else None,
        "municipality": {"oktmo": info.oktmo, "name": info.name},
        "region": {"code": one.region.code, "id": one.region.slug, "name": one.region.name},
        "oktmo": name.code or None if name else info.oktmo,
        "population": one.population,
        "lat": name.lat if name else info.lat,
        "lon": name.lon if name else info.lon,
        "former": one.former or None,
    }


def _shown_lines(shown: "Shown") -> list[str]:
    info, region = shown.found.municipality, shown.found.region
    lines = [
        info.name,
        f"  регион: {region.name} ({region.slug}, код {region.code})",
        f"  ОКТМО: {info.oktmo}" + (f", прежде {info.former_oktmo}" if info.former_oktmo else ""),
        f"  центр: {info.centre} ({info.lat}, {info.lon})",
        f"  жителей: {_number(info.population)}",
        f"  населённых пунктов: {shown.settlements}",
    ]
    if info.former_names:
        lines.append(f"  прежде и иначе: {', '.join(info.former_names)}")
    if shown.largest:
        largest = ", ".join(f"{name.name} ({_number(name.population)})" for name in shown.largest)
        lines.append(f"  крупнейшие: {largest}")
    if shown.parts:
        lines.append(f"  части и прозвища: {', '.join(name.name for name in shown.parts)}")
    if shown.rural:
        lines.append(f"  бывшие сельские поселения: {', '.join(name.name for name in shown.rural)}")
    if shown.bounds:
        south, west, north, east = shown.bounds
        lines.append(f"  населённые пункты между {south}° и {north}° с. ш., {west}° и {east}° в. д.")
    return lines


def _shown_json(shown: "Shown") -> dict[str, Any]:
    info = shown.found.municipality
    return {
        **_as_json(shown.found),
        "oktmo": info.oktmo,
        "former_oktmo": info.former_oktmo or None,
        "former_names": list(info.former_names),
        "centre": info.centre,
        "settlements": shown.settlements,
        "largest": [{"name": n.name, "type": n.type, "population": n.population} for n in shown.largest],
        "parts": [name.name for name in shown.parts],
        "rural": [name.name for name in shown.rural],
        "bounds": list(shown.bounds) if shown.bounds else None,
    }
