"""The whole life of a campaign and its money under acts at random, beside a plain model of it.

After every act the two must say the same of campaign, launch, pledges and orders; whenever all answers are in, also of
what everybody has paid and of what the firm is owed, in our books and in the provider's; and every promise must hold.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.orders import disputes, returns, shipping
from c2b.orders.refunding import refund_order
from c2b.orders.states import DisputeCause, Party, ReturnCause
from c2b.payments.states import RefundCause
from c2b.pipeline.stage import Ruling
from tests.life.model import PRICE, Model, Purchase
from tests.life.shop import Shop

START = datetime(2025, 5, 20, 6, 0, tzinfo=UTC)
STEPS = int(os.environ.get("SOAK_STEPS", "2000"))
PARTS = 4
SHRINK = "SOAK_SHRINK" in os.environ  # making a failure small takes minutes
EACH = 40  # acts in one life
CARDS = (
    "ok", "ok", "ok", "answer_lost", "question_lost", "capture_lost", "refund_lost", "insufficient_funds",
    "expired_card", "needs_confirmation", "capture_fails",
)  # fmt: skip
who = st.integers(0, 4)
wishes = st.tuples(st.integers(1, 3), st.sampled_from(CARDS))
taken = {"steps": 0, "lives": 0}


class Life(RuleBasedStateMachine):
    """`self.model` is what should be, `self.shop` is what is."""

    app: Any = None
    now = START  # goes on from life to life

    @initialize(minimum=st.integers(1, 6), joined=st.lists(wishes, min_size=2, max_size=5))
    def start(self, minimum: int, joined: list[tuple[int, str]]) -> None:
        taken["lives"] += 1
        Life.now += timedelta(days=60)
        self.shop = Shop(self.app, Life.now, minimum)
        self.model = Model(minimum, campaign="tipped")
        self.judged: set[int] = set()
        self.quiet = True  # every answer is in
        for person, (units, card) in enumerate(joined):
            assert self.shop.place(person, units, card)
            self.model.purchases[person] = Purchase(units, card)
        assert not self.shop.place(0, 1, "ok")  # once is enough
        assert not self.shop.leave(0)  # and it has tipped
        self.shop.close()
        self.model.campaign = "sourcing"
        self.shop.offer()
        self.offer = "final_review"

    def mine(self, person: int) -> Purchase | None:
        return self.model.purchases.get(person)

    def buyer(self, number: int, wanted: Callable[[Purchase], bool]) -> int | None:
        """One of those whose order is as wanted, once every answer is in; None where nobody's is."""
        if not self.quiet:
            self.settle(told=True)
        bought = [n for n, it in sorted(self.model.purchases.items()) if it.state == "ordered"]
        found = [n for n in bought if wanted(self.model.purchases[n])] or bought
        return found[number % len(found)] if found else None

    @precondition(lambda self: self.model.launch == "failed" or self.model.campaign == "cancelled")
    @rule(minimum=st.integers(1, 6), luck=st.integers(0, 3), joined=st.lists(wishes, min_size=2, max_size=5))
    def live_again(self, minimum: int, luck: int, joined: list[tuple[int, str]]) -> None:
        """Nothing more comes of this one: the next life begins, sooner or later."""
        if luck or not self.model.standing("ordered"):
            self.teardown()
            self.start(minimum, joined)

    # joining, and the offer --------------------------------------------------------------------------

    def register_again(self) -> None:
        """Another try of the firm, after its offer was rejected."""
        if self.offer == "rejected":
            self.shop.offer()
            self.offer, self.judged = "final_review", set()

    @precondition(lambda self: self.offer == "final_review" and self.model.campaign == "sourcing")
    @rule(judge=st.integers(0, 1), ruling=st.sampled_from(["pass", "pass", "pass", "reject"]))
    def review(self, judge: int, ruling: str) -> None:
        self.review_as(judge, ruling)

    def review_as(self, judge: int, ruling: str) -> None:
        assert self.shop.judge(judge, Ruling(ruling)) == (judge not in self.judged)
        if judge in self.judged:
            return
        self.judged.add(judge)
        if ruling == "reject":
            self.offer = "rejected"
        elif len(self.judged) == 2:
            self.offer = "scheduling"
        assert self.shop.offer_state() == self.offer

    @precondition(lambda self: self.model.campaign == "sourcing")
    @rule()
    def launch(self) -> None:
        """The hour has come; the reviewers who have not spoken yet say yes before."""
        self.register_again()
        for judge in {0, 1} - self.judged:
            self.review_as(judge, "pass")
        enough = sum(it.units for it in self.model.standing("active")) >= self.model.minimum
        if not enough:  # the machine refuses, and the campaign is called off
            assert self.shop.cancel()
            self.model.cancel()
            return
        self.shop.open_launch()
        self.model.open_launch(self.shop.now)
        self.quiet = False

    # the launch's money --------------------------------------------------------------------------------

    @precondition(lambda self: self.model.launch)
    @rule(hours=st.sampled_from([0, 0, 1, 30, 100]))
    def clockwork(self, hours: int) -> None:
        """Time passes, and all jobs of money run until every answer is in."""
        if hours and self.model.launch in ("authorising", "mending"):
            self.settle()
        self.shop.now += timedelta(hours=hours)
        self.settle(told=True)

    def settle(self, *, told: bool = False) -> None:
        self.shop.settle(told=told)
        self.model.settle(self.shop.now)
        self.quiet = True

    @precondition(lambda self: self.model.launch and self.model.launch != "failed" and self.quiet)
    @rule(job=st.sampled_from(["charge_launches", "settle_launches", "send_refunds", "look_up_attempts"]))
    def one_job(self, job: str) -> None:
        """One job runs out of turn; where that leads is settled later."""
        self.shop.run(job)
        self.quiet = False

    @precondition(lambda self: self.model.launch and self.quiet)
    @rule(copies=st.integers(1, 3), seed=st.integers(0, 99))
    def webhooks(self, copies: int, seed: int) -> None:
        self.shop.deliver(copies, seed)
        self.quiet = False

    @precondition(lambda self: self.model.launch == "mending" and self.quiet)
    @rule(person=who, card=st.sampled_from(CARDS))
    def mend(self, person: int, card: str) -> None:
        it = self.mine(person)
        if it is None or it.state != "allocated" or it.hold == "waiting":
            return
        assert self.shop.mend(person, card) == (it.hold == "failed")
        if it.hold == "failed":
            self.model.mend(it, card, self.shop.now)
            self.settle()

    @precondition(lambda self: self.model.launch == "mending" and self.quiet)
    @rule(person=who, yes=st.booleans())
    def answer_the_bank(self, person: int, yes: bool) -> None:
        it = self.mine(person)
        if it is None or it.state != "allocated" or it.hold != "waiting":
            return
        self.shop.confirm(person, yes)
        it.hold = "held" if yes else "failed"
        self.shop.deliver(2, person)
        self.settle(told=True)

    @precondition(lambda self: self.model.campaign in ("sourcing", "live") and self.quiet)
    @rule(luck=st.integers(0, 5))
    def call_off(self, luck: int) -> None:
        if luck:  # else most lives would end too soon
            (self.settle if self.model.launch else self.register_again)()
            return
        assert self.shop.cancel()
        self.model.cancel()
        self.settle()

    # after the sale ----------------------------------------------------------------------------------------

    def sold(self) -> bool:
        return bool(self.model.standing("ordered"))

    @precondition(sold)
    @rule(person=who)
    def ship(self, person: int) -> None:
        chosen = self.buyer(person, lambda it: it.order == "placed")
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        if self.model.launch == "failed":
            return
        order, firm = self.shop.order(person), self.shop.firm
        order_id, by = order.id, self.shop.firm_by
        done = self.shop.attempt(
            lambda: shipping.ship_order(
                order_id, "SF Express", f"SF{order_id}", merchant_id=firm, by=by, now=self.shop.now
            )
        )
        assert done == (it.order == "placed" or (it.order == "shipped" and it.back < it.paid)), it
        if it.order == "placed":
            it.order = "shipped"

    @precondition(sold)
    @rule(person=who)
    def receive(self, person: int) -> None:
        chosen = self.buyer(person, lambda it: it.order == "shipped")
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        order_id, by = self.shop.order(person).id, self.shop.people[person]
        done = self.shop.attempt(lambda: shipping.receive_order(order_id, by=by, now=self.shop.now))
        assert done == (it.order == "shipped")
        if done:
            it.order, it.delivered_at = "delivered", self.shop.now

    @precondition(sold)
    @rule(person=who, units=st.integers(1, 3), cause=st.sampled_from(list(ReturnCause)))
    def ask_return(self, person: int, units: int, cause: ReturnCause) -> None:
        chosen = self.buyer(person, lambda it: it.order == "delivered" and it.sent_back[2] is None)
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        order_id, by = self.shop.order(person).id, self.shop.people[person]
        asked = returns.ReturnRequest(units, cause, "It is not for me.")
        done = self.shop.attempt(lambda: returns.ask_return(order_id, asked, by=by, now=self.shop.now))
        days = 14 if cause == ReturnCause.UNWANTED else 21
        assert done == (
            it.delivered_at is not None
            and self.shop.now < it.delivered_at + timedelta(days=days)
            and it.sent_back[2] is None
            and it.left > 0
            and units <= it.kept
        )
        if done:
            it.sent_back = ("asked", units, self.shop.now + timedelta(days=3))

    @precondition(sold)
    @rule(person=who, step=st.sampled_from(["accept", "decline", "send", "receive", "refund", "withdraw"]))
    def go_on_with_return(self, person: int, step: str) -> None:
        chosen = self.buyer(person, lambda it: it.sent_back[2] is not None)
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        if it.sent_back[2] is None:
            return
        state, units, _due = it.sent_back
        id_, now = self.shop.open_return(person).id, self.shop.now
        firm = {"merchant_id": self.shop.firm, "by": self.shop.firm_by, "now": now}
        mine = {"by": self.shop.people[person], "now": now}
        acts: dict[str, tuple[Any, set[str], str, int | None]] = {
            "accept": (lambda: returns.accept_return(id_, "Here", **firm), {"asked"}, "accepted", 7),
            "decline": (
                lambda: returns.decline_return(id_, "No.", **firm),
                {"asked", "sent", "received"},
                "declined",
                None,
            ),
            "send": (lambda: returns.send_back(id_, "SF", "SF1", **mine), {"accepted"}, "sent", 10),
            "receive": (lambda: returns.receive_back(id_, **firm), {"sent"}, "received", 3),
            "refund": (lambda: returns.refund_return(id_, **firm), {"asked", "sent", "received"}, "", None),
            "withdraw": (
                lambda: returns.withdraw_return(id_, **mine),
                {"asked", "accepted"},
                "withdrawn",
                None,
            ),
        }
        act, from_, new, days = acts[step]
        assert self.shop.attempt(act) == (state in from_), (step, state)
        if state not in from_:
            return
        if step == "refund":
            self.model.pay_return(it)
        else:
            it.sent_back = (new, units, now + timedelta(days=days) if days else None)

    @precondition(sold)
    @rule(person=who, amount=st.integers(1, 3 * PRICE))
    def goodwill(self, person: int, amount: int) -> None:
        chosen = self.buyer(person, lambda it: it.left > 0)
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        order_id, left = self.shop.order(person).id, it.left
        key = f"goodwill-{order_id}-{self.shop.now.isoformat()}-{it.back}"
        done = self.shop.attempt(
            lambda: refund_order(order_id, amount, RefundCause.GOODWILL, key=key, by=None, now=self.shop.now)
        )
        assert done == (amount <= left)
        if done:
            it.refund(amount)

    @precondition(sold)
    @rule(person=who)
    def open_dispute(self, person: int) -> None:
        chosen = self.buyer(person, lambda it: it.order == "delivered" and it.left > 0)
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        if it.order != "delivered":
            return
        order_id, by, now = self.shop.order(person).id, self.shop.people[person], self.shop.now
        claim = disputes.Claim(DisputeCause.DEFECTIVE, "It is broken.")
        done = self.shop.attempt(lambda: disputes.open_dispute(order_id, claim, by=by, now=now))
        assert it.delivered_at is not None
        in_time = now < it.delivered_at + timedelta(days=21)
        is_open = it.dispute[0] in ("opened", "answered")
        assert done == (in_time and not is_open and it.left > 0)
        if done:
            it.dispute = ("opened", now + timedelta(days=3))

    @precondition(sold)
    @rule(person=who)
    def answer_dispute(self, person: int) -> None:
        chosen = self.buyer(person, lambda it: it.dispute[0] == "opened")
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        if it.dispute[0] not in ("opened", "answered"):
            return
        id_, by, now = self.shop.dispute(person).id, self.shop.firm_by, self.shop.now
        answer_by = self.shop.dispute(person).answer_by
        done = self.shop.attempt(
            lambda: disputes.hand_in(id_, Party.MERCHANT, "It was whole.", (), by=by, now=now)
        )
        assert done == (now < answer_by)
        if done:
            it.dispute = ("answered", it.dispute[1])

    @precondition(sold)
    @rule(person=who, amount=st.integers(0, 3 * PRICE))
    def rule_dispute(self, person: int, amount: int) -> None:
        chosen = self.buyer(person, lambda it: it.dispute[0] == "answered")
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        if it.dispute[0] not in ("opened", "answered"):
            return
        dispute = self.shop.dispute(person)
        id_, answer_by, now = dispute.id, dispute.answer_by, self.shop.now
        by = self.shop.operator
        done = self.shop.attempt(lambda: disputes.rule_dispute(id_, amount, "So be it.", by=by, now=now))
        heard = it.dispute[0] == "answered" or now >= answer_by
        assert done == (heard and amount <= it.left)
        if done:
            self.model.rule(it, amount)

    @precondition(sold)
    @rule(person=who)
    def go_to_the_bank(self, person: int) -> None:
        chosen = self.buyer(person, lambda it: it.left > 0 and not it.bank)
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        if it.left <= 0 or it.bank:
            return
        self.settle()  # nothing is on its way back
        if it.left <= 0:
            return
        self.shop.bank().open_dispute(self.shop.payment(person), now=self.shop.now, amount=it.left)
        self.model.bank_opens(it)
        self.shop.deliver(2, person)
        self.settle(told=True)

    @precondition(sold)
    @rule(person=who, won=st.booleans())
    def bank_rules(self, person: int, won: bool) -> None:
        chosen = self.buyer(person, lambda it: it.bank == "open")
        if chosen is None:
            return
        person, it = chosen, self.model.purchases[chosen]
        if it.bank != "open":
            return
        self.shop.bank().decide_dispute(self.shop.bank_dispute(person), won=won, now=self.shop.now)
        self.model.bank_rules(it, won)
        self.shop.deliver(3, person)
        self.settle(told=True)

    @precondition(sold)
    @rule(days=st.sampled_from([1, 4, 11]))
    def let_time_decide(self, days: int) -> None:
        self.shop.now += timedelta(days=days)
        self.shop.run("remedies_due")
        self.model.time_decides(self.shop.now)
        self.settle(told=True)

    @precondition(sold)
    @rule()
    def pay_the_firm(self) -> None:
        self.shop.run("plan_payouts", "send_payouts")
        self.settle()

    # what must be the same -----------------------------------------------------------------------------------

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
