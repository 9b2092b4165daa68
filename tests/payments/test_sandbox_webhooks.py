"""The sandbox tells of each change once at least: in order or not, late, twice, signed well or badly, as one likes."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from sqlalchemy import select

from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.payments.gateway import BadSignature, ProviderEvent, gateway
from c2b.payments.gateways import webhooks
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.cards import saved_payee
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.models import InboxEvent
from jobs import deliver_sandbox_events
from tests.payments.asking import START, charge, charged, held, hold, let_go, pay_back, pay_out, token

Letters = list[tuple[bytes, dict[str, str]]]


@pytest.fixture
def sandbox() -> Sandbox:
    """A provider with an empty book."""
    return Sandbox(Book(":memory:"), "shop", ("a secret",))


def taker(letters: Letters, status: int = 200) -> webhooks.Post:
    """Somebody who takes letters."""

    def post(body: bytes, headers: dict[str, str]) -> int:
        letters.append((body, headers))
        return status

    return post


def told(sandbox: Sandbox, letters: Letters) -> list[ProviderEvent]:
    return [sandbox.read_event(*letter) for letter in letters]


def test_every_change_of_the_book_is_told(sandbox: Sandbox) -> None:
    payment = charged(sandbox)
    pay_back(sandbox, "r-1", payment, 100)
    waiting = hold(sandbox, "a-2", token("needs_confirmation")).reference or ""
    sandbox.confirm(waiting, yes=True)
    let_go(sandbox, "v-2", waiting)
    hold(sandbox, "a-3", token("declined"))
    payout = pay_out(sandbox, "p-1", saved_payee("works").destination).reference or ""
    sandbox.return_payout(payout, now=START)
    dispute = sandbox.open_dispute(payment, now=START)
    sandbox.decide_dispute(dispute, won=True, now=START)
    letters: Letters = []
    assert set(sandbox.deliver_events(taker(letters))) == {200}
    events = told(sandbox, letters)
    assert Counter((event.kind, event.key) for event in events) == {
        ("request", "a-1"): 1, ("request", "c-1"): 1, ("request", "r-1"): 1, ("request", "a-2"): 2,
        ("request", "v-2"): 1, ("request", "a-3"): 1, ("request", "p-1"): 1, ("payout", "p-1"): 1,
        ("dispute", None): 2,
    }  # fmt: skip
    assert {event.reference for event in events if event.kind == "dispute"} == {dispute}
    assert len({event.id for event in events}) == len(events)


def test_nothing_is_told_twice_that_was_taken(sandbox: Sandbox) -> None:
    held(sandbox)
    assert sandbox.deliver_events(taker([])) == [200]
    assert sandbox.deliver_events(taker([])) == []


@pytest.mark.parametrize("status", [0, 302, 400, 404, 500, 503])
def test_what_was_not_taken_is_told_again(sandbox: Sandbox, status: int) -> None:
    held(sandbox)
    letters: Letters = []
    assert sandbox.deliver_events(taker(letters, status)) == [status]
    assert sandbox.deliver_events(taker(letters)) == [200]
    assert letters[0][0] == letters[1][0]


def test_letters_come_three_times_and_in_any_order(sandbox: Sandbox) -> None:
    """F-35."""
    for n in range(20):
        held(sandbox, f"a-{n}")
    letters: Letters = []
    sandbox.deliver_events(taker(letters), copies=3, shuffle=Random(7))
    keys = [event.key for event in told(sandbox, letters)]
    assert Counter(keys) == {f"a-{n}": 3 for n in range(20)}
    assert keys != sorted(keys, key=lambda key: int((key or "")[2:]))


def test_letters_come_in_the_order_of_what_happened_where_nobody_shuffles(sandbox: Sandbox) -> None:
    charge(sandbox, "c-1", held(sandbox, "a-1"))
    letters: Letters = []
    sandbox.deliver_events(taker(letters))
    assert [event.key for event in told(sandbox, letters)] == ["a-1", "c-1"]


def test_letters_can_be_three_days_late(sandbox: Sandbox) -> None:
    """F-35: the body is old, the signature is not."""
    held(sandbox)
    letters: Letters = []
    late = timedelta(days=3)
    assert sandbox.deliver_events(taker(letters), now=START + late - timedelta(seconds=1), delay=late) == []
    sandbox.deliver_events(taker(letters), now=START + late, delay=late, signed_at=utcnow())
    assert json.loads(letters[0][0])["at"].startswith("2025-05-20")
    assert told(sandbox, letters)[0].key == "a-1"


@pytest.mark.parametrize(("minutes", "secret"), [(0, "a guess"), (-6, "a secret"), (6, "a secret")])
def test_letters_can_be_badly_signed(sandbox: Sandbox, minutes: int, secret: str) -> None:
    """F-36."""
    held(sandbox)
    letters: Letters = []
    when = utcnow() + timedelta(minutes=minutes)
    sandbox.deliver_events(taker(letters, 400), secrets=[secret], signed_at=when)
    with pytest.raises(BadSignature):
        told(sandbox, letters)


def test_while_a_secret_is_replaced_a_letter_is_signed_with_both(sandbox: Sandbox) -> None:
    held(sandbox)
    sandbox.secrets = ("a secret", "the next one")
    letters: Letters = []
    sandbox.deliver_events(taker(letters))
    for known in (("a secret",), ("the next one",)):
        assert Sandbox(sandbox.book, "shop", known).read_event(*letters[0]).key == "a-1"
    with pytest.raises(BadSignature):
        Sandbox(sandbox.book, "shop", ("another one",)).read_event(*letters[0])


def test_another_shops_letter_means_nothing(sandbox: Sandbox) -> None:
    """F-35: it is the provider's, so it is taken, and nothing follows from it."""
    other = Sandbox(sandbox.book, "another shop", sandbox.secrets)
    held(other)
    letters: Letters = []
    other.deliver_events(taker(letters))
    event = sandbox.read_event(*letters[0])
    assert (event.kind, event.key, event.reference) == ("other", None, None)


def test_a_letter_of_an_unknown_kind_means_nothing(sandbox: Sandbox) -> None:
    body = json.dumps({"id": "evt-1", "account": "shop", "kind": "news", "key": "a-1"}).encode()
    headers = {webhooks.HEADER: webhooks.sign(body, sandbox.secrets, utcnow())}
    assert sandbox.read_event(body, headers) == ProviderEvent("evt-1", "other")


# the job ---------------------------------------------------------------------------------------------


@pytest.fixture
def on_disk(app: Flask, tmp_path: Path) -> Iterator[Callable[[], Sandbox]]:
    """The application's sandbox, with a book on disk."""
    app.config["C2B"] = replace(app.config["C2B"], sandbox_book=str(tmp_path / "book.sqlite3"))

    def sandbox() -> Sandbox:
        db.session.rollback()
        return gateway()  # type: ignore[return-value]

    yield sandbox
    app.config["C2B"] = replace(
        app.config["C2B"], sandbox_book=":memory:"
    )  # what it did is no attempt of ours


def test_the_job_brings_the_letters_into_the_inbox(on_disk: Callable[[], Sandbox]) -> None:
    payout = pay_out(on_disk(), "p-1", saved_payee("comes_back").destination).reference
    now = START + timedelta(days=2)
    assert deliver_sandbox_events.run(now) == {"done": 2, "refused": 0, "failed": 0}
    assert deliver_sandbox_events.run(now)["done"] == 0
    rows = db.session.scalars(select(InboxEvent).order_by(InboxEvent.id)).all()
    assert [(row.provider, row.kind, row.key, row.reference) for row in rows] == [
        ("sandbox", "request", "p-1", payout),
        ("sandbox", "payout", "p-1", payout),
    ]
    db.session.rollback()


def test_the_job_leaves_a_book_in_memory_to_those_who_play_with_it(app: Flask) -> None:
    provider = gateway()
    held(provider, "authorise-1-1")
    assert deliver_sandbox_events.run(START) == {"done": 0, "refused": 0, "failed": 0}
    assert provider.deliver_events(taker([])) == [200]  # type: ignore[attr-defined]
    app.extensions.pop("sandbox_books")  # what it holds is no attempt of ours


def test_the_job_has_nothing_to_do_for_another_provider(app: Flask) -> None:
    app.config["C2B"] = replace(app.config["C2B"], gateway="sandbox_server", sandbox_url="http://127.0.0.1:9")
    assert deliver_sandbox_events.run(START) == {"done": 0, "refused": 0, "failed": 0}
