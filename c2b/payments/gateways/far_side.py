"""What happens on the sandbox's side of the door: what shoppers and banks do, webhooks, and what a test asks of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from sqlite3 import Connection, Row

from c2b.core.clock import utcnow
from c2b.payments.gateways import banks, lines, webhooks
from c2b.payments.gateways.answers import write_script
from c2b.payments.gateways.deeds import find
from c2b.payments.gateways.visits import Visits
from c2b.payments.states import AttemptState


class FarSide(Visits):
    """The part of the sandbox that a shop cannot see."""

    secrets: tuple[str, ...]

    def deliver_events(
        self, post: webhooks.Post, *, now: datetime | None = None, copies: int = 1, shuffle: Random | None = None,
        delay: timedelta = timedelta(), secrets: Sequence[str] = (), signed_at: datetime | None = None,
        limit: int = 1000,
    ) -> list[int]:  # fmt: skip
        """Send the webhooks that nobody took yet, as badly as asked for; the statuses of the answers."""
        return webhooks.deliver(
            self.book, self.account, secrets or self.secrets, post, now or utcnow(),
            copies=copies, shuffle=shuffle, delay=delay, signed_at=signed_at, limit=limit,
        )  # fmt: skip

    def hold(self, reference: str) -> Mapping[str, object] | None:
        """What is held under this name."""
        row = self.book.one("select * from hold where account = ? and reference = ?", self.account, reference)
        return dict(row) if row else None

    def confirm(self, reference: str, yes: bool, now: datetime | None = None) -> None:
        """The shopper confirms a payment that asked for it, or says no."""
        with self.book.writing() as book:
            hold = find(book, self.account, reference)
            if hold is None or hold["state"] != "waiting":
                return
            book.execute(
                "update hold set state = ? where reference = ?", ("held" if yes else "refused", reference)
            )
            self._redecide(book, hold["key"], None if yes else "not_confirmed")
            lines.write_event(
                book, self.account, "request", now or utcnow(), key=hold["key"], reference=reference
            )

    def open_dispute(
        self, payment: str, *, now: datetime, amount: int | None = None, reason: str = "fraudulent",
        answer_by: datetime | None = None,
    ) -> str:  # fmt: skip
        """A shopper disputes a charge, or a part of it, at the bank; the dispute's name."""
        with self.book.writing() as book:
            hold = find(book, self.account, payment)
            if hold is None or hold["state"] != "captured":
                raise ValueError(f"nothing was charged as {payment}")
            return banks.open_dispute(book, hold, amount, reason, now, answer_by)

    def decide_dispute(self, reference: str, *, won: bool, now: datetime) -> None:
        """The bank decides; a decided dispute stays as it is."""
        with self.book.writing() as book:
            dispute = self._dispute(reference)
            if dispute and dispute["state"] == "open":
                banks.decide_dispute(book, dispute, won, now)

    def return_payout(self, reference: str, *, now: datetime, reason: str = "account_closed") -> None:
        """The bank sends a paid payout back."""
        with self.book.writing() as book:
            row = self.book.one(
                "select * from payout where account = ? and reference = ?", self.account, reference
            )
            if row and row["state"] == "paid":
                banks.send_back(book, row, reason, now)

    def revoke(self, token: str) -> None:
        """From now on this card, or bank account, is gone."""
        with self.book.writing() as book:
            book.execute("insert or ignore into gone values (?, ?)", (self.account, token))

    def pass_time(self, now: datetime) -> None:
        """All that comes about by itself: holds run out, payouts come back, disputes are decided."""
        with self.book.writing() as book:
            banks.pass_time(book, self.account, now)

    # for tests, replays and checks ------------------------------------------------------------------

    def script(self, name: str, answers: Sequence[str]) -> None:
        """The next requests with this key, card, bank account or verb get these answers, then their own again."""
        with self.book.writing() as book:
            write_script(book, self.account, name, answers)

    def forget_keys(self) -> None:
        """A day has passed: every key that comes again is a new request."""
        with self.book.writing() as book:
            book.execute("update request set forgotten = 1 where account = ?", (self.account,))

    def holds(self) -> list[Row]:
        """All that is or was held: reference, key, pledge, amount, captured, refunded, currency, state."""
        return self.book.read("select * from hold where account = ?", self.account)

    def keys(self) -> set[str]:
        """The keys of all requests that arrived."""
        return {
            row["key"] for row in self.book.read("select key from request where account = ?", self.account)
        }

    def _redecide(self, book: Connection, key: str, code: str | None) -> None:
        """A request that waited for the shopper waits no longer."""
        book.execute(
            "update request set state = ?, code = ? where account = ? and key = ? and state = 'requires_action'",
            (str(AttemptState.FAILED if code else AttemptState.SUCCEEDED), code, self.account, key),
        )

    def _dispute(self, reference: str) -> Row | None:
        return self.book.one(
            "select * from dispute where account = ? and reference = ?", self.account, reference
        )
