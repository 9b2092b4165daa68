"""A payment provider in a box: real requests, a real book, cards that do what one wants.

It keeps the promises that a real provider keeps: one answer for one key, no charge above what is held, none
of what was let go. What it answers depends on the card (see cards.py), or on a script laid down for a card.
"""

import json
from collections.abc import Sequence
from secrets import token_urlsafe
from sqlite3 import Connection, Row

from flask import current_app, url_for

from c2b.config import Config
from c2b.payments.accounts import account_of
from c2b.payments.gateway import Asked, KeyReused, NoAnswer, Outcome, SavedCard, Setup
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.cards import kind_of, saved_card
from c2b.payments.states import AttemptState as S

TROUBLES = {"provider_error": 2, "question_lost": 1}  # so many times nothing arrives, then it works
STATES = {str(state): state for state in S}
DECLINES = ("declined", "insufficient_funds", "expired_card")


class Sandbox:
    """The gateway of development, tests and replays."""

    name = "sandbox"

    def __init__(self, book: Book, account: str) -> None:
        self.book = book
        self.account = account

    # saving a card --------------------------------------------------------------------------------

    def start_setup(self, customer: str, return_url: str) -> Setup:
        """See Gateway; the page is our own, and says that it is a demo."""
        reference = token_urlsafe(16)
        with self.book.writing() as book:
            book.execute(
                "insert into setup (account, reference, customer, return_url) values (?, ?, ?, ?)",
                (self.account, reference, customer, return_url),
            )
        return Setup(url_for("sandbox.setup", token=reference), reference)

    def visit(self, reference: str) -> Row | None:
        """The visit to the card page with this name."""
        rows = self.book.read(
            "select * from setup where account = ? and reference = ?", self.account, reference
        )
        return rows[0] if rows else None

    def choose(self, reference: str, kind: str) -> None:
        """The shopper chose a test card; the first choice stands."""
        visit = self.visit(reference)
        if visit is None:
            return
        card = saved_card(kind, visit["customer"])
        with self.book.writing() as book:
            book.execute(
                "update setup set token = ?, label = ?, fingerprint = ?"
                " where reference = ? and token is null",
                (card.token, card.label, card.fingerprint, reference),
            )

    def finish_setup(self, reference: str) -> SavedCard | None:
        """See Gateway."""
        visit = self.visit(reference)
        if visit is None or visit["token"] is None:
            return None
        return SavedCard(visit["token"], visit["label"], visit["fingerprint"])

    # money ----------------------------------------------------------------------------------------

    def authorise(self, request: Asked) -> Outcome:
        """See Gateway."""
        key, token, amount, currency = request.key, request.token, request.amount, request.currency
        pledge = request.about.get("subject", "")
        asked = _asked("authorise", token, amount, currency, pledge)
        with self.book.writing() as book:
            known = self._known(book, key, asked)
            if known:
                return known
            answer = self._answer(book, token)
            lost = self._lost(book, key, answer)
            if not lost:
                outcome = self._hold(book, key, asked, answer, (token, amount, currency, pledge))
        if lost or answer == "answer_lost":
            raise NoAnswer(answer)
        return outcome

    def capture(self, request: Asked) -> Outcome:
        """See Gateway."""
        key, reference, amount = request.key, request.payment, request.amount
        asked = _asked("capture", reference, amount)
        with self.book.writing() as book:
            known = self._known(book, key, asked)
            if known:
                return known
            hold = self._find(book, reference)
            answer = self._answer(book, hold["token"]) if hold else None
            why_not = _why_not_capture(hold, amount) or (
                "capture_refused" if answer == "capture_fails" else None
            )
            if not why_not:
                book.execute(
                    "update hold set state = 'captured', captured = ? where reference = ?",
                    (amount, reference),
                )
            elif why_not == "capture_refused":
                book.execute("update hold set state = 'void' where reference = ?", (reference,))
            outcome = self._write(book, key, asked, reference, why_not)
        if answer == "capture_lost":
            raise NoAnswer(answer)
        return outcome

    def void(self, request: Asked) -> Outcome:
        """See Gateway."""
        key, reference = request.key, request.payment
        asked = _asked("void", reference)
        with self.book.writing() as book:
            known = self._known(book, key, asked)
            if known:
                return known
            hold = self._find(book, reference)
            answer = self._answer(book, hold["token"], scripted_only=True) if hold else None
            why_not = _why_not_void(hold)
            if not why_not:
                book.execute("update hold set state = 'void' where reference = ?", (reference,))
            outcome = self._write(book, key, asked, reference, why_not)
        if answer == "answer_lost":
            raise NoAnswer(answer)
        return outcome

    def look_up(self, request: Asked) -> Outcome | None:
        """See Gateway."""
        rows = self.book.read(
            "select * from request where account = ? and key = ?", self.account, request.key
        )
        return _outcome(rows[0]) if rows else None

    # confirming -----------------------------------------------------------------------------------

    def confirm_address(self, reference: str, return_url: str) -> str:
        """See Gateway."""
        return url_for("sandbox.confirm", reference=reference, back=return_url)

    def hold(self, reference: str) -> Row | None:
        """What is held under this name."""
        rows = self.book.read(
            "select * from hold where account = ? and reference = ?", self.account, reference
        )
        return rows[0] if rows else None

    def confirm(self, reference: str, yes: bool) -> None:
        """The shopper confirms a payment that asked for it, or says no."""
        with self.book.writing() as book:
            hold = self._find(book, reference)
            if hold is None or hold["state"] != "waiting":
                return
            book.execute(
                "update hold set state = ? where reference = ?", ("held" if yes else "refused", reference)
            )
            book.execute(
                "update request set state = ?, code = ? where account = ? and key = ?",
                (
                    str(S.SUCCEEDED if yes else S.FAILED),
                    None if yes else "not_confirmed",
                    self.account,
                    hold["key"],
                ),
            )

    # for tests, replays and checks ----------------------------------------------------------------

    def script(self, token: str, answers: Sequence[str]) -> None:
        """The next requests with this card get these answers in this order; then it does its own again."""
        with self.book.writing() as book:
            book.execute("delete from script where account = ? and token = ?", (self.account, token))
            book.executemany(
                "insert into script values (?, ?, ?, ?)",
                [(self.account, token, at, answer) for at, answer in enumerate(answers)],
            )

    def holds(self) -> list[Row]:
        """All that is or was held: reference, key, pledge, amount, captured, currency, state."""
        return self.book.read("select * from hold where account = ?", self.account)

    def keys(self) -> set[str]:
        """The keys of all requests that arrived."""
        return {
            row["key"] for row in self.book.read("select key from request where account = ?", self.account)
        }

    # inside ---------------------------------------------------------------------------------------

    def _known(self, book: Connection, key: str, asked: str) -> Outcome | None:
        row = book.execute(
            "select * from request where account = ? and key = ?", (self.account, key)
        ).fetchone()
        if row is None:
            return None
        if row["asked"] != asked:
            raise KeyReused(key)
        return _outcome(row)

    def _find(self, book: Connection, reference: str) -> Row | None:
        found: Row | None = book.execute(
            "select * from hold where account = ? and reference = ?", (self.account, reference)
        ).fetchone()
        return found

    def _answer(self, book: Connection, token: str, scripted_only: bool = False) -> str | None:
        at = (self.account, token)
        row = book.execute(
            "delete from script where (account, token, at) ="
            " (select account, token, min(at) from script where account = ? and token = ?) returning answer",
            at,
        ).fetchone()
        if row:
            return str(row["answer"])
        return None if scripted_only else kind_of(token)

    def _lost(self, book: Connection, key: str, answer: str | None) -> bool:
        """Whether the request never arrives; counted, as the trouble passes."""
        if answer not in TROUBLES:
            return False
        row = book.execute(
            "insert into tries values (?, ?, 1) on conflict do update set n = n + 1 returning n",
            (self.account, key),
        ).fetchone()
        return bool(row["n"] <= TROUBLES[answer])

    def _hold(
        self,
        book: Connection,
        key: str,
        asked: str,
        answer: str | None,
        what: tuple[str, int, str, str | None],
    ) -> Outcome:
        token, amount, currency, pledge = what
        code = "no_such_card" if answer is None else answer if answer in DECLINES else None
        if answer == "declined_once":
            before = book.execute(
                "select 1 from hold where account = ? and token = ? limit 1", (self.account, token)
            ).fetchone()
            code = None if before else "declined"
        waits = answer == "needs_confirmation"
        reference = token_urlsafe(12)
        book.execute(
            "insert into hold (reference, account, key, token, pledge, amount, currency, state)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (reference, self.account, key, token, pledge, amount, currency,
             "refused" if code else "waiting" if waits else "held"),
        )  # fmt: skip
        return self._write(book, key, asked, reference, code, waits=waits)

    def _write(
        self, book: Connection, key: str, asked: str, reference: str, code: str | None, *, waits: bool = False
    ) -> Outcome:
        state = S.FAILED if code else S.REQUIRES_ACTION if waits else S.SUCCEEDED
        book.execute(
            "insert into request values (?, ?, ?, ?, ?, ?)",
            (self.account, key, asked, str(state), reference, code),
        )
        return Outcome(state, reference, code)


def book_of(config: Config) -> Book:
    """The book that this application writes to; one for all its threads."""
    books: dict[str, Book] = current_app.extensions.setdefault("sandbox_books", {})
    return books.setdefault(config.sandbox_book, Book(config.sandbox_book))


def from_config(config: Config) -> Sandbox:
    """The sandbox with the application's book, and this database's account in it."""
    return Sandbox(book_of(config), account_of("sandbox"))


def _asked(*what: object) -> str:
    return json.dumps([str(part) for part in what])


def _outcome(row: Row) -> Outcome:
    return Outcome(STATES[row["state"]], row["reference"], row["code"])


def _why_not_capture(hold: Row | None, amount: int) -> str | None:
    if hold is None:
        return "no_such_hold"
    if hold["state"] != "held":
        return {"captured": "already_captured", "void": "hold_is_void"}.get(hold["state"], "not_held")
    return "more_than_held" if amount > hold["amount"] or amount <= 0 else None


def _why_not_void(hold: Row | None) -> str | None:
    if hold is None:
        return "no_such_hold"
    return None if hold["state"] in ("held", "waiting") else f"hold_is_{hold['state']}"
