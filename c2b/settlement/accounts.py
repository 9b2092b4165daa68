"""Where a firm is paid: named on the provider's page, used after three days, told to everybody in the firm at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from c2b.core.db import db, lock
from c2b.core.errors import refuse
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.text import gettext as _
from c2b.merchants.models import Merchant
from c2b.merchants.queries import post_of, staff_ids
from c2b.merchants.states import Post
from c2b.payments import windows
from c2b.payments.gateway import SavedPayee
from c2b.settlement.models import BankAccount, Payout
from c2b.settlement.planning import bank_account_of, cancel
from c2b.settlement.states import UNSENT


def why_not_name_account(post: Post | None) -> str | None:
    """Only the owner of a firm says where it is paid."""
    return None if post == Post.OWNER else _("Only the owner of the firm may say where it is paid.")


def save_account(merchant_id: int, payee: SavedPayee, *, by: int, now: datetime) -> BankAccount:
    """The firm is paid there from now on, after 72 hours; the one before is kept as it was, but not used (R-11).

    The same account named again changes nothing. Payouts that were not sent yet wait for the new account.
    """
    firm = lock(Merchant, merchant_id)
    refuse(why_not_name_account(post_of(firm, by)))
    before = bank_account_of(firm.id)
    if before is not None and (before.gateway, before.destination) == (payee.gateway, payee.destination):
        return before
    if before is not None:
        _retire(before, by, now)
    account = BankAccount(
        merchant_id=firm.id,
        gateway=payee.gateway,
        destination=payee.destination,
        label=payee.label,
        added_by=by,
        added_at=now,
        usable_at=now + windows.BANK_ACCOUNT_WAITS,
    )
    db.session.add(account)
    db.session.flush()
    record(account, "bank_account.added", by=by, at=now, replaces=before.id if before else None)
    _tell(firm, account, before is not None, now)
    return account


def _retire(account: BankAccount, by: int, now: datetime) -> None:
    unsent = db.session.scalars(
        select(Payout.id)
        .where(Payout.bank_account_id == account.id, Payout.state.in_(UNSENT))
        .order_by(Payout.id)
    ).all()
    for payout_id in unsent:
        payout = lock(Payout, payout_id)
        if payout.state in UNSENT:
            cancel(payout, by=by, now=now, why="bank_account")
    account.removed_at = now
    record(account, "bank_account.removed", by=by, at=now)
    db.session.flush()  # one in use at a time: the old one goes before the new one comes


def _tell(firm: Merchant, account: BankAccount, replaced: bool, now: datetime) -> None:
    data = {
        "firm": firm.name,
        "account": account.label,
        "replaced": replaced,
        "usable_at": account.usable_at.isoformat(),
        "path": "/sell/money/account",
    }
    people = staff_ids(firm.id)
    notify_many("bank_account_added", [(id_, f"{account.id}:{id_}", data) for id_ in people], now=now)


def accounts_of(merchant_id: int) -> Sequence[BankAccount]:
    """Every bank account that the firm has named, newest first."""
    return db.session.scalars(
        select(BankAccount).where(BankAccount.merchant_id == merchant_id).order_by(BankAccount.id.desc())
    ).all()
