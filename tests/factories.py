"""People and things for tests: complete where the test says nothing. Each is saved and returned."""

from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any

from sqlalchemy import update

from c2b.accounts.models import RoleGrant, User
from c2b.campaigns.models import Campaign, DemandPoint, Pledge, PriceTier
from c2b.campaigns.states import Basis, CampaignState, Origin
from c2b.campaigns.terms import terms_hash
from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.events import record
from c2b.merchants.models import Merchant, MerchantStaff
from c2b.merchants.states import Grade, Kind, MerchantState, Post
from c2b.payments.models import Mandate
from c2b.pipeline import stages
from c2b.pipeline.engine import enter_stage
from c2b.pipeline.judging import visit_of
from c2b.pipeline.models import Batch, BatchEntry, Offer, OfferTier, VerdictLine
from c2b.pipeline.samples import sample_of
from c2b.pipeline.stage import Ruling
from c2b.pipeline.states import SampleState

NUMBERS = count(1)


def put_in_state(thing: Any, state: str, now: datetime, **values: Any) -> None:
    """Place a record in the middle of its life, with the diary line that its last move would have left."""
    db.session.flush()
    if thing.state != state or values:
        cls = type(thing)
        db.session.execute(
            update(cls)
            .where(cls.id == thing.id)
            .values(state=state, state_since=now, **values)
            .execution_options(synchronize_session=False)
        )
        record(thing, f"{cls.__tablename__}.{state}", by=None, at=now, old=str(thing.state))
        db.session.flush()
        db.session.refresh(thing)


class Make:
    """`make.campaign(threshold=5)`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def _save(self, thing: Any) -> Any:
        db.session.add(thing)
        db.session.flush()
        return thing

    def user(
        self, name: str = "Someone", *, confirmed: bool = True, roles: tuple[Role, ...] = (), **more: Any
    ) -> User:
        number = next(NUMBERS)
        user = User(
            email=more.pop("email", f"person{number}@example.org"),
            name=name,
            created_at=self.now,
            email_confirmed_at=self.now if confirmed else None,
            **more,
        )
        user.grants = [RoleGrant(role=role, granted_at=self.now) for role in roles]
        self._save(user)
        db.session.commit()
        return user

    def mandate(self, user: User, token: str = "tok_ok") -> Mandate:
        mandate = Mandate(
            user_id=user.id,
            gateway="sandbox",
            token=f"{token}_{user.id}",
            label="Visa ending 4242",
            fingerprint=f"print-{user.id}",
            created_at=self.now,
        )
        self._save(mandate)
        db.session.commit()
        return mandate

    def shopper(self, name: str = "Shopper", **more: Any) -> User:
        """A confirmed person with a saved card."""
        user = self.user(name, **more)
        self.mandate(user)
        return user

    def reviewer(self, name: str = "Reviewer") -> User:
        return self.user(name, roles=(Role.REVIEWER,))

    def operator(self, name: str = "Operator") -> User:
        return self.user(name, roles=(Role.OPERATOR,))

    def merchant(
        self, state: str = MerchantState.CERTIFIED, *, grade: Grade = Grade.BASIC, **more: Any
    ) -> Merchant:
        """A firm with an owner."""
        number = next(NUMBERS)
        owner = more.pop("owner", None) or self.user(f"Owner {number}", roles=(Role.MERCHANT,))
        merchant = Merchant(
            name=more.pop("name", f"Firm {number}"),
            slug=f"firm-{number}",
            kind=Kind.FACTORY,
            licence_number=f"L{number:08}",
            created_at=self.now,
            state_since=self.now,
            deposit=more.pop("deposit", 1_000_000),
            **more,
        )
        merchant.staff = [MerchantStaff(user_id=owner.id, post=Post.OWNER, since=self.now)]
        self._save(merchant)
        if state != MerchantState.APPLIED:
            put_in_state(merchant, state, self.now, grade=grade, certified_at=self.now)
        db.session.commit()
        return merchant

    def campaign(
        self,
        state: str = CampaignState.OPEN,
        *,
        threshold: int = 10,
        tiers: tuple[tuple[int, int], ...] | None = None,
        **more: Any,
    ) -> Campaign:
        """An open campaign with one tier, unless said otherwise."""
        number = next(NUMBERS)
        expected = more.pop("expected_price", 25900)
        campaign = Campaign(
            slug=more.pop("slug", f"thing-{number}"),
            title=more.pop("title", f"Thing {number}"),
            category=more.pop("category", "home"),
            origin=more.pop("origin", Origin.SHOPPER),
            starter_id=more.pop("starter_id", None) or self.user("Starter").id,
            list_price=more.pop("list_price", 39900),
            expected_price=expected,
            threshold=threshold,
            basis=more.pop("basis", Basis.UNITS),
            created_at=self.now,
            state_since=self.now,
            opened_at=self.now,
            closes_at=more.pop("closes_at", self.now + timedelta(days=7)),
            **more,
        )
        campaign.tiers = [
            PriceTier(from_quantity=quantity, unit_price=price)
            for quantity, price in tiers or ((threshold, expected),)
        ]
        self._save(campaign)
        after_tipping = (
            CampaignState.TIPPED, CampaignState.SOURCING, CampaignState.AWARDED, CampaignState.SCHEDULED,
            CampaignState.LIVE, CampaignState.COMPLETED, CampaignState.FAILED,
        )  # fmt: skip
        tipped = state in after_tipping  # by demand, as no pledges were made for it
        put_in_state(campaign, state, self.now, tipped_at=self.now if tipped else None, tip_by_demand=tipped)
        db.session.commit()
        return campaign

    def pledge(
        self, campaign: Campaign, shopper: User | None = None, *, quantity: int = 1, ceiling: int | None = None,
        tolerance: int = 0, token: str = "tok_ok", **more: Any,
    ) -> Pledge:  # fmt: skip
        """An active pledge, counted as the pledge operation would have done; it never tips by itself."""
        shopper = shopper or self.user("Shopper")
        mandate = self.mandate(shopper, token)
        ceiling = ceiling if ceiling is not None else campaign.first_price
        pledge = Pledge(
            campaign_id=campaign.id,
            shopper_id=shopper.id,
            quantity=quantity,
            tolerance=tolerance,
            ceiling=ceiling,
            counts=ceiling >= campaign.first_price,
            mandate_id=mandate.id,
            terms=more.pop("terms", None) or terms_hash(campaign),
            placed_at=self.now,
            state_since=self.now,
            **more,
        )
        self._save(pledge)
        campaign.people += 1
        campaign.units += quantity
        if pledge.counts:
            campaign.counted_people += 1
            campaign.counted_units += quantity
        point = db.session.get(DemandPoint, (campaign.id, ceiling))
        if point is None:
            point = DemandPoint(campaign_id=campaign.id, ceiling=ceiling, units=0, tolerance=0, people=0)
            db.session.add(point)
        point.units += quantity
        point.tolerance += tolerance
        point.people += 1
        record(pledge, "pledge.placed", by=shopper.id, at=self.now, quantity=quantity)
        db.session.commit()
        return pledge

    def batch(self, *, opens_at: datetime | None = None, **more: Any) -> Batch:
        """A batch whose sign-up is open."""
        opens = opens_at or self.now - timedelta(days=1)
        batch = Batch(
            number=next(NUMBERS),
            opens_at=opens,
            signup_closes_at=opens + timedelta(days=7),
            samples_due_at=opens + timedelta(days=14),
            review_at=opens + timedelta(days=17),
            launch_from=opens + timedelta(days=19),
            launch_until=opens + timedelta(days=26),
            state_since=self.now,
            **more,
        )
        self._save(batch)
        db.session.commit()
        return batch

    def entry(self, campaign: Campaign, batch: Batch, attempt: int = 1) -> BatchEntry:
        entry = BatchEntry(campaign_id=campaign.id, batch_id=batch.id, attempt=attempt, at=self.now)
        self._save(entry)
        db.session.commit()
        return entry

    def offer(
        self,
        campaign: Campaign,
        merchant: Merchant | None = None,
        *,
        tiers: tuple[tuple[int, int], ...] | None = None,
        batch: Batch | None = None,
        **more: Any,
    ) -> Offer:
        """A registered offer in its first stage."""
        merchant = merchant or self.merchant()
        rows = tiers or tuple((tier.from_quantity, tier.unit_price) for tier in campaign.tiers)
        offer = Offer(
            campaign_id=campaign.id,
            merchant_id=merchant.id,
            batch_id=batch.id if batch else None,
            title=more.pop("title", campaign.title[:26]),
            list_price=more.pop("list_price", campaign.list_price),
            minimum=more.pop("minimum", rows[0][0]),
            created_by=more.pop("created_by", merchant.staff[0].user_id),
            created_at=self.now,
            state_since=self.now,
            content_hash=more.pop("content_hash", f"hash-{next(NUMBERS)}"),
            **more,
        )
        offer.tiers = [OfferTier(from_quantity=quantity, unit_price=price) for quantity, price in rows]
        self._save(offer)
        enter_stage(offer, offer.state, now=self.now)
        db.session.commit()
        return offer

    def _approvers(self, offer: Offer, stage: stages.Stage) -> list[int | None]:
        if stage.owner is Role.MERCHANT:
            return [offer.created_by]
        if stage.decide:
            return [None]
        return [self.user(f"Judge {n}", roles=(stage.owner,)).id for n in range(stage.passes_needed)]

    def at_stage(self, offer: Offer, key: str) -> Offer:
        """The offer in a later stage, with the approvals that brought it there."""
        for here, following in pairwise(stages.PIPELINE):
            if offer.state == key:
                break
            visit = visit_of(offer)
            for by in self._approvers(offer, here):
                self._save(
                    VerdictLine(
                        visit_id=visit.id, offer_id=offer.id, stage=here.key, by=by, ruling=Ruling.PASS, reason="",
                        content_hash=offer.content_hash, at=self.now,
                    )
                )  # fmt: skip
            if (sample := sample_of(offer.id)) is not None and here.key == "sample":
                put_in_state(
                    sample, SampleState.PASSED, self.now, received_at=self.now, inspected_at=self.now
                )
            enter_stage(offer, following.key, now=self.now)
        db.session.commit()
        return offer
