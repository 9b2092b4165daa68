"""What localstripe can do beside the contract: SetupIntents, its one decline, and webhooks that it signs itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from c2b.payments.gateways import stripe_answers, stripe_api
from c2b.payments.states import AttemptState as S
from tests.payments.asking import charge, found, held, hold, let_go, pay_back
from tests.payments.stripe import local_server
from tests.payments.stripe.local import GAPS, KEY, LocalPeer, call, localstripe, server


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalPeer]:
    """localstripe with an empty book."""
    with localstripe(tmp_path) as peer:
        yield peer


def test_a_card_that_a_setup_intent_saved_can_be_charged_later(local: LocalPeer) -> None:
    """What the hosted page does for the shopper, done here by hand with a test number."""
    client = stripe_api.new_client(KEY, server())
    customer = client.v1.customers.create({"metadata": {"customer": "shopper-7"}}).id
    intent = client.v1.setup_intents.create({"customer": customer, "usage": "off_session"})
    fields = {
        "card[number]": "5555555555554444",
        "card[exp_month]": 12,
        "card[exp_year]": 2040,
        "card[cvc]": "314",
    }
    typed = {f"payment_method_data[{name.replace('[', '][', 1)}": value for name, value in fields.items()}
    done = call(
        "POST", f"/v1/setup_intents/{intent.id}/confirm", **typed, **{"payment_method_data[type]": "card"}
    )
    assert done["status"] == "succeeded"
    call("POST", f"/v1/payment_methods/{done['payment_method']}/attach", customer=customer)
    card = client.v1.payment_methods.retrieve(done["payment_method"]).to_dict()["card"]
    assert stripe_answers.card_label(card) == "Visa •••• 4444"  # it takes every card for a Visa
    payment = held(local.gateway, card=f"{customer}/{done['payment_method']}")
    assert charge(local.gateway, "c-1", payment).state == S.SUCCEEDED


def test_its_one_decline_is_a_decline(local: LocalPeer) -> None:
    card = local.card("declined")
    outcome = hold(local.gateway, "a-1", card)
    assert (outcome.state, outcome.code) == (S.FAILED, "declined")
    seen = found(local.gateway, "a-1", token=card)
    assert seen and (seen.state, seen.code) == (S.FAILED, "declined")


def test_a_card_that_asks_its_owner_waits_and_then_holds(local: LocalPeer) -> None:
    card = local.card("needs_confirmation")
    outcome = hold(local.gateway, "a-1", card)
    assert outcome.state == S.REQUIRES_ACTION
    local.confirm(outcome.reference or "", yes=True)
    seen = found(local.gateway, "a-1", token=card)
    assert seen and seen.state == S.SUCCEEDED
    assert charge(local.gateway, "c-1", outcome.reference or "").state == S.SUCCEEDED


def test_a_charge_is_told_by_a_webhook_that_it_signed_itself(local: LocalPeer) -> None:
    payment = held(local.gateway, "a-1", card=local.card("ok"))
    charge(local.gateway, "c-1", payment)
    events = [local.gateway.read_event(*letter) for letter in local.letters()]
    assert ("request", "c-1", payment) in [(event.kind, event.key, event.reference) for event in events]


def test_what_the_fake_says_localstripe_says(local: LocalPeer) -> None:
    """The two were written by different people from the same documents."""
    from tests.payments.stripe.peers import stripe_fake

    said = []
    with stripe_fake(Path()) as fake:
        for peer in (local, fake):
            card = peer.card("ok")
            payment, gone = (held(peer.gateway, key, card=card) for key in ("a-1", "a-2"))
            steps = [
                let_go(peer.gateway, "v-2", gone),
                charge(peer.gateway, "c-1", payment),
                pay_back(peer.gateway, "r-1", payment, 200),
                found(peer.gateway, "a-2", token=card),
            ]
            book = [(line.kind, line.key, line.amount) for line in peer.gateway.book_lines()]
            said.append(([(step.state, step.code) for step in steps if step], book))
    assert said[0] == said[1]
    assert said[0][1] == [("charge", "c-1", 500), ("refund", "r-1", -200)]


def test_each_gap_and_each_shim_has_a_reason_of_its_own() -> None:
    for reasons in (GAPS, local_server.SHIMS):
        assert all(len(reason) > 10 for reason in reasons.values())
