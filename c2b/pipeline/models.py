"""From a tipped campaign to its launch: batches, offers and their way, samples, slots, launches."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from c2b.campaigns.models import Campaign
from c2b.core.db import Base, Model
from c2b.core.labels import one_of
from c2b.core.machine import Machine
from c2b.core.states import HasState
from c2b.merchants.models import Merchant
from c2b.payments import fees
from c2b.pipeline.stage import Ruling
from c2b.pipeline.states import BATCH, LAUNCH, SAMPLE, BatchState, LaunchState, SampleState


class Batch(HasState, Model):
    """Offers that are reviewed and launched together, and the dates they share."""

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint(
            "opens_at < signup_closes_at AND signup_closes_at < samples_due_at AND"
            " samples_due_at < review_at AND review_at < launch_from AND launch_from < launch_until",
            name="dates_in_order",
        ),
    )
    machine = BATCH

    number: Mapped[int] = mapped_column(unique=True)
    opens_at: Mapped[datetime]
    signup_closes_at: Mapped[datetime]
    samples_due_at: Mapped[datetime]
    review_at: Mapped[datetime]  # verdicts are due; the winners are chosen
    launch_from: Mapped[datetime]
    launch_until: Mapped[datetime]
    state: Mapped[BatchState] = mapped_column(one_of(BatchState))


class BatchEntry(Model):
    """A campaign's place in a batch; the second one is its last chance."""

    __tablename__ = "batch_entry"
    __table_args__ = (UniqueConstraint("campaign_id", "attempt"), UniqueConstraint("batch_id", "campaign_id"))

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    attempt: Mapped[int] = mapped_column(default=1)
    at: Mapped[datetime]
    batch: Mapped[Batch] = relationship()


class Offer(HasState, Model):
    """What a merchant registers to supply a campaign. Its state is the stage that it is in, or how it ended."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("minimum > 0 AND (maximum IS NULL OR maximum >= minimum)", name="quantities_fit"),
        Index("ix_offer_stage", "state", "due_at"),
        Index(
            "uq_offer_one_per_merchant",
            "campaign_id",
            "merchant_id",
            unique=True,
            postgresql_where=text("state NOT IN ('withdrawn', 'rejected', 'lapsed')"),
            sqlite_where=text("state NOT IN ('withdrawn', 'rejected', 'lapsed')"),
        ),
    )
    machine: ClassVar[Machine]  # drawn from the list of stages, in stages/__init__.py

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    title: Mapped[str]  # at most 26 characters
    selling_line: Mapped[str] = mapped_column(default="")  # at most 80
    currency: Mapped[str] = mapped_column(default="CNY")
    list_price: Mapped[int]
    lowest_price_7_days: Mapped[int | None]  # lowest price it was sold at in the last 7 days (30 in the EU)
    minimum: Mapped[int]  # fewest units the merchant supplies
    maximum: Mapped[int | None]  # most units
    per_shopper: Mapped[int] = mapped_column(default=10)
    lead_days: Mapped[int] = mapped_column(default=20)  # from launch to dispatch
    options: Mapped[list[Any]] = mapped_column(default=list)
    pictures: Mapped[list[str]] = mapped_column(default=list)  # the first is the main one, up to 4 more
    picture_alts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # {ref: words}
    unit_cost: Mapped[int | None]  # what one costs the merchant; for nobody else's eyes
    saved_at: Mapped[datetime | None]  # when its content was last kept, also by itself
    certificates: Mapped[list[Any]] = mapped_column(default=list)  # up to 4: {"file", "name", "kind"}
    origin: Mapped[str] = mapped_column(default="CN")
    hs_code: Mapped[str] = mapped_column(default="")
    regions: Mapped[list[str]] = mapped_column(default=list)
    launch_not_before: Mapped[datetime | None]  # the merchant's own dates
    launch_not_after: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    content_hash: Mapped[str] = mapped_column(default="")  # what an approval is bound to
    created_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # when the present stage must be over
    gain: Mapped[int] = mapped_column(default=0)  # what shoppers can expect to gain, minor units
    fee_bp: Mapped[int] = mapped_column(
        default=fees.FEE_BP, server_default="0"
    )  # our share of each sale in hundredths of a percent, shown before the merchant agreed
    state: Mapped[str]

    tiers: Mapped[list["OfferTier"]] = relationship(
        order_by="OfferTier.from_quantity", cascade="all, delete-orphan", lazy="selectin"
    )
    campaign: Mapped[Campaign] = relationship()
    merchant: Mapped[Merchant] = relationship()
    batch: Mapped[Batch | None] = relationship()


class OfferTier(Model):
    """From this many units, this price."""

    __tablename__ = "offer_tier"
    __table_args__ = (
        UniqueConstraint("offer_id", "from_quantity"),
        CheckConstraint("from_quantity > 0 AND unit_price > 0", name="is_positive"),
    )

    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id", ondelete="CASCADE"))
    from_quantity: Mapped[int]
    unit_price: Mapped[int]


class StageVisit(Model):
    """One stay of an offer in one stage: since when, until when, and what was decided."""

    __tablename__ = "stage_visit"
    __table_args__ = (
        Index(
            "uq_stage_visit_one_open", "offer_id", unique=True,
            postgresql_where=text("left_at IS NULL"), sqlite_where=text("left_at IS NULL"),
        ),
    )  # fmt: skip

    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    stage: Mapped[str]
    entered_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]  # the owner was told that it is overdue
    waiting_for: Mapped[str | None]  # hash of the content that a "wait" spoke of
    left_at: Mapped[datetime | None]


class VerdictLine(Model):
    """One verdict by one person, or by the machine (`by` is None), bound to the content that was seen."""

    __tablename__ = "verdict"
    __table_args__ = (UniqueConstraint("visit_id", "by", "content_hash"),)

    visit_id: Mapped[int] = mapped_column(ForeignKey("stage_visit.id"), index=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    stage: Mapped[str]
    by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ruling: Mapped[Ruling] = mapped_column(one_of(Ruling))
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    content_hash: Mapped[str]
    at: Mapped[datetime]


class Sample(HasState, Model):
    """A piece of the goods, on its way to be looked at. Its diary is the chain of custody."""

    __tablename__ = "sample"
    machine = SAMPLE

    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), unique=True)
    code: Mapped[str] = mapped_column(unique=True)  # printed on the parcel
    why: Mapped[str]  # why one is asked for: a key of sample_rules.WHYS, or somebody's own words
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    carrier: Mapped[str | None]
    tracking: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    received_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    inspected_at: Mapped[datetime | None]
    inspected_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    checklist: Mapped[dict[str, Any]] = mapped_column(default=dict)
    photos: Mapped[list[str]] = mapped_column(default=list)
    note: Mapped[str | None]
    state: Mapped[SampleState] = mapped_column(one_of(SampleState))


class Award(Base):
    """Which offer a campaign has; the next best ones stand by."""

    __tablename__ = "award"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True, autoincrement=False)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), unique=True)
    runner_up_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"))
    at: Mapped[datetime]


class Slot(Model):
    """A launch time with a number of places."""

    __tablename__ = "slot"
    __table_args__ = (
        CheckConstraint("shown_from < opens_at AND opens_at < closes_at", name="dates_in_order"),
        UniqueConstraint("channel", "opens_at"),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    channel: Mapped[str] = mapped_column(default="home")
    shown_from: Mapped[datetime]
    opens_at: Mapped[datetime] = mapped_column(index=True)
    closes_at: Mapped[datetime]
    places: Mapped[list["Place"]] = relationship(order_by="Place.number", cascade="all, delete-orphan")


class Place(Base):
    """One place in a slot. Booking is claiming the row, so a slot can never hold more than it has."""

    __tablename__ = "place"
    __table_args__ = (
        Index(
            "uq_place_one_per_campaign", "campaign_id", unique=True,
            postgresql_where=text("campaign_id IS NOT NULL"), sqlite_where=text("campaign_id IS NOT NULL"),
        ),
    )  # fmt: skip

    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    booked_by: Mapped[int | None]
    booked_at: Mapped[datetime | None]


class Launch(HasState, Model):
    """One sale: the price that cleared, what was set aside, and how far the charging is."""

    __tablename__ = "launch"
    __table_args__ = (
        CheckConstraint("unit_price > 0", name="unit_price_is_positive"),
        CheckConstraint("leftover >= 0", name="leftover_is_not_negative"),
    )
    machine = LAUNCH

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), unique=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"))
    unit_price: Mapped[int]
    currency: Mapped[str]
    minimum: Mapped[int]  # units that must be confirmed, or nobody is charged
    allocated: Mapped[int]  # units set aside at the hour
    leftover: Mapped[int] = mapped_column(default=0)  # units still to be had at the group price
    seed: Mapped[str] = mapped_column(default="")  # of the draw, where there was one
    opened_at: Mapped[datetime]
    mend_until: Mapped[datetime]  # failed cards can be mended until then
    topped_up_at: Mapped[datetime | None]  # when the waiting list moved up; once
    fee_bp: Mapped[int] = mapped_column(default=0, server_default="0")  # our share, as the offer agreed
    confirmed_at: Mapped[datetime | None]  # when the minimum was found to be met
    closes_at: Mapped[datetime]
    state: Mapped[LaunchState] = mapped_column(one_of(LaunchState))

    campaign: Mapped[Campaign] = relationship()
    offer: Mapped[Offer] = relationship()


class PricePoint(Model):
    """A price something was really listed or sold at; only ever added to."""

    __tablename__ = "price_point"

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), index=True)
    unit_price: Mapped[int]
    currency: Mapped[str]
    at: Mapped[datetime]
