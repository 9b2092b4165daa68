"""An offer that passes every rule, so that a test names only what it spoils."""

from c2b.campaigns.states import CampaignState
from c2b.demand.curve import Tier
from c2b.pipeline.offer_content import hash_of
from c2b.pipeline.offer_rules import OfferDraft

PICTURES = ["demo/pot", "demo/pot2", "demo/pot3"]


def draft(**more):
    """A complete draft for `wanted`'s campaign."""
    return OfferDraft(
        **{
            "title": "Cast iron pot",
            "selling_line": "Keeps the heat for an hour.",
            "list_price": 39900,
            "lowest_price_7_days": 39900,
            "tiers": (Tier(10, 25900), Tier(20, 23900)),
            "minimum": 10,
            "maximum": 500,
            "lead_days": 20,
            "pictures": PICTURES,
            **more,
        }
    )


def wanted(make, *, state=CampaignState.SOURCING, pledges=4, quantity=3, ceiling=25900, batch=None, **more):
    """A tipped campaign in a batch whose sign-up is open, with demand for twelve units."""
    campaign = make.campaign(state, threshold=10, tiers=((10, 25900),), **more)
    for _n in range(pledges):
        make.pledge(campaign, quantity=quantity, ceiling=ceiling)
    make.entry(campaign, batch or make.batch())
    return campaign


def sound(make, campaign=None, merchant=None, **more):
    """An offer in sign-up that passes every rule."""
    campaign = campaign or wanted(make)
    offer = make.offer(
        campaign,
        merchant,
        tiers=more.pop("tiers", ((10, 25900), (20, 23900))),
        batch=more.pop("batch", None),
        **{
            "title": "Cast iron pot",
            "selling_line": "Keeps the heat for an hour.",
            "lowest_price_7_days": campaign.list_price,
            "pictures": list(PICTURES),
            "certificates": [],
            "options": [],
            "regions": [],
            "hs_code": "",
            "origin": "CN",
            "lead_days": 20,
            **more,
        },
    )
    offer.content_hash = hash_of(offer)
    return offer
