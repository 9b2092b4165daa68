"""What an offer consists of, and the hash of it that every approval is bound to."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from c2b.campaigns.models import Campaign
from c2b.core.db import db
from c2b.demand.curve import Tier
from c2b.pipeline.models import Offer, OfferTier
from c2b.pipeline.offer_rules import MOST_PICTURES, OfferDraft, short_title

# Fields that an approval is bound to, besides the tiers and what the pictures show.
CONTENT = (
    "title",
    "selling_line",
    "currency",
    "list_price",
    "lowest_price_7_days",
    "minimum",
    "maximum",
    "per_shopper",
    "lead_days",
    "options",
    "pictures",
    "certificates",
    "origin",
    "hs_code",
    "regions",
    "launch_not_before",
    "launch_not_after",
)


def content_of(offer: Offer) -> dict[str, Any]:
    """Everything that an approval is bound to, as plain values."""
    values = {name: getattr(offer, name) for name in CONTENT}
    plain = {name: v.isoformat() if isinstance(v, datetime) else v for name, v in values.items()}
    tiers = [[tier.from_quantity, tier.unit_price] for tier in offer.tiers]
    alts = {ref: words for ref, words in (offer.picture_alts or {}).items() if words}
    return plain | {"tiers": tiers, "fee_bp": offer.fee_bp} | ({"picture_alts": alts} if alts else {})


def hash_of(offer: Offer) -> str:
    """The content in 64 digits; the same content has the same ones."""
    text = json.dumps(content_of(offer), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def tiers_of(offer: Offer) -> list[Tier]:
    """The offer's ladder for the arithmetic of demand."""
    return [Tier(tier.from_quantity, tier.unit_price) for tier in offer.tiers]


def draft_for(campaign: Campaign) -> OfferDraft:
    """What a new offer for the campaign starts from: the prices that shoppers have seen."""
    return OfferDraft(
        title=short_title(campaign.title),
        list_price=campaign.list_price,
        tiers=[Tier(tier.from_quantity, tier.unit_price) for tier in campaign.tiers],
        minimum=campaign.tiers[0].from_quantity if campaign.tiers else campaign.threshold,
        maximum=campaign.capacity,
        per_shopper=campaign.per_shopper,
        options=campaign.options,
        pictures=campaign.pictures[:MOST_PICTURES],
        picture_alts={
            ref: words for ref, words in (campaign.picture_alts or {}).items() if ref in campaign.pictures
        },
        regions=campaign.regions,
    )


def draft_from(offer: Offer) -> OfferDraft:
    """The offer's content as a draft, to start another offer from."""
    same = {name: getattr(offer, name) for name in CONTENT if name != "currency"}
    return OfferDraft(
        **same, tiers=tiers_of(offer), picture_alts=offer.picture_alts or {}, unit_cost=offer.unit_cost
    )


def write_draft(offer: Offer, draft: OfferDraft) -> None:
    """Put the draft's content into the record and renew the hash."""
    for name in CONTENT:
        if name == "currency":
            continue
        value = getattr(draft, name)
        if isinstance(value, datetime):
            value = value.astimezone(UTC)  # as it will be read back, so that the hash stays
        elif isinstance(value, list | tuple):
            value = [dict(item) if isinstance(item, Mapping) else item for item in value]
        if getattr(offer, name) != value:
            setattr(offer, name, value)
    offer.picture_alts = {
        ref: draft.picture_alts[ref] for ref in draft.pictures if draft.picture_alts.get(ref)
    }
    offer.unit_cost = draft.unit_cost
    rows = [(tier.from_quantity, tier.unit_price) for tier in draft.tiers]
    if [(tier.from_quantity, tier.unit_price) for tier in offer.tiers] != rows:
        offer.tiers.clear()
        if offer.id is not None:
            db.session.flush()  # the old tiers go first: a quantity may come back with another price
        offer.tiers.extend(OfferTier(from_quantity=quantity, unit_price=price) for quantity, price in rows)
    offer.content_hash = hash_of(offer)
