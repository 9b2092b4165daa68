"""What every provider must do, whoever it is: the one suite that each gateway passes."""

import inspect
import sys
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask

from c2b.core.clock import utcnow
from c2b.payments.gateway import BadSignature, Gateway, KeyReused, NoAnswer, Outcome, TooMany, send
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from tests.payments.asking import asked, charge, charged, found, held, hold, let_go, pay_back, pay_out
from tests.payments.peers import EXCEPTIONS, PEERS, Peer

DECLINES = ("insufficient_funds", "expired_card", "lost_card", "do_not_honor", "fraud")


def book(gateway: Gateway) -> Counter[str]:
    """How often each kind of movement is in the provider's book."""
    return Counter(line.kind for line in gateway.book_lines())


def balance(gateway: Gateway) -> int:
    """What we have with the provider."""
    return sum(line.net for line in gateway.book_lines())


# saving cards and bank accounts --------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_card_is_saved_on_the_providers_own_page(app: Flask, peer: Peer) -> None:
    with app.test_request_context():
        visit = peer.gateway.start_setup("shopper-7", "http://localhost/me/cards/returned")
    assert visit.address.startswith(peer.page)
    assert peer.gateway.finish_setup(visit.reference) is None
    peer.save_card(visit.reference)
    card = peer.gateway.finish_setup(visit.reference)
    assert card and card.token and card.label and card.fingerprint
    assert card.gateway == peer.gateway.name
    assert peer.gateway.finish_setup(visit.reference) == card
    assert hold(peer.gateway, "a-1", card.token).state == S.SUCCEEDED


def test_a_visit_that_never_was_saves_no_card(peer: Peer) -> None:
    assert peer.gateway.finish_setup("no-such-visit") is None


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_bank_account_is_named_on_the_providers_own_page(app: Flask, peer: Peer) -> None:
    with app.test_request_context():
        visit = peer.gateway.start_payee("firm-7", "http://localhost/sell/money")
    assert peer.gateway.finish_payee(visit.reference) is None
    peer.name_payee(visit.reference)
    payee = peer.gateway.finish_payee(visit.reference)
    assert payee and payee.destination and payee.label
    assert payee.gateway == peer.gateway.name
    assert pay_out(peer.gateway, "p-1", payee.destination).state == S.SUCCEEDED


# the five requests ---------------------------------------------------------------------------------


def test_a_hold_charges_nothing_and_says_until_when_it_is_held(peer: Peer) -> None:
    request = asked(Purpose.AUTHORISE, "a-1", token=peer.card("ok"))
    outcome = peer.gateway.authorise(request)
    assert (outcome.state, outcome.amount, outcome.currency) == (S.SUCCEEDED, 500, "CNY")
    assert outcome.reference and outcome.expires_at
    assert outcome.expires_at > request.first_sent_at
    assert not book(peer.gateway)


def test_what_is_held_is_charged_once_with_its_fee(peer: Peer) -> None:
    payment = held(peer.gateway, card=peer.card("ok"), amount=50_000)
    outcome = charge(peer.gateway, "c-1", payment, 50_000)
    assert (outcome.state, outcome.reference) == (S.SUCCEEDED, payment)
    assert outcome.amount in (None, 50_000)
    (line,) = peer.gateway.book_lines()
    assert (line.kind, line.key, line.reference, line.amount, line.currency) == (
        "charge", "c-1", payment, 50_000, "CNY",
    )  # fmt: skip
    assert 0 < line.fee < 50_000
    assert outcome.fee in (None, line.fee)
    assert charge(peer.gateway, "c-2", payment, 1).state == S.FAILED
    assert book(peer.gateway) == {"charge": 1}


def test_less_than_what_is_held_can_be_charged(peer: Peer) -> None:
    payment = held(peer.gateway, card=peer.card("ok"))
    assert charge(peer.gateway, "c-1", payment, 300).state == S.SUCCEEDED
    assert [line.amount for line in peer.gateway.book_lines()] == [300]


def test_more_than_what_is_held_is_not_charged(peer: Peer) -> None:
    payment = held(peer.gateway, card=peer.card("ok"))
    assert charge(peer.gateway, "c-1", payment, 501).state == S.FAILED
    assert not book(peer.gateway)
    assert charge(peer.gateway, "c-2", payment, 500).state == S.SUCCEEDED


def test_what_was_let_go_is_not_charged(peer: Peer) -> None:
    payment = held(peer.gateway, card=peer.card("ok"))
    assert let_go(peer.gateway, "v-1", payment).state == S.SUCCEEDED
    assert charge(peer.gateway, "c-1", payment).state == S.FAILED
    assert not book(peer.gateway)


def test_what_was_charged_is_not_let_go(peer: Peer) -> None:
    payment = charged(peer.gateway, card=peer.card("ok"))
    assert let_go(peer.gateway, "v-1", payment).state == S.FAILED


def test_a_charge_is_paid_back_whole(peer: Peer) -> None:
    payment = charged(peer.gateway, card=peer.card("ok"))
    outcome = pay_back(peer.gateway, "r-1", payment)
    assert outcome.state == S.SUCCEEDED
    assert outcome.amount in (None, 500)
    line = list(peer.gateway.book_lines())[-1]
    assert (line.kind, line.key, line.reference, line.amount) == ("refund", "r-1", outcome.reference, -500)


def test_a_charge_is_paid_back_in_parts_and_never_beyond_its_whole(peer: Peer) -> None:
    payment = charged(peer.gateway, card=peer.card("ok"))
    assert pay_back(peer.gateway, "r-1", payment, 200).state == S.SUCCEEDED
    assert pay_back(peer.gateway, "r-2", payment, 301).state == S.FAILED
    assert pay_back(peer.gateway, "r-3", payment, 300).state == S.SUCCEEDED
    assert pay_back(peer.gateway, "r-4", payment, 1).state == S.FAILED
    assert book(peer.gateway) == {"charge": 1, "refund": 2}


def test_what_was_never_charged_is_not_paid_back(peer: Peer) -> None:
    payment = held(peer.gateway, card=peer.card("ok"))
    assert pay_back(peer.gateway, "r-1", payment).state == S.FAILED
    assert not book(peer.gateway)


def test_a_firm_is_paid(peer: Peer) -> None:
    charged(peer.gateway, card=peer.card("ok"), amount=50_000)
    outcome = pay_out(peer.gateway, "p-1", peer.payee("works"), 30_000)
    assert outcome.state == S.SUCCEEDED
    line = list(peer.gateway.book_lines())[-1]
    assert (line.kind, line.key, line.reference, line.amount) == (
        "payout", "p-1", outcome.reference, -30_000,
    )  # fmt: skip
    assert peer.gateway.payout_returned(outcome.reference or "") is None


def test_a_bank_account_that_is_closed_is_not_paid(peer: Peer) -> None:
    charged(peer.gateway, card=peer.card("ok"), amount=50_000)
    outcome = pay_out(peer.gateway, "p-1", peer.payee("refused"), 30_000)
    assert outcome.state == S.FAILED
    assert outcome.code
    assert book(peer.gateway) == {"charge": 1}


def test_a_paid_payout_can_come_back_from_the_bank(peer: Peer) -> None:
    charged(peer.gateway, card=peer.card("ok"), amount=50_000)
    before = balance(peer.gateway)
    reference = pay_out(peer.gateway, "p-1", peer.payee("works"), 30_000).reference or ""
    peer.send_back(reference)
    assert peer.gateway.payout_returned(reference)
    assert balance(peer.gateway) == before
    line = list(peer.gateway.book_lines())[-1]
    assert (line.kind, line.reference, line.amount) == ("payout_returned", reference, 30_000)


# what a card answers -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DECLINES)
def test_a_decline_names_its_reason(peer: Peer, kind: str) -> None:
    outcome = hold(peer.gateway, "a-1", peer.card(kind))
    assert (outcome.state, outcome.code) == (S.FAILED, kind)
    assert found(peer.gateway, "a-1") == outcome


def test_a_payment_waits_for_the_shopper_who_says_yes(peer: Peer) -> None:
    waiting = hold(peer.gateway, "a-1", peer.card("needs_confirmation"))
    assert waiting.state == S.REQUIRES_ACTION
    assert charge(peer.gateway, "c-1", waiting.reference or "").state == S.FAILED
    peer.confirm(waiting.reference or "", yes=True)
    confirmed = found(peer.gateway, "a-1")
    assert confirmed and confirmed.state == S.SUCCEEDED
    assert confirmed.reference == waiting.reference
    assert charge(peer.gateway, "c-2", waiting.reference or "").state == S.SUCCEEDED


def test_a_payment_that_the_shopper_refuses_has_failed(peer: Peer) -> None:
    waiting = hold(peer.gateway, "a-1", peer.card("needs_confirmation"))
    peer.confirm(waiting.reference or "", yes=False)
    refused = found(peer.gateway, "a-1")
    assert refused and refused.state == S.FAILED


def test_a_payment_that_waits_can_be_let_go_and_is_then_over(peer: Peer) -> None:
    waiting = hold(peer.gateway, "a-1", peer.card("needs_confirmation"))
    assert let_go(peer.gateway, "v-1", waiting.reference or "").state == S.SUCCEEDED
    peer.confirm(waiting.reference or "", yes=True)
    over = found(peer.gateway, "a-1")
    assert over and over.state == S.FAILED


# keys ----------------------------------------------------------------------------------------------


def test_the_same_key_has_the_same_answer_and_acts_once(peer: Peer) -> None:
    """Every verb twice, with the very same request."""
    card, firm = peer.card("ok"), peer.payee("works")
    first = hold(peer.gateway, "a-1", card)
    assert hold(peer.gateway, "a-1", card).reference == first.reference
    payment = first.reference or ""
    for _ in range(2):
        assert charge(peer.gateway, "c-1", payment).state == S.SUCCEEDED
    assert len({pay_back(peer.gateway, "r-1", payment, 100).reference for _ in range(2)}) == 1
    assert len({pay_out(peer.gateway, "p-1", firm, 100).reference for _ in range(2)}) == 1
    other = held(peer.gateway, "a-2", card=card)
    assert [let_go(peer.gateway, "v-1", other).state for _ in range(2)] == [S.SUCCEEDED] * 2
    assert book(peer.gateway) == {"charge": 1, "refund": 1, "payout": 1}


def test_a_key_with_another_request_is_refused_and_does_nothing(peer: Peer) -> None:
    payment = held(peer.gateway, "a-1", card=peer.card("ok"))
    other = asked(Purpose.CAPTURE, "c-1", 499, payment=payment)
    assert charge(peer.gateway, "c-1", payment, 498).state == S.SUCCEEDED
    with pytest.raises(KeyReused):
        peer.gateway.capture(other)
    assert send(peer.gateway, other).state == S.UNKNOWN
    assert [line.amount for line in peer.gateway.book_lines()] == [498]


def test_a_key_that_never_arrived_is_not_found(peer: Peer) -> None:
    payment = charged(peer.gateway, card=peer.card("ok"))
    for purpose, more in (
        (Purpose.AUTHORISE, {"token": peer.card("ok")}),
        (Purpose.REFUND, {"payment": payment}),
        (Purpose.PAYOUT, {"destination": peer.payee("works")}),
    ):
        assert found(peer.gateway, f"{purpose}-9-1", purpose, **more) is None


def test_a_capture_or_void_that_never_arrived_is_not_found(peer: Peer) -> None:
    payment = held(peer.gateway, card=peer.card("ok"))
    for purpose in (Purpose.CAPTURE, Purpose.VOID):
        assert found(peer.gateway, f"{purpose}-9-1", purpose, payment=payment) is None


def test_looking_up_changes_nothing_and_says_what_the_answer_said(peer: Peer) -> None:
    first = hold(peer.gateway, "a-1", peer.card("ok"))
    again = found(peer.gateway, "a-1")
    assert again
    assert (again.state, again.reference, again.amount) == (first.state, first.reference, first.amount)
    payment = first.reference or ""
    charge(peer.gateway, "c-1", payment)
    for _ in range(3):
        seen = found(peer.gateway, "c-1", Purpose.CAPTURE, payment=payment)
        assert seen and seen.state == S.SUCCEEDED
    assert book(peer.gateway) == {"charge": 1}


# faults --------------------------------------------------------------------------------------------


def _each_verb(peer: Peer, n: int) -> dict[Purpose, dict[str, object]]:
    """Whatever one verb needs, prepared."""
    return {
        Purpose.AUTHORISE: {"token": peer.card("ok")},
        Purpose.CAPTURE: {"payment": held(peer.gateway, f"a-1{n}", card=peer.card("ok"))},
        Purpose.VOID: {"payment": held(peer.gateway, f"a-2{n}", card=peer.card("ok"))},
        Purpose.REFUND: {"payment": charged(peer.gateway, 30 + n, card=peer.card("ok"))},
        Purpose.PAYOUT: {"destination": peer.payee("works")},
    }


@pytest.mark.parametrize("purpose", list(Purpose))
def test_an_answer_that_is_lost_is_found_by_looking(peer: Peer, purpose: Purpose) -> None:
    """F-30: it was done; asking again under the same key does not do it twice."""
    request = asked(purpose, f"{purpose}-7-1", **_each_verb(peer, 1)[purpose])
    before = book(peer.gateway)
    peer.lose_answers(purpose)
    assert send(peer.gateway, request).state == S.UNKNOWN
    seen = peer.gateway.look_up(request)
    assert seen and seen.state == S.SUCCEEDED
    assert send(peer.gateway, request).state == S.SUCCEEDED
    assert sum((book(peer.gateway) - before).values()) == (
        purpose in (Purpose.CAPTURE, Purpose.REFUND, Purpose.PAYOUT)
    )


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_question_that_is_lost_is_not_found_and_can_be_asked_again(peer: Peer, purpose: Purpose) -> None:
    request = asked(purpose, f"{purpose}-7-1", **_each_verb(peer, 1)[purpose])
    peer.lose_questions(purpose)
    with pytest.raises(NoAnswer):
        _ask(peer.gateway, request)
    assert peer.gateway.look_up(request) is None
    assert send(peer.gateway, request).state == S.SUCCEEDED


@pytest.mark.parametrize("purpose", list(Purpose))
def test_too_many_requests_say_when_to_come_again(peer: Peer, purpose: Purpose) -> None:
    request = asked(purpose, f"{purpose}-7-1", **_each_verb(peer, 1)[purpose])
    peer.too_many(purpose, 7)
    with pytest.raises(TooMany) as caught:
        _ask(peer.gateway, request)
    assert caught.value.retry_after == 7
    assert peer.gateway.look_up(request) is None
    assert send(peer.gateway, request).state == S.SUCCEEDED


def _ask(gateway: Gateway, request: object) -> Outcome:
    verbs = {Purpose.PAYOUT: "pay_out"}
    purpose: Purpose = request.purpose  # type: ignore[attr-defined]
    return getattr(gateway, verbs.get(purpose, str(purpose)))(request)  # type: ignore[no-any-return]


# disputes and the book -----------------------------------------------------------------------------


def test_a_dispute_takes_the_charge_away_and_is_answered(peer: Peer) -> None:
    payment = charged(peer.gateway, card=peer.card("ok"), amount=50_000)
    reference = peer.open_dispute(payment)
    dispute = peer.gateway.dispute(reference)
    assert dispute and dispute.answer_by
    assert (dispute.payment, dispute.amount, dispute.currency, dispute.state) == (
        payment, 50_000, "CNY", "open",
    )  # fmt: skip
    line = list(peer.gateway.book_lines())[-1]
    assert (line.kind, line.reference, line.amount, line.fee) == ("dispute", reference, -50_000, dispute.fee)
    peer.gateway.answer_dispute(reference, "It was delivered; here is the signature.")
    again = peer.gateway.dispute(reference)
    assert again and again.state == "open"


@pytest.mark.parametrize("won", [True, False])
def test_a_decided_dispute_gives_the_money_back_to_a_merchant_who_won(peer: Peer, won: bool) -> None:
    payment = charged(peer.gateway, card=peer.card("ok"), amount=50_000)
    reference = peer.open_dispute(payment)
    before = balance(peer.gateway)
    peer.decide_dispute(reference, won=won)
    dispute = peer.gateway.dispute(reference)
    assert dispute and dispute.state == ("won" if won else "lost")
    assert balance(peer.gateway) == before + (50_000 if won else 0)


def test_a_dispute_that_nobody_opened_is_not_found(peer: Peer) -> None:
    assert peer.gateway.dispute("no-such-dispute") is None


def test_the_balance_is_what_happened(peer: Peer) -> None:
    """The sum of the nets: charges less refunds, payouts, and all that the provider keeps."""
    for n in range(1, 4):
        payment = charged(peer.gateway, n, card=peer.card("ok"), amount=10_000 * n)
    pay_back(peer.gateway, "r-1", payment, 5_000)
    pay_out(peer.gateway, "p-1", peer.payee("works"), 12_345)
    lines = list(peer.gateway.book_lines())
    fees = sum(line.fee for line in lines)
    assert balance(peer.gateway) == 60_000 - 5_000 - 12_345 - fees
    assert len({line.id for line in lines}) == len(lines)


def test_the_book_can_be_read_from_a_moment_on(peer: Peer) -> None:
    charged(peer.gateway, card=peer.card("ok"))
    lines = list(peer.gateway.book_lines())
    assert list(peer.gateway.book_lines(lines[-1].at)) == lines[-1:]
    assert not list(peer.gateway.book_lines(lines[-1].at + timedelta(seconds=1)))


# webhooks ------------------------------------------------------------------------------------------


def test_a_webhook_tells_which_request_was_decided(peer: Peer) -> None:
    payment = held(peer.gateway, "a-1", card=peer.card("ok"))
    events = [peer.gateway.read_event(*letter) for letter in peer.letters()]
    assert ("request", "a-1", payment) in [(event.kind, event.key, event.reference) for event in events]
    assert len({event.id for event in events}) == len(events)


def test_a_webhook_tells_of_a_dispute_and_of_its_end(peer: Peer) -> None:
    reference = peer.open_dispute(charged(peer.gateway, card=peer.card("ok")))
    peer.decide_dispute(reference, won=False)
    events = [peer.gateway.read_event(*letter) for letter in peer.letters()]
    about = [event.reference for event in events if event.kind == "dispute"]
    assert len(about) >= 2
    assert set(about) == {reference}


def test_a_webhook_tells_of_a_payout_that_came_back(peer: Peer) -> None:
    reference = pay_out(peer.gateway, "p-1", peer.payee("works")).reference or ""
    peer.send_back(reference)
    events = [peer.gateway.read_event(*letter) for letter in peer.letters()]
    assert ("payout", reference) in [(event.kind, event.reference) for event in events]


def _letter(peer: Peer) -> bytes:
    held(peer.gateway, "a-1", card=peer.card("ok"))
    return peer.letters()[0][0]


@pytest.mark.parametrize("by", ["today", "tomorrow"])
def test_while_a_secret_is_replaced_both_are_good(peer: Peer, by: str) -> None:
    body = _letter(peer)
    assert peer.gateway.read_event(body, peer.signed(body, utcnow(), by)).id


def test_the_name_of_a_header_may_be_written_small(peer: Peer) -> None:
    body = _letter(peer)
    headers = {name.lower(): value for name, value in peer.signed(body, utcnow()).items()}
    assert peer.gateway.read_event(body, headers).id


@pytest.mark.parametrize("by", ["today", "stranger"])
def test_a_body_that_was_changed_or_signed_by_a_stranger_is_refused(peer: Peer, by: str) -> None:
    body = _letter(peer)
    headers = peer.signed(body, utcnow(), by)
    with pytest.raises(BadSignature):
        peer.gateway.read_event(body + b" " if by == "today" else body, headers)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_of_another_time_is_refused(peer: Peer, minutes: int) -> None:
    body = _letter(peer)
    with pytest.raises(BadSignature):
        peer.gateway.read_event(body, peer.signed(body, utcnow() + timedelta(minutes=minutes)))


@pytest.mark.parametrize("spoiled", ["", "nonsense", "t=,v1=", "t=1", "v1=00", "t=x,v1=00", "t=1,t=2,v1=é"])
def test_a_signature_that_is_missing_or_nonsense_is_refused(peer: Peer, spoiled: str) -> None:
    body = _letter(peer)
    name = next(iter(peer.signed(body, utcnow())))
    for headers in ({name: spoiled}, {}):
        with pytest.raises(BadSignature):
            peer.gateway.read_event(body, headers)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"id": 7}', b"null", b"{}"])
def test_a_signed_body_that_makes_no_sense_is_a_value_error(peer: Peer, body: bytes) -> None:
    with pytest.raises(ValueError):
        peer.gateway.read_event(body, peer.signed(body, utcnow()))


# the suite itself ----------------------------------------------------------------------------------


def test_every_exception_is_a_test_that_exists_with_its_reason() -> None:
    names = {name for name, _ in inspect.getmembers(sys.modules[__name__], inspect.isfunction)}
    assert set(EXCEPTIONS) <= set(PEERS)
    for exceptions in EXCEPTIONS.values():
        assert set(exceptions) <= names
        assert all(len(reason) > 10 for reason in exceptions.values())
    assert not EXCEPTIONS["sandbox"]
