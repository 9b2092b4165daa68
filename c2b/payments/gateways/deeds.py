"""What a request does in the sandbox's book: hold, charge, let go, pay back, pay out, or refuse what cannot be done."""

from collections.abc import Callable
from datetime import timedelta
from secrets import token_urlsafe
from sqlite3 import Connection, Row

from c2b.payments.gateway import Asked, Outcome
from c2b.payments.gateways import banks
from c2b.payments.gateways.answers import Answer
from c2b.payments.gateways.cards import kind_of
from c2b.payments.gateways.lines import charge_fee, stamp, write_line
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose

HOLD_LASTS = timedelta(days=4, hours=18)  # as with cards when the shopper is not there


def find(book: Connection, account: str, reference: str) -> Row | None:
    """What is held or charged under this name."""
    found: Row | None = book.execute(
        "select * from hold where account = ? and reference = ?", (account, reference)
    ).fetchone()
    return found


def _decided(asked: Asked, reference: str, code: str | None, fee: int | None = None) -> Outcome:
    state = S.FAILED if code else S.SUCCEEDED
    return Outcome(state, reference, code, fee, amount=asked.amount, currency=asked.currency)


def authorise(book: Connection, account: str, asked: Asked, answer: Answer) -> Outcome:
    """Hold money on a card, refuse, or wait for the shopper."""
    token, code = asked.token, answer.refusal
    gone = book.execute("select 1 from gone where account = ? and token = ?", (account, token)).fetchone()
    if gone or kind_of(token) is None:
        code = "no_such_card"
    if answer.word == "declined_once":
        before = "select 1 from hold where account = ? and token = ? limit 1"
        code = None if book.execute(before, (account, token)).fetchone() else "declined"
    waits = not code and answer.word in ("needs_confirmation", "requires_action")
    reference = token_urlsafe(12)
    until = asked.first_sent_at + HOLD_LASTS
    book.execute(
        "insert into hold (reference, account, key, token, pledge, amount, currency, state, expires_at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (reference, account, asked.key, token, asked.about.get("subject"), asked.amount, asked.currency,
         "refused" if code else "waiting" if waits else "held", stamp(until)),
    )  # fmt: skip
    state = S.FAILED if code else S.REQUIRES_ACTION if waits else S.SUCCEEDED
    return Outcome(state, reference, code, None, None if code else until, asked.amount, asked.currency)


def capture(book: Connection, account: str, asked: Asked, answer: Answer) -> Outcome:
    """Charge what is held, or less; the rest is let go."""
    hold = find(book, account, asked.payment)
    code = _why_not_capture(hold, asked) or answer.refusal
    if code or hold is None:
        lets_go = {"hold_expired": "expired", "capture_refused": "void"}.get(code or "")
        if hold and hold["state"] == "held" and lets_go:
            book.execute("update hold set state = ? where reference = ?", (lets_go, asked.payment))
        return _decided(asked, asked.payment, code)
    fee = charge_fee(asked.amount)
    book.execute(
        "update hold set state = 'captured', captured = ? where reference = ?", (asked.amount, asked.payment)
    )
    write_line(book, account, "charge", asked.key, asked.payment, asked.amount, asked.currency,
               asked.first_sent_at, fee)  # fmt: skip
    if answer.word == "disputed":
        charged = find(book, account, asked.payment)
        banks.open_dispute(book, charged or hold, None, "fraudulent", asked.first_sent_at, None)
    return _decided(asked, asked.payment, None, fee)


def _why_not_capture(hold: Row | None, asked: Asked) -> str | None:
    if hold is None:
        return "no_such_hold"
    if hold["state"] != "held":
        words = {"captured": "already_captured", "void": "hold_is_void", "expired": "hold_expired"}
        return words.get(hold["state"], "not_held")
    if hold["currency"] != asked.currency:
        return "other_currency"
    if hold["expires_at"] <= stamp(asked.first_sent_at):
        return "hold_expired"
    return "more_than_held" if not 0 < asked.amount <= hold["amount"] else None


def void(book: Connection, account: str, asked: Asked, answer: Answer) -> Outcome:
    """Let go of what is held, or end what waits for the shopper."""
    hold = find(book, account, asked.payment)
    if hold is None:
        code = "no_such_hold"
    else:
        code = answer.refusal or ("" if hold["state"] in ("held", "waiting") else f"hold_is_{hold['state']}")
    if not code:
        book.execute("update hold set state = 'void' where reference = ?", (asked.payment,))
    return Outcome(S.FAILED if code else S.SUCCEEDED, asked.payment, code or None)


def refund(book: Connection, account: str, asked: Asked, answer: Answer) -> Outcome:
    """Pay back a charge, or a part of what is left of it."""
    hold = find(book, account, asked.payment)
    reference = f"refund-{token_urlsafe(12)}"
    code = _why_not_refund(book, hold, asked) or answer.refusal
    if not code:
        book.execute(
            "update hold set refunded = refunded + ? where reference = ?", (asked.amount, asked.payment)
        )
        write_line(book, account, "refund", asked.key, reference, -asked.amount, asked.currency,
                   asked.first_sent_at)  # fmt: skip
    return _decided(asked, reference, code)


def _why_not_refund(book: Connection, hold: Row | None, asked: Asked) -> str | None:
    if hold is None or hold["state"] != "captured":
        return "no_such_charge"
    if hold["currency"] != asked.currency:
        return "other_currency"
    disputed = "select 1 from dispute where payment = ? and state <> 'won'"
    if book.execute(disputed, (hold["reference"],)).fetchone():
        return "charge_disputed"
    left = hold["captured"] - hold["refunded"]
    return "more_than_charged" if not 0 < asked.amount <= left else None


def pay_out(book: Connection, account: str, asked: Asked, answer: Answer) -> Outcome:
    """Send money to a bank account."""
    reference = f"payout-{token_urlsafe(12)}"
    gone = "select 1 from gone where account = ? and token = ?"
    code = answer.refusal
    if kind_of(asked.destination) is None:
        code = "no_such_account"
    elif asked.amount <= 0:
        code = "bad_amount"
    elif book.execute(gone, (account, asked.destination)).fetchone():
        code = "account_closed"
    book.execute(
        "insert into payout (reference, account, key, destination, amount, currency, state, at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        (reference, account, asked.key, asked.destination, asked.amount, asked.currency,
         "refused" if code else "paid", stamp(asked.first_sent_at)),
    )  # fmt: skip
    if not code:
        write_line(book, account, "payout", asked.key, reference, -asked.amount, asked.currency,
                   asked.first_sent_at)  # fmt: skip
    return _decided(asked, reference, code)


DEEDS: dict[Purpose, Callable[[Connection, str, Asked, Answer], Outcome]] = {
    Purpose.AUTHORISE: authorise,
    Purpose.CAPTURE: capture,
    Purpose.VOID: void,
    Purpose.REFUND: refund,
    Purpose.PAYOUT: pay_out,
}
