"""What a mail is once it is in words, and the two ways in which sending one can fail."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Mail:
    """One message to one person, ready to be sent. `message_id` stays the same however often it is sent."""

    to: str
    name: str
    subject: str
    text: str
    html: str
    message_id: str
    language: str
    unsubscribe: str = ""  # the address that ends mails like this; empty where nobody can do without them

    @property
    def unsubscribing(self) -> dict[str, str]:
        """The headers for the button that mail programs show (RFC 2369, RFC 8058)."""
        if not self.unsubscribe:
            return {}
        return {
            "List-Unsubscribe": f"<{self.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


class Retry(Exception):
    """It did not work this time; trying again later may help."""


class Undeliverable(Exception):
    """It will never work: there is no such address, or nobody takes this mail."""


class Transport(Protocol):
    """A way for mail to leave the house.

    One that has `at_once` is asked by so many threads; `line()` gives each of them a connection that it keeps.
    """

    def send(self, mail: Mail) -> None:
        """Hand the mail over; Retry or Undeliverable where that failed. Called outside any transaction."""
