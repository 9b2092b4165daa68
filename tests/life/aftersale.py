"""A life after the sale: parcels, returns, refunds, disputes, and what the firm is paid."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from c2b.orders import disputes, returns, shipping
from c2b.orders.refunding import refund_order
from c2b.orders.states import DisputeCause, Party, ReturnCause
from c2b.payments.states import RefundCause
from tests.life.launching import Launching, who
from tests.life.model import PRICE


class AfterSale(Launching):
    """What shoppers, the firm, banks and operators do with what was sold."""

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
