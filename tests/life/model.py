"""What should be true of one campaign's life, in plain Python: no database, no provider, no code of the product.

Amounts are whole minor units. The model is told what people did; it says in which state everybody's purchase must be,
who has paid what, and what the firm is owed.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

PRICE = 7900
FEE_BP = 300
WINDOW = timedelta(days=4)
HOLD_LIVES = timedelta(days=4, hours=18)
CONFIRM_ONCE_MORE = timedelta(hours=6)  # what ran out while time stood still
RETRIES = (timedelta(hours=24), timedelta(hours=48), timedelta(hours=72))

WORKS = ("ok", "answer_lost", "question_lost", "capture_lost", "refund_lost", "capture_fails")
HARD = ("expired_card", "lost_card")


def rounded(amount: int, part: int, whole: int) -> int:
    """`part` of `whole` of an amount, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole)


@dataclass
class Purchase:
    """One shopper's pledge and what became of it."""

    units: int
    card: str
    state: str = "active"  # as the pledge's
    hold: str = ""  # "", "held", "failed", "waiting"
    asked_at: datetime | None = None  # for the money it holds, or waits to hold
    once_more: bool = False  # it was held, and has to be confirmed again
    said_no: bool = False
    tries: int = 0
    paid: int = 0
    back: int = 0  # promised back to the shopper
    fee_back: int = 0  # the part of it out of our fee
    banked: int = 0  # with a bank: in dispute, or lost to it
    lost_net: int = 0  # what the firm bore of disputes it lost
    order: str = ""  # as the order's state
    delivered_at: datetime | None = None
    sent_back: tuple[str, int, datetime | None] = ("", 0, None)  # return: state, units, due
    kept: int = 0  # units that no return has paid back
    dispute: tuple[str, datetime | None] = ("", None)  # the shopper's: state, the merchant's time to answer
    bank: str = ""  # the bank's: "", "open", "won", "lost"

    @property
    def total(self) -> int:
        """What it costs."""
        return self.units * PRICE

    @property
    def fee(self) -> int:
        """Our share of what was paid."""
        return rounded(self.paid, FEE_BP, 10_000)

    @property
    def left(self) -> int:
        """What can still be paid back."""
        return self.paid - self.back - self.banked

    @property
    def payable(self) -> int:
        """What the firm is owed for it, before payouts."""
        return self.paid - self.fee - (self.back - self.fee_back) - self.lost_net

    def fee_part(self, amount: int) -> int:
        """The part of our fee that goes back with this amount."""
        gone = self.back + self.banked
        return rounded(self.fee, gone + amount, self.paid) - rounded(self.fee, gone, self.paid)

    def refund(self, amount: int) -> None:
        """So much is promised back; an order that was not sent is cancelled with the last of it."""
        self.fee_back += self.fee_part(amount)
        self.back += amount
        self.is_empty()

    def is_empty(self) -> None:
        """Where nothing is left of it, it is never sent, and there is nothing to dispute."""
        if self.left == 0 and self.order == "placed":
            self.order = "cancelled"
        if self.left == 0 and self.dispute[0] in ("opened", "answered"):
            self.dispute = ("withdrawn", None)


@dataclass
class Model:
    """One campaign: who joined, and how far its launch is."""

    minimum: int
    opened_at: datetime | None = None
    launch: str = ""  # as the launch's state
    campaign: str = "sourcing"
    purchases: dict[int, Purchase] = field(default_factory=dict)

    # the launch ------------------------------------------------------------------------------------

    def open_launch(self, now: datetime) -> None:
        """Goods are set aside for everybody who joined, if they are enough."""
        self.opened_at, self.launch, self.campaign = now, "authorising", "live"
        for it in self.standing("active"):
            it.state = "allocated"

    def standing(self, state: str) -> list[Purchase]:
        """The purchases in this state."""
        return [it for it in self.purchases.values() if it.state == state]

    def mend(self, it: Purchase, card: str, now: datetime) -> None:
        """Another card, asked at once; its answer may have to be looked up first."""
        it.card, it.said_no = card, False
        it.hold = self._ask(it, now)

    def _ask(self, it: Purchase, now: datetime) -> str:
        it.tries += 1
        it.asked_at = now
        if it.card == "needs_confirmation":
            return "waiting"
        return "held" if it.card in WORKS else "failed"

    def settle(self, now: datetime) -> None:
        """Where everything stands once all jobs have run and every answer is in."""
        if self.launch == "authorising":
            for it in self.standing("allocated"):
                it.hold = it.hold or self._ask(it, now)
            self.launch = "mending"
        if self.launch == "mending":
            self._decide(now)
        if self.launch == "voiding":
            self._fail("cancelled" if self.campaign == "cancelled" else "failed")
        if self.launch == "unwinding":
            self._unwind()

    def _decide(self, now: datetime) -> None:
        assert self.opened_at is not None
        for it in self.standing("allocated"):
            assert it.asked_at is not None
            if it.hold == "held" and now >= it.asked_at + HOLD_LIVES:
                it.hold = self._ask(it, now)
                it.once_more = it.hold == "waiting"
            if it.once_more and it.hold == "waiting" and now < it.asked_at + CONFIRM_ONCE_MORE:
                return
        waiting = [it for it in self.standing("allocated") if it.hold != "held"]
        if waiting and now < self.opened_at + WINDOW:
            return
        held = [it for it in self.standing("allocated") if it.hold == "held"]
        if sum(it.units for it in held) < self.minimum:
            self.launch = "voiding"
            return
        for it in waiting:
            it.state = "dropped"
        for it in held:
            it.state = "dropped" if it.card == "capture_fails" else "ordered"
            if it.state == "ordered":
                it.paid, it.kept, it.order = it.total, it.units, "placed"
        self.launch = "selling"

    def _fail(self, campaign: str) -> None:
        for it in self.standing("allocated"):
            it.state = "released"
        self.launch, self.campaign = "failed", campaign

    def cancel(self) -> None:
        """An operator calls it off."""
        self.campaign = "cancelled"
        if self.launch in ("authorising", "mending"):
            self.launch = "voiding"
        elif self.launch == "selling":
            self.launch = "unwinding"
        elif not self.launch:
            for it in self.standing("active"):
                it.state = "released"

    def _unwind(self) -> None:
        for it in self.standing("ordered"):
            if it.order == "placed":
                if it.left:
                    it.refund(it.left)
                it.order = "cancelled"
        self.launch = "failed"

    # after the sale --------------------------------------------------------------------------------

    def time_decides(self, now: datetime) -> None:
        """What follows where somebody let their time pass."""
        for it in self.purchases.values():
            state, units, due = it.sent_back
            if due is not None and due <= now:
                if state == "asked":
                    it.sent_back = ("accepted", units, now + timedelta(days=7))
                elif state == "accepted":
                    it.sent_back = ("lapsed", units, None)
                else:
                    self.pay_return(it)
            state, due = it.dispute
            if state == "opened" and due is not None and due <= now:
                it.dispute = ("upheld" if it.left else "withdrawn", None)
                self._uphold(it, it.left)

    def pay_return(self, it: Purchase) -> None:
        """The firm pays back what came back, as far as anything is left."""
        units = it.sent_back[1]
        amount = min(units * PRICE, it.left)
        if amount:
            it.refund(amount)
        it.kept -= units
        it.sent_back = ("refunded", units, None)

    def rule(self, it: Purchase, amount: int) -> None:
        """An operator rules that so much goes back."""
        it.dispute = ("upheld" if amount else "dismissed", None)
        self._uphold(it, amount)

    def _uphold(self, it: Purchase, amount: int) -> None:
        if amount:
            it.refund(amount)

    def bank_opens(self, it: Purchase) -> None:
        """The shopper's bank takes back all that is left."""
        it.banked, it.bank = it.left, "open"

    def bank_rules(self, it: Purchase, won: bool) -> None:
        """What the bank took comes back, or the firm and we bear it."""
        it.bank = "won" if won else "lost"
        if won:
            it.banked = 0
            if it.order == "cancelled" and it.left:
                it.refund(it.left)  # it was cancelled meanwhile: what comes back is the shopper's
            return
        gone = it.back
        part = rounded(it.fee, gone + it.banked, it.paid) - rounded(it.fee, gone, it.paid)
        it.lost_net += it.banked - part
        it.is_empty()
