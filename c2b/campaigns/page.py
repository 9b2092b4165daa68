"""A campaign's own page: everything it shows to one person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns import rules
from c2b.campaigns.cards import CardView, card_of
from c2b.campaigns.closing import curve_of
from c2b.campaigns.crowd import newest_faces, people_by_day
from c2b.campaigns.facts import facts_of
from c2b.campaigns.models import Campaign, Follow, Pledge
from c2b.campaigns.progress import ladder, on_the_ladder, progress
from c2b.campaigns.requests import PledgeChange, Refusal
from c2b.campaigns.states import STANDING, TAKES_PLEDGES, Allocation, Basis, CloseRule, Fulfilment
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db
from c2b.core.text import gettext as _
from c2b.core.text import ngettext
from c2b.demand.clearing import clear
from c2b.demand.curve import Curve, Point, Tier, hidden_points
from c2b.payments import windows


@dataclass(frozen=True, slots=True)
class TierView:
    """One price tier on a campaign's page: done, cur (you are here) or empty."""

    from_quantity: int
    price: int
    currency: str
    state: str
    missing: int
    percent: int  # where its tick stands on the heat bar
    note: str = ""


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything that a campaign's page shows to one person. The card's percent is of the whole ladder."""

    campaign: Campaign
    card: CardView
    tiers: list[TierView]
    price_now: int | None  # what everyone would pay if it closed now; None while too few joined
    next_price: int | None
    next_missing: int | None
    basis_label: str
    curve: Sequence[Point]  # in groups large enough to hide a person
    heat_reasons: list[str]
    faces: list[tuple[str, int]]  # (letter, colour) of those who joined last, while it can be joined
    people_by_day: list[int]
    happens: list[tuple[str, str]]  # (icon, sentence): what happens when
    terms: str  # the hash for the form
    starter: str
    my_pledge: Pledge | None  # standing
    following: bool
    units_left: int | None
    why_not: Refusal | None  # why this person cannot join; None for visitors where it is open
    why_not_change: Refusal | None
    why_not_withdraw: Refusal | None


def page_view(campaign: Campaign, user_id: int | None, *, now: datetime) -> PageView:
    """Everything the campaign page shows to this person; None is a visitor."""
    curve = curve_of(campaign.id)
    made = progress(campaign, curve)
    mine = _standing(campaign.id, user_id)
    card = card_of(campaign, made, joined=mine is not None, now=now)
    starter = db.session.scalar(select(User.name).where(User.id == campaign.starter_id))
    taking = campaign.state in TAKES_PLEDGES and campaign.people > 0
    return PageView(
        campaign=campaign,
        card=replace(card, percent=on_the_ladder(campaign, curve, made)),
        tiers=_tiers(campaign, ladder(campaign), curve, made.price_now),
        price_now=made.price_now,
        next_price=made.next_price,
        next_missing=made.next_missing,
        basis_label=campaign.basis.label,
        curve=hidden_points(curve.points()),
        heat_reasons=_heat_reasons(campaign),
        faces=newest_faces(campaign) if taking else [],
        people_by_day=people_by_day(campaign, now) if taking else [],
        happens=_happens(campaign),
        terms=terms_hash(campaign),
        starter=starter or "",
        my_pledge=mine,
        following=_follows(campaign.id, user_id),
        units_left=None if campaign.capacity is None else campaign.capacity - campaign.units,
        why_not=_why_not(campaign, user_id, now),
        why_not_change=_why_not_change(campaign, mine, now),
        why_not_withdraw=rules.why_not_withdraw(campaign, mine, now) if mine else None,
    )


def with_chosen_tiers(view: PageView, chosen: Sequence[tuple[int, int]], final_price: int | None) -> PageView:
    """The page once a merchant was chosen: the price tiers of its offer hold, not those that were wished for."""
    campaign, tiers = view.campaign, [Tier(*tier) for tier in chosen]
    curve = curve_of(campaign.id)
    cleared = clear(tiers, curve)
    price = final_price if final_price is not None else cleared.unit_price if cleared else None
    return replace(
        view, tiers=_tiers(campaign, tiers, curve, price), price_now=price, next_price=None, next_missing=None
    )


def _why_not(campaign: Campaign, user_id: int | None, now: datetime) -> Refusal | None:
    if user_id is None:
        return rules.why_not_take(campaign, now)
    return rules.why_not_join(campaign, facts_of(campaign, user_id), now)


def _why_not_change(campaign: Campaign, mine: Pledge | None, now: datetime) -> Refusal | None:
    """Why nothing at all can be changed: a change of nothing is refused for no other reason."""
    if mine is None:
        return None
    return rules.why_not_change(
        campaign, mine, PledgeChange(), shopper=rules.ShopperFacts(), units_left=None, now=now
    )


def _standing(campaign_id: int, user_id: int | None) -> Pledge | None:
    if user_id is None:
        return None
    return db.session.scalar(
        select(Pledge).where(
            Pledge.campaign_id == campaign_id, Pledge.shopper_id == user_id, Pledge.state.in_(STANDING)
        )
    )


def _follows(campaign_id: int, user_id: int | None) -> bool:
    if user_id is None:
        return False
    found = select(Follow.id).where(Follow.campaign_id == campaign_id, Follow.user_id == user_id)
    return db.session.scalar(found) is not None


def _tiers(campaign: Campaign, tiers: Sequence[Tier], curve: Curve, price_now: int | None) -> list[TierView]:
    last = tiers[-1].from_quantity
    ticks = len(tiers) > 1 and campaign.basis == Basis.UNITS
    return [
        TierView(
            from_quantity=tier.from_quantity,
            price=tier.unit_price,
            currency=campaign.currency,
            state=_state(tier.unit_price, price_now),
            missing=max(0, tier.from_quantity - curve.units_with_tolerance_at(tier.unit_price)),
            percent=tier.from_quantity * 100 // last if ticks else 100,
        )
        for tier in tiers
    ]


def _state(price: int, price_now: int | None) -> str:
    if price_now is None or price < price_now:
        return ""
    return "cur" if price == price_now else "done"


def _heat_reasons(campaign: Campaign) -> list[str]:
    """Why it is as hot as it is, in sentences: real pledges alone make heat."""
    units = campaign.basis == Basis.UNITS
    have = campaign.counted_units if units else campaign.counted_people
    share = min(100, have * 100 // campaign.threshold)
    joined = campaign.joined_last_day
    return [
        _("%(percent)s%% of what is needed has been reached.", percent=share),
        ngettext(
            "%(num)s person joined in the last 24 hours.",
            "%(num)s people joined in the last 24 hours.",
            joined,
        ),
        _("Only real pledges count: never ours, and never a merchant's own."),
    ]


def _reaches(campaign: Campaign) -> str:
    """How people get it, said before anybody joins."""
    ways = {
        Fulfilment.SHIPPED: _("It is sent to you; a parcel that never comes is paid back."),
        Fulfilment.COLLECTED: _(
            "You collect it: once it is ready you get a code, and are told where and when."
        ),
        Fulfilment.VOUCHER: _(
            "You get a voucher for each unit, with a code. It is valid for %(days)s days after the launch.",
            days=windows.VOUCHER_LASTS.days,
        ),
    }
    return ways[campaign.fulfilment]


def _happens(campaign: Campaign) -> list[tuple[str, str]]:
    """What happens when, in the order in which it does; icons are those of static/icons.svg."""
    closes = {
        CloseRule.DEADLINE: _("It takes pledges until the closing time, also after enough have joined."),
        CloseRule.TIPS: _("It closes as soon as enough have joined."),
        CloseRule.FULL: _("It closes when every unit is taken, or at the closing time."),
    }
    shared = {
        Allocation.FIRST_COME: _("If there are too few goods, they go to those who joined first."),
        Allocation.WHOLE_PLEDGES: _(
            "If there are too few goods, they go to those who joined first; each gets all they want or nothing."
        ),
        Allocation.PRO_RATA: _("If there are too few goods, everyone gets the same share."),
        Allocation.LOTTERY: _("If there are too few goods, a draw that anyone can check decides."),
    }
    return [
        ("shield", _("You pay nothing when you join. Your card is charged only after the launch.")),
        (
            "heart",
            _("Until enough have joined you can change your mind or leave; from then on it is binding."),
        ),
        ("clock", closes[campaign.close_rule]),
        ("users", _("Everyone pays the same price, and never more than their own limit.")),
        ("box", shared[campaign.allocation]),
        ("truck", _reaches(campaign)),
        ("check", _("If it does not launch, everyone is released and nobody is charged.")),
    ]
