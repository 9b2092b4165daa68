"""The terms that a shopper agrees to, and their hash. A pledge carries the hash of what was seen.

Nothing in them can change once a campaign is open; their text is kept in the diary when it opens.
"""

import json
from datetime import UTC
from hashlib import sha256
from typing import Any

# What is charged when, in words that change only together with how the product charges.
CHARGING = (
    "Nothing is charged when you join. After the launch the saved card is charged once,"
    " one price for everyone, never above your ceiling times the units you get."
    " If the campaign does not launch, nothing is charged."
)


def terms_of(campaign: Any) -> dict[str, Any]:
    """Everything a pledge binds to, as plain values."""
    return {
        "campaign": campaign.id,
        "title": campaign.title,
        "currency": campaign.currency,
        "tiers": [[tier.from_quantity, tier.unit_price] for tier in campaign.tiers],
        "threshold": [campaign.threshold, str(campaign.basis)],
        "capacity": campaign.capacity,
        "close_rule": str(campaign.close_rule),
        "closes_at": campaign.closes_at.astimezone(UTC).isoformat() if campaign.closes_at else None,
        "allocation": str(campaign.allocation),
        "fulfilment": str(campaign.fulfilment),
        "options": campaign.options,
        "regions": campaign.regions,
        "charging": CHARGING,
    }


def terms_hash(campaign: Any) -> str:
    """SHA-256 of the canonical JSON of the terms; put it into the pledge form."""
    canonical = json.dumps(terms_of(campaign), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()
