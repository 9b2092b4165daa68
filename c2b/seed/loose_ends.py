"""What nobody's story tells: wishes to be looked at, firms to be certified, drafts, ends before their time."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from c2b.accounts.operations import add_people
from c2b.campaigns.models import Pledge
from c2b.campaigns.operations import (
    cancel_campaign,
    follow,
    reject_campaign,
    start_campaign,
    submit_campaign,
    withdraw_pledge,
)
from c2b.campaigns.states import Origin, PledgeState
from c2b.core.db import db, transaction
from c2b.merchants.operations import apply, certify, decline, suspend
from c2b.merchants.rules import Application, Paper
from c2b.merchants.states import DocumentKind, Grade, Kind
from c2b.pipeline.models import Offer, Sample
from c2b.pipeline.offers import register_offer, submit_offer, withdraw_offer
from c2b.pipeline.samples import receive_sample, send_sample
from c2b.pipeline.states import SampleState
from c2b.replay.actors import Cast
from c2b.replay.invention import Story
from c2b.replay.plans import Flaw, sound_plan
from c2b.seed import names
from c2b.seed.delivery import deliver
from c2b.seed.stories import CANCELLED, OPEN, THIS_WEEK, WISHES, Thing, draft_of


def _told(cast: Cast, thing: Thing) -> tuple[int, Story]:
    """A thing's campaign and story."""
    return next((id_, story) for id_, story in cast.stories.items() if story.draft.title == thing.title)


def _leaves(alice: int, cooker: int, now: datetime) -> None:
    """Alice has left one campaign."""
    with transaction():
        left = select(Pledge.id).where(
            Pledge.shopper_id == alice, Pledge.campaign_id == cooker, Pledge.state == PledgeState.ACTIVE
        )
        for pledge_id in db.session.scalars(left):
            withdraw_pledge(pledge_id, by=alice, now=now)


def _samples(cast: Cast, now: datetime) -> None:
    """One parcel waits to be looked at, one is on its way."""
    with transaction():
        on_its_way = db.session.scalar(select(Sample).where(Sample.state == SampleState.SENT))
        if on_its_way:
            receive_sample(on_its_way.id, by=cast.sample_room, now=now)
        asked = db.session.scalars(
            select(Sample).where(Sample.state == SampleState.REQUESTED).order_by(Sample.id)
        )
        mine = {cast.firms[0].merchant_id}
        for sample in asked:
            offer = db.session.get_one(Offer, sample.offer_id)
            if offer.merchant_id not in mine:
                send_sample(sample.id, "SF Express", "SF250000001", by=offer.created_by, now=now)
                break


def _offers_that_end(cast: Cast, now: datetime) -> None:
    """One is turned down for its words, one is taken back."""
    campaign_id, story = _told(cast, THIS_WEEK[1])
    for firm, flaw in ((cast.firms[3], Flaw.BANNED), (cast.firms[4], Flaw.NONE)):
        plan = replace(sound_plan(story, firm, cast.random("ends", firm.merchant_id), sends=False), flaw=flaw)
        with transaction():
            draft = plan.draft(story, cast.pictures, cast.papers, mended=False)
            offer = register_offer(
                draft, campaign_id=campaign_id, merchant_id=firm.merchant_id, by=firm.owner_id, now=now
            )
            if flaw == Flaw.BANNED:
                submit_offer(offer.id, by=firm.owner_id, now=now)
            else:
                withdraw_offer(offer.id, by=firm.owner_id, now=now)


def tie_up(named: dict[str, int], cast: Cast, now: datetime) -> None:
    """What nobody's story tells: wishes to be looked at, firms to be certified, a draft, an end before its time."""
    with transaction():
        _wishes(named, cast, now)
        _applicants(cast, now)
    mo = cast.firms[0]
    _leaves(named["alice"], _told(cast, OPEN[9])[0], now)
    deliver(named["alice"], named["otto"], now)
    _samples(cast, now)
    _offers_that_end(cast, now)
    for thing, flawed in ((THIS_WEEK[0], False), (THIS_WEEK[1], True)):
        campaign_id, story = next(
            (id_, one) for id_, one in cast.stories.items() if one.draft.title == thing.title
        )
        plan = sound_plan(story, mo, cast.random("mo", thing.title), sends=False)
        draft = plan.draft(story, cast.pictures, cast.papers, mended=True)
        with transaction():
            offer = register_offer(
                replace(draft, certificates=[] if flawed else draft.certificates),
                campaign_id=campaign_id, merchant_id=mo.merchant_id, by=mo.owner_id, now=now,
            )  # fmt: skip
            if flawed:
                submit_offer(offer.id, by=mo.owner_id, now=now)


def _wishes(named: dict[str, int], cast: Cast, now: datetime) -> None:
    alice, otto = named["alice"], named["otto"]
    for thing, ending in WISHES:
        campaign = start_campaign(
            draft_of(thing, [f"demo/{thing.picture}"]), starter_id=alice if ending != "rejected" else cast.starter,
            origin=Origin.SHOPPER, now=now,
        )  # fmt: skip
        if ending == "draft":
            continue
        submit_campaign(campaign.id, by=campaign.starter_id, now=now)
        if ending == "rejected":
            reject_campaign(campaign.id, "We cannot sell medicine.", by=otto, now=now)
    for campaign_id, story in cast.stories.items():
        if story.draft.title == CANCELLED[0].title:
            cancel_campaign(campaign_id, "Not allowed on public roads.", by=otto, now=now)
        if story.draft.title == OPEN[1].title:
            follow(campaign_id, alice, now=now)


def _applicants(cast: Cast, now: datetime) -> None:
    for number, (name, place, about, turned_down) in enumerate(names.APPLICANTS):
        [owner] = add_people([(f"{name} owner", f"applicant{number}@muster.example")], now=now)
        application = Application(
            name=name,
            kind=Kind.BRAND,
            licence_number=f"91110105MA3{number:07}",
            ships_from=place,
            about=about,
        )
        papers = [
            Paper(kind, cast.papers, f"{kind}.pdf") for kind in (DocumentKind.LICENCE, DocumentKind.BRAND)
        ]
        firm = apply(application, papers, by=owner, now=now)
        if turned_down:
            decline(firm.id, "The licence cannot be read. Please scan it again.", by=cast.operator, now=now)
        elif name == names.SUSPENDED:
            certify(firm.id, Grade.BASIC, by=cast.operator, now=now)
            suspend(firm.id, "Three launches in a row were sent late.", by=cast.operator, now=now)
