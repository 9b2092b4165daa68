"""What the rules must know of many shoppers at once: a fixed number of statements, however long the list.

Who works for a firm is kept by features above this one, which it may not import; their two tables are named here.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    column,
    exists,
    func,
    literal,
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
from c2b.payments.models import Mandate

MERCHANT_STAFF = table("merchant_staff", column("merchant_id"), column("user_id"), column("since"))
OFFER = table("offer", column("campaign_id"), column("merchant_id"), column("state"), column("created_at"))
OFFER_IS_OVER = ("withdrawn", "rejected", "lapsed", "not_chosen")
NOBODY = ShopperFacts()


@dataclass(frozen=True, slots=True)
class Facts:
    """Shoppers by number, and the pledges that earlier requests with the same key became."""

    shoppers: dict[int, ShopperFacts]
    first_answers: dict[str, tuple[int, int, int]]  # key: (pledge, shopper, campaign)

    def of(self, shopper_id: int) -> ShopperFacts:
        """What is known of this person; of nobody, nothing is true."""
        return self.shoppers.get(shopper_id, NOBODY)


def among(value: Any, wanted: Collection[int] | Collection[str]) -> ColumnElement[bool]:
    """Whether `value` is one of many: one parameter and one plan, however many there are."""
    items = sorted(set(wanted))  # type: ignore[type-var]  # all numbers or all words
    if is_sqlite():
        return value.in_(select(func.json_each(json.dumps(items)).table_valued("value").c.value))  # type: ignore[no-any-return]  # the column is untyped here
    kind: Any = String if isinstance(value.type, String) else BigInteger
    return value == func.any(literal(items, ARRAY(kind)))  # type: ignore[no-any-return]  # the column is untyped here


def works_for(campaign: Campaign, user_id: Any) -> ColumnElement[bool]:
    """Whether a person works for the firm of the campaign, or for one with a standing offer."""
    firms = select(OFFER.c.merchant_id).where(
        OFFER.c.campaign_id == campaign.id, OFFER.c.state.not_in(OFFER_IS_OVER)
    )
    return exists().where(
        MERCHANT_STAFF.c.user_id == user_id,
        or_(MERCHANT_STAFF.c.merchant_id == campaign.merchant_id, MERCHANT_STAFF.c.merchant_id.in_(firms)),
    )


def gather(campaign: Campaign, requests: Sequence[PledgeRequest]) -> Facts:
    """Everything the rules ask about these requests, in five statements."""
    ids = [request.shopper_id for request in requests]
    shoppers = _people(campaign, ids)
    mandates = _owned(Mandate, [r.mandate_id for r in requests if r.mandate_id is not None])
    addresses = _owned(Address, [r.address_id for r in requests if r.address_id is not None])
    for id_, known in shoppers.items():
        shoppers[id_] = replace(
            known, mandates=mandates.get(id_, frozenset()), addresses=addresses.get(id_, frozenset())
        )
    return Facts(shoppers, _first_answers([r.request_key for r in requests if r.request_key is not None]))


def facts_of(campaign: Campaign, user_id: int) -> ShopperFacts:
    """What the rules know of one person, with all their cards and addresses; for pages and changes."""
    known = _people(campaign, [user_id]).get(user_id, NOBODY)
    cards = select(Mandate.id).where(Mandate.user_id == user_id, Mandate.revoked_at.is_(None))
    places = select(Address.id).where(Address.user_id == user_id)
    return replace(
        known,
        mandates=frozenset(db.session.scalars(cards)),
        addresses=frozenset(db.session.scalars(places)),
    )


def _people(campaign: Campaign, ids: Collection[int]) -> dict[int, ShopperFacts]:
    staff = exists().where(RoleGrant.user_id == User.id, RoleGrant.role.in_((Role.REVIEWER, Role.OPERATOR)))
    joined = exists().where(
        Pledge.campaign_id == campaign.id, Pledge.shopper_id == User.id, Pledge.state.in_(STANDING)
    )
    confirmed = and_(User.email_confirmed_at.is_not(None), User.disabled_at.is_(None))
    rows = db.session.execute(
        select(User.id, confirmed, staff, works_for(campaign, User.id), joined).where(among(User.id, ids))
    )
    return {
        id_: ShopperFacts(confirmed=bool(sure), staff=bool(works), own=bool(own), joined=bool(has))
        for id_, sure, works, own, has in rows
    }


def _owned(cls: Any, ids: Collection[int]) -> dict[int, frozenset[int]]:
    """{user: those of these cards or addresses that are theirs}; revoked cards are nobody's."""
    wanted: Select[Any] = select(cls.user_id, cls.id).where(among(cls.id, ids))
    if cls is Mandate:
        wanted = wanted.where(Mandate.revoked_at.is_(None))
    owned: dict[int, set[int]] = {}
    for user_id, id_ in db.session.execute(wanted):
        owned.setdefault(user_id, set()).add(id_)
    return {user_id: frozenset(theirs) for user_id, theirs in owned.items()}


def _first_answers(keys: Collection[str]) -> dict[str, tuple[int, int, int]]:
    rows = db.session.execute(
        select(Pledge.request_key, Pledge.id, Pledge.shopper_id, Pledge.campaign_id).where(
            among(Pledge.request_key, keys)
        )
    )
    return {key: (id_, shopper_id, campaign_id) for key, id_, shopper_id, campaign_id in rows if key}
