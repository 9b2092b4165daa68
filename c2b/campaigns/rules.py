"""May I? Pure answers, each with a stable code for machines and a sentence for the person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from c2b.campaigns.categories import Category
from c2b.campaigns.states import Allocation, Basis, CloseRule, Fulfilment
from c2b.demand.curve import Tier


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: `code` never changes and is counted by replays, `reason` is the sentence for the person."""

    code: str
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeRequest:
    """What a shopper asks for when joining. `terms` is the hash of the terms they saw."""

    shopper_id: int
    quantity: int
    ceiling: int
    mandate_id: int | None
    terms: str
    tolerance: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    region: str = "CN"
    address_id: int | None = None
    request_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeChange:
    """What a shopper wants to be different; None leaves a value as it is."""

    quantity: int | None = None
    ceiling: int | None = None
    tolerance: int | None = None
    options: Mapping[str, str] | None = None
    region: str | None = None
    address_id: int | None = None
    mandate_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """Everything that a starter fills in. Without tiers there is one: the threshold at the expected price."""

    title: str
    category: Category
    list_price: int
    expected_price: int
    threshold: int
    summary: str = ""
    description: str = ""
    fulfilment: Fulfilment = Fulfilment.SHIPPED
    pictures: Sequence[str] = ()
    currency: str = "CNY"
    list_price_basis: str = ""
    basis: Basis = Basis.UNITS
    tiers: Sequence[Tier] = ()
    capacity: int | None = None
    per_shopper: int = 10
    close_rule: CloseRule = CloseRule.DEADLINE
    allocation: Allocation = Allocation.FIRST_COME
    options: Sequence[Mapping[str, Any]] = ()
    regions: Sequence[str] = ()
    days_open: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperFacts:
    """What the rules need to know of a person. `mandates` are the live ones, theirs."""

    confirmed: bool = False
    staff: bool = False
    own: bool = False  # works for a firm that started the campaign or has a standing offer for it
    joined: bool = False
    mandates: frozenset[int] = frozenset()


def why_not_draft(draft: CampaignDraft) -> Refusal | None:
    """Why this cannot be kept even as a draft."""
    raise NotImplementedError


def why_not_submit(campaign: Any) -> Refusal | None:
    """Why a draft is not complete enough to be looked at."""
    raise NotImplementedError


def why_not_edit(campaign: Any) -> Refusal | None:
    """Why the campaign's own fields cannot change (only drafts can)."""
    raise NotImplementedError


def why_not_cancel(campaign: Any, *, operator: bool, starter: bool) -> Refusal | None:
    """Why it cannot be called off: operators may until it is live, its starter until it tips."""
    raise NotImplementedError


def why_not_take(campaign: Any, now: datetime) -> Refusal | None:
    """Why the campaign takes no pledge at all now: state and clock both decide."""
    raise NotImplementedError


def why_not_join(campaign: Any, shopper: ShopperFacts, now: datetime) -> Refusal | None:
    """Why this person cannot join, whatever they ask for; a missing card is left to `why_not_pledge`."""
    raise NotImplementedError


def why_not_pledge(
    campaign: Any, request: PledgeRequest, *, shopper: ShopperFacts, units_left: int | None, terms: str, now: datetime
) -> Refusal | None:
    """Why this pledge cannot be taken. `units_left` is what the capacity still allows, None where there is none."""
    raise NotImplementedError


def why_not_change(
    campaign: Any, pledge: Any, change: PledgeChange, *, units_left: int | None, now: datetime
) -> Refusal | None:
    """Why a pledge cannot be changed so: free while open, only upwards once tipped."""
    raise NotImplementedError


def why_not_withdraw(campaign: Any, pledge: Any, now: datetime) -> Refusal | None:
    """Why a shopper cannot leave: only while the campaign is open."""
    raise NotImplementedError
