"""All settings, read once from the environment. A mistake stops the start with one line that names the key."""

import difflib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "C2B_"
STRIPE = "https://api.stripe.com"
DEMO_ROOM = "1 Example Road, Floor 3|200001 Shanghai, China"
NOT_SETTINGS = {"C2B_TEST_STRICT", "C2B_PG_BINDIR"}  # read by the test suite alone


class BadConfig(Exception):
    """A setting is wrong; the message is one line with its key and the expected form, never its value."""


def _var(name: str) -> str:
    return str(ROOT / "var" / name)


@dataclass(frozen=True)
class Config:
    """The settings of one process. Each field is the environment variable C2B_<FIELD> in capitals."""

    database_url: str = ""
    secret_key: str = ""
    environment: str = "development"
    demo: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 0  # none said: one per core, and one alone on SQLite
    web_threads: int = 64
    proxies: int = 0
    combine: bool = True  # pledges that come together are written together
    broker_url: str = field(default="", repr=False)
    base_url: str = ""
    site_name: str = "Muster"
    site_name_zh: str = "聚想"
    time_zone: str = "Asia/Shanghai"
    files_dir: str = ""
    files_url: str = ""
    mail: str = "mailbox"
    mail_from: str = "Muster <hello@muster.example>"
    sendgrid_api_key: str = ""
    smtp_url: str = ""
    gateway: str = "sandbox"
    sandbox_book: str = ""
    sandbox_url: str = ""
    sandbox_secrets: tuple[str, ...] = field(default=("known to nobody but this machine",), repr=False)
    provider_rate: float | None = None
    stripe_key: str = field(default="", repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_api: str = STRIPE
    log_level: str = "info"
    pseudo: bool = False
    imprint: str = ""
    sample_room: str = ""

    @property
    def production(self) -> bool:
        """Whether real people and real money are behind this."""
        return self.environment == "production"


def _yes_no(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("expected 1 or 0")


def _count(most: int, least: int = 1) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"expected a number from {least} to {most}")
        return int(text)

    return read


def _among(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError("expected one of: " + ", ".join(allowed))
        return text

    return read


def _database(text: str) -> str:
    form = "expected sqlite:///path/to/file or postgresql+psycopg://user@host/name"
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError(form) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise ValueError(form)
    return url.render_as_string(hide_password=False)


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        parts = urlsplit(text)
        if text and (parts.scheme not in schemes or not parts.hostname):
            raise ValueError(
                f"expected an address that begins with {' or '.join(s + '://' for s in schemes)}"
            )
        return text.rstrip("/")

    return read


def _broker(text: str) -> str:
    parts = urlsplit(text)
    if not text or (parts.scheme in ("redis", "rediss") and parts.hostname):
        return text
    if parts.scheme == "redis+socket" and parts.path.startswith("/"):
        return text
    raise ValueError("expected redis://host:6379/0, rediss://… or redis+socket:///path/to/socket")


def _bucket(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment):
        raise ValueError("expected s3://bucket or s3://bucket/prefix; empty for the folder")
    return text.rstrip("/")


def _stripe_key(text: str) -> str:
    if text and not text.startswith(("sk_", "rk_")):
        raise ValueError("expected the secret key of your account, which begins with sk_ or rk_")
    return text


def _secrets(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("expected a secret, or two with a comma between them while one is replaced")
    return found


def _rate(text: str) -> float:
    digits = text.replace(".", "", 1)
    if not digits.isascii() or not digits.isdigit() or float(text) > 1000:
        raise ValueError("expected requests per second, at most 1000; 0 for no limit")
    return float(text)


def _webhook_secrets(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not all(part.startswith("whsec_") for part in found):
        raise ValueError("expected signing secrets that begin with whsec_, with commas between them")
    return found


READERS: dict[str, Callable[[str], Any]] = {
    "database_url": _database,
    "environment": _among("development", "production", "test"),
    "demo": _yes_no,
    "port": _count(65535),
    "web_workers": _count(256),
    "web_threads": _count(512),
    "proxies": _count(9, least=0),
    "combine": _yes_no,
    "broker_url": _broker,
    "base_url": _url("http", "https"),
    "files_url": _bucket,
    "mail": _among("mailbox", "smtp", "sendgrid", "discard"),
    "smtp_url": _url("smtp", "smtps"),
    "gateway": _among("sandbox", "sandbox_server", "stripe"),
    "sandbox_url": _url("http", "https"),
    "sandbox_secrets": _secrets,
    "provider_rate": _rate,
    "stripe_key": _stripe_key,
    "stripe_webhook_secrets": _webhook_secrets,
    "stripe_api": _url("http", "https"),
    "log_level": _among("debug", "info", "warning", "error"),
    "pseudo": _yes_no,
}


def load(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Config:
    """The configuration from the environment, with explicit overrides; BadConfig where it cannot be meant so."""
    known = {PREFIX + field.name.upper(): field.name for field in fields(Config)}
    for key in environ:
        if key.startswith(PREFIX) and key not in known and key not in NOT_SETTINGS:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0)
            raise BadConfig(f"{key}: there is no such setting; did you mean {near[0]}?")
    values: dict[str, Any] = {}
    for key, name in known.items():
        if key in environ:
            try:
                values[name] = READERS.get(name, str)(environ[key])
            except ValueError as problem:
                raise BadConfig(f"{key}: {problem}") from None
    values.update(overrides)
    return _completed(values)


def _completed(values: dict[str, Any]) -> Config:
    config = Config(**values)
    if config.production:
        _check_production(config)
    if config.mail == "sendgrid" and not config.sendgrid_api_key:
        raise BadConfig(
            "C2B_SENDGRID_API_KEY: needed because C2B_MAIL is sendgrid; expected the key of your account"
        )
    if config.mail == "smtp" and not config.smtp_url:
        raise BadConfig(
            "C2B_SMTP_URL: needed because C2B_MAIL is smtp; expected smtp://user:password@host:587"
        )
    if config.gateway == "stripe":
        _check_stripe(config)
    if config.gateway == "sandbox_server" and not config.sandbox_url:
        raise BadConfig(
            "C2B_SANDBOX_URL: needed because C2B_GATEWAY is sandbox_server; expected http://127.0.0.1:8010"
        )
    defaults = {
        "database_url": "sqlite:///" + _var("c2b.sqlite3"),
        "files_dir": _var("files"),
        "sandbox_book": _var("sandbox.sqlite3"),
        "base_url": f"http://{config.host}:{config.port}",
    }
    if config.demo:
        defaults["sample_room"] = DEMO_ROOM
    for name, default in defaults.items():
        if not getattr(config, name):
            values[name] = default
    if not config.secret_key:
        values["secret_key"] = _development_secret()
    if not config.web_workers:
        values["web_workers"] = _usual_workers(values["database_url"])
    return Config(**values)


def _usual_workers(database_url: str) -> int:
    """One process per core; on SQLite one, since its writers queue at one file whoever they are."""
    return 1 if database_url.startswith("sqlite") else os.cpu_count() or 1


def _check_production(config: Config) -> None:
    if len(config.secret_key) < 32:
        raise BadConfig("C2B_SECRET_KEY: expected at least 32 random characters in production")
    if not config.base_url.startswith("https://"):
        raise BadConfig("C2B_BASE_URL: expected an address that begins with https:// in production")
    if not config.database_url:
        raise BadConfig("C2B_DATABASE_URL: expected a database address in production")
    if config.demo:
        raise BadConfig("C2B_DEMO: expected 0 in production")
    if config.gateway != "stripe":
        raise BadConfig("C2B_GATEWAY: expected stripe in production; a sandbox takes no money")
    if config.mail == "mailbox":
        raise BadConfig("C2B_MAIL: expected smtp or sendgrid in production")


def _check_stripe(config: Config) -> None:
    if not config.stripe_key:
        raise BadConfig("C2B_STRIPE_KEY: needed because C2B_GATEWAY is stripe; expected sk_… or rk_…")
    if not config.stripe_webhook_secrets:
        raise BadConfig(
            "C2B_STRIPE_WEBHOOK_SECRETS: needed because C2B_GATEWAY is stripe; expected whsec_…,whsec_…"
        )
    if config.production and config.stripe_api != STRIPE:
        raise BadConfig(f"C2B_STRIPE_API: expected {STRIPE} in production")


def _development_secret() -> str:
    """A key of this machine's own, kept so that a restart does not sign everybody out."""
    path = Path(_var("secret_key"))
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x") as new:
            path.chmod(0o600)
            new.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError:
        raise BadConfig(
            f"C2B_SECRET_KEY: not set, and {path.parent} cannot be written; expected a secret"
        ) from None
    return path.read_text()
