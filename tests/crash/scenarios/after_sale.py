"""Refunds, returns, disputes, sales that are taken back, parcels and codes."""

from c2b.campaigns.operations import cancel_campaign
from c2b.campaigns.states import Fulfilment
from c2b.core.db import db, transaction
from c2b.orders.disputes import Claim, open_dispute, rule_dispute
from c2b.orders.disputes import hand_in as give_evidence
from c2b.orders.refunding import refund_order
from c2b.orders.returns import (
    ReturnRequest,
    accept_return,
    ask_return,
    receive_back,
    refund_return,
    replace_return,
    send_back,
)
from c2b.orders.shipping import receive_order, ship_order
from c2b.orders.states import DisputeCause, Party, ReturnCause
from c2b.payments.states import RefundCause
from jobs import issue_vouchers, remedies_due, send_refunds, unwind_campaigns
from tests.crash.sales import delivered, shipped, sold
from tests.crash.states import DAY, Builder, Ids, soon
from tests.crash.world import REMEDIES, World, scenario
from tests.factories import Make

SOON = soon()


def owed(make: Make) -> Ids:
    """A refund is promised and not sent."""
    ids = sold(make)
    promise(ids, make, ids["total"])
    return ids


def owed_with_trouble(make: Make) -> Ids:
    """Two refunds are promised: the answer to one gets lost, the other is refused."""
    ids = sold(make, ("refund_lost", "refund_fails"))
    for order_id in ids["orders"]:
        promise(ids | {"order": order_id}, make, ids["total"])
    return ids


def promise(ids: Ids, make: Make, amount: int) -> None:
    refund_order(
        ids["order"],
        amount,
        RefundCause.GOODWILL,
        key=f"test-{ids['order']}",
        by=ids["operator"],
        now=make.now,
    )
    db.session.commit()


def returned(*way: str) -> Builder:
    """A return that has come this far."""

    def build(make: Make) -> Ids:
        ids = delivered(make)
        wish = ReturnRequest(quantity=1, cause=ReturnCause.DEFECTIVE, note="It leaks.")
        return_id = ask_return(ids["order"], wish, by=ids["shopper"], now=make.now).id
        firm = {"merchant_id": ids["merchant"], "by": ids["owner"], "now": make.now}
        if "accepted" in way:
            accept_return(return_id, "1 Harbour Road", **firm)
        if "sent" in way:
            send_back(return_id, "SF", "B1", by=ids["shopper"], now=make.now)
        if "received" in way:
            receive_back(return_id, **firm)
        db.session.commit()
        return ids | {"return": return_id}

    return build


def disputed(make: Make) -> Ids:
    """A shopper complains; the merchant has answered."""
    ids = delivered(make)
    claim = Claim(DisputeCause.DEFECTIVE, "It leaks.")
    dispute_id = open_dispute(ids["order"], claim, by=ids["shopper"], now=make.now).id
    db.session.commit()
    return ids | {"dispute": dispute_id}


def answered(make: Make) -> Ids:
    """The merchant has answered it."""
    ids = disputed(make)
    give_evidence(ids["dispute"], Party.MERCHANT, "It did not.", [], by=ids["owner"], now=make.now)
    db.session.commit()
    return ids


def called_off(make: Make) -> Ids:
    """A sale is taken back after everybody was charged; nobody is paid back yet."""
    ids = sold(make)
    cancel_campaign(ids["campaign"], "The factory burnt down.", by=ids["operator"], now=make.now)
    db.session.commit()
    return ids


def vouchers(make: Make) -> Ids:
    """Two vouchers are paid for."""
    ids = sold(make)
    for order_id in ids["orders"]:
        db.session.execute(
            db.text("UPDATE \"order\" SET fulfilment = 'voucher' WHERE id = :id"), {"id": order_id}
        )
    db.session.commit()
    return ids | {"fulfilment": Fulfilment.VOUCHER}


@scenario("refund: promise", sold, jobs=REMEDIES, moments=SOON)
def promise_refund(world: World) -> None:
    ids = world.ids
    with transaction():
        refund_order(
            ids["order"], ids["total"], RefundCause.GOODWILL, key="test", by=ids["operator"], now=world.now
        )


@scenario("refund: send", owed, jobs=REMEDIES, moments=SOON)
def send_refund(world: World) -> None:
    send_refunds.run(world.now)


@scenario("refund: an answer lost and one refused", owed_with_trouble, jobs=REMEDIES, moments=SOON)
def send_with_trouble(world: World) -> None:
    send_refunds.run(world.now)


@scenario("return: ask", delivered, jobs=REMEDIES)
def ask(world: World) -> None:
    wish = ReturnRequest(quantity=1, cause=ReturnCause.DEFECTIVE, note="It leaks.")
    with transaction():
        ask_return(world.ids["order"], wish, by=world.ids["shopper"], now=world.now)


@scenario("return: accept", returned(), jobs=REMEDIES)
def accept(world: World) -> None:
    ids = world.ids
    with transaction():
        accept_return(
            ids["return"], "1 Harbour Road", merchant_id=ids["merchant"], by=ids["owner"], now=world.now
        )


@scenario("return: send back", returned("accepted"), jobs=REMEDIES)
def send_goods_back(world: World) -> None:
    with transaction():
        send_back(world.ids["return"], "SF", "B1", by=world.ids["shopper"], now=world.now)


@scenario("return: receive and refund", returned("accepted", "sent", "received"), jobs=REMEDIES, moments=SOON)
def refund_goods(world: World) -> None:
    ids = world.ids
    with transaction():
        refund_return(ids["return"], merchant_id=ids["merchant"], by=ids["owner"], now=world.now)
    send_refunds.run(world.now)


@scenario("return: replace", returned("accepted", "sent", "received"), jobs=REMEDIES, moments=SOON)
def replace_goods(world: World) -> None:
    ids = world.ids
    with transaction():
        replace_return(ids["return"], "SF", "R1", merchant_id=ids["merchant"], by=ids["owner"], now=world.now)


@scenario("return: time decides", returned("accepted", "sent"), jobs=REMEDIES, moments=soon(40 * DAY))
def time_decides(world: World) -> None:
    remedies_due.run(world.now + 40 * DAY)


@scenario("dispute: open", delivered, jobs=REMEDIES)
def complain(world: World) -> None:
    claim = Claim(DisputeCause.DEFECTIVE, "It leaks.")
    with transaction():
        open_dispute(world.ids["order"], claim, by=world.ids["shopper"], now=world.now)


@scenario("dispute: answer", disputed, jobs=REMEDIES)
def answer(world: World) -> None:
    with transaction():
        give_evidence(
            world.ids["dispute"], Party.MERCHANT, "It did not.", [], by=world.ids["owner"], now=world.now
        )


@scenario("dispute: ruled for the shopper, and paid back", answered, jobs=REMEDIES, moments=SOON)
def uphold(world: World) -> None:
    ids = world.ids
    with transaction():
        rule_dispute(ids["dispute"], ids["total"], "It does leak.", by=ids["operator"], now=world.now)
    send_refunds.run(world.now)


@scenario("dispute: nobody answers in time", disputed, jobs=REMEDIES, moments=soon(4 * DAY))
def no_answer(world: World) -> None:
    remedies_due.run(world.now + 4 * DAY)


@scenario("sale: call it off", sold, jobs=REMEDIES, moments=SOON)
def call_off(world: World) -> None:
    ids = world.ids
    with transaction():
        cancel_campaign(ids["campaign"], "The factory burnt down.", by=ids["operator"], now=world.now)


@scenario("sale: pay everybody back", called_off, jobs=REMEDIES, moments=SOON)
def unwind(world: World) -> None:
    unwind_campaigns.run(world.now)
    send_refunds.run(world.now)


@scenario("order: send a parcel", sold, jobs=REMEDIES)
def ship(world: World) -> None:
    ids = world.ids
    with transaction():
        ship_order(ids["order"], "SF", "SF1", merchant_id=ids["merchant"], by=ids["owner"], now=world.now)


@scenario("order: receive it", shipped, jobs=REMEDIES)
def receive(world: World) -> None:
    with transaction():
        receive_order(world.ids["order"], by=world.ids["shopper"], now=world.now)


@scenario("order: vouchers are issued", vouchers, jobs=REMEDIES, unlike=("voucher.code",))
def issue(world: World) -> None:
    issue_vouchers.run(world.now)
