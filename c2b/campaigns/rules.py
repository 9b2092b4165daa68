"""May I? Pure answers, each with a stable code for machines and a sentence for the person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from c2b.campaigns.requests import CampaignDraft, PledgeChange, PledgeRequest, Refusal, ShopperFacts
from c2b.campaigns.states import TAKES_PLEDGES, Basis, CampaignState, CloseRule, PledgeState
from c2b.core.money import CURRENCIES, LARGEST
from c2b.core.text import gettext as _
from c2b.core.text import ngettext
from c2b.demand.clearing import why_not_tiers
from c2b.demand.curve import Tier

__all__ = [
    "CampaignDraft", "PledgeChange", "PledgeRequest", "Refusal", "ShopperFacts", "why_not_cancel", "why_not_change",
    "why_not_draft", "why_not_edit", "why_not_join", "why_not_late", "why_not_pledge", "why_not_submit",
    "why_not_take", "why_not_withdraw",
]  # fmt: skip

C = CampaignState
MOST_UNITS = 1_000_000
LONGEST_OPEN = 90  # days
NOT_YET_PUBLIC = (C.DRAFT, C.SUBMITTED, C.REJECTED)
CAN_BE_CANCELLED = (C.DRAFT, C.SUBMITTED, C.OPEN, C.TIPPED, C.SOURCING, C.AWARDED, C.SCHEDULED, C.LIVE)


# A campaign


def tiers_of(draft: CampaignDraft) -> list[Tier]:
    """The draft's price tiers; a wish that names none has one, the threshold at the expected price."""
    if draft.tiers:
        return sorted(draft.tiers, key=lambda tier: tier.from_quantity)
    return [Tier(draft.threshold, draft.expected_price)]


def why_not_draft(draft: CampaignDraft) -> Refusal | None:
    """Why this cannot be kept even as a draft: numbers that no campaign can have."""
    tiers = tiers_of(draft)
    if draft.currency not in CURRENCIES:
        return Refusal("currency", _("This currency is not supported."))
    if not 0 < draft.expected_price <= draft.list_price <= LARGEST:
        return Refusal("prices", _("The expected price must be above zero and no more than the list price."))
    if not 0 < draft.threshold <= MOST_UNITS:
        return Refusal("threshold", _("Enter how many are needed: 1 or more."))
    if wrong := why_not_tiers(tiers, draft.capacity):
        return Refusal("tiers", wrong)
    if tiers[0].unit_price > draft.list_price:
        return Refusal("tiers", _("No price tier may cost more than the list price."))
    if draft.basis == Basis.UNITS and tiers[0].from_quantity != draft.threshold:
        return Refusal("tiers", _("The first price tier must start at the number of units that is needed."))
    return _why_not_limits(draft)


def _why_not_limits(draft: CampaignDraft) -> Refusal | None:
    if draft.capacity is not None and draft.capacity < draft.threshold:
        return Refusal("capacity", _("The capacity must be at least as large as what is needed."))
    if draft.capacity is None and draft.close_rule == CloseRule.FULL:
        return Refusal("capacity", _("A campaign that closes when every unit is taken needs a capacity."))
    if draft.per_shopper < 1:
        return Refusal("per_shopper", _("Each shopper must be able to have at least one."))
    if not 1 <= draft.days_open <= LONGEST_OPEN:
        return Refusal("days_open", _("A campaign is open for 1 to %(most)s days.", most=LONGEST_OPEN))
    if any(not option.get("name") or not option.get("values") for option in draft.options):
        return Refusal("options", _("Each choice needs a name and at least one value."))
    return None


def why_not_edit(campaign: Any) -> Refusal | None:
    """Why the campaign's own fields cannot change: what people agreed to stays as it was."""
    if campaign.state != C.DRAFT:
        return Refusal("not_draft", _("Only a draft can be changed."))
    return None


def why_not_submit(campaign: Any) -> Refusal | None:
    """Why a draft is not complete enough to be looked at."""
    if campaign.state != C.DRAFT:
        return Refusal("not_draft", _("Only a draft can be handed in."))
    if len(campaign.title.strip()) < 2:
        return Refusal("title", _("Enter a title."))
    if not campaign.summary.strip():
        return Refusal("summary", _("Say in a sentence what you want."))
    return None


def why_not_cancel(campaign: Any, *, operator: bool, starter: bool) -> Refusal | None:
    """Why it cannot be called off: operators may until it is completed, its starter until it tips."""
    if campaign.state not in CAN_BE_CANCELLED:
        return Refusal("too_late", _("This campaign can no longer be cancelled."))
    if operator:
        return None
    if not starter:
        return Refusal("not_yours", _("Only its starter can cancel this campaign."))
    if campaign.state not in (C.DRAFT, C.SUBMITTED, C.OPEN):
        return Refusal("tipped", _("Enough people have joined: only our staff can still cancel it."))
    return None


# A pledge


def why_not_take(campaign: Any, now: datetime) -> Refusal | None:
    """Why the campaign takes no pledge at all now: state and clock both decide, a late job changes nothing."""
    if campaign.state in NOT_YET_PUBLIC:
        return Refusal("not_open", _("This campaign is not open yet."))
    if campaign.state not in TAKES_PLEDGES or now > campaign.closes_at:
        return Refusal("closed", _("This campaign is closed."))
    return None


def why_not_join(campaign: Any, shopper: ShopperFacts, now: datetime) -> Refusal | None:
    """Why this person cannot join, whatever they ask for; a missing card is left to `why_not_pledge`."""
    return why_not_take(campaign, now) or _why_not_person(shopper)


def _why_not_person(shopper: ShopperFacts) -> Refusal | None:
    if shopper.staff:
        return Refusal("staff", _("Staff accounts cannot join."))
    if shopper.own:
        return Refusal(
            "own_campaign", _("You work for a firm that supplies this campaign, so you cannot join it.")
        )
    if not shopper.confirmed:
        return Refusal("mail_not_confirmed", _("Confirm your e-mail address first: we sent you a link."))
    if shopper.joined:
        return Refusal("already", _("You have joined this campaign already."))
    return None


def why_not_pledge(
    campaign: Any,
    request: PledgeRequest,
    *,
    shopper: ShopperFacts,
    units_left: int | None,
    terms: str,
    now: datetime,
) -> Refusal | None:
    """Why this pledge cannot be taken. `units_left` is what the capacity still allows, None where there is none."""
    return (
        why_not_join(campaign, shopper, now)
        or _why_not_request(campaign, request, shopper, terms)
        or _why_not_capacity(request.quantity, units_left)
    )


def why_not_late(
    campaign: Any, request: PledgeRequest, *, shopper: ShopperFacts, terms: str
) -> Refusal | None:
    """Why nothing can be bought from what a launch left over; how much is left is for the caller to know."""
    if campaign.state != C.LIVE:
        return Refusal("closed", _("This campaign is closed."))
    return _why_not_person(shopper) or _why_not_request(campaign, request, shopper, terms)


def _why_not_request(
    campaign: Any, request: PledgeRequest, shopper: ShopperFacts, terms: str
) -> Refusal | None:
    if request.terms != terms:
        return Refusal("terms_changed", _("The terms have changed, please look again."))
    if no := _why_not_amounts(campaign, request.quantity, request.tolerance, request.ceiling):
        return no
    if no := _why_not_options(campaign, request.options) or _why_not_region(campaign, request.region):
        return no
    if request.address_id is not None and request.address_id not in shopper.addresses:
        return Refusal("address", _("Choose one of your own addresses."))
    if request.mandate_id not in shopper.mandates:
        return Refusal("no_mandate", _("Add a card first. It is charged only if the campaign launches."))
    return None


def _why_not_amounts(campaign: Any, quantity: int, tolerance: int, ceiling: int) -> Refusal | None:
    if quantity < 1 or tolerance < 0:
        return Refusal("quantity", _("Enter how many you want: 1 or more."))
    if quantity + tolerance > campaign.per_shopper:
        most = campaign.per_shopper
        return Refusal(
            "over_limit", ngettext("At most %(num)s per person.", "At most %(num)s per person.", most)
        )
    if ceiling < 1:
        return Refusal("ceiling", _("Enter the most you would pay: more than zero."))
    # Every price tier is at or below the list price, so a higher ceiling can win nothing: it is a slip of the finger.
    if ceiling > campaign.list_price:
        return Refusal("ceiling_too_high", _("The most you would pay cannot be above the list price."))
    return None


def _why_not_options(campaign: Any, options: Mapping[str, str]) -> Refusal | None:
    wanted = {option["name"]: option["values"] for option in campaign.options}
    if options.keys() != wanted.keys() or any(options[name] not in wanted[name] for name in wanted):
        return Refusal(
            "options_invalid", _("Choose one of each: the choices are shown on the campaign's page.")
        )
    return None


def _why_not_region(campaign: Any, region: str) -> Refusal | None:
    if campaign.regions and region not in campaign.regions:
        return Refusal("region", _("This cannot be sent to where you are."))
    return None


def _why_not_capacity(more: int, units_left: int | None) -> Refusal | None:
    if units_left is None or more <= units_left:
        return None
    if units_left <= 0:
        return Refusal("over_capacity", _("Every unit is taken."))
    return Refusal("over_capacity", ngettext("Only %(num)s is left.", "Only %(num)s are left.", units_left))


def why_not_change(
    campaign: Any,
    pledge: Any,
    change: PledgeChange,
    *,
    shopper: ShopperFacts,
    units_left: int | None,
    now: datetime,
) -> Refusal | None:
    """Why a pledge cannot be changed so: free while open; once tipped, amounts only go up."""
    if no := _why_not_active(pledge, PledgeState.ACTIVE) or why_not_take(campaign, now):
        return no
    quantity, tolerance, ceiling = amounts_after(pledge, change)
    if no := _why_not_amounts(campaign, quantity, tolerance, ceiling):
        return no
    lower = quantity < pledge.quantity or tolerance < pledge.tolerance or ceiling < pledge.ceiling
    if campaign.state != C.OPEN and lower:
        return Refusal(
            "binding", _("Enough people have joined: you can still raise your pledge, but not lower it.")
        )
    if change.options is not None and (no := _why_not_options(campaign, change.options)):
        return no
    if change.region is not None and (no := _why_not_region(campaign, change.region)):
        return no
    if change.address_id is not None and change.address_id not in shopper.addresses:
        return Refusal("address", _("Choose one of your own addresses."))
    if change.mandate_id is not None and change.mandate_id not in shopper.mandates:
        return Refusal("no_mandate", _("Choose one of your own cards."))
    return _why_not_capacity(quantity - pledge.quantity, units_left)


def amounts_after(pledge: Any, change: PledgeChange) -> tuple[int, int, int]:
    """Quantity, tolerance and ceiling of the pledge once it is changed."""
    return (
        pledge.quantity if change.quantity is None else change.quantity,
        pledge.tolerance if change.tolerance is None else change.tolerance,
        pledge.ceiling if change.ceiling is None else change.ceiling,
    )


def why_not_withdraw(campaign: Any, pledge: Any, now: datetime) -> Refusal | None:
    """Why a shopper cannot leave: only while the campaign is open."""
    if no := _why_not_active(pledge, PledgeState.ACTIVE, PledgeState.RECONFIRM):
        return no
    if campaign.state == C.TIPPED:
        return Refusal("binding", _("Enough people have joined, so your pledge is binding now."))
    return why_not_take(campaign, now)


def _why_not_active(pledge: Any, *states: PledgeState) -> Refusal | None:
    if pledge.state not in states:
        return Refusal("not_active", _("You have left this campaign, or it is over."))
    return None
