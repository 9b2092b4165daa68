"""The lives of a campaign and of a pledge, each whole on one page."""

from datetime import datetime
from typing import Any

from c2b.core.labels import LabelEnum
from c2b.core.machine import Machine
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.core.text import ngettext


class CampaignState(LabelEnum):
    """Where a campaign is in its life."""

    DRAFT = "draft", _l("Draft")
    SUBMITTED = "submitted", _l("Waiting for a look")
    OPEN = "open", _l("Open")
    TIPPED = "tipped", _l("Deal is on")
    SOURCING = "sourcing", _l("Merchants compete")
    AWARDED = "awarded", _l("Merchant chosen")
    SCHEDULED = "scheduled", _l("Launch date set")
    LIVE = "live", _l("Launched")
    COMPLETED = "completed", _l("Completed")
    REJECTED = "rejected", _l("Not accepted")
    EXPIRED = "expired", _l("Ended without a deal")
    CANCELLED = "cancelled", _l("Cancelled")
    FAILED = "failed", _l("Failed")


class PledgeState(LabelEnum):
    """Where a pledge is in its life."""

    ACTIVE = "active", _l("Joined")
    RECONFIRM = "reconfirm", _l("Needs your yes again")
    WITHDRAWN = "withdrawn", _l("You left")
    RELEASED = "released", _l("Released")
    ALLOCATED = "allocated", _l("Goods set aside")
    ORDERED = "ordered", _l("Ordered")
    DROPPED = "dropped", _l("Payment failed")
    UNFILLED = "unfilled", _l("Not enough goods")


class Basis(LabelEnum):
    """What a threshold counts."""

    UNITS = "units", _l("units")
    PEOPLE = "people", _l("people")


class CloseRule(LabelEnum):
    """When a campaign stops taking pledges; fixed when it opens, and shown."""

    DEADLINE = "deadline", _l("At the closing time")
    TIPS = "tips", _l("As soon as enough have joined")
    FULL = "full", _l("When every unit is taken")


class Allocation(LabelEnum):
    """How too little capacity is shared out; the values are those of c2b.demand.allocation.Rule."""

    FIRST_COME = "first_come", _l("First come, first served")
    WHOLE_PLEDGES = "whole_pledges", _l("First come, each pledge whole or not at all")
    PRO_RATA = "pro_rata", _l("Everyone the same share")
    LOTTERY = "lottery", _l("A draw that anyone can check")


class Origin(LabelEnum):
    """Who started a campaign."""

    SHOPPER = "shopper", _l("Started by a shopper")
    PLATFORM = "platform", _l("Started by us")
    MERCHANT = "merchant", _l("Started by a merchant")


class Fulfilment(LabelEnum):
    """How people get what they ordered."""

    SHIPPED = "shipped", _l("Shipped to you")
    COLLECTED = "collected", _l("Collected by you")
    VOUCHER = "voucher", _l("A voucher")


C = CampaignState
P = PledgeState


def missing(campaign: Any) -> int:
    """How many units or people are still missing to the threshold; 0 when it is reached."""
    counted: int = campaign.counted_units if campaign.basis == Basis.UNITS else campaign.counted_people
    return max(0, int(campaign.threshold - counted))


def why_not_tip(campaign: Any, now: datetime) -> str | None:
    """A campaign tips when pledges that can afford a tier reach what is needed."""
    if campaign.tip_by_demand:  # the close job found a tier that conditional demand reaches
        return None
    more = missing(campaign)
    return ngettext("%(num)s more is needed.", "%(num)s more are needed.", more) if more else None


def why_not_expire(campaign: Any, now: datetime) -> str | None:
    """A campaign expires only after its deadline."""
    if now <= campaign.closes_at:
        return _("It is still open.")
    return None


CAMPAIGN = Machine(
    initial=C.DRAFT,
    arrows={
        C.DRAFT: {C.SUBMITTED, C.CANCELLED},
        C.SUBMITTED: {C.OPEN, C.DRAFT, C.REJECTED, C.CANCELLED},
        C.OPEN: {C.TIPPED, C.EXPIRED, C.CANCELLED},
        C.TIPPED: {C.SOURCING, C.CANCELLED},
        C.SOURCING: {C.AWARDED, C.FAILED, C.CANCELLED},
        C.AWARDED: {C.SCHEDULED, C.SOURCING, C.FAILED, C.CANCELLED},
        C.SCHEDULED: {C.LIVE, C.AWARDED, C.FAILED, C.CANCELLED},
        C.LIVE: {C.COMPLETED, C.FAILED, C.CANCELLED},
    },
    guards={C.TIPPED: why_not_tip, C.EXPIRED: why_not_expire},
)

PLEDGE = Machine(
    initial=P.ACTIVE,
    arrows={
        P.ACTIVE: {P.WITHDRAWN, P.RELEASED, P.ALLOCATED, P.UNFILLED, P.RECONFIRM},
        P.RECONFIRM: {P.ACTIVE, P.RELEASED, P.WITHDRAWN},
        P.ALLOCATED: {P.ORDERED, P.DROPPED, P.RELEASED},
        P.UNFILLED: {P.ALLOCATED, P.RELEASED},  # from the waiting list, where others could not pay
    },
)

# A pledge in one of these states stands; a shopper has at most one such pledge per campaign.
STANDING = (P.ACTIVE, P.RECONFIRM, P.ALLOCATED, P.ORDERED)
TAKES_PLEDGES = (C.OPEN, C.TIPPED)
PUBLIC = (
    C.OPEN,
    C.TIPPED,
    C.SOURCING,
    C.AWARDED,
    C.SCHEDULED,
    C.LIVE,
    C.COMPLETED,
    C.EXPIRED,
    C.CANCELLED,
    C.FAILED,
)
