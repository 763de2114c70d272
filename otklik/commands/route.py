"""`otklik route`: which authority would be proposed."""

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import orjson
import typer

from otklik.commands.common import Json, command, load, print_json
from otklik.exits import Exit, Failed

FileArgument = Annotated[Path, typer.Argument(metavar="ФАЙЛ", help="Файл региона.")]
Text = Annotated[
    str | None, typer.Option("--explain", metavar="ТЕКСТ", help="Один текст; без ключа — строки JSON со входа.")
]
BATCH = 64
"""Lines judged in one go."""


def register(app: typer.Typer) -> None:
    @command(app, "route")
    def route(file: FileArgument, explain: Text = None, as_json: Json = False) -> int:
        """Показать, кому было бы предложено обращение и почему: правило за правилом, с местом в файле.

        Без --explain читает со входа строки {"id": …, "text": …, "source": …} и пишет ответ строкой JSON на каждую.
        """
        if explain is not None and not explain.strip():
            raise Failed("Текст пуст: напишите его в кавычках после --explain.")
        config = load(file)
        from classifier.corrections import BadLine  # noqa: PLC0415
        from otklik import routing  # noqa: PLC0415
        from otklik.lines import parsed  # noqa: PLC0415
        from otklik.roles.classify import load_classifier  # noqa: PLC0415

        classifier, places = load_classifier(config), routing.Places(config)
        if explain is not None:
            (tags,) = routing.judged(classifier, [explain])
            found = routing.seen(tags) | routing.explained(config, routing.matter_of(explain, tags), places)
            if as_json:
                print_json(found)
                return Exit.OK
            sure = f"{found['relevance']:.2f}".replace(".", ",")
            typer.echo(f"О беде: {'да' if found['relevant'] else 'нет, инцидента не будет'} ({sure})")
            typer.echo(f"Тема: {found['topic']}")
            where = [found[name] for name in ("municipality_name", "settlement", "address") if found[name]]
            typer.echo(f"Место: {', '.join(where) or 'не названо'}")
            typer.echo(f"Кому: {found['authority_name'] or 'никому: ни одно правило не подошло'}")
            for rule in found["rules"]:
                typer.echo(f"{'да ' if rule['fits'] else 'нет'} {rule['at']}  {rule['authority']}: {rule['because']}")
            return Exit.OK
        bad = 0
        lines = iter(parsed(sys.stdin.buffer))
        while some := list(islice(lines, BATCH)):
            good = []
            for number, value in some:
                problem = value if isinstance(value, BadLine) else None
                if problem is None and not (isinstance(value, dict) and isinstance(value.get("text"), str)):
                    problem = BadLine(number, "нужен объект с ключом text")
                if problem is not None:
                    bad += 1
                    typer.echo(str(problem), err=True)
                else:
                    good.append((number, value))
            judged = routing.judged(classifier, [value["text"] for _, value in good])
            for (number, value), tags in zip(good, judged, strict=True):
                matter = routing.matter_of(value["text"], tags, value.get("source"))
                said = routing.seen(tags) | routing.explained(config, matter, places)
                line = {"id": value.get("id", str(number)), **said}
                sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
        return Exit.SOME_BAD if bad else Exit.OK
