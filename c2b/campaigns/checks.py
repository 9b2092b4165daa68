"""What the records of campaigns and pledges must keep. Each check reads its books in one statement."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from c2b.accounts.models import RoleGrant, User
from c2b.campaigns.facts import MERCHANT_STAFF, OFFER
from c2b.campaigns.models import Campaign, DemandPoint, Pledge, PriceTier
from c2b.campaigns.states import STANDING, Basis, CampaignState, Origin, PledgeState
from c2b.campaigns.tally import COUNTERS
from c2b.campaigns.terms import terms_hash
from c2b.core.access import Role
from c2b.core.checks import check
from c2b.core.db import db
from c2b.core.events import Event
from c2b.payments.models import Attempt, Mandate

C = CampaignState
P = PledgeState
COUNTED = case((Campaign.basis == Basis.UNITS, Campaign.counted_units), else_=Campaign.counted_people)
# Before the launch the counters are the sums over the active pledges. From then on they stand still, and pledges
# have gone on to other states: all of them together, but for those who left in time, are what was pledged.
BEFORE_LAUNCH = (C.DRAFT, C.SUBMITTED, C.REJECTED, C.OPEN, C.TIPPED, C.SOURCING, C.AWARDED, C.SCHEDULED)
WAS_PLEDGED = and_(
    ~Pledge.late,
    case(
        (Campaign.state.in_(BEFORE_LAUNCH), Pledge.state == P.ACTIVE),
        else_=Pledge.state.not_in((P.WITHDRAWN, P.RECONFIRM)),
    ),
)


@check("I-10 a campaign's counters are the sums over its pledges")
def counters_are_sums() -> Iterator[str]:
    """People and units, in all and counted towards the threshold."""
    sums = (
        func.count(Pledge.id),
        func.coalesce(func.sum(Pledge.quantity), 0),
        func.count(Pledge.id).filter(Pledge.counts),
        func.coalesce(func.sum(Pledge.quantity).filter(Pledge.counts), 0),
    )
    kept = [getattr(Campaign, name) for name in COUNTERS]
    wrong = or_(*(column != total for column, total in zip(kept, sums, strict=True)))
    rows = db.session.execute(
        select(Campaign.id, *kept, *sums)
        .outerjoin(Pledge, and_(Pledge.campaign_id == Campaign.id, WAS_PLEDGED))
        .group_by(Campaign.id)
        .having(wrong)
    )
    for id_, *numbers in rows:
        yield f"campaign {id_} says {numbers[:4]}, its pledges say {[int(n) for n in numbers[4:]]} ({COUNTERS})"


@check("I-10 a campaign's demand curve is the sum over its pledges")
def curve_is_sums() -> Iterator[str]:
    """Each point of the roll-up, and no pledge without its point."""
    pledged = (
        select(
            Pledge.campaign_id,
            Pledge.ceiling,
            func.sum(Pledge.quantity).label("units"),
            func.sum(Pledge.tolerance).label("tolerance"),
            func.count().label("people"),
        )
        .join(Campaign)
        .where(WAS_PLEDGED)
        .group_by(Pledge.campaign_id, Pledge.ceiling)
        .subquery()
    )
    points = DemandPoint
    same = and_(points.campaign_id == pledged.c.campaign_id, points.ceiling == pledged.c.ceiling)
    names = ("units", "tolerance", "people")
    differs = or_(*(func.coalesce(pledged.c[name], 0) != getattr(points, name) for name in names))
    for campaign_id, ceiling in db.session.execute(
        select(points.campaign_id, points.ceiling).outerjoin(pledged, same).where(differs)
    ):
        yield f"campaign {campaign_id}: the point at {ceiling} is not the sum of its pledges"
    for campaign_id, ceiling in db.session.execute(
        select(pledged.c.campaign_id, pledged.c.ceiling).where(~exists().where(same))
    ):
        yield f"campaign {campaign_id}: pledges at {ceiling} are missing in the demand curve"


@check("I-10 a pledge counts exactly when its ceiling reaches the first tier's price")
def counting_is_right() -> Iterator[str]:
    """The mark that the counters rely on."""
    first_price = (
        select(PriceTier.unit_price)
        .where(PriceTier.campaign_id == Pledge.campaign_id)
        .order_by(PriceTier.from_quantity)
        .limit(1)
        .scalar_subquery()
    )
    wrong = Pledge.counts != (Pledge.ceiling >= first_price)
    for id_, campaign_id in db.session.execute(
        select(Pledge.id, Pledge.campaign_id).where(~Pledge.late, wrong)
    ):
        yield f"pledge {id_} of campaign {campaign_id} is marked wrongly"


@check("I-11 a shopper has at most one standing pledge for a campaign")
def one_pledge_each() -> Iterator[str]:
    """Kept by a partial unique index; this finds a database whose index is gone."""
    rows = db.session.execute(
        select(Pledge.campaign_id, Pledge.shopper_id)
        .where(Pledge.state.in_(STANDING))
        .group_by(Pledge.campaign_id, Pledge.shopper_id)
        .having(func.count() > 1)
    )
    for campaign_id, shopper_id in rows:
        yield f"user {shopper_id} has several standing pledges for campaign {campaign_id}"


@check("I-12 every counted pledge was made by a confirmed person, with a card of their own")
def counted_pledges_are_people() -> Iterator[str]:
    """A confirmed address, a mandate that is theirs and was live, and the person's own line in the diary."""
    placed = exists().where(
        Event.subject == "pledge",
        Event.subject_id == Pledge.id,
        Event.kind == "pledge.placed",
        Event.by == Pledge.shopper_id,
    )
    live = or_(Mandate.revoked_at.is_(None), Mandate.revoked_at >= Pledge.placed_at)
    theirs = and_(Mandate.user_id == Pledge.shopper_id, live)
    rows = db.session.execute(
        select(Pledge.id, User.email_confirmed_at.is_not(None), theirs, placed)
        .join(User, User.id == Pledge.shopper_id)
        .join(Mandate, Mandate.id == Pledge.mandate_id)
        .where(Pledge.state.in_(STANDING), or_(User.email_confirmed_at.is_(None), ~theirs, ~placed))
    )
    for id_, confirmed, own, written in rows:
        if not confirmed:
            yield f"pledge {id_} is by somebody without a confirmed address"
        if not own:
            yield f"pledge {id_} has no live card of the shopper's own"
        if not written:
            yield f"pledge {id_} has no line in the diary by the shopper"


@check("I-13 a campaign tips once, in time, and only with enough demand")
def tipped_once() -> Iterator[str]:
    """One line in the diary at most; `tipped_at` within the open time; the count at least the threshold."""
    tips = (
        select(func.count())
        .where(Event.subject == "campaign", Event.subject_id == Campaign.id, Event.kind == "campaign.tipped")
        .scalar_subquery()
    )
    few = and_(~Campaign.tip_by_demand, Campaign.threshold > COUNTED)
    late = Campaign.tipped_at > Campaign.closes_at
    never = Campaign.state.in_((C.OPEN, C.EXPIRED, C.DRAFT, C.SUBMITTED, C.REJECTED))
    rows = db.session.execute(
        select(Campaign.id, tips, Campaign.tipped_at.is_not(None), few, late, never).where(
            or_(tips > 1, and_(Campaign.tipped_at.is_not(None), or_(few, late, never)))
        )
    )
    for id_, times, _has, is_few, is_late, is_never in rows:
        if times > 1:
            yield f"campaign {id_} tipped {times} times"
        if is_never:
            yield f"campaign {id_} has a time of tipping but never tipped"
        elif is_few:
            yield f"campaign {id_} tipped with less than its threshold"
        if is_late:
            yield f"campaign {id_} tipped after its deadline"


@check("I-14 nobody is asked for money for a campaign that missed its threshold")
def expired_is_free() -> Iterator[str]:
    """An expired campaign has too little demand, no standing pledge and no request for money."""
    for id_ in db.session.scalars(
        select(Campaign.id).where(Campaign.state == C.EXPIRED, Campaign.threshold <= COUNTED)
    ):
        yield f"campaign {id_} expired with enough pledges"
    never_sold = and_(Campaign.state.in_((C.EXPIRED, C.FAILED)), Pledge.state.in_(STANDING))
    # A sale that was called off is unwound by its launch: what was charged is an order, and paid back.
    called_off = and_(Campaign.state == C.CANCELLED, Pledge.state.in_((P.ACTIVE, P.RECONFIRM)))
    for id_, campaign_id in db.session.execute(
        select(Pledge.id, Pledge.campaign_id).join(Campaign).where(or_(never_sold, called_off))
    ):
        yield f"pledge {id_} still stands for campaign {campaign_id}, which is over"
    for id_, campaign_id in db.session.execute(
        select(Attempt.id, Pledge.campaign_id)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(Campaign.state == C.EXPIRED)
    ):
        yield f"attempt {id_} asks for money for campaign {campaign_id}, which expired"


@check("I-16 no more units are pledged than the capacity allows")
def capacity_holds() -> Iterator[str]:
    """By the pledges themselves, whatever the counters say."""
    units = func.sum(Pledge.quantity)
    rows = db.session.execute(
        select(Campaign.id, Campaign.capacity, units)
        .join(Pledge, Pledge.campaign_id == Campaign.id)
        .where(WAS_PLEDGED, Campaign.capacity.is_not(None))
        .group_by(Campaign.id)
        .having(units > Campaign.capacity)
    )
    for id_, capacity, pledged in rows:
        yield f"campaign {id_}: {pledged} units are pledged, its capacity is {capacity}"


@check("I-17 every active pledge was made under the terms as they are")
def terms_are_kept() -> Iterator[str]:
    """Terms cannot change once a campaign is open; if they did, the pledges must be asked again."""
    rows = db.session.execute(
        select(Pledge.campaign_id, Pledge.terms, func.count())
        .where(Pledge.state == P.ACTIVE)
        .group_by(Pledge.campaign_id, Pledge.terms)
    ).all()
    wanted = select(Campaign).where(
        Campaign.id.in_(select(Pledge.campaign_id).where(Pledge.state == P.ACTIVE))
    )
    hashes = {campaign.id: terms_hash(campaign) for campaign in db.session.scalars(wanted)}
    for campaign_id, terms, count in rows:
        if hashes[campaign_id] != terms:
            yield f"campaign {campaign_id}: {count} active pledges were made under other terms"


@check("I-48 neither our staff nor a merchant's own people count")
def own_people_do_not_count() -> Iterator[str]:
    """Nobody who had the role, or the post in the firm concerned, when they pledged."""
    staff = exists().where(
        RoleGrant.user_id == Pledge.shopper_id,
        RoleGrant.role.in_((Role.REVIEWER, Role.OPERATOR)),
        RoleGrant.granted_at <= Pledge.placed_at,
    )
    started = and_(Campaign.origin == Origin.MERCHANT, MERCHANT_STAFF.c.merchant_id == Campaign.merchant_id)
    offered = exists().where(
        OFFER.c.campaign_id == Campaign.id,
        OFFER.c.merchant_id == MERCHANT_STAFF.c.merchant_id,
        OFFER.c.created_at <= Pledge.placed_at,
        OFFER.c.state.not_in(("withdrawn", "rejected", "lapsed", "not_chosen")),
    )
    own = exists().where(
        MERCHANT_STAFF.c.user_id == Pledge.shopper_id,
        MERCHANT_STAFF.c.since <= Pledge.placed_at,
        or_(started, offered),
    )
    rows = db.session.execute(
        select(Pledge.id, Pledge.campaign_id, staff)
        .join(Campaign)
        .where(Pledge.state.in_(STANDING), or_(staff, own))
    )
    for id_, campaign_id, is_staff in rows:
        who = "a person of our staff" if is_staff else "the supplying firm's own people"
        yield f"pledge {id_} for campaign {campaign_id} is by {who}"


@check("I-28 a campaign's and a pledge's state is what the diary says last")
def states_are_in_the_diary() -> Iterator[str]:
    """Every state was reached through the one door, which leaves a line."""
    for cls in (Campaign, Pledge):
        yield from _not_in_the_diary(cls)


def _not_in_the_diary(cls: Any) -> Iterator[str]:
    name = cls.__tablename__
    last, line = aliased(Event), aliased(Event)
    moves = [f"{name}.{state}" for state in cls.machine.states]
    latest = (
        select(func.max(last.id))
        .where(last.subject == name, last.subject_id == cls.id, last.kind.in_(moves))
        .scalar_subquery()
    )
    said = func.coalesce(line.kind, f"{name}.{cls.machine.initial}")
    rows = db.session.execute(
        select(cls.id, cls.state, said)
        .outerjoin(line, line.id == latest)
        .where(said != name + "." + cls.state)
    )
    for id_, state, kind in rows:
        yield f"{name} {id_} is {state}, but the diary says {kind}"
