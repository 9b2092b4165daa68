"""Who is asking is remembered for less than a second: whatever ends a session or a role is known soon, everywhere."""

import subprocess
import sys
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from c2b.accounts import operations, who
from c2b.accounts.models import User
from c2b.config import ROOT
from c2b.core.access import Role
from c2b.core.db import db
from tests.factories import Make

ELSEWHERE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from c2b import create_app
from c2b.accounts import operations
from c2b.core.access import Role
from c2b.core.db import transaction
from tests.conftest import config_for
url, first, second, third = sys.argv[1:]
now = datetime.now(UTC)
with create_app(config_for(url, Path())).app_context(), transaction():
    operations.end_sessions(int(first), now=now)
    operations.disable_user(int(second), "No reason.", by=None, now=now)
    operations.revoke_role(int(third), Role.OPERATOR, by=None, now=now)
"""


def browsers(app: Any, sign_in: Any, *users: User) -> list[FlaskClient]:
    found = []
    for user in users:
        found.append(app.test_client())
        sign_in(found[-1], user)
    return found


@pytest.mark.parametrize("database", ["postgresql"])
def test_what_another_process_ends_is_over_within_a_second(
    client: FlaskClient,
    app: Any,
    make: Make,
    sign_in: Any,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [make.user(), make.user(), make.operator()]
    paths = ["/me/settings", "/me/settings", "/ops"]
    each = browsers(app, sign_in, *people)
    assert [one.get(path).status_code for one, path in zip(each, paths, strict=True)] == [200, 200, 200]
    db.session.commit()
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE, database_url, *(str(one.id) for one in people)],
        cwd=ROOT,
        check=True,
    )
    assert who.FRESH < 1
    monkeypatch.setattr(who, "FRESH", 0)  # as much later
    assert [one.get(path).status_code for one, path in zip(each, paths, strict=True)] == [302, 302, 403]


def test_what_this_process_changes_holds_with_the_next_request(
    client: FlaskClient, app: Any, make: Make, sign_in: Any, now: Any
) -> None:
    reader, other = make.user(), make.user()
    first, second = browsers(app, sign_in, reader, other)
    assert (first.get("/ops").status_code, second.get("/me/settings").status_code) == (403, 200)
    operations.grant_role(reader.id, Role.OPERATOR, by=None, now=now)
    operations.set_password(other.id, "hash", by=None, now=now)
    assert (first.get("/ops").status_code, second.get("/me/settings").status_code) == (200, 302)
    operations.change_person(reader.id, name="Somebody New", locale="en", now=now)
    operations.revoke_role(reader.id, Role.OPERATOR, by=None, now=now)
    assert first.get("/ops").status_code == 403
    assert "Somebody New" in first.get("/me/settings").text


def test_a_second_request_asks_nothing_about_its_sender(app: Any, make: Make) -> None:
    user = make.user()
    remembered = user.get_id()
    db.session.commit()
    sent: list[str] = []
    assert who.person_of(remembered) == user
    event.listen(db.engine, "before_cursor_execute", lambda *a: sent.append(a[2]))
    person = who.person_of(remembered)
    assert sent == []
    assert person is not None
    assert (person.name, person.roles, person.email) == (user.name, user.roles, user.email)
    assert who.person_of(f"{user.id}.999") is None
    assert who.person_of("nobody") is None
