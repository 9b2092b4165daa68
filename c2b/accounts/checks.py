"""Promises about accounts."""

from collections.abc import Iterator

from sqlalchemy import func, select

from c2b.accounts.models import RoleGrant, User
from c2b.core.access import Role
from c2b.core.checks import check
from c2b.core.db import db
from c2b.core.outbox import Notice


@check("A-1 Only people who can be reached hold a role")
def roles_are_held_by_reachable_people() -> Iterator[str]:
    """A role without a confirmed address would be a way in for whoever made the account up."""
    for user_id, role in db.session.execute(
        select(RoleGrant.user_id, RoleGrant.role)
        .join(User, User.id == RoleGrant.user_id)
        .where(User.email_confirmed_at.is_(None))
    ):
        yield f"user {user_id} is {role} without a confirmed address"


@check("A-2 Everybody is a shopper, nobody by a grant")
def nobody_is_granted_to_be_a_shopper() -> Iterator[str]:
    """The role SHOPPER comes with the account; a grant of it would say nothing and be taken away in vain."""
    for user_id in db.session.scalars(select(RoleGrant.user_id).where(RoleGrant.role == Role.SHOPPER)):
        yield f"user {user_id} was granted to be a shopper"


@check("A-3 Addresses are kept without blanks around")
def addresses_are_normal() -> Iterator[str]:
    """Otherwise one person could have two accounts, and sign-in would find neither."""
    for id_, email in db.session.execute(
        select(User.id, User.email).where(User.email != func.trim(User.email))
    ):
        yield f"user {id_} has the address {email!r}"


@check("A-4 No password and no token is kept in a notice")
def notices_carry_no_secrets() -> Iterator[str]:
    """Links are made when a mail is written; the row holds only a mark of the password (I-45)."""
    for id_, data in db.session.execute(
        select(Notice.id, Notice.data).where(Notice.kind.in_(("account_confirm", "account_reset")))
    ):
        if set(data) - {"bound", "back"}:
            yield f"notice {id_} carries {sorted(data)}"
