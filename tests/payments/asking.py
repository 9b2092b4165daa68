"""Short words for the requests of these tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from c2b.payments.gateway import Asked, Gateway, Outcome
from c2b.payments.gateways.cards import saved_card
from c2b.payments.states import AttemptState, Purpose

START = datetime(2025, 5, 20, 6, 0, tzinfo=UTC)


def token(kind: str) -> str:
    """A saved card that does this."""
    return saved_card(kind, "someone").token


def asked(purpose: Purpose, key: str, amount: int = 500, *, days: float = 0, **more: Any) -> Asked:
    """A request, first sent so many days after the start."""
    return Asked(
        key=key,
        purpose=purpose,
        amount=amount,
        currency=more.pop("currency", "CNY"),
        first_sent_at=START + timedelta(days=days),
        about={"key": key, "subject": more.pop("subject", "7")},
        **more,
    )


def hold(provider: Gateway, key: str, card: str, amount: int = 500, **more: Any) -> Outcome:
    """Hold money on a card."""
    return provider.authorise(asked(Purpose.AUTHORISE, key, amount, token=card, **more))


def held(provider: Gateway, key: str = "a-1", amount: int = 500, card: str = "", **more: Any) -> str:
    """The name of a hold on a card that works."""
    outcome = hold(provider, key, card or token("ok"), amount, **more)
    assert outcome.state == AttemptState.SUCCEEDED, outcome
    return outcome.reference or ""


def charge(provider: Gateway, key: str, payment: str, amount: int = 500, **more: Any) -> Outcome:
    """Charge what is held."""
    return provider.capture(asked(Purpose.CAPTURE, key, amount, payment=payment, **more))


def charged(provider: Gateway, n: int = 1, amount: int = 500, card: str = "", **more: Any) -> str:
    """The name of a charge."""
    payment = held(provider, f"a-{n}", amount, card, **more)
    assert charge(provider, f"c-{n}", payment, amount, **more).state == AttemptState.SUCCEEDED
    return payment


def let_go(provider: Gateway, key: str, payment: str, **more: Any) -> Outcome:
    """Let go of what is held."""
    return provider.void(asked(Purpose.VOID, key, payment=payment, **more))


def pay_back(provider: Gateway, key: str, payment: str, amount: int = 500, **more: Any) -> Outcome:
    """Pay back a charge."""
    return provider.refund(asked(Purpose.REFUND, key, amount, payment=payment, **more))


def pay_out(provider: Gateway, key: str, destination: str, amount: int = 500, **more: Any) -> Outcome:
    """Pay a firm."""
    return provider.pay_out(asked(Purpose.PAYOUT, key, amount, destination=destination, **more))


def found(provider: Gateway, key: str, purpose: Purpose = Purpose.AUTHORISE, **more: Any) -> Outcome | None:
    """What became of a key."""
    return provider.look_up(asked(purpose, key, **more))
