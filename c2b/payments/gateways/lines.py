"""The sandbox's account of its own: every movement of money with its fee, and what changed, for the webhooks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import token_urlsafe
from sqlite3 import Connection

from c2b.payments.gateway import BookLine
from c2b.payments.gateways.book import Book

CHARGE_FEE_BP = 60  # 0.6 % of each charge, kept also when it is refunded
DISPUTE_FEE = 1500  # in minor units, kept also when the dispute is won
PAGE = 1000


def charge_fee(amount: int) -> int:
    """What the provider keeps of a charge, rounded half up."""
    return (amount * CHARGE_FEE_BP + 5000) // 10_000


def stamp(moment: datetime) -> str:
    """A moment as it is written in the book; sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def write_line(
    book: Connection, account: str, kind: str, key: str | None, reference: str, amount: int, currency: str,
    at: datetime, fee: int = 0,
) -> None:  # fmt: skip
    """One movement of money; positive amounts are in the shop's favour."""
    book.execute(
        "insert into line (account, kind, key, reference, amount, fee, currency, at) values (?, ?, ?, ?, ?, ?, ?, ?)",
        (account, kind, key, reference, amount, fee, currency, stamp(at)),
    )


def write_event(
    book: Connection, account: str, kind: str, at: datetime, *, key: str | None = None, reference: str | None = None
) -> None:  # fmt: skip
    """Something that the shop is to be told by webhook."""
    book.execute(
        "insert into event (account, id, kind, key, reference, at) values (?, ?, ?, ?, ?, ?)",
        (account, f"evt-{token_urlsafe(12)}", kind, key, reference, stamp(at)),
    )


def read_lines(book: Book, account: str, since: datetime | None) -> Iterator[BookLine]:
    """The lines in the order in which they were written."""
    last = 0
    while page := read_page(book, account, since, last):
        yield from page
        last = number_of(page[-1])


def read_page(book: Book, account: str, since: datetime | None, after: int) -> list[BookLine]:
    """The next lines after the one with this number; none at the end."""
    rows = book.read(
        "select * from line where account = ? and number > ? and at >= ? order by number limit ?",
        account, after, stamp(since) if since else "", PAGE,
    )  # fmt: skip
    return [
        BookLine(
            f"line-{row['number']}", row["kind"], row["key"], row["reference"], row["amount"], row["fee"],
            row["currency"], datetime.fromisoformat(row["at"]),
        )
        for row in rows
    ]  # fmt: skip


def number_of(line: BookLine) -> int:
    """Where a line stands in the book."""
    return int(line.id.rpartition("-")[2])
