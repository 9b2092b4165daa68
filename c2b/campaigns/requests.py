"""What people ask of a campaign, and what the rules must know of them: plain values, checked by rules.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from c2b.campaigns.categories import Category
from c2b.campaigns.states import Allocation, Basis, CloseRule, Fulfilment
from c2b.core.errors import Refused
from c2b.demand.curve import Tier


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: `code` never changes and is counted by replays, `reason` is the sentence for the person."""

    code: str
    reason: str

    def __str__(self) -> str:
        return self.reason


class RefusedPledge(Refused):
    """A rule about pledges said no; `code` says which, so that a form can show the reason beside its field."""

    def __init__(self, no: Refusal) -> None:
        super().__init__(no.reason)
        self.code = no.code


def obey(no: Refusal | None) -> None:
    """Raise Refused with the sentence that a rule gave; do nothing where it gave none."""
    if no is not None:
        raise RefusedPledge(no)


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
    brought_by: int | None = None  # whose link led here
    language: str = ""  # in which a refusal is said; where it is empty, as we speak just now
    session: int | None = (
        None  # the version of their sessions that they came with, where it was not looked at yet
    )


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
    picture_alts: Mapping[str, str] = field(default_factory=dict)  # what a picture shows, in words
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
    """What the rules need to know of a person. Mandates are live, and they and the addresses are theirs."""

    confirmed: bool = False
    staff: bool = False
    own: bool = False  # works for a firm that started the campaign or has a standing offer for it
    joined: bool = False
    mandates: frozenset[int] = frozenset()
    addresses: frozenset[int] = frozenset()
