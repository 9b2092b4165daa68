"""A life up to the sale: people join, a firm offers, and its launch's money is held and charged."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from c2b.pipeline.stage import Ruling
from tests.life.model import Model, Purchase
from tests.life.shop import Shop

START = datetime(2025, 5, 20, 6, 0, tzinfo=UTC)
CARDS = (
    "ok", "ok", "ok", "answer_lost", "question_lost", "capture_lost", "refund_lost", "insufficient_funds",
    "expired_card", "needs_confirmation", "capture_fails",
)  # fmt: skip
who = st.integers(0, 4)
wishes = st.tuples(st.integers(1, 3), st.sampled_from(CARDS))
taken = {"steps": 0, "lives": 0}


class Launching:
    """`self.model` is what should be, `self.shop` is what is."""

    app: Any = None
    now = START  # goes on from life to life

    @initialize(minimum=st.integers(1, 6), joined=st.lists(wishes, min_size=2, max_size=5))
    def start(self, minimum: int, joined: list[tuple[int, str]]) -> None:
        taken["lives"] += 1
        type(self).now += timedelta(days=60)
        self.shop = Shop(self.app, self.now, minimum)
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

    def teardown(self) -> None:
        """What is done at the end of a life."""

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
