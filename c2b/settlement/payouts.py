"""What happens to a payout: approved, sent, paid, refused, come back. The saga of all requests, with the books.

A payout that is sent holds its money in transit; the provider's answer takes it to paid or back to payable.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select

from c2b.core.db import db, get_or_404, lock, transaction
from c2b.core.errors import Stale, refuse
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.rows import among
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.ledger import facts
from c2b.ledger.posting import post
from c2b.merchants.models import Merchant
from c2b.merchants.queries import staff_ids
from c2b.payments import attempts
from c2b.payments.attempts import Answered, Request, Wish, follows, pays_out_to
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.settlement import rules
from c2b.settlement.dues import dues
from c2b.settlement.models import BankAccount, Payout
from c2b.settlement.planning import orders_in, plan_anew, release
from c2b.settlement.states import PayoutState

log = structlog.get_logger()

S = PayoutState
NOT_THE_ACCOUNT = (
    "insufficient_balance",
    "balance_insufficient",
)  # refusals that say nothing of the bank account


def approve_payout(payout_id: int, *, by: int, now: datetime) -> Payout:
    """One operator says yes to a large payout; the second one, who is somebody else, lets it go out."""
    payout = lock(Payout, payout_id)
    if payout.state != S.PLANNED:
        raise Stale(_("This payout does not wait for an approval any more."))
    refuse(rules.why_not_approve(payout, by, staff_ids(payout.merchant_id)))
    if payout.first_by is None:
        payout.first_by = by
        record(payout, "payout.first_approval", by=by, at=now, amount=payout.amount)
        return payout
    payout.second_by = by
    move(payout, S.APPROVED, by=by, now=now)
    return payout


def payouts_to_send() -> list[int]:
    """Payouts that are approved and not asked for."""
    return list(db.session.scalars(select(Payout.id).where(Payout.state == S.APPROVED).order_by(Payout.id)))


def send_payout(payout_id: int, *, now: datetime) -> None:
    """Begin, ask and book one payout. Ends its own transactions; may be repeated, and two processes may try."""
    with transaction():
        requests = begin_payout(payout_id, now=now)
    for answer in attempts.ask(requests):
        with transaction():
            attempts.book([answer], now)


def begin_payout(payout_id: int, *, now: datetime) -> list[Request]:
    """Take an approved payout to sent, with its request and its entry in the books; nothing where it may not go."""
    payout = lock(Payout, payout_id)
    if payout.state != S.APPROVED:
        raise Stale(_("This payout was sent already, or is not to be sent."))
    if why := _why_not_send(payout, now):
        plan_anew(payout, now=now, why=why)
        return []
    tried = select(func.coalesce(func.max(Attempt.generation), 0)).where(Attempt.payout_id == payout.id)
    wish = Wish(payout.id, payout.amount, payout.currency, generation=(db.session.scalar(tried) or 0) + 1)
    requests = attempts.begin(Purpose.PAYOUT, [wish], now)
    move(payout, S.SENT, by=None, now=now)
    _post(payout, "sent", now)
    return requests


def _why_not_send(payout: Payout, now: datetime) -> str | None:
    """What has changed since it was planned: the bank account, or what is owed for its orders."""
    account = get_or_404(BankAccount, payout.bank_account_id)
    if rules.why_not_use(account, now):
        return "bank_account"
    if any(due.amount or due.frozen for due in dues(orders_in(payout.id))):
        return "changed"
    return None


def _post(payout: Payout, kind: str, now: datetime) -> None:
    post([facts.payout(payout.id, kind, payout.merchant_id, payout.amount, payout.currency)], now=now)


@pays_out_to
def destinations(payout_ids: Sequence[int]) -> dict[int, str]:
    """The provider's name for the bank account of each payout."""
    rows = db.session.execute(
        select(Payout.id, BankAccount.destination)
        .join(BankAccount, BankAccount.id == Payout.bank_account_id)
        .where(among(Payout.id, payout_ids))
    )
    return {row.id: row.destination for row in rows}


@follows(Purpose.PAYOUT)
def follow(news: Answered, now: datetime) -> None:
    """The provider has paid a payout, or refused it for good."""
    for request, outcome in news:
        payout = lock(Payout, request.subject_id)
        if outcome.state == AttemptState.SUCCEEDED:
            move(payout, S.PAID, by=None, now=now)
            payout.paid_at = now
            _post(payout, "paid", now)
            _tell(payout, "payout_paid", now)
        elif outcome.state == AttemptState.FAILED:
            move(payout, S.RETURNED, by=None, now=now, code=outcome.code)
            _post(payout, "refused", now)
            _came_back(payout, outcome.code, now)


def return_payout(payout_id: int, code: str, *, now: datetime) -> None:
    """The bank sent a paid payout back (F-42): it is owed again, and its bank account is not used any more.

    Once is as good as twice. Stale while we do not know yet that it was paid.
    """
    payout = lock(Payout, payout_id)
    if payout.state == S.RETURNED:
        return
    if payout.state != S.PAID:
        raise Stale(_("This payout is not paid."))
    move(payout, S.RETURNED, by=None, now=now, code=code)
    _post(payout, "returned", now)
    _came_back(payout, code, now)


def _came_back(payout: Payout, code: str | None, now: datetime) -> None:
    release(payout)
    account = lock(BankAccount, payout.bank_account_id)
    if account.removed_at is None and code not in NOT_THE_ACCOUNT:
        account.removed_at = now
        record(account, "bank_account.blocked", by=None, at=now, code=code)
    _tell(payout, "payout_returned", now, code=code)


def _tell(payout: Payout, kind: str, now: datetime, **more: Any) -> None:
    """Everybody in the firm hears what became of its money."""
    firm = get_or_404(Merchant, payout.merchant_id)
    account = get_or_404(BankAccount, payout.bank_account_id)
    data = {
        "firm": firm.name,
        "number": payout.number,
        "amount": payout.amount,
        "currency": payout.currency,
        "account": account.label,
        "path": "/sell/money" if kind == "payout_returned" else f"/sell/money/payouts/{payout.number}",
        **more,
    }
    messages = [(user_id, f"{payout.id}:{user_id}", data) for user_id in staff_ids(firm.id)]
    notify_many(kind, messages, now=now)
