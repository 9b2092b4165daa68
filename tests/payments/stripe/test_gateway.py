"""What is Stripe's own: its keys, its troubles, its declines. All that every provider does is in test_contract.py."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from c2b.payments.gateway import KeyReused, NoAnswer, Outcome, TooMany, send
from c2b.payments.gateways import stripe_api
from c2b.payments.gateways.stripe import Stripe
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from tests.payments.asking import asked, charge, charged, found, held, hold, let_go, pay_back, pay_out
from tests.payments.stripe.fake import KEY, Fake
from tests.payments.stripe.fake_book import DAY
from tests.payments.stripe.peers import FakePeer, gateway_at

FAULTS = ("drop_before", "drop_after", "error_before", "error_after", "conflict", "garbage")


def prepared(far: FakePeer, purpose: Purpose) -> dict[str, Any]:
    """What a request of this purpose builds on."""
    gateway = far.gateway
    makers: dict[Purpose, Callable[[], dict[str, Any]]] = {
        Purpose.AUTHORISE: lambda: {"token": far.card("ok")},
        Purpose.CAPTURE: lambda: {"payment": held(gateway, "a-9", card=far.card("ok"))},
        Purpose.VOID: lambda: {"payment": held(gateway, "a-9", card=far.card("ok"))},
        Purpose.REFUND: lambda: {"payment": charged(gateway, 9, card=far.card("ok"))},
        Purpose.PAYOUT: lambda: {"destination": far.payee("works")},
    }
    return makers[purpose]()


# what goes over the wire ---------------------------------------------------------------------------


def test_each_request_carries_its_key_and_what_it_is_about(far: FakePeer) -> None:
    hold(far.gateway, "authorise-7-1", far.card("ok"))
    (request,) = far.fake.seen
    assert request.headers["idempotency-key"] == "shop:authorise-7-1"
    assert request.params["metadata"] == {"c2b_account": "shop", "key": "authorise-7-1", "subject": "7"}
    assert (request.params["off_session"], request.params["capture_method"]) == ("true", "manual")


def test_the_shape_of_the_answers_is_pinned_and_nothing_is_told_about_us(far: FakePeer) -> None:
    held(far.gateway, "a-1", card=far.card("ok"))
    held(far.gateway, "a-2", card=far.card("ok"))
    for request in far.fake.seen:
        assert request.headers["stripe-version"] == stripe_api.VERSION
        assert "x-stripe-client-telemetry" not in request.headers
        assert "platform" not in request.headers["x-stripe-client-user-agent"]


def test_two_databases_at_one_stripe_account_never_meet(far: FakePeer) -> None:
    card = far.card("ok")
    other = gateway_at(far.fake.address, "another shop")
    mine, theirs = held(far.gateway, "a-1", card=card), held(other, "a-1", 900, card=card)
    assert mine != theirs
    for gateway, payment in ((far.gateway, mine), (other, theirs)):
        seen = found(gateway, "a-1", token=card)
        assert seen and seen.reference == payment


def test_a_card_of_another_provider_is_declined_without_asking(far: FakePeer) -> None:
    assert hold(far.gateway, "a-1", "card-ok-12345678").code == "no_such_card"
    assert pay_out(far.gateway, "p-1", "bank-works").code == "no_such_account"
    assert not far.fake.seen


def test_a_card_that_is_gone_is_declined(far: FakePeer) -> None:
    """F-40."""
    customer = far.card("ok").partition("/")[0]
    other = far.card("ok").partition("/")[2]
    for token in (f"{customer}/pm_gone", f"{customer}/{other}", "cus_gone/pm_gone"):
        outcome = hold(far.gateway, f"a-{token}", token)
        assert (outcome.state, outcome.code) == (S.FAILED, "no_such_card")


def test_what_is_asked_about_a_customer_or_charge_that_is_gone_never_arrived(far: FakePeer) -> None:
    assert found(far.gateway, "a-1", token="cus_gone/pm_gone") is None
    assert found(far.gateway, "r-1", Purpose.REFUND, payment="pi_gone") is None
    assert found(far.gateway, "c-1", Purpose.CAPTURE, payment="pi_gone") is None


# troubles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("purpose", list(Purpose))
def test_trouble_is_no_answer_is_not_repeated_by_itself_and_is_found_out(
    far: FakePeer, purpose: Purpose, fault: str
) -> None:
    """F-30, F-33: after any trouble a look-up knows whether it happened, and nothing happens twice."""
    request = asked(purpose, f"{purpose}-7-1", **prepared(far, purpose))
    far.fake.script(str(purpose), fault)
    before = far.fake.times(str(purpose))
    with pytest.raises(NoAnswer):
        getattr(far.gateway, "pay_out" if purpose == Purpose.PAYOUT else purpose)(request)
    assert far.fake.times(str(purpose)) == before + 1
    happened = fault not in ("drop_before", "error_before", "conflict")
    seen = far.gateway.look_up(request)
    if purpose == Purpose.PAYOUT:
        assert seen is None  # half-way: the transfer, if any, but nothing to the bank
    else:
        assert (seen is not None and seen.state == S.SUCCEEDED) == happened


@pytest.mark.parametrize("purpose", [Purpose.AUTHORISE, Purpose.CAPTURE, Purpose.REFUND])
def test_an_error_of_stripes_is_answered_again_until_a_day_has_passed(
    far: FakePeer, purpose: Purpose
) -> None:
    request = asked(purpose, f"{purpose}-7-1", **prepared(far, purpose))
    far.fake.script(str(purpose), "error_before")
    assert [send(far.gateway, request).state for _ in range(2)] == [S.UNKNOWN] * 2
    far.fake.skip(DAY + 1)
    assert send(far.gateway, request).state == S.SUCCEEDED


def test_nobody_is_charged_or_paid_twice_even_when_stripe_has_forgotten_the_key(far: FakePeer) -> None:
    """F-41: a forgotten key is a new request; these two are told from what stands in Stripe's book."""
    payment, firm = held(far.gateway, card=far.card("ok")), far.payee("works")
    for _ in range(2):
        assert charge(far.gateway, "c-1", payment).state == S.SUCCEEDED
        assert pay_out(far.gateway, "p-1", firm, 100).state == S.SUCCEEDED
        far.fake.skip(DAY + 1)
    kinds = sorted(line.kind for line in far.gateway.book_lines())
    assert kinds == ["charge", "payout"]
    assert len(far.fake.book.all("payout", firm)) == 1


def test_a_key_with_another_request_is_our_mistake(far: FakePeer) -> None:
    card = far.card("ok")
    hold(far.gateway, "a-1", card)
    with pytest.raises(KeyReused):
        hold(far.gateway, "a-1", card, 501)


def test_too_many_requests_without_a_time_wait_a_second(far: FakePeer) -> None:
    far.fake.script("authorise", "too_many:soon")
    with pytest.raises(TooMany) as caught:
        hold(far.gateway, "a-1", far.card("ok"))
    assert caught.value.retry_after == 1


def test_a_provider_that_hangs_or_is_not_there_is_no_answer(
    far: FakePeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-31."""
    monkeypatch.setattr(stripe_api, "TIMEOUT", 0.1)
    slow = gateway_at(far.fake.address)
    far.fake.script("authorise", "hang:0.4")
    with pytest.raises(NoAnswer):
        hold(slow, "a-1", far.card("ok"))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswer):
            hold(gateway_at(f"http://127.0.0.1:{nobody.getsockname()[1]}"), "a-1", "cus_1/pm_1")


def test_a_wrong_key_of_ours_decides_nothing(far: FakePeer) -> None:
    stranger = gateway_at(far.fake.address, key="sk_test_wrong")
    outcome = send(stranger, asked(Purpose.AUTHORISE, "a-1", token=far.card("ok")))
    assert (outcome.state, outcome.code) == (S.UNKNOWN, "AuthenticationError")


@pytest.mark.parametrize("wrong", ["wrong_amount", "wrong_currency", "wrong_id"])
@pytest.mark.parametrize("purpose", [Purpose.AUTHORISE, Purpose.CAPTURE, Purpose.REFUND])
def test_an_answer_about_something_else_is_never_booked(far: FakePeer, purpose: Purpose, wrong: str) -> None:
    """F-34."""
    request = asked(purpose, f"{purpose}-7-1", **prepared(far, purpose))
    far.fake.script(str(purpose), wrong)
    outcome = send(far.gateway, request)
    assert (outcome.state, outcome.code) == (S.UNKNOWN, "wrong_answer")
    seen = far.gateway.look_up(request)
    assert seen and seen.state == S.SUCCEEDED


# holds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "code"),
    [("declined", "declined"), ("try_again_later", "try_again_later"), ("fraud", "fraud")],
)
def test_stripes_words_for_a_decline_become_ours_and_new_ones_stay(
    far: FakePeer, kind: str, code: str
) -> None:
    assert hold(far.gateway, "a-1", far.card(kind)).code == code


def test_a_hold_says_how_long_it_lasts_and_is_no_charge_afterwards(far: FakePeer) -> None:
    """F-39."""
    card = far.card("ok")
    outcome = hold(far.gateway, "a-1", card)
    assert outcome.expires_at
    far.fake.skip(5 * DAY)
    assert _code(found(far.gateway, "a-1", token=card)) == (S.FAILED, "hold_expired")
    payment = outcome.reference or ""
    assert _code(charge(far.gateway, "c-1", payment)) == (S.FAILED, "hold_expired")
    assert _code(found(far.gateway, "c-1", Purpose.CAPTURE, payment=payment)) == (S.FAILED, "hold_expired")
    assert not list(far.gateway.book_lines())


def test_a_charge_says_why_it_cannot_be(far: FakePeer) -> None:
    gone, done = held(far.gateway, "a-1", card=far.card("ok")), charged(far.gateway, 2, card=far.card("ok"))
    let_go(far.gateway, "v-1", gone)
    assert charge(far.gateway, "c-1", gone).code == "hold_is_void"
    assert charge(far.gateway, "c-9", done).code == "already_captured"
    assert let_go(far.gateway, "v-2", done).code == "hold_is_captured"
    assert let_go(far.gateway, "v-3", gone).code == "hold_is_void"
    assert charge(far.gateway, "c-3", "pi_nowhere").code == "no_such_hold"
    assert (
        charge(far.gateway, "c-4", held(far.gateway, "a-4", card=far.card("ok")), 501).code
        == "more_than_held"
    )
    assert (
        charge(far.gateway, "c-5", held(far.gateway, "a-5", card=far.card("capture_fails"))).code
        == "capture_refused"
    )


def test_another_generation_does_not_take_an_earlier_charge_for_its_own(far: FakePeer) -> None:
    payment = charged(far.gateway, 1, card=far.card("ok"))
    assert _code(found(far.gateway, "c-2", Purpose.CAPTURE, payment=payment)) == (
        S.FAILED,
        "already_captured",
    )


def test_a_payment_still_in_work_is_not_known(far: FakePeer) -> None:
    card = far.card("ok")
    payment = held(far.gateway, "a-1", card=card)
    far.fake.book.things[payment]["status"] = "processing"
    for outcome in (
        found(far.gateway, "a-1", token=card),
        found(far.gateway, "c-1", Purpose.CAPTURE, payment=payment),
    ):
        assert outcome and outcome.state == S.UNKNOWN


# refunds -------------------------------------------------------------------------------------------


def test_a_refund_that_the_bank_has_not_taken_is_not_known_yet(far: FakePeer) -> None:
    payment = charged(far.gateway, card=far.card("refund_waits"))
    outcome = pay_back(far.gateway, "r-1", payment)
    assert _code(outcome) == (S.UNKNOWN, "pending")
    far.fake.book.things[outcome.reference or ""]["status"] = "succeeded"
    seen = found(far.gateway, "r-1", Purpose.REFUND, payment=payment)
    assert seen and seen.state == S.SUCCEEDED


def test_a_refund_says_why_it_cannot_be(far: FakePeer) -> None:
    payment = charged(far.gateway, 1, card=far.card("ok"))
    assert pay_back(far.gateway, "r-1", payment, 501).code == "more_than_charged"
    pay_back(far.gateway, "r-2", payment)
    assert pay_back(far.gateway, "r-3", payment).code == "already_refunded"
    assert pay_back(far.gateway, "r-4", "pi_nowhere").code == "no_such_charge"
    failing = charged(far.gateway, 2, card=far.card("refund_fails"))
    assert pay_back(far.gateway, "r-5", failing).code == "lost_or_stolen_card"
    disputed = charged(far.gateway, 3, card=far.card("disputed"))
    assert pay_back(far.gateway, "r-6", disputed).code == "charge_disputed"


def _code(outcome: Outcome | None) -> tuple[S, str | None] | None:
    return (outcome.state, outcome.code) if outcome else None


# cards ---------------------------------------------------------------------------------------------


def test_a_saved_card_is_known_by_brand_and_last_digits_and_by_one_mark(far: FakePeer) -> None:
    cards = []
    for customer in ("shopper-1", "shopper-2"):
        visit = far.gateway.start_setup(customer, "/me/cards/returned")
        far.save_card(visit.reference)
        cards.append(far.gateway.finish_setup(visit.reference))
    one, two = cards
    assert one and two
    assert one.label == "Visa •••• 4242"
    assert one.fingerprint == two.fingerprint
    assert one.token != two.token
    assert {request.params.get("success_url") for request in far.fake.seen if request.verb == "setup"} == {
        "http://localhost/me/cards/returned"
    }


def test_a_visit_of_another_database_saves_no_card_here(far: FakePeer) -> None:
    visit = far.gateway.start_setup("shopper-1", "/back")
    far.save_card(visit.reference)
    assert gateway_at(far.fake.address, "another shop").finish_setup(visit.reference) is None


# confirming ----------------------------------------------------------------------------------------


def test_a_shopper_is_sent_to_the_banks_page_and_a_second_look_leads_to_the_same(far: FakePeer) -> None:
    """F-38."""
    payment = hold(far.gateway, "a-1", far.card("needs_confirmation")).reference or ""
    places = [far.gateway.confirm_address(payment, "/pay/x/confirmed") for _ in range(2)]
    assert places == [f"https://hooks.stripe.test/3ds/{payment}"] * 2
    confirms = [request for request in far.fake.seen if request.verb == "confirm"]
    assert [request.params["return_url"] for request in confirms] == ["http://localhost/pay/x/confirmed"]


def test_what_needs_no_page_leads_straight_back(far: FakePeer) -> None:
    back = "http://localhost/pay/x/confirmed"
    waiting = hold(far.gateway, "a-1", far.card("needs_confirmation")).reference or ""
    far.confirm(waiting, yes=True)
    gone = hold(far.gateway, "a-2", far.card("needs_confirmation")).reference or ""
    let_go(far.gateway, "v-2", gone)
    declined = hold(far.gateway, "a-3", far.card("insufficient_funds")).reference or ""
    for payment in (waiting, gone, declined, "pi_nowhere"):
        assert far.gateway.confirm_address(payment, "/pay/x/confirmed") == back


def test_a_bank_that_asks_nothing_when_the_shopper_is_there_holds_at_once(far: FakePeer) -> None:
    card = far.card("needs_confirmation")
    payment = hold(far.gateway, "a-1", card).reference or ""
    far.fake.book.kinds[card.partition("/")[2]] = "ok"
    assert far.gateway.confirm_address(payment, "/back") == "http://localhost/back"
    seen = found(far.gateway, "a-1", token=card)
    assert seen and seen.state == S.SUCCEEDED


def test_the_fake_is_strict(fake: Fake) -> None:
    """Else a request that Stripe refuses could pass here."""
    client = stripe_api.new_client(KEY, fake.address)
    with pytest.raises(stripe_api.stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": "pi_1", "amount": 1, "reason": "duplicate"})
    assert caught.value.code == "parameter_unknown"


def test_a_list_of_many_pages_is_read_to_its_end(far: FakePeer, gateway: Stripe) -> None:
    card = far.card("ok")
    customer, method = card.split("/")
    held(gateway, "a-1", card=card)
    for number in range(230):
        one = far.fake.book.add(
            "pi", "payment_intent", customer=customer, latest_charge=None, status="canceled"
        )
        one["metadata"] = {"key": f"a-{number}", "c2b_account": "another shop"}
    seen = found(gateway, "a-1", token=card)
    assert seen and seen.state == S.SUCCEEDED
    assert method
