"""What became of the money of the demo's oldest sales: a payout in every state, and a firm whose bank account waits."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from c2b.accounts.operations import add_people, grant_role
from c2b.campaigns.models import Campaign
from c2b.core.access import Role
from c2b.core.db import db, end_transaction, transaction
from c2b.ledger.kinds import AccountKind
from c2b.ledger.models import Account
from c2b.merchants.queries import staff_ids
from c2b.orders.disputes import Claim, open_dispute
from c2b.orders.models import Order
from c2b.orders.shipping import deliver_order, ship_order
from c2b.orders.states import DisputeCause, OrderState
from c2b.payments import windows
from c2b.payments.gateway import gateway
from c2b.payments.gateways.cards import saved_payee
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.models import Attempt
from c2b.seed.stories import SETTLED, Thing
from c2b.settlement.accounts import save_account
from c2b.settlement.models import Payout
from c2b.settlement.payouts import approve_payout, return_payout, send_payout
from c2b.settlement.planning import plan_payout

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WAIT = windows.RETURN + HOUR


def pay_firms(other_firm: int, now: datetime) -> None:
    """Sales of four weeks ago were delivered, some of them long enough ago to be paid for."""
    mo, large, unlucky = (_waiting(thing) for thing in SETTLED)
    _paid_and_soon(mo, now)
    _large(large, now)
    _unlucky(unlucky, now)
    _named(other_firm, "works", now - 20 * HOUR)


def _waiting(thing: Thing) -> list[int]:
    """The orders of this thing that were not sent, oldest first."""
    query = (
        select(Order.id)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(Campaign.title == thing.title, Order.state == OrderState.PLACED)
        .order_by(Order.id)
    )
    found = list(db.session.scalars(query))
    db.session.rollback()
    return found


def _deliver(order_ids: Sequence[int], came: datetime) -> None:
    """Two days on the road, there at `came`."""
    with transaction():
        for id_ in order_ids:
            firm = db.session.get_one(Order, id_).merchant_id
            by = staff_ids(firm)[0]
            ship_order(id_, "SF Express", f"SF90{id_:08}", merchant_id=firm, by=by, now=came - 2 * DAY)
            deliver_order(id_, now=came)


def _firm_of(order_ids: Sequence[int]) -> int:
    firm = db.session.scalars(select(Order.merchant_id).where(Order.id == order_ids[0])).one()
    db.session.rollback()
    return firm


def _named(merchant_id: int, kind: str, at: datetime) -> None:
    with transaction():
        save_account(merchant_id, saved_payee(kind), by=staff_ids(merchant_id)[0], now=at)


def _plan(merchant_id: int, at: datetime) -> int:
    with transaction():
        accounts = select(Account.id).where(
            Account.kind == AccountKind.MERCHANT_PAYABLE, Account.owner == merchant_id
        )
        payout = plan_payout(db.session.scalars(accounts).one(), now=at)
        assert payout is not None
        return payout.id


def _send(payout_id: int, at: datetime) -> None:
    end_transaction()
    send_payout(payout_id, now=at)
    end_transaction()


def _paid_and_soon(orders: list[int], now: datetime) -> None:
    """Mo's: one payout is paid, one goes out within a minute; some orders wait for their window, two for a parcel."""
    firm, third = _firm_of(orders), len(orders) // 3
    _named(firm, "works", now - 30 * DAY)
    _deliver(orders[:third], now - 19 * DAY)
    _send(_plan(firm, now - 19 * DAY + WAIT), now - 19 * DAY + WAIT)
    _deliver(orders[third : 2 * third], now - WAIT)
    _deliver(orders[2 * third : -2], now - 5 * DAY)
    _plan(firm, now)


def _large(orders: list[int], now: datetime) -> None:
    """So large that two operators must approve it; one has."""
    firm = _firm_of(orders)
    _named(firm, "works", now - 30 * DAY)
    _deliver(orders, now - 18 * DAY)
    payout_id = _plan(firm, now - 3 * DAY)
    with transaction():
        [olga] = add_people([("Olga Brandt", "olga@muster.example")], now=now - 30 * DAY)
        grant_role(olga, Role.OPERATOR, by=None, now=now - 30 * DAY)
        approve_payout(payout_id, by=olga, now=now - 2 * DAY)


def _unlucky(orders: list[int], now: datetime) -> None:
    """The first payout came back; of the next one an order was disputed, and the answer to the rest is lost."""
    firm = _firm_of(orders)
    _named(firm, "works", now - 30 * DAY)
    _deliver(orders[:-5], now - 20 * DAY)
    first = _plan(firm, now - 20 * DAY + WAIT)
    _send(first, now - 20 * DAY + WAIT)
    _come_back(first, now - 4 * DAY)
    _named(firm, "payout_lost", now - 4 * DAY + HOUR)
    _plan(firm, now - HOUR)
    with transaction():
        order = db.session.get_one(Order, orders[0])
        claim = Claim(DisputeCause.DEFECTIVE, "It flickers, and the shop does not answer.")
        open_dispute(order.id, claim, by=order.shopper_id, now=now - HOUR / 2)
    _send(_newest(firm), now)


def _come_back(payout_id: int, at: datetime) -> None:
    """The provider says so in its own book, too."""
    reference = db.session.scalars(select(Attempt.reference).where(Attempt.payout_id == payout_id)).one()
    end_transaction()
    provider = gateway()
    if isinstance(provider, Sandbox) and reference:
        provider.return_payout(reference, now=at)
    with transaction():
        return_payout(payout_id, "account_closed", now=at)


def _newest(merchant_id: int) -> int:
    query = select(Payout.id).where(Payout.merchant_id == merchant_id).order_by(Payout.id.desc()).limit(1)
    return db.session.scalars(query).one()
