"""`otklik db`: the tables of the store, its backup and the way back."""

from pathlib import Path
from typing import Annotated

import typer

from otklik.commands.common import ConfigFile, command, data_folder, group, load, opened_store
from otklik.exits import Exit

Target = Annotated[Path, typer.Argument(metavar="КОПИЯ", help="Куда записать копию; файла ещё не должно быть.")]
Copy = Annotated[Path, typer.Argument(metavar="КОПИЯ", help="Файл, который записала otklik db backup.")]
Force = Annotated[bool, typer.Option("--force", help="Стереть то, что в базе есть сейчас.")]


def register(app: typer.Typer) -> None:
    db = group(app, "db", "База: создать и обновить таблицы, сделать копию, восстановить.")

    @command(db, "upgrade")
    def upgrade(file: ConfigFile) -> int:
        """Создать таблицы или обновить их до версии этой программы.

        Для базы SQLite это делает и сама команда run; для PostgreSQL — только эта.
        """
        config = load(file)
        with opened_store(config, check=False) as store:
            store.upgrade()
            typer.echo(f"База {store.name}: таблицы в порядке.")
        return Exit.OK

    @command(db, "backup")
    def backup(file: ConfigFile, copy: Target) -> int:
        """Сделать копию базы; работу останавливать не нужно."""
        from store.backup import backup as write_backup  # noqa: PLC0415

        config = load(file)
        with opened_store(config) as store:
            write_backup(store, copy)
            typer.echo(f"Копия базы {store.name}: {copy}.")
        return Exit.OK

    @command(db, "restore")
    def restore(file: ConfigFile, copy: Copy, force: Force = False) -> int:
        """Вернуть базу к копии: целиком или, при ошибке, никак. Сначала остановите otklik."""
        from store.backup import restore as read_backup  # noqa: PLC0415

        config = load(file)
        with data_folder(config), opened_store(config, check=False) as store:
            read_backup(store, copy, force=force)
            store.upgrade()
            typer.echo(f"База {store.name} восстановлена из {copy}.")
        return Exit.OK
