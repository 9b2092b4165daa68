"""What machines that watch the site are told."""

import pytest
from sqlalchemy import text

from c2b.core import schema
from c2b.core.db import db


@pytest.fixture(params=["sqlite"])
def database(request):
    """The same on both."""
    return request.param


def test_a_site_whose_database_answers_is_well(client):
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_site_on_a_database_of_another_version_says_no_and_not_why(client, monkeypatch):
    monkeypatch.setattr(schema, "newest", lambda: "9999")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable"})
    assert answer.headers["Retry-After"]


def test_a_database_of_a_newer_version_is_named_as_such(app):
    db.session.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32))"))
    db.session.execute(text("DELETE FROM alembic_version"))
    db.session.execute(text("INSERT INTO alembic_version VALUES ('0999')"))
    assert "newer version" in (schema._why_not_migrated(schema.present()) or "")
    db.session.rollback()


def test_every_answer_has_the_id_of_its_request(client):
    own = client.get("/healthz").headers["X-Request-ID"]
    assert len(own) == 16
    assert client.get("/healthz", headers={"X-Request-ID": "given-by-the-proxy"}).headers["X-Request-ID"] == (
        "given-by-the-proxy"
    )


@pytest.mark.parametrize("bad", ["short", "x" * 65, "with blank in it", "line\\nbreak"])
def test_an_id_that_is_no_id_is_replaced(client, bad):
    assert client.get("/healthz", headers={"X-Request-ID": bad}).headers["X-Request-ID"] != bad
