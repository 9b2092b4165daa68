"""`c2b replay FILE…`"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event

from c2b import create_app
from c2b.config import BadConfig, load
from c2b.core.db import db
from c2b.replay import invention
from c2b.replay.drive import Hangs
from c2b.replay.records import BadRecords
from c2b.replay.run import NotEmpty, replay

HELP = """Live real group-buying records through the whole site, on a fast clock.

Each line of a FILE (plain or .gz) is one group: `initiator TAB item [TAB participant …]`. Each item becomes a campaign,
each initiator and participant a shopper's pledge, through the operations that the pages use. Then time runs through the
whole pipeline, with scripted merchants, samples, reviewers and card failures and the same jobs as the site, until every
campaign has ended.

It uses a database of its own that is thrown away, or the one that C2B_DATABASE_URL names, which must have no campaigns.
Mails are written and thrown away, cards are the sandbox provider's. The last line is one JSON object (amounts in minor
units of CNY). The same seed gives the same line on both databases, apart from the seconds.

\b
"""


@click.command("replay", help=HELP + "\b\n" + (invention.__doc__ or "").replace("\n- ", "\n\b\n- "))
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--items", type=click.IntRange(1), help="Only the N most wanted items.", metavar="N")
@click.option("--seed", type=int, default=1, show_default=True, help="What the generator starts from.")
@click.option(
    "--threshold", type=click.IntRange(1), metavar="N", help="The same threshold for every campaign."
)
def command(files: tuple[Path, ...], items: int | None, seed: int, threshold: int | None) -> None:
    """See HELP."""
    try:
        with _app() as app, _bar() as progress:
            summary = replay(files, items=items, seed=seed, threshold=threshold, progress=progress)
            app.logger.debug("replayed")
    except BadRecords as problem:
        raise click.ClickException(str(problem)) from None
    except NotEmpty:
        raise click.ClickException(
            "C2B_DATABASE_URL: this database has campaigns already; expected one without any"
        ) from None
    except Hangs as problem:
        raise click.ClickException(str(problem)) from None
    for name, value in summary.items():
        click.echo(f"{name.replace('_', ' '):>16}  {_words(value)}")
    click.echo(json.dumps(summary, ensure_ascii=False))
    if summary["broken_promises"]:
        sys.exit(1)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count:,} {name}" for name, count in value.items()) or "none"
    return f"{value:,}"


@contextmanager
def _app() -> Iterator[Flask]:
    """An application on a migrated database: the configured one, or a scratch file."""
    with tempfile.TemporaryDirectory(prefix="c2b-replay-") as folder:
        settings: dict[str, Any] = {
            "mail": "discard",
            "sandbox_book": ":memory:",
            "log_level": "error",
            "files_dir": f"{folder}/files",
        }
        scratch = "C2B_DATABASE_URL" not in os.environ
        if scratch:
            settings["database_url"] = f"sqlite:///{folder}/replay.sqlite3"
        config = load(**settings)
        if config.production:
            raise BadConfig("C2B_ENVIRONMENT: a replay invents people; expected development")
        app = create_app(config)
        with app.app_context():
            if scratch:
                event.listen(db.engine, "connect", _careless)
                db.engine.dispose()
            upgrade()
            yield app
            db.session.remove()
            db.engine.dispose()


def _careless(connection: Any, _record: object) -> None:
    """Nobody needs a scratch database after a power cut."""
    connection.execute("PRAGMA synchronous=OFF")


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A line that says how many campaigns have ended; silent where nobody looks."""
    with click.progressbar(length=1, label="campaigns ended", file=sys.stderr, show_pos=True) as bar:

        def show(what: str, done: int, of: int) -> None:
            if what == "campaigns":
                bar.length = of
                bar.update(done - bar.pos)
                bar.render_progress()

        yield show
