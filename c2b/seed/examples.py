"""An address of every page, for those who look at all of them: the tests, and `make shots`."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from c2b.accounts.models import Address
from c2b.accounts.tokens import sign
from c2b.campaigns.categories import Category
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.sharing import code_of
from c2b.community.models import Comment
from c2b.core.db import db
from c2b.core.events import Event
from c2b.core.work import Work
from c2b.mailing.render import UNSUBSCRIBE
from c2b.merchants.models import Merchant, MerchantDocument
from c2b.orders.models import Dispute, Order, Return
from c2b.orders.telling import PAY
from c2b.payments.models import Refund
from c2b.pipeline.models import Batch, Launch, Offer, Sample
from c2b.settlement.models import Payout

NOBODYS = "no-such-thing"  # a token that opens nothing must still be answered


def _one_per_state(model: Any, column: Any) -> list[Any]:
    """The value of one record in each state."""
    firsts = select(func.min(model.id)).group_by(model.state)
    return list(db.session.scalars(select(column).where(model.id.in_(firsts)).order_by(model.id)))


def _latest() -> datetime:
    """When something happened last; the demo is never empty."""
    return db.session.scalars(select(Event.at).order_by(Event.id.desc()).limit(1)).one()


def _ids(model: Any, column: Any = None) -> Callable[[], list[Any]]:
    return lambda: _one_per_state(model, model.id if column is None else column)


def _first(column: Any) -> Callable[[], list[Any]]:
    return lambda: list(db.session.scalars(select(column).order_by(column).limit(2)))


def _slugs_of_sales() -> list[str]:
    """Campaigns that have launched, a few of each firm."""
    query = select(Campaign.slug).join(Launch, Launch.campaign_id == Campaign.id)
    return list(db.session.scalars(query.order_by(Launch.id).limit(6)))


def _orders_of(model: Any) -> Callable[[], list[Any]]:
    """The numbers of the orders that returns or disputes in each state are about, in the order of their own numbers."""

    def numbers() -> list[Any]:
        firsts = select(func.min(model.id)).group_by(model.state)
        query = select(Order.number).join(model, model.order_id == Order.id).where(model.id.in_(firsts))
        return list(db.session.scalars(query.order_by(model.id)))

    return numbers


def _code() -> str:
    """The short link of a campaign."""
    return code_of(str(current_app.secret_key), 1)


def _hidden() -> list[int]:
    """A comment that was taken down."""
    return list(db.session.scalars(select(Comment.id).where(Comment.hidden_at.is_not(None)).limit(1)))


# By the name of the argument in the address; `endpoint.argument` where one name means two things.
VALUES: dict[str, Callable[[], Iterable[Any]]] = {
    "slug": _ids(Campaign, Campaign.slug),
    "campaign_slug": _ids(Campaign, Campaign.slug),
    "merchants.profile.slug": _ids(Merchant, Merchant.slug),
    "campaign_id": _ids(Campaign),
    "category": lambda: [str(category) for category in Category],
    "merchant_id": _ids(Merchant),
    "document_id": _first(MerchantDocument.id),
    "offer_id": _ids(Offer),
    "sample_id": _ids(Sample),
    "pledge_id": _ids(Pledge),
    "launch_id": _ids(Launch),
    "batch_id": _ids(Batch),
    "user_id": lambda: [1, 5],
    "address_id": _first(Address.id),
    "number": _first(Batch.number),
    "orders.order.number": _ids(Order, Order.number),
    "orders.new_address.number": _ids(Order, Order.number),
    "orders.codes.number": _ids(Order, Order.number),
    "orders.receipt.number": _ids(Order, Order.number),
    "orders.review.number": _ids(Order, Order.number),
    "orders.firm_order.number": _ids(Order, Order.number),
    "orders.goodwill.number": _ids(Order, Order.number),
    "orders.ask_return.number": _ids(Order, Order.number),
    "orders.open_dispute.number": _ids(Order, Order.number),
    "return_id": _ids(Return),
    "orders.my_return.number": _orders_of(Return),
    "dispute_id": _ids(Dispute),
    "orders.my_dispute.number": _orders_of(Dispute),
    **{
        f"orders.{page}.slug": _slugs_of_sales
        for page in (
            "sale",
            "purchase_order",
            "pick_list",
            "packing_slips",
            "purchase_order_csv",
            "pick_list_csv",
            "orders_csv",
            "import_parcels",
        )
    },
    "orders.pay.token": lambda: [sign(PAY, id_, now=_latest()) for id_ in _one_per_state(Pledge, Pledge.id)],
    "unsubscribe.ask.token": lambda: [sign(UNSUBSCRIBE, [1, "joined"], now=_latest())],
    "kind": lambda: ["campaign_launched", "digest"],
    "token": lambda: [NOBODYS],
    "reference": lambda: [NOBODYS],
    "key": lambda: ["machine_review", "sample", "final_review", "scheduling", "launch"],
    "code": lambda: [_code(), NOBODYS],
    "words.judge.kind": lambda: ["comment", "comment", "question", "campaign_news", NOBODYS],
    "words.judge.spoken_id": lambda: [1, *_hidden(), 1, 1, 1],
    "community.merchant_feed.slug": _ids(Merchant, Merchant.slug),
    "name": lambda: ["close_campaigns", "send_mail"],
    "notice_id": lambda: [1, 2],
    "settlement.payout.number": _ids(Payout, Payout.number),
    "payout_id": _ids(Payout),
    "refund_id": _ids(Refund),
    "work_id": _ids(Work),
    "run_id": lambda: [1],
    "width": lambda: [480],
    "ref": lambda: [NOBODYS],
    "path": lambda: [NOBODYS],
    "topic": lambda: ["joining", "privacy", NOBODYS],
    "page": lambda: ["terms", "privacy", "imprint"],
    "web.sitemap.name": lambda: ["pages", "merchants", "campaigns-1"],
}


def examples() -> dict[str, list[dict[str, Any]]]:
    """{endpoint: arguments of a few pages}, for every page whose address has arguments that are known here."""
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in current_app.url_map.iter_rules():
        names = sorted(rule.arguments)
        keys = [f"{rule.endpoint}.{name}" if f"{rule.endpoint}.{name}" in VALUES else name for name in names]
        if names and all(key in VALUES for key in keys):
            columns = [list(VALUES[key]()) for key in keys]
            found[rule.endpoint] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]
    db.session.rollback()
    return found
