"""An offer on its way: each of its gates, the sample's parcel, the choice, the date, the hour of the launch."""

from collections.abc import Callable
from datetime import timedelta

from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import cancel_campaign
from c2b.campaigns.states import CampaignState
from c2b.core.db import db, transaction
from c2b.pipeline.awarding import award, replace_winner
from c2b.pipeline.batches import ensure_batches, join_batch
from c2b.pipeline.engine import end_offer, give_verdict, judge_by_machine
from c2b.pipeline.models import Offer, Slot
from c2b.pipeline.offers import change_offer, register_offer, submit_offer, withdraw_offer
from c2b.pipeline.reminders import drop_offer, lapse_offer
from c2b.pipeline.samples import inspect_sample, receive_sample, sample_of, send_sample
from c2b.pipeline.scheduling import book_place, give_back_place
from c2b.pipeline.stage import Ruling
from c2b.pipeline.states import WITHDRAWN
from jobs import award_batches, run_pipeline
from tests.crash.states import DAY, Builder, Ids, eve
from tests.crash.world import World, scenario
from tests.factories import Make
from tests.pipeline.offers_kit import draft, sound, wanted


def wanted_campaign(make: Make) -> Ids:
    """A campaign in a batch whose sign-up is open, and a firm that could supply it."""
    campaign = wanted(make, pledges=2, quantity=6)
    firm = make.merchant()
    return {"campaign": campaign.id, "merchant": firm.id, "by": firm.staff[0].user_id}


def signed_up(make: Make) -> Ids:
    """An offer that passes every rule, still with the merchant."""
    campaign = wanted(make, pledges=2, quantity=6)
    offer = sound(make, campaign, batch=None)
    db.session.commit()
    return {"offer": offer.id, "by": offer.created_by}


def handed_in(make: Make) -> Ids:
    """The same, before the machine."""
    ids = signed_up(make)
    submit_offer(ids["offer"], by=ids["by"], now=make.now)
    db.session.commit()
    return ids


def at(stage: str) -> Builder:
    """An offer at this stage, with the people who act on it."""

    def build(make: Make) -> Ids:
        batch = make.batch()
        campaign = make.campaign(CampaignState.SOURCING)
        make.pledge(campaign, quantity=10)
        make.entry(campaign, batch)
        offer = make.at_stage(make.offer(campaign, batch=batch), stage)
        ids = {"offer": offer.id, "by": offer.created_by, "reviewer": make.reviewer().id, "second": make.reviewer().id,
               "operator": make.operator().id, "campaign": campaign.id}  # fmt: skip
        if (sample := sample_of(offer.id)) is not None:
            ids["sample"] = sample.id
        return ids

    return build


def passed_once(make: Make) -> Ids:
    """One of two reviewers has passed it."""
    ids = at("final_review")(make)
    give_verdict(ids["offer"], Ruling.PASS, "", by=ids["reviewer"], now=make.now)
    db.session.commit()
    return ids


def parcel(*way: str) -> Builder:
    """A sample whose parcel has come this far."""

    def build(make: Make) -> Ids:
        ids = at("sample")(make)
        for act in way:
            PARCEL[act](ids, make)
        db.session.commit()
        return ids

    return build


PARCEL: dict[str, Callable[[Ids, Make], object]] = {
    "sent": lambda ids, make: send_sample(ids["sample"], "SF", "1", by=ids["by"], now=make.now),
    "received": lambda ids, make: receive_sample(ids["sample"], by=ids["reviewer"], now=make.now),
    "passed": lambda ids, make: inspect_sample(
        ids["sample"], passed=True, checklist={"ok": True}, note="", by=ids["reviewer"], now=make.now
    ),
}


def two_passed(make: Make) -> Ids:
    """Two offers that passed every review of a batch that is over."""
    batch = make.batch(opens_at=make.now - 8 * DAY)
    campaign = make.campaign(CampaignState.SOURCING, threshold=1, expected_price=20000)
    make.pledge(campaign, quantity=2)
    make.entry(campaign, batch)
    offers = [
        make.at_stage(make.offer(campaign, tiers=((1, price),), batch=batch), "scheduling")
        for price in (15000, 16000)
    ]
    return {"campaign": campaign.id, "offers": [offer.id for offer in offers]}


def chosen(make: Make) -> Ids:
    """One of them is chosen, the other stands by; there are slots to book."""
    ensure_batches(make.now)
    ids = two_passed(make)
    award(ids["campaign"], now=make.now)
    db.session.commit()
    slot = db.session.query(Slot).filter(Slot.opens_at > make.now).order_by(Slot.opens_at).first()
    assert slot is not None
    return ids | {"slot": slot.id, "operator": make.operator().id}


def booked(make: Make) -> Ids:
    """It has its date."""
    ids = chosen(make)
    book_place(ids["slot"], ids["campaign"], by=ids["operator"], now=make.now)
    db.session.commit()
    return ids


def fell_out(make: Make) -> Ids:
    """The chosen offer was taken back after all."""
    ids = booked(make)
    offer = db.session.get_one(Campaign, ids["campaign"]).merchant_id
    winner = db.session.query(Offer).filter_by(campaign_id=ids["campaign"], merchant_id=offer).one()
    end_offer(winner, WITHDRAWN, by=None, now=make.now)
    db.session.commit()
    return ids


def tipped(make: Make) -> Ids:
    """A campaign that has tipped, and a batch that takes it."""
    make.batch()
    return {"campaign": make.campaign(CampaignState.TIPPED).id}


def on_the_eve(make: Make) -> Ids:
    """The hour of its launch has come."""
    return {"offer": eve(make).id}


def overdue(make: Make) -> Ids:
    """A sample that never came."""
    return at("sample")(make) | {"late": True}


def cancelled_under_way(make: Make) -> Ids:
    """The campaign is gone while an offer is under review."""
    ids = at("final_review")(make)
    cancel_campaign(ids["campaign"], "No.", by=None, now=make.now)
    db.session.commit()
    return ids


@scenario("campaign: join a batch", tipped)
def join(world: World) -> None:
    with transaction():
        join_batch(world.ids["campaign"], now=world.now)


@scenario("offer: register", wanted_campaign)
def register(world: World) -> None:
    ids = world.ids
    with transaction():
        register_offer(
            draft(), campaign_id=ids["campaign"], merchant_id=ids["merchant"], by=ids["by"], now=world.now
        )


@scenario("offer: hand in", signed_up)
def submit(world: World) -> None:
    with transaction():
        submit_offer(world.ids["offer"], by=world.ids["by"], now=world.now)


@scenario("offer: change", signed_up)
def change(world: World) -> None:
    with transaction():
        change_offer(world.ids["offer"], draft(lead_days=12), by=world.ids["by"], now=world.now)


@scenario("offer: withdraw", handed_in)
def withdraw(world: World) -> None:
    with transaction():
        withdraw_offer(world.ids["offer"], by=world.ids["by"], now=world.now)


@scenario("offer: machine review", handed_in)
def machine_review(world: World) -> None:
    run_pipeline.run(world.now)


@scenario("sample: post", parcel())
def post(world: World) -> None:
    with transaction():
        send_sample(world.ids["sample"], "SF", "1", by=world.ids["by"], now=world.now)


@scenario("sample: receive", parcel("sent"))
def receive(world: World) -> None:
    with transaction():
        receive_sample(world.ids["sample"], by=world.ids["reviewer"], now=world.now)


@scenario("sample: inspect, and on to the final review", parcel("sent", "received"))
def inspect(world: World) -> None:
    with transaction():
        inspect_sample(
            world.ids["sample"],
            passed=True,
            checklist={"ok": True},
            note="",
            by=world.ids["reviewer"],
            now=world.now,
        )
    run_pipeline.run(world.now)


@scenario("sample: refused", parcel("sent", "received"))
def refuse_sample(world: World) -> None:
    with transaction():
        inspect_sample(
            world.ids["sample"], passed=False, checklist={"ok": False}, note="It smells.",
            by=world.ids["reviewer"], now=world.now,
        )  # fmt: skip
    with transaction():
        judge_by_machine(world.ids["offer"], now=world.now)


@scenario("review: the first verdict of the final review", at("final_review"))
def first_verdict(world: World) -> None:
    with transaction():
        give_verdict(world.ids["offer"], Ruling.PASS, "", by=world.ids["reviewer"], now=world.now)


@scenario("review: the second verdict of the final review", passed_once)
def second_verdict(world: World) -> None:
    with transaction():
        give_verdict(world.ids["offer"], Ruling.PASS, "", by=world.ids["second"], now=world.now)


@scenario("review: reject", at("final_review"))
def reject(world: World) -> None:
    with transaction():
        give_verdict(world.ids["offer"], Ruling.REJECT, "It burns.", by=world.ids["reviewer"], now=world.now)


@scenario("review: ask to mend", at("final_review"))
def ask_to_mend(world: World) -> None:
    with transaction():
        give_verdict(
            world.ids["offer"], Ruling.WAIT, "Say what it weighs.", by=world.ids["reviewer"], now=world.now
        )


@scenario("offer: lapse", overdue, moments=(30 * DAY,))
def lapse(world: World) -> None:
    with transaction():
        lapse_offer(world.ids["offer"], now=world.now + 30 * DAY)


@scenario("offer: fall through with its campaign", cancelled_under_way)
def fall_through(world: World) -> None:
    with transaction():
        drop_offer(world.ids["offer"], now=world.now)


@scenario("award: the best offer", two_passed)
def choose(world: World) -> None:
    award_batches.run(world.now)


@scenario("award: the second takes over", fell_out)
def take_over(world: World) -> None:
    with transaction():
        replace_winner(world.ids["campaign"], now=world.now)


@scenario("slot: book", chosen)
def book(world: World) -> None:
    with transaction():
        book_place(world.ids["slot"], world.ids["campaign"], by=world.ids["operator"], now=world.now)


@scenario("slot: give back", booked)
def give_back(world: World) -> None:
    with transaction():
        give_back_place(world.ids["campaign"], by=world.ids["operator"], now=world.now)


@scenario("slot: the batch and its slots", lambda _make: {})
def open_batch(world: World) -> None:
    with transaction():
        ensure_batches(world.now)


@scenario("launch: open at its hour", on_the_eve, moments=(timedelta(), timedelta(minutes=2)))
def open_launch(world: World) -> None:
    run_pipeline.run(world.now)
