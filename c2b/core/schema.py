"""Whether the database is the one that this version of the program needs."""

from functools import lru_cache

from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from c2b.config import ROOT, BadConfig
from c2b.core.claims import database_time
from c2b.core.db import db, is_sqlite
from c2b.core.runs import Run

KEY = "C2B_DATABASE_URL"
FORM = "expected sqlite:///path/to/file or postgresql+psycopg://user@host/name"
MOST_APART = 5.0  # seconds between this machine's clock and the database's


@lru_cache
def _scripts() -> ScriptDirectory:
    config = AlembicConfig()
    config.set_main_option("script_location", str(ROOT / "c2b" / "migrations"))
    return ScriptDirectory.from_config(config)


def newest() -> str | None:
    """The migration that this version of the program needs."""
    return _scripts().get_current_head()


def present() -> str | None:
    """The migration that the database has; None where it has none."""
    if not inspect(db.session.connection()).has_table("alembic_version"):
        return None
    found: str | None = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def why_not_ready() -> str | None:
    """One line on what is wrong with the database, or None where it answers and is migrated."""
    try:
        have, need = present(), newest()
        if have != need or not inspect(db.session.connection()).has_table(Run.__tablename__):
            return _why_not_migrated(have)
    except (SQLAlchemyError, OSError) as problem:
        return f"{KEY}: the database does not answer ({_kind(problem)}); {FORM}"
    finally:
        db.session.rollback()
    return None


def why_not_same_time(here: float) -> str | None:
    """Whether the database's clock and this machine's (`here`, seconds since 1970) tell the same time."""
    apart = 0.0 if is_sqlite() else abs(here - database_time())
    db.session.rollback()
    if apart > MOST_APART:
        return (
            f"{KEY}: its clock is {apart:.0f} seconds off this machine's; expected at most {MOST_APART:.0f}"
        )
    return None


def _why_not_migrated(have: str | None) -> str:
    known = {script.revision for script in _scripts().walk_revisions()}
    if have is None or have in known:
        return f"{KEY}: the database is not migrated to this version; run: c2b migrate"
    return f"{KEY}: the database belongs to a newer version ({have}); expected at most {newest()}"


def _kind(problem: Exception) -> str:
    """What kind of trouble, without a secret: the driver's own words may hold the address."""
    cause = problem.orig if isinstance(problem, DBAPIError) and problem.orig is not None else problem
    words = str(cause).lower()
    known = (
        "unable to open database file", "readonly database", "not a database", "connection refused",
        "password authentication failed", "timeout expired", "no such file", "could not translate host name",
        "failed to resolve host",
    )  # fmt: skip
    for phrase in known:
        if phrase in words:
            return phrase
    if "does not exist" in words:
        return "there is no such database or table"
    return type(cause).__name__


def must_be_ready(here: float) -> None:
    """Refuse to start on a database that does not answer, is of another version or of another time (BadConfig)."""
    reason = why_not_ready() or why_not_same_time(here)
    if reason is not None:
        raise BadConfig(reason)
