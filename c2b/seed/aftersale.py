"""What went wrong with some orders of the demo: a return, a dispute and a refund in every state."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.core.db import db, end_transaction, transaction
from c2b.merchants.queries import staff_ids
from c2b.orders.disputes import Claim, hand_in, open_dispute, rule_dispute, withdraw_dispute
from c2b.orders.models import Order
from c2b.orders.refunding import refund_order
from c2b.orders.returns import (
    ReturnRequest,
    accept_return,
    ask_return,
    decline_return,
    let_time_decide,
    receive_back,
    refund_return,
    replace_return,
    send_back,
    withdraw_return,
)
from c2b.orders.shipping import deliver_order, ship_order
from c2b.orders.states import DisputeCause, OrderState, Party, ReturnCause
from c2b.payments.gateway import gateway
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.states import RefundCause
from c2b.seed.stories import PAST

HOUR = timedelta(hours=1)
ADDRESS = "Luhuo Foundry, returns\n12 Kiln Road, Hangzhou"
RETURNS = ("asked", "accepted", "sent", "received", "refunded", "replaced", "declined", "lapsed", "withdrawn")
DISPUTES = ("opened", "answered", "upheld", "dismissed", "withdrawn")
WORDS = (
    (ReturnCause.DEFECTIVE, "It hums so loudly that nobody can sleep beside it."),
    (ReturnCause.WRONG, "The picture shows three speeds. Mine has two."),
    (ReturnCause.UNWANTED, "It is too large for the shelf."),
)


def go_wrong(alice: int, operator: int, now: datetime) -> None:
    """Orders of a past sale are delivered and then sent back, disputed, or paid back for other reasons."""
    waiting = _orders(alice)
    for state, words in zip(RETURNS, (WORDS * 3)[: len(RETURNS)], strict=True):
        if order := next(waiting, None):
            with transaction():
                _return(order, state, words, now)
    for state in DISPUTES:
        if order := next(waiting, None):
            with transaction():
                _dispute(order, state, operator, now)
    _refunds(waiting, now)


def _orders(alice: int) -> Iterator[Order]:
    """The unsent orders of the first past sale, Alice's own first."""
    query = (
        select(Order)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(Campaign.title == PAST[0].title, Order.state == OrderState.PLACED)
        .order_by(Order.shopper_id != alice, Order.id)
        .limit(len(RETURNS) + len(DISPUTES) + 4)
    )
    ids = [order.id for order in db.session.scalars(query)]
    return (db.session.get_one(Order, id_) for id_ in ids)


def _deliver(order: Order) -> datetime:
    """Sent on the second day, there on the third; returns when it came."""
    by = staff_ids(order.merchant_id)[0]
    sent = order.placed_at + 30 * HOUR
    ship_order(order.id, "SF Express", f"SF77{order.id:08}", merchant_id=order.merchant_id, by=by, now=sent)
    deliver_order(order.id, now=sent + 24 * HOUR)
    return sent + 24 * HOUR


def _return(order: Order, state: str, words: tuple[ReturnCause, str], now: datetime) -> None:
    came, shopper = _deliver(order), order.shopper_id
    firm = {"merchant_id": order.merchant_id, "by": staff_ids(order.merchant_id)[0]}
    asked_at = now - 20 * HOUR if state == "asked" else came + 2 * HOUR
    request = ReturnRequest(1, words[0], words[1], ["demo/fan"], replace=state == "replaced")
    back = ask_return(order.id, request, by=shopper, now=asked_at).id
    if state == "withdrawn":
        withdraw_return(back, by=shopper, now=came + 5 * HOUR)
    elif state == "declined":
        decline_return(back, "The seal was broken and the fan had been used.", **firm, now=came + 6 * HOUR)
    elif state != "asked":
        accepted_at = came + 8 * HOUR if state != "accepted" else now - 8 * HOUR
        accept_return(back, ADDRESS, **firm, now=accepted_at)
        if state == "lapsed":
            let_time_decide(back, now=max(now, accepted_at + timedelta(days=7)))
        elif state != "accepted":
            _sent_back(back, state, shopper, firm, came)


def _sent_back(back: int, state: str, shopper: int, firm: dict[str, int], came: datetime) -> None:
    send_back(back, "SF Express", f"SF88{back:08}", by=shopper, now=came + 20 * HOUR)
    if state in ("received", "refunded"):
        receive_back(back, **firm, now=came + 40 * HOUR)
    if state == "refunded":
        refund_return(back, **firm, now=came + 42 * HOUR)
    if state == "replaced":
        replace_return(back, "SF Express", f"SF99{back:08}", **firm, now=came + 44 * HOUR)


def _dispute(order: Order, state: str, operator: int, now: datetime) -> None:
    came, shopper = _deliver(order), order.shopper_id
    at = now - 30 * HOUR if state in ("opened", "answered") else came + 4 * HOUR
    claim = Claim(
        DisputeCause.NOT_AS_DESCRIBED,
        "It was sold as quiet. I measured 51 dB from a metre away.",
        ["demo/fan"],
    )
    opened = open_dispute(order.id, claim, by=shopper, now=at).id
    if state == "withdrawn":
        withdraw_dispute(opened, by=shopper, now=at + HOUR)
    elif state != "opened":
        said = "51 dB is its highest speed. The page says 32 dB at the lowest, and that is what our lab measured."
        by = staff_ids(order.merchant_id)[0]
        hand_in(opened, Party.MERCHANT, said, ["demo/fan"], by=by, now=at + 6 * HOUR)
    if state == "upheld":
        words = (
            "The page did not say that 32 dB holds for the lowest speed only. Half of the price goes back."
        )
        rule_dispute(opened, order.total // 2, words, by=operator, now=at + 30 * HOUR)
    if state == "dismissed":
        words = "The label on the box names both values, and the fan keeps to them."
        rule_dispute(opened, 0, words, by=operator, now=at + 30 * HOUR)


def _refunds(waiting: Iterator[Order], now: datetime) -> None:
    """One that the provider refuses, one whose answer is missing, and one that is paid in a minute."""
    answers: dict[str, str] = {}
    for answer, cause in (
        ("refund_refused", RefundCause.OUT_OF_STOCK),
        ("drop_before", RefundCause.GOODWILL),
        ("", RefundCause.GOODWILL),
    ):
        if order := next(waiting, None):
            with transaction():
                whole = cause == RefundCause.OUT_OF_STOCK
                by = staff_ids(order.merchant_id)[0]
                refund = refund_order(
                    order.id, order.total if whole else order.total // 10, cause,
                    key=f"demo-{order.id}", by=by, now=now, note="We are sorry for the trouble.",
                )  # fmt: skip
                answers[f"refund-{refund.id}-1"] = answer
    _script(answers)


def _script(answers: dict[str, str]) -> None:
    """Have the test provider answer these requests in this way."""
    end_transaction()
    provider = gateway()
    if isinstance(provider, Sandbox):
        for key, answer in answers.items():
            if answer:
                provider.script(key, [answer])
