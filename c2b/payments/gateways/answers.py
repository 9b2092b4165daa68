"""How the sandbox answers a request: as the card's kind says, or as a script says; with every fault of a real one.

A script is a list of words, each for one request:

- before anything happens: `drop_before` (no answer), `error_before` (500), `too_many` or `too_many:7` (429, and
  for how many seconds to wait), `question_lost` and `provider_error` (the first one or two tries of a key);
- after it happened: `drop_after`, `error_after`, `garbage`, `hang` or `hang:60`, and `delay:2`, which answers;
- another answer than the truth: `wrong_amount`, `wrong_currency`, `wrong_payment`;
- refused: a code of REFUSALS, or `fails:<any code>`;
- `requires_action`; `ok`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from sqlite3 import Connection

from c2b.payments.gateway import Asked, NoAnswer, Outcome, TooMany
from c2b.payments.gateways.cards import kind_of
from c2b.payments.states import Purpose

TROUBLES = {"provider_error": 2, "question_lost": 1}  # so many times nothing arrives, then it works
BEFORE = ("drop_before", "error_before", "too_many", *TROUBLES)
AFTER = ("drop_after", "error_after", "garbage", "hang", "delay", "answer_lost", "capture_lost", "refund_lost",
         "payout_lost")  # fmt: skip
WRONG = ("wrong_amount", "wrong_currency", "wrong_payment")
DECLINES = ("declined", "insufficient_funds", "expired_card", "lost_card", "do_not_honor", "fraud",
            "try_again_later")  # fmt: skip
REFUSALS = (*DECLINES, "no_such_card", "capture_refused", "hold_expired", "refund_refused", "account_closed",
            "insufficient_balance")  # fmt: skip
OTHERS = ("ok", "declined_once", "requires_action", "needs_confirmation", "comes_back", "disputed")
# What a card or a bank account does by itself, by what is asked of it.
BY_ITSELF: dict[Purpose, dict[str, str]] = {
    Purpose.AUTHORISE: {
        word: word for word in (*DECLINES, "needs_confirmation", "declined_once", "answer_lost", *TROUBLES)
    },
    Purpose.CAPTURE: {
        "capture_fails": "capture_refused",
        "capture_lost": "drop_after",
        "disputed": "disputed",
    },
    Purpose.VOID: {},
    Purpose.REFUND: {"refund_fails": "refund_refused", "refund_lost": "drop_after"},
    Purpose.PAYOUT: {"refused": "account_closed", "payout_lost": "drop_after", "comes_back": "comes_back"},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One word of a script, or of a card."""

    word: str
    number: float | None = None

    @property
    def before(self) -> bool:
        """Whether the request is lost before anything happens."""
        return self.word in BEFORE

    @property
    def on_the_way(self) -> bool:
        """Whether it is about the way of question or answer, not about the money."""
        return self.word in BEFORE or self.word in AFTER or self.word in WRONG

    @property
    def refusal(self) -> str | None:
        """The code with which the request fails, if it does."""
        if self.word.startswith("fails:"):
            return self.word.removeprefix("fails:")
        return {"capture_fails": "capture_refused"}.get(
            self.word, self.word if self.word in REFUSALS else None
        )

    def deliver(self, outcome: Outcome | None, sleep: Callable[[float], None] | None) -> Outcome:
        """The answer as it arrives, if it arrives; a server sleeps where one in the process gives up at once."""
        if self.word == "too_many":
            raise TooMany(self.number if self.number is not None else 1)
        if outcome is None or self.before or (self.word in AFTER and self.word not in ("hang", "delay")):
            raise NoAnswer(self.word)
        if self.word == "hang" and not sleep:
            raise NoAnswer(self.word)
        if self.word in ("hang", "delay") and sleep:
            sleep(self.number if self.number is not None else {"hang": 60, "delay": 1}[self.word])
        return _bent(outcome, self.word)


def _bent(outcome: Outcome, word: str) -> Outcome:
    if word == "wrong_amount":
        return replace(outcome, amount=(outcome.amount or 0) + 1)
    if word == "wrong_currency":
        return replace(outcome, currency="XXX")
    if word == "wrong_payment":
        return replace(outcome, reference="somebody-elses")
    return outcome


def parse(word: str) -> Answer:
    """A word of a script; ValueError where nobody knows what it means."""
    name, _, number = word.partition(":")
    if name == "fails" and number:
        return Answer(word)
    if name not in (*BEFORE, *AFTER, *WRONG, *REFUSALS, *OTHERS, "capture_fails"):
        raise ValueError(f"the sandbox knows no answer {word!r}")
    return Answer(name, float(number) if number else None)


def write_script(book: Connection, account: str, name: str, words: Sequence[str]) -> None:
    """The next requests with this name get these answers in this order."""
    for word in words:
        parse(word)
    book.execute("delete from script where account = ? and token = ?", (account, name))
    book.executemany(
        "insert into script values (?, ?, ?, ?)", [(account, name, at, word) for at, word in enumerate(words)]
    )


def scripted(book: Connection, account: str, names: Sequence[str], *, known: bool = False) -> Answer | None:
    """The next answer of a script for one of these names; a repeated request is met only by faults on the way."""
    if book.execute("select 1 from script where account = ? limit 1", (account,)).fetchone() is None:
        return None
    for name in names:
        row = book.execute(
            "select at, answer from script where account = ? and token = ? order by at limit 1",
            (account, name),
        ).fetchone()
        if row and (not known or parse(row["answer"]).on_the_way):
            book.execute(
                "delete from script where account = ? and token = ? and at = ?", (account, name, row["at"])
            )
            return parse(row["answer"])
    return None


def next_answer(book: Connection, account: str, asked: Asked, token: str, *, known: bool) -> Answer:
    """How this request is answered: by the script of its key, its card or bank account, or its verb; else by kind."""
    found = scripted(book, account, (asked.key, token, str(asked.purpose)), known=known)
    if found is None and not known:
        found = Answer(BY_ITSELF[asked.purpose].get(kind_of(token) or "", "ok"))
    if found is None:
        return Answer("ok")
    if found.word in TROUBLES:
        row = book.execute(
            "insert into tries values (?, ?, 1) on conflict do update set n = n + 1 returning n",
            (account, asked.key),
        ).fetchone()
        return found if row["n"] <= TROUBLES[found.word] else Answer("ok")
    return found
