"""Stripe as the provider: cards are saved on its pages, charged without the shopper, and never seen by us.

How the money moves, and what must be set up at Stripe, is told in docs/payments.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import stripe

from c2b.config import Config
from c2b.core.errors import Refused
from c2b.core.text import gettext as _
from c2b.payments.accounts import account_of
from c2b.payments.gateway import (
    Asked,
    BookLine,
    Outcome,
    ProviderDispute,
    ProviderEvent,
    SavedCard,
    SavedPayee,
    Setup,
)
from c2b.payments.gateways import stripe_answers as answers
from c2b.payments.gateways import stripe_book, stripe_connect, stripe_events
from c2b.payments.gateways.stripe_api import OWNER, Api, Thing, connect, details, in_our_words
from c2b.payments.states import AttemptState, Purpose

WORDS = 20_000  # the longest text that Stripe takes as evidence
CAN_CONFIRM = ("requires_payment_method", "requires_confirmation", "requires_action")


class Stripe:
    """The gateway of a shop that takes real money."""

    name = "stripe"

    def __init__(self, api: Api, secrets: Sequence[str], site: str) -> None:
        self.api = api
        self.secrets = secrets  # of the webhooks
        self.site = site  # our own address, to lead people back to

    # saving a card --------------------------------------------------------------------------------

    def start_setup(self, customer: str, return_url: str) -> Setup:
        """See Gateway; the page is Stripe's own, so no card number passes through us."""
        back = self._whole(return_url)
        with in_our_words():
            person = self.api.client.v1.customers.create(
                {"metadata": {OWNER: self.api.account, "customer": customer}},
                {"idempotency_key": self.api.key(f"customer-{customer}")},
            )
            visit = self.api.client.v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "customer": person.id,
                    "allowed_payment_method_types": ["card"],
                    "success_url": back,
                    "cancel_url": back,
                    "metadata": {OWNER: self.api.account},
                }
            )
        return Setup(str(visit.url), visit.id)

    def finish_setup(self, reference: str) -> SavedCard | None:
        """See Gateway. The token names the customer too, as Stripe charges a card for its customer only."""
        visit = self._retrieved(
            lambda: self.api.client.v1.checkout.sessions.retrieve(
                reference, {"expand": ["setup_intent.payment_method"]}
            )
        )
        intent = visit and visit.get("setup_intent")
        if not visit or not isinstance(intent, dict) or not self.api.is_ours(visit):
            return None
        method, customer = intent.get("payment_method"), answers.id_of(visit.get("customer"))
        if intent.get("status") != "succeeded" or not isinstance(method, dict) or not customer:
            return None
        card = method.get("card") or {}
        mark = str(card.get("fingerprint") or method["id"])
        return SavedCard(f"{customer}/{method['id']}", answers.card_label(card), mark, self.name)

    def start_payee(self, firm: str, return_url: str) -> Setup:
        """See Gateway."""
        return stripe_connect.start_payee(self.api, firm, self._whole(return_url))

    def finish_payee(self, reference: str) -> SavedPayee | None:
        """See Gateway."""
        return stripe_connect.finish_payee(self.api, reference)

    # money ----------------------------------------------------------------------------------------

    def authorise(self, asked: Asked) -> Outcome:
        """See Gateway."""
        customer, _slash, card = asked.token.partition("/")
        if not card:  # saved at another provider
            return Outcome(AttemptState.FAILED, code="no_such_card")
        return self._sent(
            asked,
            lambda: self.api.client.v1.payment_intents.create(
                {
                    "amount": asked.amount,
                    "currency": asked.currency.lower(),
                    "customer": customer,
                    "payment_method": card,
                    "allowed_payment_method_types": ["card"],
                    "capture_method": "manual",
                    "confirm": True,
                    "off_session": True,
                    "metadata": self.api.about(asked),
                    "expand": ["latest_charge"],
                },
                {"idempotency_key": self.api.key(asked.key)},
            ),
        )

    def capture(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._sent(
            asked,
            lambda: self.api.client.v1.payment_intents.capture(
                asked.payment,
                {
                    "amount_to_capture": asked.amount,
                    "metadata": {"capture_key": asked.key},
                    "expand": ["latest_charge.balance_transaction"],
                },
                {"idempotency_key": self.api.key(asked.key)},
            ),
        )

    def void(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._sent(
            asked,
            lambda: self.api.client.v1.payment_intents.cancel(
                asked.payment, {}, {"idempotency_key": self.api.key(asked.key)}
            ),
        )

    def refund(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._sent(
            asked,
            lambda: self.api.client.v1.refunds.create(
                {"payment_intent": asked.payment, "amount": asked.amount, "metadata": self.api.about(asked)},
                {"idempotency_key": self.api.key(asked.key)},
            ),
        )

    def pay_out(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return stripe_connect.pay_out(self.api, asked)

    def look_up(self, asked: Asked) -> Outcome | None:
        """See Gateway. By lists, which are exact at once; Stripe's search is a minute behind."""
        if asked.purpose == Purpose.PAYOUT:
            return stripe_connect.look_up(self.api, asked)
        found = {Purpose.AUTHORISE: self._payment, Purpose.REFUND: self._refund}.get(
            asked.purpose, self._built_on
        )(asked)
        return self._answer(asked, found) if found else None

    def _payment(self, asked: Asked) -> Thing | None:
        """The payment that this request made: one of its customer's."""
        customer = asked.token.partition("/")[0]
        page: Any = {"limit": 100, "expand": ["data.latest_charge"]} | (
            {"customer": customer} if customer else {}
        )
        return self._made_by(asked, lambda: self.api.client.v1.payment_intents.list(page))

    def _refund(self, asked: Asked) -> Thing | None:
        return self._made_by(
            asked, lambda: self.api.client.v1.refunds.list({"payment_intent": asked.payment, "limit": 100})
        )

    def _made_by(self, asked: Asked, call: Callable[[], Any]) -> Thing | None:
        """The one of a list that this request made; none where its customer or charge is gone, or never was."""
        try:
            with in_our_words():
                things = (thing.to_dict() for thing in call().auto_paging_iter())
                return next((thing for thing in things if self.api.is_ours(thing, asked.key)), None)
        except stripe.InvalidRequestError as problem:
            if problem.code == "resource_missing":
                return None
            raise

    def _built_on(self, asked: Asked) -> Thing | None:
        """The payment that a charge or its release is about."""
        return self._retrieved(
            lambda: self.api.client.v1.payment_intents.retrieve(
                asked.payment, {"expand": ["latest_charge.balance_transaction"]}
            )
        )

    # confirming -----------------------------------------------------------------------------------

    def confirm_address(self, reference: str, return_url: str) -> str:
        """See Gateway. The payment is tried again with the shopper present; the bank's page is then at the address."""
        back = self._whole(return_url)
        intent = self._retrieved(lambda: self.api.client.v1.payment_intents.retrieve(reference)) or {}
        address = _bank_page(intent)
        if address or intent.get("status") not in CAN_CONFIRM:
            return address or back
        failed = intent.get("last_payment_error") or {}
        card = answers.id_of(intent.get("payment_method")) or answers.id_of(failed.get("payment_method"))
        try:
            with in_our_words():
                again = self.api.client.v1.payment_intents.confirm(
                    reference, {"payment_method": card or "", "return_url": back}
                )
        except (stripe.CardError, stripe.InvalidRequestError):
            return back  # where it is looked up what became of it
        return _bank_page(again.to_dict()) or back

    # disputes, events, the book -------------------------------------------------------------------

    def dispute(self, reference: str) -> ProviderDispute | None:
        """See Gateway; None also for a bank's question that took no money yet."""
        found = self._retrieved(lambda: self.api.client.v1.disputes.retrieve(reference))
        return answers.dispute(found) if found else None

    def answer_dispute(self, reference: str, words: str) -> None:
        """See Gateway. Stripe passes evidence to the bank once; other words after that are refused."""
        words, disputes = words[:WORDS], self.api.client.v1.disputes
        try:
            with in_our_words():
                disputes.update(reference, {"evidence": {"uncategorized_text": words}, "submit": True})
        except stripe.InvalidRequestError as problem:
            standing = self._retrieved(lambda: disputes.retrieve(reference)) or {}
            if (standing.get("evidence") or {}).get("uncategorized_text") == words:
                return  # they are there already
            raise Refused(_("The bank takes no more evidence for this dispute.")) from problem

    def payout_returned(self, reference: str) -> str | None:
        """See Gateway."""
        return stripe_connect.returned(self.api, reference)

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """See Gateway."""
        return stripe_events.read_event(self.api, self.secrets, body, headers)

    def book_lines(self, since: datetime | None = None) -> Iterator[BookLine]:
        """See Gateway."""
        return stripe_book.book_lines(self.api, since)

    # inside ---------------------------------------------------------------------------------------

    def _sent(self, asked: Asked, call: Callable[[], stripe.StripeObject]) -> Outcome:
        try:
            with in_our_words():
                thing = call().to_dict()
        except (stripe.CardError, stripe.InvalidRequestError) as problem:
            return self._turned_down(asked, details(problem))
        answer = self._answer(asked, thing)
        return answer or answers.wrong_answer(answers.id_of(thing))

    def _turned_down(self, asked: Asked, error: Thing) -> Outcome:
        """A charge that was made already under this key is no failure, however late we ask for it again."""
        intent = error.get("payment_intent") or {}
        if asked.purpose == Purpose.CAPTURE and intent.get("status") == "succeeded":
            return self.look_up(asked) or answers.refused(asked, error)
        return answers.refused(asked, error)

    def _answer(self, asked: Asked, thing: Thing) -> Outcome | None:
        if asked.purpose in (Purpose.CAPTURE, Purpose.VOID):
            if thing.get("id") != asked.payment:
                return answers.wrong_answer(answers.id_of(thing))
            return (answers.captured if asked.purpose == Purpose.CAPTURE else answers.voided)(asked, thing)
        if not self.api.is_ours(thing, asked.key):
            return answers.wrong_answer(answers.id_of(thing))
        return (
            answers.refunded(thing) if asked.purpose == Purpose.REFUND else answers.authorised(asked, thing)
        )

    def _retrieved(self, call: Callable[[], stripe.StripeObject]) -> Thing | None:
        """An object; None where there is none of this name."""
        try:
            with in_our_words():
                return call().to_dict()
        except stripe.InvalidRequestError as problem:
            if problem.http_status == 404:
                return None
            raise

    def _whole(self, address: str) -> str:
        return urljoin(self.site + "/", address)


def from_config(config: Config) -> Stripe:
    """Stripe with the application's key, and this database's mark there."""
    return Stripe(connect(config, account_of("stripe")), config.stripe_webhook_secrets, config.base_url)


def _bank_page(intent: Thing) -> str | None:
    step = (intent.get("next_action") or {}).get("redirect_to_url") or {}
    return step.get("url") if intent.get("status") == "requires_action" else None
