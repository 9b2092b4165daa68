"""Codes that are shown once: to collect an order, or to use what was bought."""

import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import Fulfilment
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, Refused, refuse
from c2b.core.events import record_many
from c2b.core.outbox import notify, notify_many
from c2b.core.rows import among, insert_rows
from c2b.core.states import move, move_many
from c2b.core.text import gettext as _
from c2b.orders import delivery_rules as rules
from c2b.orders.models import Order, Voucher
from c2b.orders.shipping import deliver, locked_orders
from c2b.orders.states import OrderState, VoucherState
from c2b.payments import windows
from c2b.pipeline.models import Launch

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another
LENGTH = 10
COLLECT = "order.where_to_collect"  # in the diary: place and hours, in the merchant's words


def new_code() -> str:
    """A code that nobody can guess."""
    return "".join(secrets.choice(LETTERS) for _n in range(LENGTH))


def plain_code(typed: str) -> str:
    """What was typed or scanned, as it is stored: capitals, without blanks, dashes and the address around."""
    wide = unicodedata.normalize("NFKC", typed.rpartition("#")[2]).upper()
    return "".join(letter for letter in wide if letter.isascii() and letter.isalnum())[: LENGTH + 1]


def ready_orders(order_ids: Sequence[int], where: str, *, merchant_id: int, by: int, now: datetime) -> int:
    """Goods lie ready to be collected, all of these or none: each shopper gets a code and is told where."""
    orders = locked_orders(order_ids, merchant_id)
    for order in orders:
        refuse(rules.why_not_ready(order))
    ids = [order.id for order in orders]
    moved = move_many(Order, ids, OrderState.PLACED, OrderState.READY, by=by, now=now, shipped_at=now)
    if not moved:
        return 0
    record_many(
        [
            {
                "subject": "order",
                "subject_id": id_,
                "kind": COLLECT,
                "by": by,
                "at": now,
                "data": {"where": where},
            }
            for id_ in moved
        ]
    )
    _issue(moved, None, now)
    _tell_ready(moved, where, now)
    return len(moved)


def _issue(order_ids: Sequence[int], valid_until: datetime | None, now: datetime) -> None:
    """One code for each number in the list."""
    codes = [{"order_id": id_, "code": new_code()} for id_ in order_ids]
    insert_rows(Voucher, codes, valid_until=valid_until, state=VoucherState.ISSUED, state_since=now)


def _tell_ready(order_ids: Sequence[int], where: str, now: datetime) -> None:
    rows = db.session.execute(
        select(Order.number, Order.shopper_id, Campaign.title)
        .join(Campaign, Campaign.id == Order.campaign_id)
        .where(among(Order.id, order_ids))
    )
    notify_many(
        "order_ready",
        [
            (
                row.shopper_id,
                row.number,
                {
                    "title": row.title,
                    "path": f"/me/orders/{row.number}/codes",
                    "number": row.number,
                    "where": where,
                },
            )
            for row in rows
        ],
        now=now,
    )


def issue_vouchers(order_id: int, *, now: datetime) -> None:
    """A paid voucher is there at once: one code for each unit, valid for ninety days from the launch."""
    order = lock(Order, order_id)
    if order.fulfilment != Fulfilment.VOUCHER or order.state != OrderState.PLACED:
        return
    until = get_or_404(Launch, order.launch_id).opened_at + windows.VOUCHER_LASTS
    _issue([order.id] * order.quantity, until, now)
    order.shipped_at = now
    move(order, OrderState.READY, by=None, now=now)
    notify(
        "vouchers_issued",
        order.shopper_id,
        key=order.number,
        now=now,
        title=get_or_404(Campaign, order.campaign_id).title,
        path=f"/me/orders/{order.number}/codes",
        number=order.number,
        count=order.quantity,
        valid_until=until.isoformat(),
    )


def find_code(code: str, merchant_id: int) -> tuple[Voucher, Order]:
    """The code and its order, where the order is this firm's; else NotFound."""
    found = db.session.execute(
        select(Voucher, Order)
        .join(Order, Order.id == Voucher.order_id)
        .where(Voucher.code == plain_code(code), Order.merchant_id == merchant_id)
    ).first()
    if found is None:
        raise NotFound
    voucher, order = found
    return voucher, order


def redeem(code: str, *, merchant_id: int, by: int, now: datetime) -> Order:
    """Take a code in exchange for the goods: one conditional update, so two tills can never both have it."""
    voucher, order = find_code(code, merchant_id)
    order = lock(Order, order.id)
    db.session.refresh(voucher)
    refuse(rules.why_not_redeem(voucher, order, now))
    used = move_many(
        Voucher,
        [voucher.id],
        VoucherState.ISSUED,
        VoucherState.REDEEMED,
        by=by,
        now=now,
        redeemed_at=now,
        redeemed_by=by,
    )
    if not used:
        raise Refused(_("This code was used already."))
    _close(order, by, now)
    return order


def expire_voucher(voucher_id: int, *, now: datetime) -> None:
    """The time of a code is over."""
    order = lock(Order, get_or_404(Voucher, voucher_id).order_id)
    if move_many(Voucher, [voucher_id], VoucherState.ISSUED, VoucherState.EXPIRED, by=None, now=now):
        _close(order, None, now)


def _close(order: Order, by: int | None, now: datetime) -> None:
    """An order is over when none of its codes can be used any more."""
    left = db.session.scalar(
        select(func.count())
        .select_from(Voucher)
        .where(Voucher.order_id == order.id, Voucher.state == VoucherState.ISSUED)
    )
    if not left and order.state == OrderState.READY:
        deliver(order, by, now)


def remind_of_vouchers(order_id: int, *, now: datetime) -> None:
    """Say once that codes end soon."""
    order = lock(Order, order_id)
    codes = [voucher for voucher in vouchers_of(order_id) if voucher.state == VoucherState.ISSUED]
    if not codes or codes[0].valid_until is None:
        return
    notify(
        "voucher_expiring",
        order.shopper_id,
        key=order.number,
        now=now,
        title=get_or_404(Campaign, order.campaign_id).title,
        path=f"/me/orders/{order.number}/codes",
        number=order.number,
        count=len(codes),
        valid_until=codes[0].valid_until.isoformat(),
    )


def vouchers_of(order_id: int) -> Sequence[Voucher]:
    """An order's codes, in the order in which they were issued."""
    return db.session.scalars(select(Voucher).where(Voucher.order_id == order_id).order_by(Voucher.id)).all()
