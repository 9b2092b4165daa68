"""What became of the demo's orders: parcels and codes in every state, some that are late, and what buyers say."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.core.db import db, transaction
from c2b.merchants.queries import staff_ids
from c2b.orders.carriers import DEMO
from c2b.orders.due import orders_without_codes
from c2b.orders.models import Order
from c2b.orders.refunding import refund_order
from c2b.orders.reviews import Words, answer_review, hide_review, write_review
from c2b.orders.shipping import receive_order, ship_order
from c2b.orders.states import OrderState
from c2b.orders.vouchers import issue_vouchers, ready_orders, redeem, vouchers_of
from c2b.payments.states import RefundCause
from c2b.seed.stories import COLLECTED, PAST, VOUCHERS, Thing

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WAYS = ("", "MOVING", "ARRIVED", "DELIVERED", "LOST", "BACK")  # what the demo's carrier says of parcels
HALL = "Kiln Road market hall, stall 12\nTuesday to Saturday, 9:00 to 18:00, for four weeks"
OF_THE_FAN = (
    (5, "So quiet that we forgot it was on."),
    (4, "Good fan. The cable could be longer."),
    (2, "Two of its three speeds are hard to tell apart."),
)
OF_THE_HONEY = (
    (5, "Clear, mild, and the jar closes well. Two of us have ordered again already."),
    (4, "Good. The lid was a little sticky when it came, everything else as described."),
    (5, ""),
    (2, "Crystallised within a week. A warm bath helps, but I would have liked to know."),
    (3, "All right for the price."),
    (1, "Write to me at cheap-honey.example for half the price!"),
)


def deliver(alice: int, operator: int, now: datetime) -> None:
    """Orders of past sales go their ways; those that nobody touches here still wait."""
    _reviews(_waiting(PAST[0]), OF_THE_FAN, operator)
    _parcels(_waiting(PAST[0]), now)
    _reviews(_waiting(PAST[1]), OF_THE_HONEY, operator)
    _vouchers(alice, now)
    _collected(alice, now)


def _waiting(thing: Thing, first: int | None = None) -> Iterator[Order]:
    """The orders of this thing that wait, `first`'s own first, the newest of the others next."""
    query = (
        select(Order.id)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(Campaign.title == thing.title, Order.state == OrderState.PLACED)
        .order_by(Order.shopper_id != (first or 0), Order.id.desc())
    )
    return (db.session.get_one(Order, id_) for id_ in db.session.scalars(query).all())


def _staff(order: Order) -> int:
    return staff_ids(order.merchant_id)[0]


def _ship(order: Order, tracking: str, at: datetime, carrier: str = DEMO) -> None:
    ship_order(order.id, carrier, tracking, merchant_id=order.merchant_id, by=_staff(order), now=at)


def _parcels(waiting: Iterator[Order], now: datetime) -> None:
    """The carrier of the demo tells the state of a parcel by its number, when the job asks."""
    for number, word in enumerate((*WAYS, *WAYS[:4])):
        if order := next(waiting, None):
            with transaction():
                _ship(order, f"DEMO-{number:04}-{word}".rstrip("-"), order.placed_at + (20 + number) * HOUR)
    if order := next(waiting, None):
        with transaction():
            _ship(order, "DEMO-2001-DELIVERED", order.placed_at + 20 * HOUR)
            _ship(order, "DEMO-2002-MOVING", order.placed_at + 44 * HOUR)
    for _late in range(2):
        if order := next(waiting, None):
            with transaction():
                order.ship_by = now - 2 * DAY


def _reviews(waiting: Iterator[Order], said: Sequence[tuple[int, str]], operator: int) -> None:
    for number, (stars, words) in enumerate(said):
        if order := next(waiting, None):
            with transaction():
                at = order.placed_at + (40 + number) * HOUR
                _ship(order, f"SF25{order.id:08}", at, "SF Express")
                receive_order(order.id, by=order.shopper_id, now=at + 30 * HOUR)
                _review(order, Words(stars, words, []), operator, at + 40 * HOUR)


def _review(order: Order, said: Words, operator: int, at: datetime) -> None:
    """One star is taken down, two are answered, three become four, and four come with a picture."""
    if said.stars == 4:
        said = said._replace(pictures=["demo/honey" if "lid" in said.words else "demo/fan"])
    review = write_review(order.id, said, by=order.shopper_id, now=at)
    if said.stars == 1:
        hide_review(review.id, "It advertises another shop.", by=operator, now=at + 3 * HOUR)
    elif said.stars == 2:
        thanks = "Thank you for saying so. We have written it into the description."
        firm = {"merchant_id": order.merchant_id, "by": _staff(order)}
        answer_review(review.id, thanks, **firm, now=at + 5 * HOUR)
    elif said.stars == 3:
        write_review(order.id, said._replace(stars=4), by=order.shopper_id, now=at + 9 * HOUR)


def _vouchers(alice: int, now: datetime) -> None:
    """Alice has two to use; others have used theirs, were too late, or have their money back."""
    for order_id in orders_without_codes():
        with transaction():
            issue_vouchers(order_id, now=db.session.get_one(Order, order_id).placed_at + HOUR)
    query = (
        select(Order.id)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(
            Campaign.title == VOUCHERS[0].title, Order.state == OrderState.READY, Order.shopper_id != alice
        )
        .order_by(Order.id)
        .limit(5)
    )
    for number, order_id in enumerate(db.session.scalars(query).all()):
        with transaction():
            order = db.session.get_one(Order, order_id)
            _use(order, number, now)


def _use(order: Order, number: int, now: datetime) -> None:
    codes = vouchers_of(order.id)
    if number < 2:
        redeem(codes[0].code, merchant_id=order.merchant_id, by=_staff(order), now=now - (number + 1) * DAY)
    elif number == 2:
        for code in codes:  # bought in a sale that ended sooner; the job ends them
            code.valid_until = now - HOUR
    elif number == 3:
        for code in codes:
            code.valid_until = now + 5 * DAY
    else:
        key = f"demo-{order.id}"
        refund_order(order.id, order.total, RefundCause.GOODWILL, key=key, by=_staff(order), now=now)


def _collected(alice: int, now: datetime) -> None:
    """Two thirds lie ready, Alice's among them; a few were collected."""
    orders: Sequence[Order] = list(_waiting(COLLECTED[0], alice))
    ready = orders[: len(orders) * 2 // 3]
    if not ready:
        return
    by = _staff(ready[0])
    with transaction():
        ready_orders([o.id for o in ready], HALL, merchant_id=ready[0].merchant_id, by=by, now=now - 3 * DAY)
    with transaction():
        for order in ready[1:4]:
            code = vouchers_of(order.id)[0].code
            redeem(code, merchant_id=order.merchant_id, by=by, now=now - DAY)
