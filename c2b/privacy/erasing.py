"""Closing an account. What names the person goes; what the books need stays, under a number."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from c2b.accounts.models import Address, User
from c2b.campaigns.models import Follow, Pledge
from c2b.campaigns.states import PLEDGE
from c2b.community.models import MerchantFollow
from c2b.core.access import Role
from c2b.core.db import db, lock
from c2b.core.errors import Refused
from c2b.core.events import record
from c2b.core.outbox import Delivery, Notice, notify
from c2b.core.text import gettext as _
from c2b.core.work import Work
from c2b.mailing.preferences import forget_choices
from c2b.merchants.models import MerchantStaff
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.states import DISPUTE, ORDER, RETURN
from c2b.payments.models import Mandate, Refund
from c2b.payments.states import REFUND

Why = tuple[str, str]  # the reason, and the page on which it can be put right
LAST = "account_closed"
NOWHERE = "closed.invalid"  # a domain that can never exist (RFC 2606)
NOBODY = f"closed@{NOWHERE}"


def why_not_close(user: User) -> list[Why]:
    """Every reason why this account cannot be closed now."""
    mine = select(Order.id).where(Order.shopper_id == user.id)
    reasons: list[tuple[bool, Callable[[], Why]]] = [
        (
            _is_open(Pledge, PLEDGE.ends, Pledge.shopper_id == user.id),
            lambda: (
                _("You joined something that is not decided. Leave it where you can, or wait."),
                "/me/joined",
            ),
        ),
        (
            _is_open(Order, ORDER.ends, Order.shopper_id == user.id),
            lambda: (_("An order is on its way to you."), "/me/orders"),
        ),
        (
            _is_open(Return, RETURN.ends, Return.order_id.in_(mine))
            or _is_open(Dispute, DISPUTE.ends, Dispute.order_id.in_(mine)),
            lambda: (_("A return or a dispute is open."), "/me/orders"),
        ),
        (
            _is_open(Refund, REFUND.ends, Refund.shopper_id == user.id),
            lambda: (_("Money is on its way back to you."), "/me/orders"),
        ),
        (
            bool(user.roles - {Role.SHOPPER}) or _has(MerchantStaff.user_id == user.id),
            lambda: (_("You work for a firm or for this site. Somebody there must first let you go."), "/me"),
        ),
    ]
    return [why() for holds, why in reasons if holds]


def close_account(user_id: int, *, now: datetime) -> list[str]:
    """Close it and erase what names the person; returns files to be removed after the commit. Refused while open."""
    user = lock(User, user_id)
    if why_not := why_not_close(user):
        raise Refused(why_not[0][0])
    address, name = user.email, user.name
    files = _forget_what_is_theirs(user_id, now)
    user.email, user.name = f"closed-{user.id}@{NOWHERE}", _("Closed account")
    user.password_hash, user.quiet_from, user.quiet_until = None, None, None
    user.disabled_at = user.erased_at = now
    user.session_version += 1
    record(user, "user.erased", by=user_id, at=now)
    notify(LAST, None, key=str(user_id), now=now, address=address, name=name, locale=user.locale)
    return files


def forget_last_words() -> int:
    """Erase name and address from the last mails to closed accounts, once they are on their way; how many."""
    last = select(Notice).where(
        Notice.kind == LAST, Notice.delivery != Delivery.QUEUED, Notice.address != NOBODY
    )
    notices = db.session.scalars(last.limit(500)).all()
    for notice in notices:
        notice.address, notice.data = NOBODY, {**notice.data, "name": ""}
    return len(notices)


def _forget_what_is_theirs(user_id: int, now: datetime) -> list[str]:
    """Remove what only served this person, and empty what orders still point to."""
    files = [
        name
        for name in db.session.scalars(select(Work.result_ref).where(Work.user_id == user_id))
        if name is not None
    ]
    for where in (Notice.user_id, Follow.user_id, MerchantFollow.user_id, Work.user_id):
        _run(delete(where.class_).where(where == user_id))
    forget_choices(user_id)
    gone = {"name": "", "phone": "", "city": "", "line": "", "postcode": "", "removed_at": now}
    _run(update(Address).where(Address.user_id == user_id).values(**gone))
    cards = {"label": "", "fingerprint": "", "revoked_at": now}
    _run(update(Mandate).where(Mandate.user_id == user_id).values(**cards))
    return files


def _is_open(model: Any, ends: Iterable[Any], theirs: Any) -> bool:
    return _has(theirs, model.state.not_in([str(state) for state in ends]))


def _has(*where: Any) -> bool:
    return db.session.scalar(select(1).where(*where).limit(1)) is not None


def _run(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
