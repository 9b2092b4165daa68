"""What can be done with accounts. Hash passwords before the transaction begins: that is slow on purpose."""

import json
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ARRAY, String, delete, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from c2b.accounts import passwords, throttle
from c2b.accounts.models import RoleGrant, User
from c2b.accounts.queries import normal_email, user_by_email
from c2b.core.access import Role
from c2b.core.db import db, get_or_404, is_sqlite, lock
from c2b.core.errors import Refused
from c2b.core.events import record
from c2b.core.outbox import Notice, notify
from c2b.core.text import gettext as _

CHUNK = 5000  # people in one statement


def register_user(email: str, name: str, password: str, *, locale: str, now: datetime) -> User:
    """A new, unconfirmed account; Refused where the address is taken. For the command line and demo data."""
    return _insert_user(email, name, passwords.make_hash(password), locale=locale, now=now) or _taken()


def create_person(
    email: str, name: str, password: str, roles: Iterable[Role] = (), *, locale: str = "en", now: datetime
) -> User:
    """A confirmed account with these roles; for the command line, where whoever types it is trusted."""
    user = register_user(email, name, password, locale=locale, now=now)
    confirm_email(user.id, now)
    for role in roles:
        grant_role(user.id, role, by=None, now=now)
    return user


def ask_to_register(
    email: str, name: str, password_hash: str, *, locale: str, back: str = "/", now: datetime
) -> None:
    """Somebody filled the form. They learn by mail alone what came of it, so none learns who has an account.

    An account that was never confirmed belongs to whoever registers last: nobody can have used it.
    """
    if throttle.take(f"mail:{normal_email(email)}", throttle.MAIL_ADDRESS, now):
        return
    user = _insert_user(email, name, password_hash, locale=locale, now=now)
    if user is None:
        user = lock(User, _known(email).id)
        if user.email_confirmed_at is not None:
            _tell(user, "account_exists", now)
            return
        user.name, user.password_hash, user.locale = name, password_hash, locale
        user.session_version += 1
        record(user, "user.registered", by=None, at=now, again=True)
    send_confirmation(user, back=back, now=now)


def ask_for_confirmation(email: str, *, now: datetime) -> None:
    """Send the confirmation again if there is an account that waits for it; silent otherwise."""
    user = user_by_email(email)
    if throttle.take(f"mail:{normal_email(email)}", throttle.MAIL_ADDRESS, now):
        return
    if user is not None and user.email_confirmed_at is None and user.is_active:
        send_confirmation(user, back="/", now=now)


def send_confirmation(user: User, *, back: str, now: datetime) -> None:
    """Mail the link that confirms the address; it dies when the password changes."""
    _tell(user, "account_confirm", now, bound=passwords.fingerprint(user.password_hash), back=back)


def confirm_email(user_id: int, now: datetime) -> User:
    """The address is this person's. Once is enough: a second time changes nothing."""
    user = lock(User, user_id)
    if user.email_confirmed_at is None:
        user.email_confirmed_at = now
        record(user, "user.confirmed", by=user_id, at=now)
    return user


def signed_in(user_id: int, client: str, *, new_hash: str | None = None, now: datetime) -> User:
    """A good sign-in: the tries count no more, and an outdated hash is replaced."""
    user = lock(User, user_id)
    if new_hash is not None:
        user.password_hash = new_hash
    throttle.forget(f"sign-in:{user.email}")
    throttle.give_back(f"sign-in-from:{client}", throttle.SIGN_IN_CLIENT, now)
    return user


def try_sign_in(email: str, client: str, now: datetime) -> datetime | None:
    """Count a try before it is made; None, or when the next one may be made."""
    waits = [
        throttle.take(f"sign-in:{normal_email(email)}", throttle.SIGN_IN_ACCOUNT, now),
        throttle.take(f"sign-in-from:{client}", throttle.SIGN_IN_CLIENT, now),
    ]
    return max((wait for wait in waits if wait), default=None)


def ask_for_reset(email: str, *, now: datetime) -> None:
    """Mail a link to set a new password if there is such an account; silent otherwise."""
    user = user_by_email(email)
    if throttle.take(f"mail:{normal_email(email)}", throttle.MAIL_ADDRESS, now):
        return
    if user is not None and user.is_active:
        _tell(user, "account_reset", now, bound=passwords.fingerprint(user.password_hash))


def set_password(
    user_id: int, password_hash: str, *, bound: str | None = None, by: int | None, now: datetime
) -> User:
    """A new password: every session ends, and the person is told. `bound` is the mark of the old one."""
    user = lock(User, user_id)
    if bound is not None and bound != passwords.fingerprint(user.password_hash):
        raise Refused(_("This link was used already. Ask for a new one."))
    user.password_hash = password_hash
    user.session_version += 1
    if bound is not None and user.email_confirmed_at is None:
        user.email_confirmed_at = now  # the link came by mail, so the address is theirs
    record(user, "user.password_changed", by=by, at=now)
    _tell(user, "account_password_changed", now)
    return user


def end_sessions(user_id: int, *, now: datetime) -> User:
    """Every session of this person ends."""
    user = lock(User, user_id)
    user.session_version += 1
    record(user, "user.sessions_ended", by=user_id, at=now)
    return user


def change_person(user_id: int, *, name: str, locale: str, now: datetime) -> User:
    """A new name or language."""
    user = lock(User, user_id)
    if (user.name, user.locale) != (name, locale):
        user.name, user.locale = name, locale
        record(user, "user.changed", by=user_id, at=now)
    return user


def grant_role(user_id: int, role: Role, *, by: int | None, now: datetime) -> None:
    """Give a person a role; a second time changes nothing. It holds from their next request on."""
    user = lock(User, user_id)
    dialect: Any = sqlite if is_sqlite() else postgresql
    granted = db.session.scalar(
        dialect.insert(RoleGrant)
        .values(user_id=user_id, role=role, granted_by=by, granted_at=now)
        .on_conflict_do_nothing(index_elements=["user_id", "role"])
        .returning(RoleGrant.id)
    )
    if granted is not None:
        db.session.expire(user, ["grants"])
        record(user, "user.role_granted", by=by, at=now, role=str(role))


def revoke_role(user_id: int, role: Role, *, by: int | None, now: datetime) -> None:
    """Take a role away; it ends with the next request."""
    user = lock(User, user_id)
    gone = db.session.scalar(
        delete(RoleGrant).where(RoleGrant.user_id == user_id, RoleGrant.role == role).returning(RoleGrant.id)
    )
    if gone is not None:
        db.session.expire(user, ["grants"])
        record(user, "user.role_revoked", by=by, at=now, role=str(role))


def disable_user(user_id: int, reason: str, *, by: int | None, now: datetime) -> None:
    """Close an account: every session ends now, nobody can sign in to it."""
    user = lock(User, user_id)
    if user.disabled_at is None:
        user.disabled_at = now
        user.session_version += 1
        record(user, "user.disabled", by=by, at=now, reason=reason)


def enable_user(user_id: int, *, by: int | None, now: datetime) -> None:
    """Open a closed account again."""
    user = lock(User, user_id)
    if user.disabled_at is not None:
        user.disabled_at = None
        record(user, "user.enabled", by=by, at=now)


def add_people(rows: Iterable[tuple[str, str]], *, now: datetime, locale: str = "en") -> list[int]:
    """Many confirmed people without a password from (name, email), in their order; for demos and replay."""
    ids: list[int] = []
    common = {"email_confirmed_at": now, "created_at": now, "locale": locale, "session_version": 1}
    users: Any = User.__table__
    remaining = iter(rows)
    while some := list(islice(remaining, CHUNK)):
        emails = [normal_email(email) for _name, email in some]
        same = [literal(value, users.c[column].type) for column, value in common.items()]
        made = db.session.execute(
            insert(users)
            .from_select(
                ["email", "name", *common], select(*_pairs(emails, [name for name, _e in some]), *same)
            )
            .returning(users.c.email, users.c.id)
        )
        by_email = {row.email: row.id for row in made}
        ids += [by_email[email] for email in emails]
    return ids


def _pairs(emails: list[str], names: list[str]) -> list[Any]:
    """Two columns, sent as two values: a parameter for each of 200,000 people would take a minute."""
    if is_sqlite():
        rows = func.json_each(json.dumps(list(zip(emails, names, strict=True)))).table_valued("value")
        return [func.json_extract(rows.c.value, "$[0]"), func.json_extract(rows.c.value, "$[1]")]
    both = func.unnest(literal(emails, ARRAY(String)), literal(names, ARRAY(String)))
    pairs = both.table_valued("email", "name").render_derived()
    return [pairs.c.email, pairs.c.name]


def mark_read(user_id: int, now: datetime, notice_id: int | None = None) -> None:
    """The person has seen one of their notices, or all of them."""
    mine = [Notice.user_id == user_id, Notice.read_at.is_(None)]
    if notice_id is not None:
        mine.append(Notice.id == notice_id)
    db.session.execute(
        update(Notice).where(*mine).values(read_at=now).execution_options(synchronize_session=False)
    )


def _insert_user(email: str, name: str, password_hash: str, *, locale: str, now: datetime) -> User | None:
    """The new account, or None where the address is taken; two at the same moment cannot both have it."""
    dialect: Any = sqlite if is_sqlite() else postgresql
    id_ = db.session.scalar(
        dialect.insert(User)
        .values(
            email=normal_email(email), name=name, password_hash=password_hash, locale=locale,
            created_at=now, session_version=1,
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(User.id)
    )  # fmt: skip
    if id_ is None:
        return None
    user = get_or_404(User, id_)
    record(user, "user.registered", by=None, at=now)
    return user


def _taken() -> User:
    raise Refused(_("There is an account with this address already."))


def _known(email: str) -> User:
    user = user_by_email(email)
    if user is None:  # it was there a moment ago, and accounts are never deleted
        raise Refused(_("Please try again."))
    return user


def _tell(user: User, kind: str, now: datetime, **data: Any) -> None:
    notify(kind, user.id, key=f"{user.id}:{now.timestamp():.6f}", now=now, **data)
