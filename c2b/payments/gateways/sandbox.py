"""A payment provider in a box: real requests, a real book, cards that do what one wants.

It keeps the promises that a real provider keeps: one answer for one key, no charge above what is held, none
of what was let go. What it answers depends on the card (see cards.py), or on a script (see answers.py).
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from sqlite3 import Connection, Row

from flask import current_app

from c2b.config import Config
from c2b.core.clock import utcnow
from c2b.payments.accounts import account_of
from c2b.payments.gateway import Asked, BookLine, KeyReused, Outcome, ProviderDispute, ProviderEvent
from c2b.payments.gateways import banks, lines, webhooks
from c2b.payments.gateways.answers import next_answer, scripted
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.deeds import DEEDS, find
from c2b.payments.gateways.far_side import FarSide
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose

STATES = {str(state): state for state in S}
FORGETS_AFTER = 24 * 3600.0  # seconds: then a key that comes again is a new request


class Sandbox(FarSide):
    """The gateway of development, tests and replays."""

    name = "sandbox"
    at_hand = True  # it answers in this process, so nobody needs threads to wait for it

    def __init__(self, book: Book, account: str, secrets: Sequence[str] = ("a secret",)) -> None:
        self.book = book
        self.account = account
        self.secrets = tuple(secrets)  # with which webhooks are signed; two while one is replaced
        self.clock: Callable[[], float] = time.time  # of keys only; everything else goes by the shop's time
        self.sleep: Callable[[float], None] | None = None  # a server has one, and lets its clients wait

    # money ----------------------------------------------------------------------------------------

    def authorise(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._do(asked)

    def capture(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._do(asked)

    def void(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._do(asked)

    def refund(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._do(asked)

    def pay_out(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._do(asked)

    def look_up(self, asked: Asked) -> Outcome | None:
        """See Gateway."""
        names = (f"look_up {asked.key}", "look_up")
        script = "select 1 from script where account = ? and token in (?, ?)"
        answer = None
        if self.book.one(script, self.account, *names):
            with self.book.writing() as book:
                answer = scripted(book, self.account, names)
        row = self.book.one(
            "select * from request where account = ? and key = ?"
            " order by state = 'succeeded' desc, number desc limit 1",
            self.account,
            asked.key,
        )
        found = _outcome(row) if row else None
        if answer and (found or answer.on_the_way):
            return answer.deliver(found, self.sleep)
        return found

    # disputes, payouts that came back, the provider's book ------------------------------------------

    def dispute(self, reference: str) -> ProviderDispute | None:
        """See Gateway."""
        row = self._dispute(reference)
        return banks.as_dispute(row) if row else None

    def answer_dispute(self, reference: str, words: str) -> None:
        """See Gateway."""
        with self.book.writing() as book:
            book.execute(
                "update dispute set words = ?, answered_at = ? where account = ? and reference = ? and state = 'open'",
                (words, lines.stamp(utcnow()), self.account, reference),
            )

    def payout_returned(self, reference: str) -> str | None:
        """See Gateway."""
        row = self.book.one(
            "select reason from payout where account = ? and reference = ? and state = 'returned'",
            self.account, reference,
        )  # fmt: skip
        return str(row["reason"]) if row else None

    def book_lines(self, since: datetime | None = None) -> Iterator[BookLine]:
        """See Gateway."""
        return lines.read_lines(self.book, self.account, since)

    def lines_page(self, since: datetime | None, after: int) -> list[BookLine]:
        """The next lines of the book after the one with this number."""
        return lines.read_page(self.book, self.account, since, after)

    # webhooks ---------------------------------------------------------------------------------------

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """See Gateway."""
        webhooks.verify(body, headers, self.secrets, utcnow())
        return webhooks.read(body, self.account)

    # inside -----------------------------------------------------------------------------------------

    def _do(self, asked: Asked) -> Outcome:
        what, outcome = _what(asked), None
        with self.book.writing() as book:
            known = self._known(book, asked.key, what)
            answer = next_answer(book, self.account, asked, self._token(book, asked), known=known is not None)
            if not answer.before:
                outcome = known or DEEDS[asked.purpose](book, self.account, asked, answer)
                if not known:
                    self._write(book, asked, what, outcome)
        return answer.deliver(outcome, self.sleep)

    def _token(self, book: Connection, asked: Asked) -> str:
        if asked.purpose in (Purpose.AUTHORISE, Purpose.PAYOUT):
            return asked.token or asked.destination
        hold = find(book, self.account, asked.payment)
        return str(hold["token"]) if hold else ""

    def _known(self, book: Connection, key: str, what: str) -> Outcome | None:
        row = book.execute(
            "select * from request where account = ? and key = ? and forgotten = 0", (self.account, key)
        ).fetchone()
        if row is None:
            return None
        if row["arrived"] < self.clock() - FORGETS_AFTER:
            book.execute("update request set forgotten = 1 where number = ?", (row["number"],))
            return None
        if row["asked"] != what:
            raise KeyReused(key)
        return _outcome(row)

    def _write(self, book: Connection, asked: Asked, what: str, outcome: Outcome) -> None:
        until = lines.stamp(outcome.expires_at) if outcome.expires_at else None
        book.execute(
            "insert into request (account, key, asked, state, reference, code, fee, expires_at, amount, currency,"
            " arrived) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self.account, asked.key, what, str(outcome.state), outcome.reference, outcome.code, outcome.fee,
             until, outcome.amount, outcome.currency, self.clock()),
        )  # fmt: skip
        if asked.purpose == Purpose.VOID and outcome.state == S.SUCCEEDED:
            hold = find(book, self.account, asked.payment)
            if hold:
                self._redecide(book, hold["key"], "let_go")
        lines.write_event(
            book, self.account, "request", asked.first_sent_at, key=asked.key, reference=outcome.reference
        )


def book_of(config: Config) -> Book:
    """The book that this application writes to; one for all its threads."""
    books: dict[str, Book] = current_app.extensions.setdefault("sandbox_books", {})
    return books.setdefault(config.sandbox_book, Book(config.sandbox_book))


def from_config(config: Config) -> Sandbox:
    """The sandbox with the application's book, and this database's account in it."""
    return Sandbox(book_of(config), account_of("sandbox"), config.sandbox_secrets)


def _what(asked: Asked) -> str:
    """Which request this is, but for its key: the same key for another one is refused."""
    about: dict[Purpose, tuple[object, ...]] = {
        Purpose.AUTHORISE: (asked.token, asked.amount, asked.currency, asked.about.get("subject", "")),
        Purpose.VOID: (asked.payment,),
        Purpose.PAYOUT: (asked.destination, asked.amount, asked.currency),
    }
    parts = about.get(asked.purpose, (asked.payment, asked.amount, asked.currency))
    return json.dumps([str(part) for part in (asked.purpose, *parts)])


def _outcome(row: Row) -> Outcome:
    return Outcome(
        STATES[row["state"]],
        row["reference"],
        row["code"],
        row["fee"],
        datetime.fromisoformat(row["expires_at"]) if row["expires_at"] and not row["code"] else None,
        row["amount"],
        row["currency"],
    )
