"""The life of one campaign under acts at random, against a model of a few lines; every promise holds after each."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from c2b.accounts.models import User
from c2b.campaigns import operations
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.pledging import PledgeChange, change_pledge, place_pledges, withdraw_pledge
from c2b.campaigns.queries import demand
from c2b.campaigns.states import Allocation, Basis, CampaignState, CloseRule
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.core.errors import Refused
from c2b.core.events import Event
from tests.campaigns.asking import ask
from tests.factories import Make

C = CampaignState
START = datetime(2025, 5, 20, 6, 0, tzinfo=UTC)
FIRST, SECOND = 200, 100  # prices of the two tiers
NUMBERS = count(1)
pieces = st.integers(1, 4)
ceilings = st.sampled_from([200, 250, 200, 150, 100, 90])


class Life(RuleBasedStateMachine):
    """`self.pledges` is the model: {shopper's place in the list: [quantity, tolerance, ceiling]}."""

    shoppers: ClassVar[list[User]] = []  # the same six people in every life

    @initialize(
        threshold=st.integers(2, 5),
        capacity=st.sampled_from([None, 8, 12]),
        rule_=st.sampled_from(list(CloseRule)),
        basis=st.sampled_from(list(Basis)),
    )
    def start(self, threshold: int, capacity: int | None, rule_: CloseRule, basis: Basis) -> None:
        make = Make(START)
        self.now, self.state = START, "open"
        self.threshold, self.capacity, self.close_rule, self.basis = threshold, capacity, rule_, basis
        self.campaign = make.campaign(
            threshold=threshold, tiers=((threshold, FIRST), (threshold + 4, SECOND)), capacity=capacity,
            close_rule=rule_, basis=basis, list_price=250, expected_price=FIRST, per_shopper=6,
            allocation=Allocation.LOTTERY, slug=f"life-{next(NUMBERS)}",
        )  # fmt: skip
        while len(self.shoppers) < 6:
            self.shoppers.append(make.shopper())
        self.pledges: dict[int, list[int]] = {}
        self.ids: dict[int, int] = {}

    def takes(self) -> bool:
        return self.state in ("open", "tipped") and self.now <= self.campaign.closes_at

    def counted(self) -> int:
        able = [pledge for pledge in self.pledges.values() if pledge[2] >= FIRST]
        return len(able) if self.basis == Basis.PEOPLE else sum(pledge[0] for pledge in able)

    def units(self) -> int:
        return sum(pledge[0] for pledge in self.pledges.values())

    def settle(self) -> None:
        """What the model says follows from a change of its pledges."""
        if self.state == "open" and self.counted() >= self.threshold:
            self.state = "tipped"
        full = (
            self.close_rule == CloseRule.FULL and self.capacity is not None and self.units() >= self.capacity
        )
        if self.state == "tipped" and (self.close_rule == CloseRule.TIPS or full):
            self.state = "sourcing"

    @rule(
        wanted=st.lists(
            st.tuples(st.integers(0, 5), pieces, st.integers(0, 2), ceilings), min_size=1, max_size=5
        )
    )
    def place(self, wanted: list[tuple[int, int, int, int]]) -> None:
        requests = [
            ask(self.campaign, self.shoppers[who], quantity, tolerance=tolerance, ceiling=ceiling)
            for who, quantity, tolerance, ceiling in wanted
        ]
        answers = place_pledges(self.campaign.id, requests, now=self.now)
        db.session.commit()
        for (who, quantity, tolerance, ceiling), answer in zip(wanted, answers, strict=True):
            fits = self.capacity is None or self.units() + quantity <= self.capacity
            expected = self.takes() and who not in self.pledges and fits and quantity + tolerance <= 6
            assert (answer.pledge_id is not None) == expected, (answer, wanted)
            if answer.pledge_id is not None:
                self.pledges[who] = [quantity, tolerance, ceiling]
                self.ids[who] = answer.pledge_id
                self.settle()

    @precondition(lambda self: self.pledges)
    @rule(data=st.data(), quantity=st.integers(1, 7), ceiling=ceilings)
    def change(self, data: Any, quantity: int, ceiling: int) -> None:
        who = data.draw(st.sampled_from(sorted(self.pledges)))
        before = self.pledges[who]
        fits = self.capacity is None or self.units() + quantity - before[0] <= self.capacity
        lower = quantity < before[0] or ceiling < before[2]
        expected = (
            self.takes() and fits and quantity + before[1] <= 6 and not (self.state == "tipped" and lower)
        )
        done = self._try(
            lambda: change_pledge(
                self.ids[who],
                PledgeChange(quantity=quantity, ceiling=ceiling),
                by=self.shoppers[who].id,
                now=self.now,
            )
        )
        assert done == expected
        if done:
            self.pledges[who] = [quantity, before[1], ceiling]
            self.settle()

    @precondition(lambda self: self.pledges)
    @rule(data=st.data())
    def withdraw(self, data: Any) -> None:
        who = data.draw(st.sampled_from(sorted(self.pledges)))
        expected = self.state == "open" and self.takes()
        done = self._try(lambda: withdraw_pledge(self.ids[who], by=self.shoppers[who].id, now=self.now))
        assert done == expected
        if done:
            del self.pledges[who]

    @rule(hours=st.sampled_from([1, 20, 60, 200]), close=st.booleans())
    def wait(self, hours: int, close: bool) -> None:
        """Time passes; the job that closes campaigns may come late."""
        self.now += timedelta(hours=hours)
        if not close:
            return
        operations.close_campaigns([self.campaign.id], now=self.now)
        db.session.commit()
        if self.state in ("open", "tipped") and self.now > self.campaign.closes_at:
            self.state = "sourcing" if self.state == "tipped" or self.clears() else "expired"

    def clears(self) -> bool:
        """Whether all of the demand reaches a tier, and, where people count, enough of them can pay it."""
        price = None
        for quantity, unit_price in ((self.threshold, FIRST), (self.threshold + 4, SECOND)):
            able = [pledge for pledge in self.pledges.values() if pledge[2] >= unit_price]
            if sum(pledge[0] + pledge[1] for pledge in able) >= quantity:
                price = unit_price
        able = [pledge for pledge in self.pledges.values() if price is not None and pledge[2] >= price]
        return price is not None and (self.basis == Basis.UNITS or len(able) >= self.threshold)

    @precondition(lambda self: self.now - START > timedelta(hours=60))  # else most lives would end too soon
    @rule()
    def cancel(self) -> None:
        done = self._try(lambda: operations.cancel_campaign(self.campaign.id, "Gone.", by=None, now=self.now))
        assert done == (self.state in ("open", "tipped", "sourcing"))
        self.state = "cancelled" if done else self.state

    def _try(self, act: Any) -> bool:
        try:
            act()
            db.session.commit()
        except Refused:
            db.session.rollback()
            return False
        return True

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        db.session.expire_all()
        campaign = db.session.get_one(Campaign, self.campaign.id)
        assert campaign.state == self.state
        assert (campaign.people, campaign.units) == (len(self.pledges), self.units())
        curve = demand(campaign.id)
        for price in (SECOND, FIRST):
            able = [pledge for pledge in self.pledges.values() if pledge[2] >= price]
            assert curve.units_at(price) == sum(pledge[0] for pledge in able)
        active = select(func.count()).where(Pledge.campaign_id == campaign.id, Pledge.state == "active")
        over = self.state in ("expired", "cancelled")
        assert db.session.scalar(active) == (0 if over else len(self.pledges))
        tips = select(func.count()).where(Event.kind == "campaign.tipped", Event.subject_id == campaign.id)
        assert db.session.scalar(tips) == (campaign.tipped_at is not None)
        for promise in ("I-10", "I-13", "I-14", "I-16", "I-28"):
            assert broken_promises(promise) == []
        db.session.commit()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_campaign_keeps_its_promises_whatever_people_do(app: Any) -> None:
    Life.shoppers.clear()
    machine = settings(max_examples=30, stateful_step_count=12, deadline=None)
    run_state_machine_as_test(Life, settings=machine)  # type: ignore[no-untyped-call]  # hypothesis gives it no types
