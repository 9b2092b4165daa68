"""What the rules must know of many shoppers at once: a fixed number of statements, however long the list.

Who works for a firm is kept by features above this one, which it may not import; their two tables are named here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    column,
    exists,
    or_,
    select,
    table,
)

from c2b.accounts.models import Address, RoleGrant, User
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.requests import PledgeRequest, ShopperFacts
from c2b.campaigns.states import STANDING
from c2b.core.access import Role
from c2b.core.db import db, is_sqlite
from c2b.core.rows import as_sent, sent_rows
from c2b.payments.models import Mandate

MERCHANT_STAFF = table("merchant_staff", column("merchant_id"), column("user_id"), column("since"))
OFFER = table("offer", column("campaign_id"), column("merchant_id"), column("state"), column("created_at"))
OFFER_IS_OVER = ("withdrawn", "rejected", "lapsed", "not_chosen")
NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class First:
    """The pledge that an earlier request with the same key became."""

    pledge_id: int
    shopper_id: int
    campaign_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known about one request: the person who sent it, and the first answer where its key was used."""

    shopper: ShopperFacts
    session: (
        int | None
    )  # the version of their sessions that counts; None for nobody, and for a closed account
    first: First | None


def works_for(campaign_id: Any, merchant_id: Any, user_id: Any) -> ColumnElement[bool]:
    """Whether a person works for the firm of a campaign, or for one with a standing offer for it."""
    firms = (
        select(OFFER.c.merchant_id)
        .where(OFFER.c.campaign_id == campaign_id, OFFER.c.state.not_in(OFFER_IS_OVER))
        .correlate_except(OFFER)
    )
    return exists().where(
        MERCHANT_STAFF.c.user_id == user_id,
        or_(MERCHANT_STAFF.c.merchant_id == merchant_id, MERCHANT_STAFF.c.merchant_id.in_(firms)),
    )


def gather(connection: Connection, wanted: Sequence[tuple[int, PledgeRequest]]) -> list[Asked]:
    """Everything the rules ask about these requests (campaign, request), in their order and in one statement."""
    rows = connection.execute(
        _about_requests(is_sqlite()),
        as_sent(
            [
                {
                    "n": n,
                    "campaign_id": campaign_id,
                    "shopper_id": request.shopper_id,
                    "mandate_id": request.mandate_id,
                    "address_id": request.address_id,
                    "request_key": request.request_key,
                }
                for n, (campaign_id, request) in enumerate(wanted)
            ]
        ),
    )
    known = {row[0]: row for row in rows}
    return [_asked(request, known[n]) for n, (_campaign_id, request) in enumerate(wanted)]


def _asked(request: PledgeRequest, row: Any) -> Asked:
    _n, session, confirmed, staff, own, joined, card, address, *first = row
    shopper = ShopperFacts(
        confirmed=bool(confirmed),
        staff=bool(staff),
        own=bool(own),
        joined=bool(joined),
        mandates=frozenset((request.mandate_id,)) if card and request.mandate_id else NONE,
        addresses=frozenset((request.address_id,)) if address and request.address_id else NONE,
    )
    return Asked(shopper, session, First(*first) if first[0] is not None else None)


@cache
def _about_requests(sqlite: bool) -> Select[Any]:
    sent = sent_rows(
        sqlite,
        n=BigInteger,
        campaign_id=BigInteger,
        shopper_id=BigInteger,
        mandate_id=BigInteger,
        address_id=BigInteger,
        request_key=String,
    ).c
    first = Pledge.__table__.alias("first").c
    card = exists().where(
        Mandate.id == sent.mandate_id, Mandate.user_id == sent.shopper_id, Mandate.revoked_at.is_(None)
    )
    address = exists().where(Address.id == sent.address_id, Address.user_id == sent.shopper_id)
    return (
        select(
            sent.n,
            case((User.disabled_at.is_(None), User.session_version)),
            *_person(sent.campaign_id, Campaign.merchant_id),
            card,
            address,
            first.id,
            first.shopper_id,
            first.campaign_id,
        )
        .select_from(sent.n.table)
        .join(Campaign, Campaign.id == sent.campaign_id)
        .outerjoin(User, User.id == sent.shopper_id)
        .outerjoin(first.id.table, first.request_key == sent.request_key)
    )


def _person(campaign_id: Any, merchant_id: Any) -> tuple[ColumnElement[bool], ...]:
    """Whether a user is confirmed, is staff, works for the firm, stands in the campaign already."""
    staff = exists().where(RoleGrant.user_id == User.id, RoleGrant.role.in_((Role.REVIEWER, Role.OPERATOR)))
    joined = exists().where(
        Pledge.campaign_id == campaign_id, Pledge.shopper_id == User.id, Pledge.state.in_(STANDING)
    )
    confirmed = and_(User.email_confirmed_at.is_not(None), User.disabled_at.is_(None))
    return confirmed, staff, works_for(campaign_id, merchant_id, User.id), joined


def facts_of(campaign: Campaign, user_id: int) -> ShopperFacts:
    """What the rules know of one person, with all their cards and addresses; for pages and changes."""
    row = db.session.execute(
        select(*_person(campaign.id, campaign.merchant_id)).where(User.id == user_id)
    ).one_or_none()
    cards = select(Mandate.id).where(Mandate.user_id == user_id, Mandate.revoked_at.is_(None))
    places = select(Address.id).where(Address.user_id == user_id)
    confirmed, staff, own, joined = tuple(row) if row else (False,) * 4
    return ShopperFacts(
        confirmed=bool(confirmed),
        staff=bool(staff),
        own=bool(own),
        joined=bool(joined),
        mandates=frozenset(db.session.scalars(cards)),
        addresses=frozenset(db.session.scalars(places)),
    )
