"""The people of a replay: firms, reviewers, an operator, shoppers whose cards fail. What each would do is scripted.

Every decision is drawn from the seed and the item's number, so that it does not depend on the database or on the
order of the work. People act between two passes of the jobs, through the operations that the pages call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState, Origin
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.pipeline.engine import give_verdict
from c2b.pipeline.models import Batch, BatchEntry, Offer, Sample, StageVisit, VerdictLine
from c2b.pipeline.offers import change_offer, register_offer, submit_offer
from c2b.pipeline.sample_rules import checklist
from c2b.pipeline.samples import inspect_sample, receive_sample, send_sample
from c2b.pipeline.scheduling import book_place, propose
from c2b.pipeline.stage import Ruling
from c2b.pipeline.states import BatchState, SampleState
from c2b.replay.invention import Story
from c2b.replay.materials import Pictures
from c2b.replay.plans import Firm, Plan, own_plan, plans_for, sound_plan
from c2b.replay.wallets import mend_cards

PACK = timedelta(days=2)  # from being asked for a sample to sending it
POST = timedelta(days=2)  # on its way


@dataclass
class Cast:
    """Who plays, and what they know."""

    seed: int
    starter: int  # starts shoppers' wishes
    operator: int
    moderator: int
    reviewers: tuple[int, int]
    sample_room: int
    firms: Sequence[Firm]
    pictures: Pictures
    papers: str
    stories: dict[int, Story] = field(default_factory=dict)  # by campaign
    plans: dict[int, Plan] = field(default_factory=dict)  # by offer
    mended: set[int] = field(default_factory=set)  # offers put right once
    decided: set[int] = field(
        default_factory=set
    )  # pledges whose shopper has made up their mind about the card
    offered: set[tuple[int, int]] = field(default_factory=set)  # (campaign, entry) that firms have looked at
    # What a demo leaves to its visitors, by title; a replay leaves nothing.
    makers: Mapping[str, Firm] = field(default_factory=dict)  # who starts it
    fixed: Mapping[str, Sequence[tuple[Firm, bool]]] = field(
        default_factory=dict
    )  # who offers, and sends a sample
    short: frozenset[str] = frozenset()  # too few goods for everyone
    unreviewed: frozenset[str] = frozenset()
    unplaced: frozenset[str] = frozenset()

    def random(self, *what: object) -> Random:
        """The dice for one decision; the same for the same seed."""
        return Random(":".join(str(one) for one in (self.seed, *what)))

    def firm_for(self, story: Story) -> Firm:
        """The firm that starts a merchant's campaign."""
        return self.makers.get(story.draft.title) or self.random("maker", story.item.number).choice(
            self.firms
        )


def _plan_of(cast: Cast, offer_id: int) -> Plan | None:
    """The plan behind an offer; that of a merchant's own campaign is made when it is first asked for."""
    if offer_id not in cast.plans:
        offer = db.session.get_one(Offer, offer_id)
        story = cast.stories.get(offer.campaign_id)
        firm = next((firm for firm in cast.firms if firm.merchant_id == offer.merchant_id), None)
        db.session.rollback()
        if story is None or firm is None:
            return None
        cast.plans[offer_id] = own_plan(story, firm, cast.random("own", story.item.number))
    return cast.plans[offer_id]


def act(cast: Cast, now: datetime) -> None:
    """Everybody does what is theirs to do now."""
    _merchants_offer(cast, now)
    _merchants_mend(cast, now)
    _merchants_send(cast, now)
    _sample_room(cast, now)
    _reviewers(cast, now)
    _operator(cast, now)
    mend_cards(cast.seed, cast.decided, now)


def _rows(statement: object) -> list[tuple[int, ...]]:
    found = [tuple(row) for row in db.session.execute(statement)]  # type: ignore[call-overload]  # a select
    db.session.rollback()
    return found


def _merchants_offer(cast: Cast, now: datetime) -> None:
    """Firms look at each campaign once when it joins a batch, and a week is enough to decide."""
    waiting = _rows(
        select(BatchEntry.campaign_id, BatchEntry.attempt)
        .join(Batch, Batch.id == BatchEntry.batch_id)
        .join(Campaign, Campaign.id == BatchEntry.campaign_id)
        .where(
            Batch.state == BatchState.OPEN,
            Batch.signup_closes_at > now,
            Campaign.state.in_([CampaignState.TIPPED, CampaignState.SOURCING]),
        )
        .order_by(BatchEntry.campaign_id)
    )
    for campaign_id, attempt in waiting:
        if (campaign_id, attempt) in cast.offered:
            continue
        cast.offered.add((campaign_id, attempt))
        story = cast.stories.get(campaign_id)
        if story is None:
            continue
        random = cast.random("offers", story.item.number, attempt)
        fixed = cast.fixed.get(story.draft.title)
        if fixed is None:
            plans = plans_for(story, cast.firms, random, attempt=attempt)
        else:
            plans = [
                sound_plan(story, firm, random, sends=sends, short=story.draft.title in cast.short)
                for firm, sends in fixed
            ]
        maker = (
            cast.firm_for(story) if story.origin == Origin.MERCHANT else None
        )  # its offer is there already
        for plan in plans:
            if plan.firm != maker:
                _offer(cast, campaign_id, story, plan, now)


def _offer(cast: Cast, campaign_id: int, story: Story, plan: Plan, now: datetime) -> None:
    with transaction():
        offer = register_offer(
            plan.draft(story, cast.pictures, cast.papers, mended=False),
            campaign_id=campaign_id,
            merchant_id=plan.firm.merchant_id,
            by=plan.firm.owner_id,
            now=now,
        )
        submit_offer(offer.id, by=plan.firm.owner_id, now=now)
        cast.plans[offer.id] = plan


def _merchants_mend(cast: Cast, now: datetime) -> None:
    """Where machine review answered "wait", the firm mends what it was told, if it means well."""
    waiting = _rows(
        select(Offer.id)
        .join(StageVisit, StageVisit.offer_id == Offer.id)
        .where(StageVisit.left_at.is_(None), StageVisit.waiting_for == Offer.content_hash)
        .order_by(Offer.id)
    )
    for (offer_id,) in waiting:
        plan = _plan_of(cast, offer_id)
        if plan is None or not plan.mends or offer_id in cast.mended:
            continue
        cast.mended.add(offer_id)  # who is told twice gives up
        with transaction():
            offer = db.session.get_one(Offer, offer_id)
            draft = plan.draft(cast.stories[offer.campaign_id], cast.pictures, cast.papers, mended=True)
            change_offer(offer_id, draft, by=plan.firm.owner_id, now=now)


def _merchants_send(cast: Cast, now: datetime) -> None:
    asked = _rows(
        select(Sample.id, Sample.offer_id)
        .where(Sample.state == SampleState.REQUESTED, Sample.requested_at <= now - PACK)
        .order_by(Sample.id)
    )
    for sample_id, offer_id in asked:
        plan = _plan_of(cast, offer_id)
        if plan is not None and plan.sends:
            with transaction():
                send_sample(sample_id, "SF Express", f"SF{offer_id:010}", by=plan.firm.owner_id, now=now)


def _sample_room(cast: Cast, now: datetime) -> None:
    arrived = _rows(
        select(Sample.id, Sample.offer_id)
        .where(Sample.state == SampleState.SENT, Sample.sent_at <= now - POST)
        .order_by(Sample.id)
    )
    for sample_id, offer_id in arrived:
        plan = _plan_of(cast, offer_id)
        if plan is None:
            continue
        with transaction():
            receive_sample(sample_id, by=cast.sample_room, now=now)
            offer = db.session.get_one(Offer, offer_id)
            points = {point.key: plan.good for point in checklist(offer.campaign.category)}
            note = "" if plan.good else "The seam opens after a day of use."
            inspect_sample(
                sample_id, passed=plan.good, checklist=points, note=note, by=cast.sample_room, now=now
            )


def _reviewers(cast: Cast, now: datetime) -> None:
    """Both reviewers look at what came from the sample room; they agree on nearly everything."""
    queue = _rows(select(Offer.id, Offer.campaign_id).where(Offer.state == "final_review").order_by(Offer.id))
    for offer_id, campaign_id in queue:
        plan = _plan_of(cast, offer_id)
        if plan is None or cast.stories[campaign_id].draft.title in cast.unreviewed:
            continue
        seen = {by for (by,) in _rows(select(VerdictLine.by).where(
            VerdictLine.offer_id == offer_id, VerdictLine.stage == "final_review"))}  # fmt: skip
        ruling = Ruling.PASS if plan.pleases else Ruling.REJECT
        reason = (
            "Solid work at a fair price."
            if plan.pleases
            else "The pictures show another product than the sample."
        )
        for reviewer in cast.reviewers:
            if reviewer in seen or db.session.get_one(Offer, offer_id).state != "final_review":
                continue
            with transaction():
                give_verdict(offer_id, ruling, reason, by=reviewer, now=now)
    db.session.rollback()


def _operator(cast: Cast, now: datetime) -> None:
    """The operator takes the proposed slots."""
    for (batch_id,) in _rows(
        select(Batch.id).where(Batch.state != BatchState.OPEN, Batch.launch_until > now).order_by(Batch.id)
    ):
        for assignment in propose(batch_id, now):
            story = cast.stories.get(assignment.campaign_id)
            if assignment.slot_id is None or story is None or story.draft.title in cast.unplaced:
                continue
            try:
                with transaction():
                    book_place(assignment.slot_id, assignment.campaign_id, by=cast.operator, now=now)
            except Refused:  # the place went to another one meanwhile
                continue
        db.session.rollback()
