"""Payouts by Connect, disputes, Stripe's book, and what its webhooks are about."""

import json
import time

import pytest
from flask import Flask

from c2b.core.clock import utcnow
from c2b.core.errors import Refused
from c2b.payments.gateway import BadSignature, NoAnswer
from c2b.payments.gateways.stripe import Stripe
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from tests.payments.asking import charge, charged, found, held, let_go, pay_back, pay_out
from tests.payments.stripe.fake import Fake
from tests.payments.stripe.fake_book import Thing
from tests.payments.stripe.peers import SECRETS, FakePeer, gateway_at


def kinds(gateway: Stripe) -> list[str]:
    """The kinds of the lines in Stripe's book, oldest first."""
    return [line.kind for line in gateway.book_lines()]


# payouts -------------------------------------------------------------------------------------------


def test_a_firm_names_its_bank_on_stripes_pages(far: FakePeer) -> None:
    visit = far.gateway.start_payee("firm-7", "/sell/money")
    assert visit.address.startswith("https://connect.stripe.test/")
    assert far.gateway.finish_payee(visit.reference) is None
    far.name_payee(visit.reference)
    payee = far.gateway.finish_payee(visit.reference)
    assert payee and (payee.label, payee.destination) == ("BANK OF TESTS •••• 6789", visit.reference)
    assert gateway_at(far.fake.address, "another shop").finish_payee(visit.reference) is None
    assert far.gateway.finish_payee("acct_nowhere") is None


def test_connected_accounts_pay_out_only_when_we_say_so(far: FakePeer) -> None:
    far.gateway.start_payee("firm-7", "/sell/money")
    (request,) = [one for one in far.fake.seen if one.verb == "payee"]
    assert request.params["settings"]["payouts"]["schedule"]["interval"] == "manual"


def test_a_payout_that_stopped_half_way_is_taken_up_with_the_same_transfer(far: FakePeer) -> None:
    firm = far.payee("works")
    far.fake.script("bank", "drop_before")
    with pytest.raises(NoAnswer):
        pay_out(far.gateway, "p-1", firm)
    assert found(far.gateway, "p-1", Purpose.PAYOUT, destination=firm) is None
    assert pay_out(far.gateway, "p-1", firm).state == S.SUCCEEDED
    assert kinds(far.gateway) == ["payout"]
    assert [payout["amount"] for payout in far.fake.book.all("payout", firm)] == [500]


def test_a_transfer_whose_payout_is_refused_is_taken_back(far: FakePeer) -> None:
    firm = far.payee("works")
    far.fake.book.kinds[firm] = "closed"
    outcome = pay_out(far.gateway, "p-1", firm)
    assert (outcome.state, outcome.code) == (S.FAILED, "account_closed")
    assert far.fake.book.balance() == 0
    seen = found(far.gateway, "p-1", Purpose.PAYOUT, destination=firm)
    assert seen and seen.state == S.FAILED
    assert far.fake.book.there(firm) == 0


def test_a_payout_that_came_back_is_fetched_back_once(far: FakePeer) -> None:
    """F-42."""
    firm = far.payee("works")
    reference = pay_out(far.gateway, "p-1", firm).reference or ""
    assert far.gateway.payout_returned(reference) is None
    far.send_back(reference)
    assert [far.gateway.payout_returned(reference) for _ in range(3)] == ["account_closed"] * 3
    assert kinds(far.gateway) == ["payout", "payout_returned"]
    assert {line.key for line in far.gateway.book_lines()} == {"p-1"}
    assert far.fake.book.balance() == 0


def test_a_transfer_that_somebody_took_back_by_hand_came_back_too(far: FakePeer) -> None:
    reference = pay_out(far.gateway, "p-1", far.payee("works")).reference or ""
    far.fake.book.reverse(reference, {})
    assert far.gateway.payout_returned(reference) == "reversed"


def test_a_destination_that_is_gone_is_a_failure(far: FakePeer) -> None:
    outcome = pay_out(far.gateway, "p-1", "acct_nowhere")
    assert (outcome.state, outcome.code) == (S.FAILED, "no_such_account")


# disputes ------------------------------------------------------------------------------------------


def test_a_banks_question_that_takes_no_money_is_no_dispute(far: FakePeer) -> None:
    payment = charged(far.gateway, card=far.card("ok"))
    question = far.fake.book.open_dispute(payment, "warning_needs_response")
    assert far.gateway.dispute(question) is None
    assert kinds(far.gateway) == ["charge"]


@pytest.mark.parametrize("database", ["sqlite"])
def test_evidence_is_handed_in_once(app: Flask, far: FakePeer) -> None:
    reference = far.open_dispute(charged(far.gateway, card=far.card("ok")))
    for _ in range(2):  # the same again is no second time: a process may have died after the first
        far.gateway.answer_dispute(reference, "It was delivered. " * 2000)
    kept = far.fake.book.things[reference]["evidence"]["uncategorized_text"]
    assert kept.startswith("It was delivered.")
    assert len(kept) == 20_000
    with pytest.raises(Refused, match="no more evidence"):
        far.gateway.answer_dispute(reference, "And one more thing.")


def test_a_won_dispute_is_a_line_of_its_own_and_the_fee_is_gone(far: FakePeer) -> None:
    reference = far.open_dispute(charged(far.gateway, card=far.card("ok"), amount=50_000))
    far.decide_dispute(reference, won=True)
    assert kinds(far.gateway) == ["charge", "dispute", "dispute_won"]
    dispute = far.gateway.dispute(reference)
    assert dispute and (dispute.state, dispute.fee) == ("won", 1500)


# the book ------------------------------------------------------------------------------------------


def test_the_book_names_the_request_behind_each_line(far: FakePeer) -> None:
    for number in range(1, 4):
        charged(far.gateway, number, card=far.card("ok"), amount=1000 * number)
    pay_back(far.gateway, "r-1", held_of(far.fake, 1000), 400)
    pay_out(far.gateway, "p-1", far.payee("works"), 700)
    lines = list(far.gateway.book_lines())
    assert [line.key for line in lines] == ["c-1", "c-2", "c-3", "r-1", "p-1"]
    assert sum(line.net for line in lines) == far.fake.book.balance()


def held_of(fake: Fake, amount: int) -> str:
    """The payment of this amount."""
    return next(str(thing["id"]) for thing in fake.book.all("payment_intent") if thing["amount"] == amount)


def test_lines_that_follow_from_nothing_of_ours_are_in_the_book_too(far: FakePeer) -> None:
    fee = far.fake.book.add("fee", "stripe_fee", currency="cny")
    far.fake.book.line("stripe_fee", fee, -321)
    charged(gateway_at(far.fake.address, "another shop"), 1, card=far.card("ok"))
    lines = list(far.gateway.book_lines())
    assert [(line.kind, line.key) for line in lines] == [("stripe_fee", None), ("charge", None)]
    assert sum(line.net for line in lines) == far.fake.book.balance()


def test_a_long_book_is_read_to_its_end_oldest_first(far: FakePeer) -> None:
    fee = far.fake.book.add("fee", "stripe_fee", currency="cny")
    for number in range(250):
        far.fake.book.line("stripe_fee", fee, -number)
    assert [-line.amount for line in far.gateway.book_lines()] == list(range(250))


# webhooks ------------------------------------------------------------------------------------------


def events(far: FakePeer, gateway: Stripe | None = None) -> list[tuple[str, str | None, str | None]]:
    """What each webhook so far says, in our words."""
    read = [(gateway or far.gateway).read_event(*letter) for letter in far.letters()]
    return [(event.kind, event.key, event.reference) for event in read]


def test_a_charge_is_told_under_its_own_key(far: FakePeer) -> None:
    payment = held(far.gateway, "a-1", card=far.card("ok"))
    charge(far.gateway, "c-1", payment)
    refund = pay_back(far.gateway, "r-1", payment).reference
    assert events(far) == [
        ("request", "a-1", payment),
        ("request", "c-1", payment),
        ("request", "r-1", refund),
    ]


def test_what_ends_a_hold_is_told_under_the_key_of_the_hold(far: FakePeer) -> None:
    payment = held(far.gateway, "a-1", card=far.card("ok"))
    let_go(far.gateway, "v-1", payment)
    assert events(far)[-1] == ("request", "a-1", payment)


def test_events_of_another_database_are_none_of_our_requests(far: FakePeer) -> None:
    """F-35."""
    charged(far.gateway, card=far.card("ok"))
    kinds = {kind for kind, key, _ in events(far, gateway_at(far.fake.address, "another shop"))}
    assert kinds == {"other"}


def test_a_payout_that_bounced_is_told_by_its_transfer(far: FakePeer) -> None:
    reference = pay_out(far.gateway, "p-1", far.payee("works")).reference
    far.send_back(reference or "")
    assert events(far)[-1] == ("payout", "p-1", reference)


def test_what_connected_accounts_do_for_themselves_is_not_ours(far: FakePeer) -> None:
    event = {"id": "evt_1", "object": "event", "type": "charge.dispute.created", "account": "acct_1"}
    body = json.dumps({**event, "data": {"object": {"id": "dp_1"}}}).encode()
    assert far.gateway.read_event(body, far.signed(body, utcnow())).kind == "other"


@pytest.mark.parametrize(
    "kind", ["invoice.paid", "payment_intent.succeeded", "payout.failed", "transfer.reversed", "x"]
)
def test_events_without_our_mark_are_kept_as_others(far: FakePeer, kind: str) -> None:
    thing: Thing = {"id": "pi_1", "object": "payment_intent", "metadata": {"key": "a-1"}}
    body = json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}}).encode()
    event = far.gateway.read_event(body, far.signed(body, utcnow()))
    assert (event.id, event.kind, event.key) == ("evt_1", "other", None)


@pytest.mark.parametrize(
    "body",
    [
        {"object": "v2.core.event", "id": "evt_1", "type": "x"},
        {"object": "event", "id": "evt_1", "type": "x"},
        {"object": "event", "id": "evt_1", "type": "x", "data": []},
        {"object": "event", "id": "evt_1", "type": "x", "data": {"object": "pi_1"}},
        {"object": "event", "id": "evt_1", "type": 7, "data": {"object": {}}},
        {"object": "event", "id": "evt_1", "type": "x", "data": {"object": {"metadata": "none"}}},
    ],
)
def test_a_signed_event_of_another_shape_makes_no_sense(far: FakePeer, body: Thing) -> None:
    sent = json.dumps(body).encode()
    with pytest.raises(ValueError, match="not an event"):
        far.gateway.read_event(sent, far.signed(sent, utcnow()))


def test_a_signature_may_stand_among_others_but_not_under_another_scheme(far: FakePeer) -> None:
    body = far_letter(far)
    signature = far.signed(body, utcnow())["Stripe-Signature"]
    seconds, _, mark = signature.partition(",v1=")
    assert far.gateway.read_event(body, {"Stripe-Signature": f"{seconds},v1=00,v1={mark}"}).id
    with pytest.raises(BadSignature):
        far.gateway.read_event(body, {"Stripe-Signature": f"{seconds},v0={mark}"})


def far_letter(far: FakePeer) -> bytes:
    """Some event."""
    held(far.gateway, "a-1", card=far.card("ok"))
    return far.fake.webhook(far.fake.book.events[-1], SECRETS["today"], time.time())[0]
