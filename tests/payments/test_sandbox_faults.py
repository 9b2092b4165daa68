"""Every fault of a provider can be had from the sandbox, on purpose: by card, by key or by verb."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from c2b.payments.gateway import KeyReused, NoAnswer, Outcome, TooMany, send
from c2b.payments.gateways.answers import DECLINES, REFUSALS, parse
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.cards import TEST_ACCOUNTS, saved_payee
from c2b.payments.gateways.deeds import HOLD_LASTS
from c2b.payments.gateways.lines import DISPUTE_FEE, charge_fee
from c2b.payments.gateways.sandbox import FORGETS_AFTER, Sandbox
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from tests.payments.asking import (
    START,
    asked,
    charge,
    charged,
    found,
    held,
    hold,
    let_go,
    pay_back,
    pay_out,
    token,
)

Ask = Callable[[Sandbox], Outcome]
NAMES = {
    Purpose.AUTHORISE: "authorise", Purpose.CAPTURE: "capture", Purpose.VOID: "void", Purpose.REFUND: "refund",
    Purpose.PAYOUT: "pay_out",
}  # fmt: skip


@pytest.fixture
def sandbox() -> Sandbox:
    """A provider with an empty book."""
    return Sandbox(Book(":memory:"), "shop")


def ready(sandbox: Sandbox, purpose: Purpose) -> Ask:
    """A request of this purpose, with all that it needs; the same each time it is made."""
    more: dict[str, str] = {
        Purpose.AUTHORISE: lambda: {"token": token("ok")},
        Purpose.CAPTURE: lambda: {"payment": held(sandbox, "a-8")},
        Purpose.VOID: lambda: {"payment": held(sandbox, "a-8")},
        Purpose.REFUND: lambda: {"payment": charged(sandbox, 8)},
        Purpose.PAYOUT: lambda: {"destination": saved_payee("works").destination},
    }[purpose]()
    request = asked(purpose, f"{purpose}-7-1", **more)
    return lambda sandbox: getattr(sandbox, NAMES[purpose])(request)  # type: ignore[no-any-return]


def requests(sandbox: Sandbox) -> int:
    keys = sandbox.keys()
    return sum("-7-1" in key for key in keys)


EVERY = pytest.mark.parametrize("purpose", list(Purpose))


@EVERY
@pytest.mark.parametrize("word", ["drop_before", "error_before"])
def test_what_is_lost_before_leaves_no_trace(sandbox: Sandbox, purpose: Purpose, word: str) -> None:
    """F-33: nothing was done, so the same key does it when it comes again."""
    ask = ready(sandbox, purpose)
    sandbox.script(str(purpose), [word])
    with pytest.raises(NoAnswer, match=word):
        ask(sandbox)
    assert requests(sandbox) == 0
    assert ask(sandbox).state == S.SUCCEEDED


@EVERY
@pytest.mark.parametrize("word", ["drop_after", "error_after", "garbage", "hang", "hang:300"])
def test_what_is_lost_after_is_done_once(sandbox: Sandbox, purpose: Purpose, word: str) -> None:
    """F-30, F-31, F-33: it is in the book, also if the answer gets lost a second time."""
    ask = ready(sandbox, purpose)
    lines = len(list(sandbox.book_lines()))
    sandbox.script(f"{purpose}-7-1", [word, word])
    for _ in range(2):
        with pytest.raises(NoAnswer):
            ask(sandbox)
    assert ask(sandbox).state == S.SUCCEEDED
    assert requests(sandbox) == 1
    moves = purpose in (Purpose.CAPTURE, Purpose.REFUND, Purpose.PAYOUT)
    assert len(list(sandbox.book_lines())) == lines + moves


@EVERY
def test_too_many_requests_say_how_long_to_wait(sandbox: Sandbox, purpose: Purpose) -> None:
    """F-32."""
    ask = ready(sandbox, purpose)
    sandbox.script(str(purpose), ["too_many:9", "too_many"])
    for seconds in (9, 1):
        with pytest.raises(TooMany) as caught:
            ask(sandbox)
        assert caught.value.retry_after == seconds
    assert requests(sandbox) == 0
    assert ask(sandbox).state == S.SUCCEEDED


def test_too_many_requests_are_told_to_whoever_sent_it(sandbox: Sandbox) -> None:
    request = asked(Purpose.AUTHORISE, "a-1", token=token("ok"))
    sandbox.script("a-1", ["too_many:9"])
    assert send(sandbox, request) == Outcome(S.UNKNOWN, code="TooMany", retry_after=9)


@pytest.mark.parametrize("word", ["wrong_amount", "wrong_currency", "wrong_payment"])
def test_an_answer_about_something_else_is_not_believed(sandbox: Sandbox, word: str) -> None:
    """F-34: the door keeps it apart; the provider's book has what is true."""
    payment = held(sandbox)
    request = asked(Purpose.CAPTURE, "c-1", payment=payment)
    sandbox.script("capture", [word])
    outcome = send(sandbox, request)
    assert (outcome.state, outcome.code) == (S.UNKNOWN, "wrong_answer")
    assert [line.amount for line in sandbox.book_lines()] == [500]
    assert sandbox.look_up(request) == send(sandbox, request)


@pytest.mark.parametrize("code", DECLINES)
def test_each_decline_can_be_had_by_card_by_key_and_by_verb(sandbox: Sandbox, code: str) -> None:
    """F-37."""
    assert hold(sandbox, "a-1", token(code)).code == code
    sandbox.script("a-2", [code])
    assert hold(sandbox, "a-2", token("ok")).code == code
    sandbox.script("authorise", [code])
    assert hold(sandbox, "a-3", token("ok")).code == code
    assert hold(sandbox, "a-4", token("ok")).state == S.SUCCEEDED


@EVERY
@pytest.mark.parametrize("word", [*REFUSALS, "fails:something_new"])
def test_any_refusal_can_be_had_from_any_verb(sandbox: Sandbox, purpose: Purpose, word: str) -> None:
    ask = ready(sandbox, purpose)
    lines = len(list(sandbox.book_lines()))
    sandbox.script(f"{purpose}-7-1", [word])
    outcome = ask(sandbox)
    assert (outcome.state, outcome.code) == (S.FAILED, word.removeprefix("fails:"))
    assert ask(sandbox) == outcome
    assert len(list(sandbox.book_lines())) == lines


def test_a_card_that_works_can_ask_the_shopper_this_once(sandbox: Sandbox) -> None:
    """F-38: authentication is asked for."""
    card = token("ok")
    sandbox.script(card, ["requires_action"])
    waiting = hold(sandbox, "a-1", card)
    assert waiting.state == S.REQUIRES_ACTION
    assert hold(sandbox, "a-2", card).state == S.SUCCEEDED


def test_a_script_for_a_key_comes_before_one_for_the_card_and_that_before_one_for_the_verb(
    sandbox: Sandbox,
) -> None:
    card = token("ok")
    sandbox.script("authorise", ["fraud"])
    sandbox.script(card, ["lost_card"])
    sandbox.script("a-1", ["expired_card"])
    assert [hold(sandbox, key, card).code for key in ("a-1", "a-2", "a-3", "a-4")] == [
        "expired_card", "lost_card", "fraud", None,
    ]  # fmt: skip


def test_a_script_that_means_nothing_is_refused(sandbox: Sandbox) -> None:
    for word in ("drop", "too_many:soon", "fails:", ""):
        with pytest.raises(ValueError):
            sandbox.script("authorise", [word])
    assert parse("too_many:7").number == 7


def test_a_look_up_can_be_lost_too(sandbox: Sandbox) -> None:
    hold(sandbox, "a-1", token("ok"))
    sandbox.script("look_up", ["drop_before"])
    sandbox.script("look_up a-1", ["error_before", "wrong_amount"])
    for word in ("error_before", None, "drop_before"):
        if word:
            with pytest.raises(NoAnswer, match=word):
                found(sandbox, "a-1")
        else:
            assert found(sandbox, "a-1").amount == 501  # type: ignore[union-attr]
    assert found(sandbox, "a-1").amount == 500  # type: ignore[union-attr]


# time ----------------------------------------------------------------------------------------------


def test_a_hold_that_ran_out_is_not_charged(sandbox: Sandbox) -> None:
    """F-39."""
    until = hold(sandbox, "a-1", token("ok")).expires_at
    assert until == START + HOLD_LASTS
    payment, other = held(sandbox, "a-2"), held(sandbox, "a-3")
    assert charge(sandbox, "c-1", payment, days=4.74).state == S.SUCCEEDED
    assert charge(sandbox, "c-2", other, days=4.75).code == "hold_expired"
    assert charge(sandbox, "c-3", other).code == "hold_expired"
    assert let_go(sandbox, "v-1", other).code == "hold_is_expired"


def test_holds_run_out_by_themselves_and_say_so(sandbox: Sandbox) -> None:
    payment = held(sandbox)
    sandbox.pass_time(START + HOLD_LASTS - timedelta(seconds=1))
    assert [row["state"] for row in sandbox.holds()] == ["held"]
    for _ in range(2):
        sandbox.pass_time(START + HOLD_LASTS)
    assert [row["state"] for row in sandbox.holds()] == ["expired"]
    told = sandbox.book.read("select key, reference from event order by number")
    assert [tuple(row) for row in told] == [("a-1", payment)] * 2  # the hold itself, and its end


def test_a_key_that_was_forgotten_is_a_new_request(sandbox: Sandbox) -> None:
    """F-41: a day later a provider no longer knows the key, and charges again. We must not send it then."""
    card = token("ok")
    first = hold(sandbox, "a-1", card)
    sandbox.clock = lambda: 1e12
    assert FORGETS_AFTER == 24 * 3600
    again = hold(sandbox, "a-1", card)
    assert again.reference != first.reference
    assert len(sandbox.holds()) == 2
    sandbox.forget_keys()
    assert hold(sandbox, "a-1", card, 999).state == S.SUCCEEDED


def test_a_forgotten_key_is_still_found_by_looking_the_success_first(sandbox: Sandbox) -> None:
    payment = held(sandbox)
    done = charge(sandbox, "c-1", payment)
    sandbox.forget_keys()
    assert charge(sandbox, "c-1", payment).code == "already_captured"
    assert found(sandbox, "c-1", Purpose.CAPTURE, payment=payment) == done


def test_a_key_is_not_forgotten_before_its_day_is_over(sandbox: Sandbox) -> None:
    card = token("ok")
    sandbox.clock = lambda: 1000.0
    first = hold(sandbox, "a-1", card)
    sandbox.clock = lambda: 1000.0 + FORGETS_AFTER
    assert hold(sandbox, "a-1", card) == first
    with pytest.raises(KeyReused):
        hold(sandbox, "a-1", card, 501)


# banks ---------------------------------------------------------------------------------------------


def test_a_card_that_its_bank_took_back_holds_nothing_any_more(sandbox: Sandbox) -> None:
    """F-40: the mandate is gone between tip and launch."""
    card = token("ok")
    assert hold(sandbox, "a-1", card).state == S.SUCCEEDED
    sandbox.revoke(card)
    assert hold(sandbox, "a-2", card).code == "no_such_card"


def test_a_bank_account_that_was_closed_takes_no_payout(sandbox: Sandbox) -> None:
    destination = saved_payee("works").destination
    assert pay_out(sandbox, "p-1", destination).state == S.SUCCEEDED
    sandbox.revoke(destination)
    assert pay_out(sandbox, "p-2", destination).code == "account_closed"
    assert pay_out(sandbox, "p-3", "bank-of-somebody").code == "no_such_account"


def test_a_payout_can_come_back_two_days_later(sandbox: Sandbox) -> None:
    """F-42: it was paid and booked, then the bank sends it back."""
    reference = pay_out(sandbox, "p-1", saved_payee("comes_back").destination).reference or ""
    other = pay_out(sandbox, "p-2", saved_payee("works").destination).reference or ""
    sandbox.pass_time(START + timedelta(days=1))
    assert sandbox.payout_returned(reference) is None
    for day in (2, 3):
        sandbox.pass_time(START + timedelta(days=day))
    assert sandbox.payout_returned(reference) == "account_closed"
    assert sandbox.payout_returned(other) is None
    assert [line.kind for line in sandbox.book_lines()] == ["payout", "payout", "payout_returned"]


def test_a_payout_comes_back_once(sandbox: Sandbox) -> None:
    reference = pay_out(sandbox, "p-1", saved_payee("works").destination).reference or ""
    for _ in range(2):
        sandbox.return_payout(reference, now=START)
    assert sum(line.net for line in sandbox.book_lines()) == 0


def test_each_bank_account_does_what_it_says(sandbox: Sandbox) -> None:
    states = {}
    for account in TEST_ACCOUNTS:
        try:
            states[account.kind] = pay_out(sandbox, account.kind, saved_payee(account.kind).destination).state
        except NoAnswer:
            states[account.kind] = S.UNKNOWN
    assert states == {
        "works": S.SUCCEEDED, "refused": S.FAILED, "comes_back": S.SUCCEEDED, "payout_lost": S.UNKNOWN,
    }  # fmt: skip
    assert found(sandbox, "payout_lost", Purpose.PAYOUT).state == S.SUCCEEDED  # type: ignore[union-attr]


def test_a_card_can_refuse_its_refund_or_lose_the_answer(sandbox: Sandbox) -> None:
    refused = charged(sandbox, 1, card=token("refund_fails"))
    assert pay_back(sandbox, "r-1", refused).code == "refund_refused"
    lost = charged(sandbox, 2, card=token("refund_lost"))
    with pytest.raises(NoAnswer):
        pay_back(sandbox, "r-2", lost)
    assert pay_back(sandbox, "r-2", lost).state == S.SUCCEEDED
    assert [line.amount for line in sandbox.book_lines()] == [500, 500, -500]


def test_a_disputed_card_is_disputed_as_soon_as_it_is_charged(sandbox: Sandbox) -> None:
    payment = charged(sandbox, card=token("disputed"))
    (row,) = sandbox.book.read("select reference from dispute")
    dispute = sandbox.dispute(row["reference"])
    assert dispute and (dispute.payment, dispute.amount, dispute.state) == (payment, 500, "open")
    assert [(line.kind, line.net) for line in sandbox.book_lines()] == [
        ("charge", 500 - charge_fee(500)),
        ("dispute", -500 - DISPUTE_FEE),
    ]


def test_what_is_disputed_is_not_paid_back_as_well(sandbox: Sandbox) -> None:
    payment = charged(sandbox)
    reference = sandbox.open_dispute(payment, now=START)
    assert pay_back(sandbox, "r-1", payment).code == "charge_disputed"
    sandbox.decide_dispute(reference, won=True, now=START)
    assert pay_back(sandbox, "r-2", payment).state == S.SUCCEEDED


def test_what_was_paid_back_in_part_is_disputed_for_the_rest(sandbox: Sandbox) -> None:
    payment = charged(sandbox)
    pay_back(sandbox, "r-1", payment, 200)
    assert sandbox.dispute(sandbox.open_dispute(payment, now=START)).amount == 300  # type: ignore[union-attr]


def test_what_was_never_charged_cannot_be_disputed(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="nothing was charged"):
        sandbox.open_dispute(held(sandbox), now=START)


@pytest.mark.parametrize(
    ("words", "ends"), [(None, "lost"), ("It was delivered.", "won"), ("losing_evidence", "lost")]
)
def test_a_bank_decides_by_the_evidence_or_when_none_came(
    sandbox: Sandbox, words: str | None, ends: str
) -> None:
    reference = sandbox.open_dispute(charged(sandbox), now=START)
    if words:
        sandbox.answer_dispute(reference, words)
    sandbox.pass_time(START + timedelta(days=6, hours=23))
    assert sandbox.dispute(reference).state == "open"  # type: ignore[union-attr]
    for day in (7, 8):
        sandbox.pass_time(START + timedelta(days=day))
    assert sandbox.dispute(reference).state == ends  # type: ignore[union-attr]
    sandbox.decide_dispute(reference, won=ends == "lost", now=START)
    assert sandbox.dispute(reference).state == ends  # type: ignore[union-attr]
    kinds = [line.kind for line in sandbox.book_lines()]
    assert kinds == ["charge", "dispute", *(["dispute_won"] if ends == "won" else [])]


@pytest.mark.parametrize(
    ("amount", "fee"), [(1, 0), (83, 0), (84, 1), (500, 3), (50_000, 300), (10**9, 6_000_000)]
)
def test_the_fee_is_six_in_a_thousand_rounded_half_up(amount: int, fee: int) -> None:
    assert charge_fee(amount) == fee
