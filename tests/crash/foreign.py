"""The calls that leave the house: to the payment provider and to the post. Both have books that outlive a process."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from c2b.mailing.mail import Mail
from c2b.payments.gateways.sandbox import Sandbox
from tests.crash.world import World

MONEY = (
    "authorise", "capture", "void", "refund", "pay_out", "look_up", "dispute", "answer_dispute", "payout_returned",
    "start_setup", "finish_setup", "start_payee", "finish_payee",
)  # fmt: skip


def calls(_world: World) -> dict[str, tuple[Any, str]]:
    """Every foreign call by name: whose it is, and what it is called there."""
    found = {f"gateway.{name}": (Sandbox, name) for name in MONEY}
    return found | {"post.send": (Post, "send")}


@dataclass
class Post:
    """A mail provider that takes everything and writes it into its own book."""

    book: Path

    def send(self, mail: Mail) -> None:
        """Take the mail."""
        with closing(sqlite3.connect(self.book)) as book, book:
            book.execute("CREATE TABLE IF NOT EXISTS letter (message_id TEXT, address TEXT, subject TEXT)")
            book.execute("INSERT INTO letter VALUES (?, ?, ?)", (mail.message_id, mail.to, mail.subject))

    def letters(self) -> list[tuple[str, str, str]]:
        """All that was taken."""
        if not self.book.exists():
            return []
        with closing(sqlite3.connect(self.book)) as book:
            return book.execute("SELECT message_id, address, subject FROM letter").fetchall()
