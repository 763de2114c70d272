"""`otklik replay`: a file of posts through every stage, beside the running system."""

from pathlib import Path
from typing import Annotated

import typer

from otklik.commands.common import command, load
from otklik.exits import Failed

Posts = Annotated[Path, typer.Argument(metavar="ПУБЛИКАЦИИ.jsonl", help="Строки JSON: id, text, published и другие.")]
ConfigOption = Annotated[Path, typer.Option("--config", metavar="ФАЙЛ", help="Файл региона.")]
Out = Annotated[Path, typer.Option("--out", metavar="ИНЦИДЕНТЫ.jsonl", help="Куда записать инциденты.")]
All = Annotated[bool, typer.Option("--all", help="Не отсеивать публикации, которые не о беде.")]


def register(app: typer.Typer) -> None:
    @command(app, "replay")
    def replay(posts: Posts, config: ConfigOption, out: Out, everything: All = False) -> int:
        """Прогнать файл публикаций через все этапы и записать, какие инциденты вышли.

        Шина и база — временные, тех же видов, что в файле региона; сами они не затрагиваются, сети и получателей нет.
        Поля строки: id, text, published и, по желанию, kind, title, url, parent, context, source, author,
        source_municipality, address, geo. Негодные строки называются в stderr; код выхода тогда 1.

        Временные файлы лежат в папке TMPDIR (обычно /tmp): на тысячу публикаций нужно до 8 МБ. Не хватит места —
        код выхода 3, и файл инцидентов остаётся, каким был.
        """
        if not posts.is_file():
            raise Failed(f"Нет файла {posts}.")
        settings = load(config, author_key=True)
        from otklik.replaying import replay_file  # noqa: PLC0415

        return replay_file(settings, posts, out, everything=everything)
