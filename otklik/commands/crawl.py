"""`otklik crawl`: the role that visits sources; with `--source`, one source by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otklik.commands.common import ConfigFile, Json, command, load, print_json
from otklik.exits import Exit, Failed
from otklik.russian import sentences

if TYPE_CHECKING:
    from otklik.config import Config

One = Annotated[str | None, typer.Option("--source", metavar="ID", help="Обойти только этот источник, один раз.")]
Dry = Annotated[
    bool, typer.Option("--dry-run", help="Ничего не сохранять: показать, какие публикации пришли бы (с --source).")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="Сколько публикаций показать с --dry-run.")]
Once = Annotated[bool, typer.Option("--once", help="Обойти каждый источник один раз и закончить.")]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="ДАТА",
        help="Собрать прошлое источника (с --source): всё, что опубликовано с этого дня. Прерванное продолжит та же "
        "команда.",
    ),
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="ДАТА", help="До какого дня, не включая его (с --since); иначе до этой минуты."),
]
Again = Annotated[bool, typer.Option("--again", help="Собрать ещё раз прошлое, которое уже собрано (с --since).")]

SHOWN = 200
"""Characters of a text in the listing: three lines of a terminal are enough to recognise it."""


def register(app: typer.Typer) -> None:
    @command(app, "crawl")
    def crawl(
        file: ConfigFile,
        *,
        source: One = None,
        dry_run: Dry = False,
        limit: Limit = 5,
        once: Once = False,
        since: Since = None,
        until: Until = None,
        again: Again = False,
        as_json: Json = False,
    ) -> int:
        """Роль: обходить источники и складывать публикации на шину.

        Таких процессов может быть сколько угодно. С --source и --dry-run — попробовать источник. С --source и --since —
        собрать его прошлое; код 1 — собрано не всё, 4 — его уже собирает другой процесс.
        """
        if dry_run and source is None:
            raise typer.BadParameter("нужен --source: какой источник попробовать", param_hint="--dry-run")
        if since is None and (until is not None or again):
            raise typer.BadParameter("нужен --since: с какого дня собирать прошлое", param_hint=_UNTIL_OR_AGAIN[again])
        if since is not None and source is None:
            raise typer.BadParameter("нужен --source: чьё прошлое собирать", param_hint="--since")
        if since is not None and (dry_run or once):
            raise typer.BadParameter("прошлое собирают без --dry-run и --once", param_hint="--since")
        config = load(file, author_key=True)
        if source is not None and source not in {one.id for one in config.file.sources}:
            raise Failed(unknown("источника", source, [one.id for one in config.file.sources], file))
        if dry_run and source is not None:
            return _dry_run(config, source, limit, as_json)
        if since is not None and source is not None:
            from otklik.commands.backfill import back_fill  # noqa: PLC0415

            return back_fill(config, source, since, until, again=again, as_json=as_json)
        from otklik.roles.crawl import run_crawl  # noqa: PLC0415

        return run_crawl(config, only=source, once=once or source is not None)


_UNTIL_OR_AGAIN = {False: "--until", True: "--again"}


def unknown(what: str, name: str, known: list[str], file: Path) -> str:
    """«There is no such source», with what there is."""
    from text.suggest import did_you_mean, listed  # noqa: PLC0415

    there = f"Есть: {listed(known)}." if known else "Этот раздел пуст."
    hint = did_you_mean(name, known)
    return f"В файле {file} нет {what} «{name}». {there}" + (f" {hint}" if hint else "")


def _dry_run(config: "Config", source: str, limit: int, as_json: bool) -> Exit:
    from crawlers.base import SourceProblem  # noqa: PLC0415
    from otklik.live import dry_run_source  # noqa: PLC0415

    try:
        posts = dry_run_source(config, source, limit)
    except SourceProblem as problem:
        if as_json:
            shown = {"outcome": problem.outcome.value, "reason": problem.reason, "action": problem.action}
            print_json(shown | {"posts": []})
            return Exit.SOME_BAD
        raise Failed(
            f"{source}: {problem.outcome.value}: {sentences(problem.reason, problem.action)}.", Exit.SOME_BAD
        ) from problem
    if as_json:
        outcome = "ok" if posts else "empty"
        print_json({"outcome": outcome, "posts": [post.model_dump(mode="json") for post in posts]})
        return Exit.OK
    for post in posts:
        text = " ".join(f"{post.title or ''} {post.text}".split())
        typer.echo(f"{post.published.astimezone(config.region.timezone):%Y-%m-%d %H:%M}  {post.id}  {post.url or ''}")
        typer.echo(f"    {text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'}")
    typer.echo(
        f"{source}: пришли бы публикации: {len(posts)}. Ничего не сохранено." if posts else _NOTHING.format(source)
    )
    return Exit.OK


_NOTHING = "{}: источник отвечает, но публикаций в нём нет."
