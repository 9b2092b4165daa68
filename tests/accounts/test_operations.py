"""Accounts without pages: bulk, command line, promises."""

import pytest
from sqlalchemy import insert

from c2b.accounts import operations
from c2b.accounts.models import RoleGrant
from c2b.accounts.queries import names_of, user_by_email, with_role
from c2b.core.access import Role
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused


def test_many_people_come_in_their_order(app, now):
    people = [(f"Person {n}", f"P{n}@Example.org") for n in range(4_321)]
    ids = operations.add_people(iter(people), now=now)
    db.session.commit()
    assert len(set(ids)) == len(people)
    assert names_of(ids) == {id_: name for id_, (name, _email) in zip(ids, people, strict=True)}
    one = user_by_email("p4000@example.org")
    assert one.id == ids[4000]
    assert one.email_confirmed_at == now
    assert one.password_hash is None
    assert operations.add_people([], now=now) == []


def test_the_command_line_makes_confirmed_people_with_roles(app, now):
    roles = [Role.OPERATOR, Role.REVIEWER]
    otto = operations.create_person("Otto@example.org", "Otto", "a b c d e f", roles, now=now)
    db.session.commit()
    assert otto.is_staff
    assert otto.roles == {Role.SHOPPER, Role.OPERATOR, Role.REVIEWER}
    assert with_role(Role.OPERATOR) == [otto.id]
    with pytest.raises(Refused):
        operations.create_person("otto@example.org", "Otto again", "a b c d e f", now=now)


def test_roles_of_nobody_are_not_granted(app, now):
    with pytest.raises(NotFound):
        operations.grant_role(12345, Role.OPERATOR, by=None, now=now)


@pytest.mark.breaks_promises
def test_the_promises_about_accounts_can_fail(app, make, now):
    user = make.user(confirmed=False)
    spaced = make.user(email=" spaced@example.org")
    for role in (Role.SHOPPER, Role.OPERATOR):
        db.session.execute(insert(RoleGrant).values(user_id=user.id, role=role, granted_at=now))
    operations.notify("account_reset", user.id, key="x", now=now, bound="x", token="a secret")
    broken = broken_promises()
    assert {line.split()[0] for line in broken} == {"A-1", "A-2", "A-3", "A-4"}
    assert any(str(spaced.id) in line for line in broken if line.startswith("A-3"))
