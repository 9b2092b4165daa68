"""Where something about a person is kept. A test finds every table that names a person and is not listed here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from c2b.accounts.models import Address, RoleGrant, User
from c2b.campaigns.models import Campaign, Follow, Pledge
from c2b.community.models import Comment, MerchantFollow, News, Question, Report
from c2b.core.db import db
from c2b.core.events import Event
from c2b.core.outbox import Notice
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.core.work import Work
from c2b.mailing.models import NoticePreference
from c2b.merchants.models import MerchantStaff
from c2b.orders.models import Dispute, Evidence, Order, Return, Review, Shipment, Voucher
from c2b.payments.models import Attempt, Mandate, Refund

# Never handed out: secrets, what only a provider understands, and other people's numbers.
SECRET = frozenset(
    {
        "password_hash", "session_version", "token", "fingerprint", "key", "epoch", "request_key", "granted_by",
        "brought_by", "answered_by", "ruled_by", "redeemed_by", "fee", "result_ref", "args",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Holding:
    """One table as far as it is about a person: how it is called, and which of its rows are theirs."""

    name: str  # of the files
    words: str
    model: Any
    mine: Callable[[int], ColumnElement[bool]]
    hidden: frozenset[str] = field(default=frozenset())

    @property
    def title(self) -> str:
        """What it holds, in the reader's language."""
        return _(self.words)

    @property
    def columns(self) -> list[str]:
        """What is handed out."""
        return [c.key for c in self.model.__table__.columns if c.key not in SECRET | self.hidden]


def _orders(model: Any) -> Callable[[int], ColumnElement[bool]]:
    return lambda user_id: model.order_id.in_(select(Order.id).where(Order.shopper_id == user_id))


def _of(column: Any) -> Callable[[int], ColumnElement[bool]]:
    return lambda user_id: column == user_id


def _attempts(user_id: int) -> ColumnElement[bool]:
    pledges = select(Pledge.id).where(Pledge.shopper_id == user_id)
    refunds = select(Refund.id).where(Refund.shopper_id == user_id)
    # Two lists, each by its index: with "or" between them SQLite would read every request there is.
    asked, paid_back = aliased(Attempt), aliased(Attempt)
    charged = select(asked.id).where(asked.pledge_id.in_(pledges))
    return Attempt.id.in_(charged.union_all(select(paid_back.id).where(paid_back.refund_id.in_(refunds))))


def _events(user_id: int) -> ColumnElement[bool]:
    return or_((Event.subject == "user") & (Event.subject_id == user_id), Event.by == user_id)


ACTOR = frozenset({"by"})
HOLDINGS = (
    Holding("profile", _l("Your profile"), User, _of(User.id)),
    Holding("roles", _l("Roles that you were given"), RoleGrant, _of(RoleGrant.user_id)),
    Holding("firms", _l("Firms that you belong to"), MerchantStaff, _of(MerchantStaff.user_id)),
    Holding("addresses", _l("Addresses, also those that you removed"), Address, _of(Address.user_id)),
    Holding("cards", _l("Cards, by the name under which you know them"), Mandate, _of(Mandate.user_id)),
    Holding("wishes", _l("Wishes that you started"), Campaign, _of(Campaign.starter_id)),
    Holding("pledges", _l("What you joined"), Pledge, _of(Pledge.shopper_id)),
    Holding("payments", _l("Requests to your cards"), Attempt, _attempts),
    Holding("orders", _l("Orders"), Order, _of(Order.shopper_id)),
    Holding("parcels", _l("Parcels"), Shipment, _orders(Shipment)),
    Holding("vouchers", _l("Vouchers"), Voucher, _orders(Voucher)),
    Holding("refunds", _l("Refunds"), Refund, _of(Refund.shopper_id), ACTOR),
    Holding("returns", _l("Returns"), Return, _orders(Return)),
    Holding("disputes", _l("Disputes"), Dispute, _orders(Dispute)),
    Holding("evidence", _l("What you said in disputes"), Evidence, _of(Evidence.by)),
    Holding("reviews", _l("Reviews"), Review, _of(Review.shopper_id)),
    Holding("follows", _l("Campaigns that you follow"), Follow, _of(Follow.user_id)),
    Holding("merchant_follows", _l("Merchants that you follow"), MerchantFollow, _of(MerchantFollow.user_id)),
    Holding("news", _l("News that you wrote"), News, _of(News.author_id)),
    Holding("questions", _l("Questions that you asked"), Question, _of(Question.asker_id)),
    Holding("comments", _l("Comments that you wrote"), Comment, _of(Comment.author_id)),
    Holding("reports", _l("What you reported"), Report, _of(Report.by)),
    Holding("notices", _l("What we told you"), Notice, _of(Notice.user_id)),
    Holding("mail_choices", _l("How you want to be told"), NoticePreference, _of(NoticePreference.user_id)),
    Holding(
        "work", _l("Exports and imports that you asked for"), Work, _of(Work.user_id), frozenset({"problems"})
    ),
    # What is in an event may be about somebody else; that it happened, and when, is about you.
    Holding("diary", _l("What our diary says of you"), Event, _events, frozenset({"data", "by"})),
)

# Tables that name a person only as the one who did the work of a firm or of the platform.
NOT_ABOUT_THEM = frozenset(
    {
        "bank_account",
        "banner",
        "handover_note",
        "offer",
        "payout",
        "sample",
        "saved_view",
        "staged_verdict",
        "verdict",
    }
)


def statement(holding: Holding, user_id: int) -> Select[Any]:
    """The rows of one holding that are this person's, oldest first."""
    table = holding.model.__table__
    columns = [table.c[name] for name in holding.columns]
    return select(*columns).where(holding.mine(user_id)).order_by(*table.primary_key.columns)


def rows_of(holding: Holding, user_id: int) -> list[dict[str, Any]]:
    """The same as plain values, ready to be written."""
    return [
        {name: _plain(value) for name, value in row.items()}
        for row in db.session.execute(statement(holding, user_id)).mappings()
    ]


def counts(user_id: int) -> list[tuple[str, int]]:
    """How much there is of each, where there is anything."""
    found = [
        (
            holding.title,
            db.session.scalar(select(func.count()).select_from(statement(holding, user_id).subquery())),
        )
        for holding in HOLDINGS
    ]
    return [(title, int(count)) for title, count in found if count]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value if isinstance(value, bool | int | dict | list) or value is None else str(value)
