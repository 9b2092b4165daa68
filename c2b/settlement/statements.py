"""What a merchant is owed and why, for the pages: by kind of waiting, by order, by month."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select, true

from c2b.campaigns.models import Campaign
from c2b.core.db import db
from c2b.ledger.kinds import AccountKind, Cause
from c2b.ledger.models import Account, Entry, Transaction
from c2b.orders.models import Dispute, Order
from c2b.orders.states import DisputeOrigin, DisputeState, OrderState
from c2b.payments import windows
from c2b.payments.models import Refund
from c2b.settlement.dues import being_refunded, being_returned, booked, disputed, frozen, in_payouts
from c2b.settlement.models import Payout, PayoutLine
from c2b.settlement.states import UNSENT, PayoutState

GONE_OUT = (PayoutState.SENT, PayoutState.PAID)
MOST_LINES = 1000  # of a month on the page; the file has all


@dataclass(frozen=True, slots=True)
class Standing:
    """One currency of a merchant: what we owe, and what each part of it waits for. Minor units."""

    currency: str
    owed: int  # what our books owe; negative: the merchant owes us
    waiting: dict[str, int] = field(default_factory=dict)  # by "ready", "window", "delivery", "held"
    planned: int = 0  # in payouts that are not sent
    on_its_way: int = 0
    paid: int = 0

    @property
    def corrections(self) -> int:
        """What was refunded or lost after it was paid out, and is taken from the next payout."""
        return self.owed - self.planned - sum(self.waiting.values())


def waits_for(now: datetime) -> Any:
    """What an unsettled order's money waits for, as a column."""
    return case(
        (frozen(), "held"),
        (and_(Order.state == OrderState.DELIVERED, Order.delivered_at <= now - windows.RETURN), "ready"),
        (Order.state == OrderState.DELIVERED, "window"),
        (Order.state == OrderState.CANCELLED, "held"),
        else_="delivery",
    )


def standings(merchant_id: int, now: datetime) -> list[Standing]:
    """How a merchant stands in each currency in which it has sold anything."""
    owed = dict(
        db.session.execute(
            select(Account.currency, -Account.balance).where(
                Account.kind == AccountKind.MERCHANT_PAYABLE, Account.owner == merchant_id
            )
        ).all()
    )
    waiting = _waiting(merchant_id, now)
    payouts = {
        (row.currency, row.state): int(row.total)
        for row in db.session.execute(
            select(Payout.currency, Payout.state, func.sum(Payout.amount).label("total"))
            .where(Payout.merchant_id == merchant_id)
            .group_by(Payout.currency, Payout.state)
        )
    }
    return [
        Standing(
            currency,
            int(amount),
            waiting.get(currency, {}),
            sum(payouts.get((currency, state), 0) for state in UNSENT),
            payouts.get((currency, PayoutState.SENT), 0),
            payouts.get((currency, PayoutState.PAID), 0),
        )
        for currency, amount in sorted(owed.items())
    ]


def _waiting(merchant_id: int, now: datetime) -> dict[str, dict[str, int]]:
    each = (
        select(Order.currency, waits_for(now).label("what"), (booked() - in_payouts()).label("due"))
        .where(Order.merchant_id == merchant_id, Order.settled_at.is_(None))
        .subquery()
    )
    rows = db.session.execute(
        select(each.c.currency, each.c.what, func.sum(each.c.due).label("total")).group_by(
            each.c.currency, each.c.what
        )
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.total:
            found.setdefault(row.currency, {})[row.what] = int(row.total)
    return found


def orders_table(merchant_id: int, now: datetime, *, what: str | None = None) -> Any:
    """The merchant's orders with where their money is, for a table.

    `what` narrows them: held, ready, window, delivery, or paid.
    """
    refunds = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.capture_id == Order.attempt_id)
    back = select(func.coalesce(func.sum(Refund.fee_back), 0)).where(Refund.capture_id == Order.attempt_id)
    lost = select(func.coalesce(func.sum(Dispute.amount), 0)).where(
        Dispute.order_id == Order.id,
        Dispute.origin == DisputeOrigin.BANK,
        Dispute.state == DisputeState.UPHELD,
    )
    return (
        select(
            Order.number, Order.state, Order.total, Order.fee, Order.currency, Order.placed_at,
            Order.delivered_at, Order.settled_at, Campaign.title,
            refunds.correlate(Order).scalar_subquery().label("refunded"),
            back.correlate(Order).scalar_subquery().label("fee_back"),
            lost.correlate(Order).scalar_subquery().label("lost"),
            in_payouts(GONE_OUT).label("paid"),
            in_payouts(UNSENT).label("planned"),
            (booked() - in_payouts()).label("due"),
            disputed().label("disputed"),
            being_returned().label("returned"),
            being_refunded().label("refunding"),
            waits_for(now).label("what"),
        )
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(Order.merchant_id == merchant_id, _narrowed(what, now))
    )  # fmt: skip


def _narrowed(what: str | None, now: datetime) -> Any:
    if what is None:
        return true()
    if what == "paid":
        return Order.settled_at.is_not(None)
    return and_(Order.settled_at.is_(None), waits_for(now) == what)


def payouts_of(merchant_id: int, limit: int = 8) -> Sequence[Payout]:
    """The merchant's payouts, newest first."""
    return db.session.scalars(
        select(Payout).where(Payout.merchant_id == merchant_id).order_by(Payout.id.desc()).limit(limit)
    ).all()


def lines_of(payout_id: int) -> Sequence[Any]:
    """What a payout is for: (order number, campaign title, sale, amount)."""
    return db.session.execute(
        select(Order.number, Campaign.title, Order.total, PayoutLine.amount)
        .join(Order, Order.id == PayoutLine.order_id)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(PayoutLine.payout_id == payout_id)
        .order_by(Order.id)
    ).all()


@dataclass(frozen=True, slots=True)
class Month:
    """A merchant's account over a time, in one currency: from what it was to what it became, line by line."""

    currency: str
    before: int
    lines: Sequence[Any]  # at, cause, kind, number (of order or payout), amount
    after: int


def month_of(merchant_id: int, start: datetime, end: datetime, *, most: int | None = None) -> list[Month]:
    """All that changed what is owed, from `start` to before `end`; amounts in the merchant's favour are positive."""
    accounts = db.session.execute(
        select(Account.id, Account.currency)
        .where(Account.kind == AccountKind.MERCHANT_PAYABLE, Account.owner == merchant_id)
        .order_by(Account.currency)
    ).all()
    return [_month(account.id, account.currency, start, end, most) for account in accounts]


def _month(account_id: int, currency: str, start: datetime, end: datetime, most: int | None) -> Month:
    def total(until: datetime) -> int:
        return -int(
            db.session.scalar(
                select(func.coalesce(func.sum(Entry.amount), 0))
                .join(Transaction, Transaction.id == Entry.tx_id)
                .where(Entry.account_id == account_id, Transaction.at < until)
            )
            or 0
        )

    lines = db.session.execute(
        select(
            Transaction.at,
            Transaction.cause,
            Transaction.kind,
            func.coalesce(Order.number, Payout.number, "").label("number"),
            (-Entry.amount).label("amount"),
        )
        .join(Entry, Entry.tx_id == Transaction.id)
        .outerjoin(Order, Order.id == Transaction.order_id)
        .outerjoin(Payout, and_(Transaction.cause == Cause.PAYOUT, Payout.id == Transaction.cause_id))
        .where(Entry.account_id == account_id, Transaction.at >= start, Transaction.at < end)
        .order_by(Transaction.id)
        .limit(most)
    ).all()
    return Month(currency, total(start), lines, total(end))


def books() -> Sequence[Any]:
    """Every kind of account with what all of its kind stand at: kind, currency, accounts, balance."""
    return db.session.execute(
        select(
            Account.kind,
            Account.currency,
            func.count().label("accounts"),
            func.sum(Account.balance).label("balance"),
        )
        .group_by(Account.kind, Account.currency)
        .order_by(Account.currency, Account.kind)
    ).all()


def debts_to_merchants(limit: int = 100) -> Sequence[Any]:
    """The merchants' accounts that are not even, the largest first: owner, currency, owed."""
    return db.session.execute(
        select(Account.owner, Account.currency, (-Account.balance).label("owed"))
        .where(Account.kind == AccountKind.MERCHANT_PAYABLE, Account.balance != 0)
        .order_by(func.abs(Account.balance).desc(), Account.id)
        .limit(limit)
    ).all()


def payouts_in(states: Sequence[PayoutState], limit: int = 100) -> Sequence[Payout]:
    """Payouts of these states, the oldest first."""
    return db.session.scalars(
        select(Payout).where(Payout.state.in_(states)).order_by(Payout.id).limit(limit)
    ).all()
