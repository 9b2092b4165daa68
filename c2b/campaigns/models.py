"""Wishes and pledges. What must always be true is a constraint."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from c2b.campaigns.categories import Category
from c2b.campaigns.states import (
    CAMPAIGN,
    PLEDGE,
    Allocation,
    Basis,
    CampaignState,
    CloseRule,
    Fulfilment,
    Origin,
    PledgeState,
)
from c2b.core.db import Base, Model
from c2b.core.labels import one_of
from c2b.core.states import HasState


class Campaign(HasState, Model):
    """A wish that many shoppers share. It tips once their pledges reach the threshold."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("threshold > 0", name="threshold_is_positive"),
        CheckConstraint("expected_price > 0 AND expected_price <= list_price", name="expected_price_fits"),
        CheckConstraint("capacity IS NULL OR units <= capacity", name="units_fit_capacity"),
        CheckConstraint("units >= counted_units AND counted_units >= 0", name="counted_units_fit"),
        CheckConstraint("people >= counted_people AND counted_people >= 0", name="counted_people_fit"),
        CheckConstraint(
            "tipped_at IS NOT NULL OR state NOT IN"
            " ('tipped', 'sourcing', 'awarded', 'scheduled', 'live', 'completed', 'failed')",
            name="tipped_has_a_time",
        ),
        CheckConstraint(
            "closes_at IS NOT NULL OR state IN ('draft', 'submitted', 'rejected', 'cancelled')",
            name="open_has_an_end",
        ),
        Index("ix_campaign_closing", "state", "closes_at"),
        Index("ix_campaign_heat", "heat_score"),
    )
    machine = CAMPAIGN

    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    category: Mapped[Category] = mapped_column(one_of(Category), index=True)
    fulfilment: Mapped[Fulfilment] = mapped_column(one_of(Fulfilment), default=Fulfilment.SHIPPED)
    pictures: Mapped[list[str]] = mapped_column(
        default=list
    )  # references of c2b.core.files; the first is the main one
    picture_alts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # {ref: words}
    origin: Mapped[Origin] = mapped_column(one_of(Origin))
    starter_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    merchant_id: Mapped[int | None] = mapped_column(
        ForeignKey("merchant.id"), index=True
    )  # who started it, or won it
    currency: Mapped[str] = mapped_column(default="CNY")
    list_price: Mapped[int]
    list_price_basis: Mapped[str] = mapped_column(default="")  # where the list price was seen, in words
    expected_price: Mapped[int]
    threshold: Mapped[int]
    basis: Mapped[Basis] = mapped_column(one_of(Basis), default=Basis.UNITS)
    capacity: Mapped[int | None]  # most units that may be pledged
    per_shopper: Mapped[int] = mapped_column(default=10)  # most units for one shopper, tolerance included
    close_rule: Mapped[CloseRule] = mapped_column(one_of(CloseRule), default=CloseRule.DEADLINE)
    allocation: Mapped[Allocation] = mapped_column(one_of(Allocation), default=Allocation.FIRST_COME)
    options: Mapped[list[Any]] = mapped_column(
        default=list
    )  # [{"name": "Colour", "values": ["Red", "Blue"]}]
    regions: Mapped[list[str]] = mapped_column(default=list)  # ISO countries it can go to; empty: everywhere

    created_at: Mapped[datetime]
    days_open: Mapped[int] = mapped_column(default=14)
    opened_at: Mapped[datetime | None] = mapped_column(index=True)
    closes_at: Mapped[datetime | None] = mapped_column(index=True)
    tipped_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]  # when it stopped taking pledges
    tip_by_demand: Mapped[bool] = mapped_column(default=False)
    state: Mapped[CampaignState] = mapped_column(one_of(CampaignState))
    reason: Mapped[str | None]  # why it was rejected, cancelled or failed, in words for everyone

    # Sums over the active pledges, kept by the pledge operations under the campaign's lock; see checks.py.
    people: Mapped[int] = mapped_column(default=0)
    units: Mapped[int] = mapped_column(default=0)
    counted_people: Mapped[int] = mapped_column(
        default=0
    )  # those whose ceiling reaches the first tier's price
    counted_units: Mapped[int] = mapped_column(default=0)

    # For the pages; refreshed by a job and by each pledge, never used to decide.
    heat: Mapped[int] = mapped_column(default=1)
    heat_score: Mapped[int] = mapped_column(default=0)
    joined_last_day: Mapped[int] = mapped_column(default=0)
    last_joined_at: Mapped[datetime | None]
    search_text: Mapped[str] = mapped_column(default="")

    tiers: Mapped[list["PriceTier"]] = relationship(
        order_by="PriceTier.from_quantity", cascade="all, delete-orphan", lazy="selectin"
    )

    @property
    def first_price(self) -> int:
        """The first tier's price: a pledge counts at once when its ceiling reaches it."""
        return self.tiers[0].unit_price


class PriceTier(Model):
    """From this many units, this price for everyone."""

    __tablename__ = "price_tier"
    __table_args__ = (
        UniqueConstraint("campaign_id", "from_quantity"),
        CheckConstraint("from_quantity > 0 AND unit_price > 0", name="is_positive"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    from_quantity: Mapped[int]
    unit_price: Mapped[int]


STANDS = text("state IN ('active', 'reconfirm', 'allocated', 'ordered')")


class Pledge(HasState, Model):
    """A shopper's promise to buy, up to a price of their own."""

    __tablename__ = "pledge"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND tolerance >= 0", name="quantity_is_positive"),
        CheckConstraint("ceiling > 0", name="ceiling_is_positive"),
        CheckConstraint("allocated <= quantity + tolerance", name="allocated_fits"),
        Index(
            "uq_pledge_one_standing",
            "campaign_id",
            "shopper_id",
            unique=True,
            postgresql_where=STANDS,
            sqlite_where=STANDS,
        ),
        Index("ix_pledge_campaign_state", "campaign_id", "state", "placed_at"),
    )
    machine = PLEDGE

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    shopper_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    quantity: Mapped[int]
    tolerance: Mapped[int] = mapped_column(
        default=0
    )  # further units taken only if they are needed to reach a tier
    ceiling: Mapped[int]  # most the shopper pays per unit
    counts: Mapped[bool]  # whether the ceiling reaches the first tier's price
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"Colour": "Red"}
    region: Mapped[str] = mapped_column(default="CN")
    address_id: Mapped[int | None] = mapped_column(ForeignKey("address.id"))
    mandate_id: Mapped[int] = mapped_column(ForeignKey("mandate.id"))
    terms: Mapped[str]  # hash of the terms that the shopper saw
    request_key: Mapped[str | None] = mapped_column(unique=True)  # a repeated request gets the first answer
    brought_by: Mapped[int | None] = mapped_column(
        ForeignKey("user.id"), index=True
    )  # whose link led here; never oneself
    late: Mapped[bool] = mapped_column(default=False)  # bought after the launch, from what was left over
    placed_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[PledgeState] = mapped_column(one_of(PledgeState))
    allocated: Mapped[int] = mapped_column(default=0)  # units set aside at the launch

    campaign: Mapped[Campaign] = relationship(lazy="raise_on_sql")


class DemandPoint(Base):
    """The demand curve by price: what the active pledges with one ceiling add up to."""

    __tablename__ = "demand_point"
    __table_args__ = (
        CheckConstraint("units >= 0 AND people >= 0 AND tolerance >= 0", name="is_not_negative"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True)
    ceiling: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    units: Mapped[int] = mapped_column(default=0)
    tolerance: Mapped[int] = mapped_column(default=0)
    people: Mapped[int] = mapped_column(default=0)


class PeopleDay(Base):
    """How many people stood behind a campaign when it was last looked at on a day (UTC); for its page alone."""

    __tablename__ = "people_day"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int]


class Follow(Model):
    """Somebody wants to hear of a campaign without a pledge."""

    __tablename__ = "follow"
    __table_args__ = (UniqueConstraint("campaign_id", "user_id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
