"""The embedded database is in trouble: busy, full, read-only, copied while it is written (F-19…F-23)."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from c2b.accounts.models import User
from c2b.backup import back_up
from c2b.cli import c2b
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.gateways.webhooks import HEADER, sign
from c2b.payments.models import InboxEvent
from tests.factories import Make
from tests.orders.conftest import sandbox


@pytest.fixture(autouse=True)
def only_here() -> None:
    """These are faults of a file."""


@pytest.fixture
def database() -> str:
    """So they are played on the embedded database alone."""
    return "sqlite"


@pytest.fixture
def served(app: Flask, client: FlaskClient) -> FlaskClient:
    """As it is when served: errors become pages."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return client


def file_of(app: Flask) -> str:
    return str(db.engine.url.database)


def tell(client: FlaskClient, shop: Sandbox, name: str, size: int = 10) -> int:
    """A write that needs nobody to be signed in: a webhook."""
    body = f'{{"id": "{name}", "kind": "other", "words": "{"x" * size}"}}'.encode()
    return client.post(
        "/webhooks/sandbox", data=body, headers={HEADER: sign(body, shop.secrets, datetime.now(UTC))}
    ).status_code


def kept() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(InboxEvent.id))) or 0


@contextmanager
def writer(file: str) -> Iterator[sqlite3.Connection]:
    """Another process that holds the database's one pen."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        other.execute("ROLLBACK")


def test_f19_a_writer_that_does_not_let_go_is_a_clear_503(app: Flask, served: FlaskClient) -> None:
    """F-19: another process writes for longer than anybody waits: try again, nothing half-done, pages are read."""
    shop = sandbox()
    db.session.execute(text("PRAGMA busy_timeout = 100"))
    db.session.rollback()
    with writer(file_of(app)):
        assert tell(served, shop, "evt-1") == 503
        answer = served.post("/webhooks/sandbox", data=b"x")
        assert answer.status_code in (400, 503)
        assert served.get("/healthz").status_code == 200
        assert served.get("/").status_code == 200
    assert kept() == 0
    assert tell(served, shop, "evt-1") == 200
    assert kept() == 1


def test_f20_a_full_disk_stops_writers_alone_and_says_so(app: Flask, served: FlaskClient) -> None:
    """F-20: no page can be added: writes are refused whole, reads go on, health says it, and it passes by itself."""
    shop = sandbox()
    assert tell(served, shop, "evt-0") == 200
    assert served.get("/healthz").get_json() == {"status": "ok"}
    pages = db.session.scalar(text("PRAGMA page_count"))
    db.session.execute(text(f"PRAGMA max_page_count = {pages}"))
    db.session.rollback()
    statuses = [tell(served, shop, f"evt-{n}", size=60_000) for n in range(1, 4)]
    assert statuses == [503] * 3
    assert kept() == 1
    assert served.get("/").status_code == 200
    assert served.get("/healthz").get_json() == {"status": "ok", "disk": "full"}
    assert broken_promises() == []

    db.session.execute(text("PRAGMA max_page_count = 1000000"))
    db.session.rollback()
    assert tell(served, shop, "evt-1", size=60_000) == 200
    assert served.get("/healthz").get_json() == {"status": "ok"}
    assert kept() == 2


def test_f20_the_database_is_sound_whatever_page_was_the_last_to_fit(app: Flask, served: FlaskClient) -> None:
    """F-20: the disk is full at each page in turn."""
    shop = sandbox()
    pages = db.session.scalar(text("PRAGMA page_count"))
    for more in range(8):
        db.session.execute(text(f"PRAGMA max_page_count = {pages + more}"))
        db.session.rollback()
        tell(served, shop, f"evt-{more}", size=20_000)
        assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"
        db.session.rollback()
    db.session.execute(text("PRAGMA max_page_count = 1000000"))
    db.session.rollback()


def test_f21_a_file_that_cannot_be_written_is_read_and_refuses_the_rest(
    app: Flask, served: FlaskClient
) -> None:
    """F-21: as with a file system that was mounted read-only; root would write all the same, so SQLite is told."""
    shop = sandbox()
    db.session.execute(text("PRAGMA query_only = ON"))
    db.session.rollback()
    assert tell(served, shop, "evt-1") == 503
    assert served.get("/").status_code == 200
    db.session.remove()
    db.engine.dispose()  # mounted for writing again
    assert tell(served, shop, "evt-1") == 200


def test_f21_a_backup_made_while_the_site_writes_is_whole(app: Flask, make: Make, tmp_path: Path) -> None:
    """F-21: the documented backup sees all that was committed, also what is not in the main file yet."""
    for n in range(20):
        make.user(f"Person {n}")
    size = back_up(file_of(app), tmp_path / "copy.sqlite3")
    with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copy:
        assert copy.execute('select count(*) from "user"').fetchone() == (20,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert size > 0
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.sqlite3"]


def test_f21_without_the_backup_api_a_copy_loses_what_was_committed(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    """The twin: `cp` of the file alone, while the log beside it holds the newest pages."""
    with closing(sqlite3.connect(file_of(app))) as other:  # keeps the log from being folded in
        other.execute("BEGIN")
        other.execute('select count(*) from "user"').fetchone()
        for n in range(20):
            make.user(f"Person {n}")
        shutil.copy(file_of(app), tmp_path / "naive.sqlite3")
    with closing(sqlite3.connect(tmp_path / "naive.sqlite3")) as copy:
        assert copy.execute('select count(*) from "user"').fetchone() == (0,)


def test_f21_a_restored_backup_is_a_site(app: Flask, make: Make, tmp_path: Path) -> None:
    """F-21: the copy is put in place and opened by another process, which finds every promise kept."""
    make.user("Person")
    copy = tmp_path / "copy.sqlite3"
    back_up(file_of(app), copy)
    env = {key: value for key, value in os.environ.items() if not key.startswith("C2B_")}
    env |= {"C2B_DATABASE_URL": f"sqlite:///{copy}"}
    command = [sys.executable, "-c", "from c2b.cli import main; main()", "check"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_f21_the_command_makes_a_copy_and_never_writes_over_one(
    app: Flask, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.user("Person")
    monkeypatch.setenv("C2B_DATABASE_URL", f"sqlite:///{file_of(app)}")
    target = tmp_path / "copy.sqlite3"
    first = CliRunner().invoke(c2b, ["backup", str(target)])
    assert first.exit_code == 0 and str(target) in first.output
    assert CliRunner().invoke(c2b, ["backup", str(target)]).exit_code == 2
    monkeypatch.setenv("C2B_DATABASE_URL", "postgresql+psycopg://c2b@/c2b")
    hint = CliRunner().invoke(c2b, ["backup", str(tmp_path / "other")])
    assert hint.exit_code == 1 and "pg_dump" in hint.output


def test_f21_a_log_that_was_deleted_while_the_site_stood_still_loses_nothing_that_was_folded_in(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    """F-21: `-wal` removed between a clean stop and a start."""
    make.user("Person")
    db.session.remove()
    db.engine.dispose()  # a clean stop folds the log in
    file = Path(file_of(app))
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    assert db.session.scalar(select(func.count(User.id))) == 1
    assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"


@pytest.mark.parametrize(
    ("version", "command"),
    [("0001", "web"), ("9999", "jobs"), (None, "check")],
    ids=["older", "newer", "none"],
)
def test_f23_a_process_on_another_schema_refuses_to_start(
    app: Flask, tmp_path: Path, version: str | None, command: str
) -> None:
    """F-23: a replica or clone of another version: one line that says so, exit 2, no traceback."""
    clone = tmp_path / "clone.sqlite3"
    back_up(file_of(app), clone)
    with closing(sqlite3.connect(clone, isolation_level=None)) as other:
        if version is None:
            other.execute("DROP TABLE alembic_version")
        else:
            other.execute("UPDATE alembic_version SET version_num = ?", (version,))
    env = {key: value for key, value in os.environ.items() if not key.startswith("C2B_")}
    env |= {"C2B_DATABASE_URL": f"sqlite:///{clone}"}
    line = [sys.executable, "-c", "from c2b.cli import main; main()", command]
    done = subprocess.run(line, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 2
    assert "C2B_DATABASE_URL" in done.stderr and "Traceback" not in done.stderr
