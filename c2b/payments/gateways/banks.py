"""What the banks behind the sandbox do by themselves: disputes, payouts that come back, holds that run out."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from sqlite3 import Connection, Row

from c2b.payments.gateway import ProviderDispute
from c2b.payments.gateways.cards import kind_of
from c2b.payments.gateways.lines import DISPUTE_FEE, stamp, write_event, write_line

ANSWER_WITHIN = timedelta(days=7)
DECIDES_AFTER = timedelta(days=2)  # a bank, once the merchant has answered
COMES_BACK_AFTER = timedelta(days=2)
LOSING_WORDS = "losing_evidence"  # evidence that has this in it loses, any other wins


def open_dispute(
    book: Connection, hold: Row, amount: int | None, reason: str, now: datetime, answer_by: datetime | None
) -> str:
    """The shopper's bank takes back a charge, or a part of it, until the dispute is decided."""
    reference, account = f"dispute-{token_urlsafe(12)}", hold["account"]
    amount = hold["captured"] - hold["refunded"] if amount is None else amount
    book.execute(
        "insert into dispute (reference, account, payment, amount, currency, fee, state, reason, opened_at, answer_by)"
        " values (?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)",
        (reference, account, hold["reference"], amount, hold["currency"], DISPUTE_FEE, reason, stamp(now),
         stamp(answer_by or now + ANSWER_WITHIN)),
    )  # fmt: skip
    write_line(book, account, "dispute", None, reference, -amount, hold["currency"], now, DISPUTE_FEE)
    write_event(book, account, "dispute", now, reference=reference)
    return reference


def decide_dispute(book: Connection, dispute: Row, won: bool, now: datetime) -> None:
    """The bank has decided; what was taken back is given back to a merchant who won."""
    book.execute(
        "update dispute set state = ? where reference = ?", ("won" if won else "lost", dispute["reference"])
    )
    account, reference = dispute["account"], dispute["reference"]
    if won:
        write_line(book, account, "dispute_won", None, reference, dispute["amount"], dispute["currency"], now)
    write_event(book, account, "dispute", now, reference=reference)


def as_dispute(row: Row) -> ProviderDispute:
    """A row as the shop is told of it."""
    return ProviderDispute(
        reference=row["reference"],
        payment=row["payment"],
        amount=row["amount"],
        currency=row["currency"],
        fee=row["fee"],
        state=row["state"],
        reason=row["reason"],
        answer_by=datetime.fromisoformat(row["answer_by"]),
    )


def send_back(book: Connection, payout: Row, reason: str, now: datetime) -> None:
    """The bank could not keep a payout that was paid."""
    book.execute(
        "update payout set state = 'returned', reason = ? where reference = ?", (reason, payout["reference"])
    )
    write_line(
        book, payout["account"], "payout_returned", payout["key"], payout["reference"], payout["amount"],
        payout["currency"], now,
    )  # fmt: skip
    write_event(book, payout["account"], "payout", now, key=payout["key"], reference=payout["reference"])


def pass_time(book: Connection, account: str, now: datetime) -> None:
    """Everything that comes about by itself until now: each of it once."""
    for hold in book.execute(
        "select * from hold where account = ? and state in ('held', 'waiting') and expires_at <= ?",
        (account, stamp(now)),
    ).fetchall():
        book.execute("update hold set state = 'expired' where reference = ?", (hold["reference"],))
        write_event(book, account, "request", now, key=hold["key"], reference=hold["reference"])
    for payout in book.execute(
        "select * from payout where account = ? and state = 'paid' and at <= ?",
        (account, stamp(now - COMES_BACK_AFTER)),
    ).fetchall():
        if kind_of(payout["destination"]) == "comes_back":
            send_back(book, payout, "account_closed", now)
    for dispute in book.execute(
        "select * from dispute where account = ? and state = 'open' and (answer_by <= ? or answered_at <= ?)",
        (account, stamp(now), stamp(now - DECIDES_AFTER)),
    ).fetchall():
        words = dispute["words"]
        decide_dispute(book, dispute, words is not None and LOSING_WORDS not in words, now)
