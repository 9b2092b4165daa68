"""A copy of the embedded database that is whole, made while the site runs. A plain copy of the file is not."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click

from c2b.config import BadConfig


def back_up(source: str, target: Path) -> int:
    """Copy the database with SQLite's own backup; how many bytes. The copy appears under its name when it is whole."""
    part = target.with_name(target.name + ".part")
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as here,
        closing(sqlite3.connect(part)) as there,
    ):
        here.backup(there)
        there.execute("PRAGMA journal_mode=DELETE")
        (verdict,) = there.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        part.unlink()
        raise BadConfig(f"C2B_DATABASE_URL: the copy is damaged ({verdict}); expected a sound database")
    part.replace(target)
    return target.stat().st_size


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def command(target: Path) -> None:
    """Copy the embedded database to TARGET while the site runs; to restore, stop the site and put the copy in place."""
    from sqlalchemy.engine import make_url

    from c2b.config import load

    url = make_url(load().database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise click.ClickException("This database is PostgreSQL's: use pg_dump, or its continuous archiving.")
    if not Path(url.database).exists():
        raise BadConfig("C2B_DATABASE_URL: there is no such file; expected a database that was migrated")
    if target.exists():
        raise click.BadParameter("there is such a file already", param_hint="TARGET")
    if not target.parent.is_dir():
        raise click.BadParameter("there is no such folder", param_hint="TARGET")
    click.echo(f"{back_up(url.database, target)} bytes in {target}")
