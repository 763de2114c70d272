"""`otklik forget`: erases posts on request."""

import os
import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from otklik.clock import now
from otklik.commands.common import ConfigFile, command, load, opened_store
from otklik.exits import Exit, Failed

if TYPE_CHECKING:
    from incidents.forget import Forgot
    from store.forgotten import Kind

SERVICES = ("vk", "telegram", "news", "appeal", "call")
HASH = re.compile(r"[0-9a-f]{32}")

Author = Annotated[
    str | None,
    typer.Option(
        "--author",
        metavar="АВТОР",
        help="Хеш из базы или учётная запись: vk:123456, telegram:имя. Нужен OTKLIK_AUTHOR_KEY; запись не хранится.",
    ),
]
Url = Annotated[str | None, typer.Option("--url", metavar="АДРЕС", help="Ссылка на публикацию, как в show.")]
PostId = Annotated[str | None, typer.Option("--post", metavar="ПУБЛИКАЦИЯ", help="Имя публикации, например vk:-1_2.")]
Who = Annotated[str, typer.Option("--as", metavar="ИМЯ", help="Кто стирает: останется в истории и в журнале.")]
Comment = Annotated[
    str | None, typer.Option("--comment", metavar="ТЕКСТ", help="Основание, например номер письма: без имён граждан.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Не спрашивать; не в терминале без него не стирает.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Только сосчитать, ничего не стирать.")]


def register(app: typer.Typer) -> None:
    @command(app, "forget")
    def forget_(
        file: ConfigFile,
        *,
        author: Author = None,
        url: Url = None,
        post: PostId = None,
        who: Who,
        comment: Comment = None,
        dry_run: DryRun = False,
        yes: Yes = False,
    ) -> int:
        """Стереть по просьбе гражданина: тексты, ссылки, автора. Счёт остаётся; получателям уходит incident.redacted.

        Стёртое не вернут ни новый обход, ни повтор. Отменить нельзя: сперва называет, сколько сотрёт, и спрашивает.
        """
        from incidents.forget import Request, forget  # noqa: PLC0415

        kind, value = _asked(author, url, post)
        config = load(file)
        asked = Request(kind, value, who, comment)
        with opened_store(config) as store:
            if dry_run or not yes:
                will = f"Будет стёрто {_counts(forget(store, config.region.slug, asked, now, dry_run=True))}."
                if dry_run:
                    typer.echo(will)
                    return Exit.OK
                _sure(will)
            found = forget(store, config.region.slug, asked, now)
        typer.echo(f"Стёрто {_counts(found)}.")
        if not found.posts:
            typer.echo("Стирать нечего: в базе такого нет; если оно ещё придёт, текст не сохранится.")
        days = config.file.retention.topics
        where = f"до {days} дней (retention.topics)" if config.file.bus.startswith("sqlite:") else "по настройкам Kafka"
        typer.echo(f"Записи на шине остаются {where}; резервные копии и выгрузки сотрите сами.")
        return Exit.OK


def _counts(found: "Forgot") -> str:
    return f"публикаций: {found.posts}, затронуто инцидентов: {len(found.incidents)}"


def _sure(will: str) -> None:
    if not sys.stdin.isatty():
        raise Failed(f"{will} Вернуть стёртое нельзя: чтобы стереть без вопроса, добавьте --yes.")
    typer.confirm(f"{will} Вернуть стёртое нельзя. Стереть?", abort=True)


def _asked(author: str | None, url: str | None, post: str | None) -> "tuple[Kind, str]":
    given = [one for one in (author, url, post) if one]
    if len(given) != 1:
        raise typer.BadParameter("нужно что-то одно: --author, --url или --post")
    if author:
        return "author", _hashed(author)
    if url:
        from text import mask_url  # noqa: PLC0415

        address = mask_url(url)
        if address is None:
            raise typer.BadParameter("это не адрес публикации: нужен http(s)://…", param_hint="--url")
        return "url", address
    return "post", given[0]


def _hashed(author: str) -> str:
    if HASH.fullmatch(author):
        return author
    service, _, account = author.partition(":")
    if service not in SERVICES or not account:
        raise typer.BadParameter(
            f"нужен хеш (32 знака) или служба и учётная запись, например vk:123456; службы: {', '.join(SERVICES)}",
            param_hint="--author",
        )
    from otklik.config.environment import author_key  # noqa: PLC0415
    from text import AuthorHasher  # noqa: PLC0415

    return AuthorHasher(author_key(os.environ)).hash(service, account)
