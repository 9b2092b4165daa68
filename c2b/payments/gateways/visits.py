"""Visits to the sandbox's own pages, on which a test card or a test bank account is chosen."""

from collections.abc import Mapping
from secrets import token_urlsafe

from flask import url_for

from c2b.payments.gateway import SavedCard, SavedPayee, Setup
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.cards import saved_card, saved_payee


class Pages:
    """What people see of a sandbox: its pages are our own, wherever its book is."""

    name: str

    def start_setup(self, customer: str, return_url: str) -> Setup:
        """See Gateway; the page is our own, and says that it is a demo."""
        reference = self.open_visit("card", customer, return_url)
        return Setup(url_for("sandbox.setup", token=reference), reference)

    def start_payee(self, firm: str, return_url: str) -> Setup:
        """See Gateway; the page is our own, and says that it is a demo."""
        reference = self.open_visit("payee", firm, return_url)
        return Setup(url_for("sandbox.payee", token=reference), reference)

    def finish_setup(self, reference: str) -> SavedCard | None:
        """See Gateway."""
        visit = self.visit(reference)
        if visit is None or visit["token"] is None:
            return None
        return SavedCard(visit["token"], visit["label"], visit["fingerprint"], self.name)

    def finish_payee(self, reference: str) -> SavedPayee | None:
        """See Gateway."""
        visit = self.visit(reference, "payee")
        if visit is None or visit["token"] is None:
            return None
        return SavedPayee(visit["token"], visit["label"], self.name)

    def confirm_address(self, reference: str, return_url: str) -> str:
        """See Gateway."""
        return url_for("sandbox.confirm", reference=reference, back=return_url)

    def open_visit(self, kind: str, who: str, return_url: str) -> str:
        """Somebody is about to come; the name of the visit."""
        raise NotImplementedError

    def visit(self, reference: str, kind: str = "card") -> Mapping[str, str] | None:
        """The visit to the page of this kind with this name."""
        raise NotImplementedError

    def choose(self, reference: str, kind: str) -> None:
        """The shopper chose a test card; the first choice stands."""
        raise NotImplementedError

    def choose_payee(self, reference: str, kind: str) -> None:
        """The firm chose a test bank account; the first choice stands."""
        raise NotImplementedError

    def hold(self, reference: str) -> Mapping[str, object] | None:
        """What is held under this name."""
        raise NotImplementedError

    def confirm(self, reference: str, yes: bool) -> None:
        """The shopper confirms a payment that asked for it, or says no."""
        raise NotImplementedError


class Visits(Pages):
    """Visits, in the sandbox's own book."""

    book: Book
    account: str

    def open_visit(self, kind: str, who: str, return_url: str) -> str:
        """See Pages."""
        reference = token_urlsafe(16)
        with self.book.writing() as book:
            book.execute(
                "insert into setup (account, reference, customer, return_url, kind) values (?, ?, ?, ?, ?)",
                (self.account, reference, who, return_url, kind),
            )
        return reference

    def visit(self, reference: str, kind: str = "card") -> Mapping[str, str] | None:
        """See Pages."""
        row = self.book.one(
            "select * from setup where account = ? and reference = ? and kind = ?",
            self.account, reference, kind,
        )  # fmt: skip
        return dict(row) if row else None

    def choose(self, reference: str, kind: str) -> None:
        """See Pages."""
        visit = self.visit(reference)
        if visit is not None:
            card = saved_card(kind, visit["customer"])
            self._keep(reference, card.token, card.label, card.fingerprint)

    def choose_payee(self, reference: str, kind: str) -> None:
        """See Pages."""
        if self.visit(reference, "payee") is not None:
            payee = saved_payee(kind)
            self._keep(reference, payee.destination, payee.label, "")

    def _keep(self, reference: str, token: str, label: str, fingerprint: str) -> None:
        with self.book.writing() as book:
            book.execute(
                "update setup set token = ?, label = ?, fingerprint = ?"
                " where account = ? and reference = ? and token is null",
                (token, label, fingerprint, self.account, reference),
            )
