"""Reading about returns, disputes and refunds for the pages, each in a fixed number of statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select, union
from sqlalchemy.orm import aliased

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core.db import db, get_or_404
from c2b.core.errors import NotFound
from c2b.merchants.models import Merchant
from c2b.orders import remedy_rules as rules
from c2b.orders.disputes import causes_now, dispute_of
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.refunding import left_to_refund
from c2b.orders.returns import kept_units, open_return
from c2b.orders.states import DisputeCause, DisputeOrigin, DisputeState, ReturnState
from c2b.payments.models import Attempt, Refund
from c2b.payments.states import RefundState


class Remedies(NamedTuple):
    """What went wrong with an order, and what can be done about it now."""

    order: Order
    left: int
    kept: int  # units that can still be sent back
    returns: Sequence[Return]
    disputes: Sequence[Dispute]
    refunds: Sequence[Refund]
    causes: Sequence[DisputeCause]
    why_not_return: str | None
    why_not_dispute: str | None
    why_not_cancel: str | None


def remedies_of(order: Order, now: datetime) -> Remedies:
    """All that belongs to one order."""
    left, causes = left_to_refund(order), causes_now(order, now)
    returns = db.session.scalars(select(Return).where(Return.order_id == order.id).order_by(Return.id)).all()
    disputes = db.session.scalars(
        select(Dispute).where(Dispute.order_id == order.id).order_by(Dispute.id)
    ).all()
    refunds = db.session.scalars(
        select(Refund).where(Refund.capture_id == order.attempt_id).order_by(Refund.id)
    ).all()
    return Remedies(
        order=order,
        left=left,
        kept=kept_units(order),
        returns=returns,
        disputes=disputes,
        refunds=refunds,
        causes=causes,
        why_not_return=rules.why_not_return(order, open_return(order.id), left, now),
        why_not_dispute=rules.why_not_dispute(causes, dispute_of(order.id), left),
        why_not_cancel=rules.why_not_cancel_late(order, now),
    )


class ReturnPage(NamedTuple):
    """One return with its order."""

    back: Return
    order: Order
    campaign: Campaign
    merchant: Merchant
    refund: Refund | None


def return_page(
    return_id: int, *, shopper_id: int | None = None, merchant_id: int | None = None
) -> ReturnPage:
    """One return; NotFound where it is another person's or firm's."""
    back = get_or_404(Return, return_id)
    order = _mine(back.order_id, shopper_id, merchant_id)
    return ReturnPage(
        back=back,
        order=order,
        campaign=get_or_404(Campaign, order.campaign_id),
        merchant=get_or_404(Merchant, order.merchant_id),
        refund=db.session.get(Refund, back.refund_id) if back.refund_id else None,
    )


class DisputePage(NamedTuple):
    """One dispute with its order."""

    dispute: Dispute
    order: Order
    campaign: Campaign
    merchant: Merchant
    refund: Refund | None
    left: int


def dispute_page(
    dispute_id: int, *, shopper_id: int | None = None, merchant_id: int | None = None
) -> DisputePage:
    """One dispute; NotFound where it is another person's or firm's."""
    dispute = get_or_404(Dispute, dispute_id)
    order = _mine(dispute.order_id, shopper_id, merchant_id)
    return DisputePage(
        dispute=dispute,
        order=order,
        campaign=get_or_404(Campaign, order.campaign_id),
        merchant=get_or_404(Merchant, order.merchant_id),
        refund=db.session.get(Refund, dispute.refund_id) if dispute.refund_id else None,
        left=left_to_refund(order),
    )


def _mine(order_id: int, shopper_id: int | None, merchant_id: int | None) -> Order:
    order = get_or_404(Order, order_id)
    if shopper_id not in (None, order.shopper_id) or merchant_id not in (None, order.merchant_id):
        raise NotFound
    return order


def returns_of_firm(merchant_id: int) -> Any:
    """(return, order, campaign) of a firm, for a table."""
    return (
        select(Return, Order, Campaign)
        .join(Order, Order.id == Return.order_id)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(Order.merchant_id == merchant_id)
    )


def disputes_of_firm(merchant_id: int, limit: int = 50) -> Sequence[Any]:
    """(dispute, order, campaign) of a firm, those that are open first."""
    return db.session.execute(_disputes().where(Order.merchant_id == merchant_id).limit(limit)).all()


def all_disputes(*, is_open: bool) -> Any:
    """(dispute, order, campaign, shopper, firm) of everybody, for a table."""
    state = Dispute.state.in_(rules.OPEN_DISPUTE)
    return (
        select(Dispute, Order, Campaign, User, Merchant)
        .join(Order, Order.id == Dispute.order_id)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .join(User, User.id == Order.shopper_id)
        .join(Merchant, Merchant.id == Order.merchant_id)
        .where(state if is_open else ~state)
    )


def _disputes() -> Any:
    over = Dispute.state.not_in(rules.OPEN_DISPUTE)
    return (
        select(Dispute, Order, Campaign)
        .join(Order, Order.id == Dispute.order_id)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .order_by(over, Dispute.state == DisputeState.OPENED, Dispute.rule_by, Dispute.id)
    )


class Record(NamedTuple):
    """How often one side had such things: orders, returns paid back, disputes won by the shopper and in all."""

    orders: int
    returned: int
    upheld: int
    disputes: int

    @property
    def refunded(self) -> int:
        """How often money went back after a complaint."""
        return self.returned + self.upheld

    @property
    def is_conspicuous(self) -> bool:
        """Whether that is so often that an operator should know."""
        return rules.is_conspicuous(self.orders, self.refunded)


def record_of(*, shopper_id: int | None = None, merchant_id: int | None = None) -> Record:
    """The record of a shopper or of a firm, in one statement."""
    mine = Order.shopper_id == shopper_id if shopper_id is not None else Order.merchant_id == merchant_id
    row = db.session.execute(
        select(
            func.count(Order.id.distinct()),
            func.count(Return.id.distinct()).filter(Return.state == ReturnState.REFUNDED),
            func.count(Dispute.id.distinct()).filter(Dispute.state == DisputeState.UPHELD),
            func.count(Dispute.id.distinct()),
        )
        .select_from(Order)
        .outerjoin(Return, Return.order_id == Order.id)
        .outerjoin(Dispute, and_(Dispute.order_id == Order.id, Dispute.origin == DisputeOrigin.SHOPPER))
        .where(mine)
    ).one()
    return Record(*row)


def conspicuous_shoppers(limit: int = 20) -> Sequence[Any]:
    """(shopper, orders, refunded) of people with many refunds after complaints (R-10), most first."""
    paid_back = union(
        select(Return.order_id).where(Return.state == ReturnState.REFUNDED),
        select(Dispute.order_id).where(
            Dispute.state == DisputeState.UPHELD, Dispute.origin == DisputeOrigin.SHOPPER
        ),
    ).subquery()
    people = select(Order.shopper_id).join(paid_back, paid_back.c.order_id == Order.id)
    refunded, orders = func.count(paid_back.c.order_id), func.count(Order.id)
    return db.session.execute(
        select(Order.shopper_id, orders.label("orders"), refunded.label("refunded"))
        .outerjoin(paid_back, paid_back.c.order_id == Order.id)
        .where(Order.shopper_id.in_(people))
        .group_by(Order.shopper_id)
        .having(refunded >= rules.MANY_RETURNS, refunded * 3 > orders)
        .order_by(refunded.desc(), Order.shopper_id)
        .limit(limit)
    ).all()


def stuck_refunds(limit: int = 100) -> Sequence[Any]:
    """(refund, campaign, order number or None, code) of refunds that the provider refused for good."""
    last = aliased(Attempt)
    newest = select(func.max(last.id)).where(last.refund_id == Refund.id).scalar_subquery()
    charge, asked = aliased(Attempt), aliased(Attempt)
    return db.session.execute(
        select(Refund, Campaign.title, Order.number, asked.code)
        .join(charge, charge.id == Refund.capture_id)
        .outerjoin(asked, asked.id == newest)
        .outerjoin(Order, Order.attempt_id == charge.id)
        .outerjoin(Campaign, Campaign.id == Order.campaign_id)
        .where(Refund.state == RefundState.STUCK)
        .order_by(Refund.state_since, Refund.id)
        .limit(limit)
    ).all()
