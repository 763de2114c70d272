"""The program `otklik`: its commands, and what an operator sees when one fails.

Modules of commands import only light things at their top, so that `otklik --help` answers at once.
"""

import os
import sys
from collections.abc import Sequence

import typer

from otklik import __version__
from otklik.commands import (
    audit,
    check,
    correct,
    crawl,
    db,
    dead_letters,
    deliver,
    evaluate,
    explain,
    forget,
    incidents,
    places,
    places_add,
    replay,
    roles,
    route,
    run,
    sinks,
    status,
    tag,
    telegram,
    train,
)
from otklik.commands.common import options
from otklik.exits import MEANING, Exit, exit_code
from otklik.russian import Group, translated_error

CODES = "\n".join(f"{code.value} — {meaning}" for code, meaning in MEANING.items())
EPILOG = f"Коды выхода:\n\n\b\n{CODES}"

app = typer.Typer(
    name="otklik",
    cls=Group,
    help="Отклик: слышит, о каких бедах пишут жители региона, и ведёт каждую до ответа.\n\n"
    "Начните так: otklik check region.yaml, потом otklik run region.yaml.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"otklik {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Показать версию."),  # noqa: ARG001
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Подробный журнал; место в команде любое."),
    debug: bool = typer.Option(False, "--debug", help="Всё, что делает программа, и место каждой ошибки."),
) -> None:
    options.verbose = verbose
    options.debug = debug


for module in (
    run,
    check,
    status,
    roles,
    incidents,
    forget,
    audit,
    crawl,
    deliver,
    sinks,
    dead_letters,
    db,
    telegram,
    tag,
    explain,
    places,
    correct,
    places_add,
    replay,
    route,
    train,
    evaluate,
):
    module.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    anywhere = [word for word in given[:end] if word in ("-v", "--verbose", "--debug")]
    rest = [word for word in given[:end] if word not in anywhere] + given[end:]
    try:
        code = app(anywhere + rest, prog_name="otklik", standalone_mode=False)
    except SystemExit as ended:  # how the library leaves when the reader of our output (head, less) has left
        code = Exit.OK if isinstance(ended.__context__, BrokenPipeError) else ended.code
    except (KeyboardInterrupt, typer.Abort):
        code = Exit.INTERRUPTED
    except Exception as error:
        if options.debug:
            raise
        code = _explain(error)
    sys.exit(_written(int(code or 0)))


def _written(code: int) -> int:
    """The exit code once everything printed is written, or can't be: else Python would fail on it after us."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code == Exit.OK and not isinstance(error, BrokenPipeError):
            return _explain(error)
    return code


def _explain(error: Exception) -> Exit:
    """Tell the operator; the exit code."""
    if hasattr(error, "format_message"):  # a mistake in the command line
        context = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message(), err=True)
            return Exit.USAGE
        hint = f"\nСправка: {context.command_path} --help" if context is not None else ""
        typer.echo(f"Ошибка: {translated_error(error.format_message())}{hint}", err=True)
        return Exit.USAGE
    say, code = str(error), exit_code(error)
    if code is Exit.BUG:
        say = f"Ошибка программы: {type(error).__name__}. Повторите с ключом --debug и сообщите разработчикам."
    elif isinstance(error, OSError):
        from text.refusal import refusal  # noqa: PLC0415  (the help must not wait for what `text` loads)

        say = f"Система отказала: {refusal(error)}{f' ({error.filename})' if error.filename else ''}."
    elif problems := getattr(error, "problems", None):
        say += f"\n\nОшибок: {len(problems)}."
    typer.echo(say, err=True)
    return code
