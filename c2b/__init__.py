"""C2B: shoppers say what they want, merchants compete to supply it."""

from importlib import import_module
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from sqlalchemy.engine import make_url
from sqlalchemy.orm import configure_mappers

from c2b.config import ROOT, Config, load
from c2b.core import claims, clock, clock_guard, events, outbox, runs, work  # noqa: F401  # their tables are known
from c2b.core.db import LONGEST_WAIT, PLEDGES, db, tune
from c2b.core.routing import RowNumber
from c2b.core.templating import Environment

# Every feature with a life of its own, lowest first (see docs/architecture.md).
FEATURES = (
    "accounts", "ledger", "payments", "campaigns", "merchants", "pipeline", "community", "orders", "settlement",
    "mailing", "privacy", "operators", "web",
)  # fmt: skip

migrate = Migrate()


def create_app(config: Config | None = None) -> Flask:
    """A configured application, connected to its database. It runs no migration and starts no job."""
    config = config or load()
    app = Flask("c2b", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.jinja_environment = Environment
    app.config.from_mapping(
        C2B=config,
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(config.database_url),
        SQLALCHEMY_BINDS=_own_connections(config.database_url),
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        MAX_FORM_PARTS=400,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=config.production,
        SESSION_COOKIE_NAME="__Host-session" if config.production else "session",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE=config.time_zone,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "c2b" / "translations"),
    )
    app.url_map.converters["int"] = RowNumber
    if config.environment == "test":
        app.testing = True
    _connect(app)
    for feature in FEATURES:
        import_module(f"c2b.{feature}").register(app)
    configure_mappers()  # once and now: lives are wired to their classes here, not by the first record made
    return app


def _engine_options(url: str) -> dict[str, object]:
    if make_url(url).get_backend_name() == "sqlite":
        waits = {"pool_timeout": 5} if make_url(url).database else {}  # the one in memory has no pool
        return {"connect_args": {"check_same_thread": False}, **waits}
    return {"pool_size": 4, "max_overflow": 16, "pool_timeout": 5, "pool_pre_ping": True}


def _own_connections(url: str) -> dict[str | None, dict[str, object]]:
    """Two connections that only pledging uses; one writes for all who wait, and it waits for no lock for long."""
    address = make_url(url)
    own: dict[str, object] = {"url": url, "pool_size": 2, "max_overflow": 0, "pool_timeout": 3}
    if address.get_backend_name() != "sqlite":
        return {PLEDGES: own | {"connect_args": {"options": f"-c lock_timeout={LONGEST_WAIT}"}}}
    return {PLEDGES: own | {"connect_args": {"check_same_thread": False}}} if address.database else {}


def _connect(app: Flask) -> None:
    database = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if database.get_backend_name() == "sqlite" and database.database:
        Path(database.database).parent.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "c2b" / "migrations"))
    with app.app_context():
        tune(db.engine)
        if PLEDGES in db.engines and database.get_backend_name() == "sqlite":
            tune(db.engines[PLEDGES], patience=3_000)


__all__ = ["FEATURES", "create_app", "migrate"]
