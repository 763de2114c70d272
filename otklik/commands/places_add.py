"""`otklik places add`: names of places that texts without a place may hold."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otklik.commands.common import ConfigFile, command, group, load, progress
from otklik.exits import Exit, Failed

if TYPE_CHECKING:
    from classifier.places import Resolver

Posts = Annotated[
    Path | None,
    typer.Argument(metavar="ПУБЛИКАЦИИ", help="JSON Lines, как для tag и replay; без него — со входа."),
]
Most = Annotated[int, typer.Option("--most", metavar="N", min=1, help="Сколько названий показать.")]
Least = Annotated[int, typer.Option("--least", metavar="N", min=1, help="В скольких публикациях, самое меньшее.")]


def register(app: typer.Typer) -> None:
    places = group(app, "places", "Места: что знает справочник и чего в нём не хватает.")

    @command(places, "add")
    def add(file: ConfigFile, posts: Posts = None, most: Most = 30, least: Least = 2) -> int:
        """Предложить названия мест, которых справочник не знает: из публикаций, где место не нашлось.

        Печатает YAML: впишите муниципалитеты, лишнее сотрите и вставьте в файл региона. Рядом с каждым названием —
        сколько публикаций с ним и что вокруг него стоит. Личные номера замазаны.
        """
        config = load(file)
        if posts is not None and not posts.is_file():
            raise Failed(f"Нет файла {posts}.")
        from classifier.places import Resolver  # noqa: PLC0415
        from classifier.places.suggest import Suggester, as_yaml  # noqa: PLC0415
        from otklik.lines import POSTS, recognised  # noqa: PLC0415
        from otklik.placeless import placeless  # noqa: PLC0415

        resolver = Resolver(config.region)
        suggester = Suggester(lambda name: _known(resolver, name))
        bad = 0
        with posts.open("rb") if posts else sys.stdin.buffer as source:
            for line in progress(
                recognised(placeless(source, resolver), str(posts or "Вход"), POSTS), "поиск названий"
            ):
                if isinstance(line, str):
                    suggester.add(line)
                else:
                    bad += 1
                    typer.echo(str(line), err=True)
        found = suggester.candidates(most, least=least)
        if found:
            typer.echo(as_yaml(found), nl=False)
        else:
            typer.echo("Новых названий не нашлось.", err=True)
        return Exit.SOME_BAD if bad else Exit.OK


def _known(resolver: "Resolver", name: str) -> bool:
    return any(resolver.resolve(text).municipality is not None for text in (f"посёлок {name}", f"{name} район"))
