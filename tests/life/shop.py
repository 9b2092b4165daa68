"""The real shop for one life: the same acts as the model, through the product's own operations and jobs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import func, insert, select, update

from c2b.campaigns.operations import PledgeRequest, cancel_campaign, place_pledge, withdraw_pledge
from c2b.campaigns.states import CampaignState
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.events import Event
from c2b.merchants.models import Merchant
from c2b.orders.mending import mend
from c2b.payments.models import Attempt, Mandate, ProviderPace
from c2b.payments.states import AttemptState
from c2b.pipeline.engine import give_verdict, judge_by_machine
from c2b.pipeline.models import Offer, Place, Slot
from c2b.pipeline.stage import Ruling
from c2b.settlement.models import BankAccount
from jobs.registry import all_jobs
from tests import clockwork
from tests.factories import Make, put_in_state
from tests.life.model import PRICE
from tests.life.seen import Seen

NUMBERS = count(1)
MONEY = tuple(job for job in clockwork.MONEY if job != "finish_launches")  # a sale outlives a life
# What the jobs could find, written plainly and a little too widely: asked once in a pass, instead of by each job.
WORK = {
    "inbox": "select 1 from inbox_event where done_at is null and dead_at is null",
    "answers": "select 1 from attempt where state in ('started', 'unknown', 'requires_action')",
    "refunds": "select 1 from refund where state = 'owed'",
    "launches": "select 1 from launch where state not in ('selling', 'finished', 'failed')"
    " union all select 1 from pledge where state = 'allocated'",
}
OF = {"work_inbox": "inbox", "look_up_attempts": "answers", "send_refunds": "refunds"}  # the rest: launches
UNDER_WAY = "select " + ", ".join(f"exists ({query})" for query in WORK.values())


class Shop(Seen):
    """One campaign with its people. `now` is its time."""

    people: list[int]  # five shoppers, the same in every life
    firm: int
    firm_by: int  # who acts for the firm
    judges: list[int]
    operator: int

    def __init__(self, app: Any, now: datetime, minimum: int) -> None:
        self.app, self.now, self.minimum = app, now, minimum
        self.make = Make(now)
        self.ids: dict[int, int] = {}
        self.settled = -1  # how long the diary was when everything had settled
        campaign = self.make.campaign(
            CampaignState.TIPPED, threshold=1, tiers=((1, PRICE),), expected_price=PRICE, list_price=9900,
            slug=f"whole-life-{next(NUMBERS)}", tip_by_demand=True, starter_id=self.operator,
        )  # fmt: skip
        self.campaign_id = campaign.id
        self.terms = terms_hash(campaign)
        db.session.rollback()

    @classmethod
    def open(cls, now: datetime) -> None:
        """The people and the firm that all lives share."""
        make = Make(now)
        cls.people = [make.shopper().id for _ in range(5)]
        firm = make.merchant(deposit=10**9)
        cls.firm, cls.firm_by = firm.id, firm.staff[0].user_id
        cls.judges = [make.reviewer().id, make.reviewer().id]
        cls.operator = make.operator().id
        db.session.add(
            BankAccount(
                merchant_id=cls.firm,
                gateway="sandbox",
                destination="acct_works_1",
                label="Harbour Bank 6789",
                added_by=cls.firm_by,
                added_at=now,
                usable_at=now + timedelta(hours=72),
            )
        )
        db.session.commit()

    # doing -----------------------------------------------------------------------------------------

    def attempt(self, act: Callable[[], Any]) -> bool:
        """Whether it was allowed."""
        try:
            with transaction():
                act()
        except Refused:
            return False
        finally:
            db.session.rollback()
        return True

    def run(self, *names: str) -> None:
        """These jobs, once each."""
        for name in names:
            counts = all_jobs()[name].run(self.now)
            db.session.rollback()
            assert not counts.get("failed"), (name, counts)

    def settle(self, *, told: bool = True) -> None:
        """Minutes pass and the jobs of money run, until nothing is under way or nothing more happens.

        Where nothing was `told` by the provider and nothing is new in the diary, there is nothing to do.
        """
        if not told and self.settled == self._diary():
            return
        self.settled = -1
        while (work := self._under_way()) and (self.settled != (diary := self._diary()) or self._is_open()):
            self.settled = diary
            self.now += timedelta(seconds=61)
            self.run(*(job for job in MONEY if OF.get(job, "launches") in work))
        self.settled = self._diary()

    def _under_way(self) -> set[str]:
        """For which jobs of money there could be anything to do."""
        found = db.session.connection().exec_driver_sql(UNDER_WAY).one()
        db.session.rollback()
        return {name for name, there in zip(WORK, found, strict=True) if there}

    def _is_open(self) -> bool:
        """Whether an answer is missing; then the pause that follows many lost answers is over, and time passes."""
        unanswered = Attempt.state.in_((AttemptState.STARTED, AttemptState.UNKNOWN))
        waits = db.session.scalar(select(Attempt.id).where(unanswered).limit(1)) is not None
        if waits:
            db.session.execute(update(ProviderPace).values(closed_until=0, failures=0))
            db.session.commit()
            self.now += timedelta(minutes=5)
        db.session.rollback()
        return waits

    def _diary(self) -> int:
        length = int(db.session.scalar(select(func.max(Event.id))) or 0)
        db.session.rollback()
        return length

    def place(self, who: int, units: int, card: str) -> bool:
        mandate = self.card(who, card)
        request = PledgeRequest(
            shopper_id=self.people[who], quantity=units, ceiling=PRICE, mandate_id=mandate, terms=self.terms
        )
        return self.attempt(lambda: self._placed(who, request))

    def _placed(self, who: int, request: Any) -> None:
        self.ids[who] = place_pledge(self.campaign_id, request, now=self.now).id

    def card(self, who: int, kind: str) -> int:
        """A new card of this kind."""
        number = next(NUMBERS)
        card = {
            "user_id": self.people[who], "gateway": "sandbox", "token": f"tok_{kind}_feed{number:x}",
            "label": "Visa", "fingerprint": f"life-{number}", "created_at": self.now,
        }  # fmt: skip
        with transaction():
            return db.session.scalars(insert(Mandate).returning(Mandate.id), card).one()

    def leave(self, who: int) -> bool:
        """Leaving is for those who joined what has not tipped."""
        return self.attempt(lambda: withdraw_pledge(self.ids[who], by=self.people[who], now=self.now))

    def close(self) -> None:
        """The time to join is over."""
        campaign = self._campaign()
        campaign.closed_at = self.now
        put_in_state(campaign, CampaignState.SOURCING, self.now)
        db.session.commit()

    def offer(self) -> None:
        """A firm's offer has come as far as the final review."""
        offer = self.make.offer(
            self._campaign(),
            db.session.get_one(Merchant, self.firm),
            batch=self.make.batch(opens_at=self.now - timedelta(days=20)),
            minimum=self.minimum,
            maximum=10**6,
            lead_days=400,  # nothing is ever overdue here
        )
        self.make.at_stage(offer, "final_review")
        self.offer_id = offer.id
        db.session.rollback()

    def judge(self, which: int, ruling: Ruling) -> bool:
        """A reviewer's verdict."""
        by, words = self.judges[which], "It is as it should be, or not."
        return self.attempt(lambda: give_verdict(self.offer_id, ruling, words, by=by, now=self.now))

    def offer_state(self) -> str:
        state = str(db.session.scalar(select(Offer.state).where(Offer.id == self.offer_id)))
        db.session.rollback()
        return state

    def open_launch(self) -> None:
        """The offer has won a place, and its hour has come."""
        offer = db.session.get_one(Offer, self.offer_id)
        slot = Slot(
            batch_id=offer.batch_id, shown_from=self.now - timedelta(days=1), opens_at=self.now,
            closes_at=self.now + timedelta(days=200),
        )  # fmt: skip
        slot.places = [Place(number=1, campaign_id=self.campaign_id, booked_at=self.now - timedelta(days=1))]
        db.session.add(slot)
        self.make.at_stage(offer, "launch")
        put_in_state(self._campaign(), CampaignState.SCHEDULED, self.now, merchant_id=self.firm)
        db.session.commit()
        with transaction():
            judge_by_machine(self.offer_id, now=self.now)

    def mend(self, who: int, kind: str) -> bool:
        card = self.card(who, kind)
        pledge_id = self.ids[who]
        db.session.rollback()
        try:
            mend(pledge_id, card, now=self.now)
        except Refused:
            return False
        finally:
            db.session.rollback()
        return True

    def confirm(self, who: int, yes: bool) -> None:
        """The shopper answers the bank; the provider tells us by webhook."""
        reference = db.session.scalar(
            select(Attempt.reference).where(
                Attempt.pledge_id == self.ids[who], Attempt.state == AttemptState.REQUIRES_ACTION
            )
        )
        self.bank().confirm(str(reference), yes, self.now)

    def cancel(self) -> bool:
        by = self.operator
        return self.attempt(lambda: cancel_campaign(self.campaign_id, "It is not safe.", by=by, now=self.now))
