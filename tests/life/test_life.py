"""The whole life of a campaign and its money under acts at random, beside a plain model of it.

After every act the two must say the same of campaign, launch, pledges and orders; whenever all answers are in, also of
what everybody has paid and of what the firm is owed, in our books and in the provider's; and every promise must hold.
"""

import os
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from c2b.core.checks import broken_promises
from c2b.core.db import db
from tests.life.aftersale import AfterSale
from tests.life.launching import START, taken
from tests.life.shop import MONEY, Shop

STEPS = int(os.environ.get("SOAK_STEPS", "20000"))
PARTS = 16
SHRINK = "SOAK_SHRINK" in os.environ  # making a failure small takes minutes
EACH = 40  # acts in one life


class Life(AfterSale, RuleBasedStateMachine):
    """All that people, firms, banks and time can do, and what must then be the same."""

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        taken["steps"] += 1
        if not hasattr(self, "shop") or not self.quiet:
            return
        is_ = self.shop.states()
        assert (is_["campaign"], is_["launch"]) == (self.model.campaign, self.model.launch)
        assert is_["pledges"] == {person: it.state for person, it in self.model.purchases.items()}
        assert is_["orders"] == {
            person: (it.order, it.paid, it.fee, it.back)
            for person, it in self.model.purchases.items()
            if it.state == "ordered"
        }
        db.session.rollback()

    def teardown(self) -> None:
        """At the end of a life all answers come in, and the money is counted in every book."""
        if not hasattr(self, "shop"):
            return
        if self.model.launch:
            self.settle(told=True)
            self.shop.run(*MONEY)  # all of them: whoever was not asked had nothing to do
            self.states_are_those_of_the_model()
        for person, it in self.model.purchases.items():
            assert self.shop.charged(person) == it.paid - it.back, (person, it)
        payable = sum(it.payable for it in self.model.purchases.values())
        assert self.shop.owed() == payable, self.model.purchases
        Life.now = max(Life.now, self.shop.now)
        if taken["lives"] % 10 == 0:  # and at the end of the test; it reads every table whole
            broken = broken_promises()
            db.session.rollback()
            assert not broken, "\n".join(broken)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("database", ["sqlite"])
def test_money_is_where_the_model_says(app: Any, part: int) -> None:
    """In parts, so that several processes share the work. The dice are the same in every run, but in a soak."""
    times = 0
    Life.app, Life.now = app, START
    taken.update(steps=0, lives=0)
    Shop.open(START)
    while taken["steps"] < STEPS // PARTS:
        lives = max(1, min(50, (STEPS // PARTS - taken["steps"]) // EACH))
        times += 1
        plan = settings(
            max_examples=lives,
            stateful_step_count=EACH + 7 * part + times,
            derandomize="SOAK_STEPS" not in os.environ,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink) if SHRINK else (Phase.generate,),
        )
        run_state_machine_as_test(Life, settings=plan)  # type: ignore[no-untyped-call]
    print(f"{taken['steps']} steps in {taken['lives']} lives")


@pytest.mark.parametrize("database", ["sqlite"])
def test_who_confirmed_may_confirm_once_more_when_the_hold_ran_out_after_the_window(app: Any) -> None:
    """The clock stood still for a day at the end of the window: the sale does not fail for that alone."""
    Life.app, Life.now = app, START
    Shop.open(START)
    life = Life()
    life.start(joined=[(2, "expired_card"), (1, "needs_confirmation"), (2, "ok")], minimum=3)
    life.launch()
    life.clockwork(hours=30)
    life.answer_the_bank(person=1, yes=True)
    life.clockwork(hours=100)
    assert life.model.launch == "mending"
    life.states_are_those_of_the_model()
    life.answer_the_bank(person=1, yes=True)
    assert life.model.launch == "selling"
    life.teardown()
