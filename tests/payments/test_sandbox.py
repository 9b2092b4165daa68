"""The sandbox provider keeps the promises of a real one."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from c2b.core.db import db
from c2b.payments.gateway import KeyReused, NoAnswer, gateway, send
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.cards import TEST_CARDS, kind_of, saved_card
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from tests.payments.asking import asked, charge, found, held, hold, let_go, token


@pytest.fixture(params=["memory", "file"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    """A provider with an empty book."""
    return Sandbox(Book(":memory:" if request.param == "memory" else str(tmp_path / "book.sqlite3")), "shop")


def test_a_hold_is_captured_once_and_for_no_more_than_was_held(sandbox: Sandbox) -> None:
    payment = held(sandbox)
    assert charge(sandbox, "c-0", payment, 501).code == "more_than_held"
    assert charge(sandbox, "c-1", payment, 500).state == S.SUCCEEDED
    assert charge(sandbox, "c-2", payment, 1).code == "already_captured"
    assert let_go(sandbox, "v-1", payment).code == "hold_is_captured"
    assert [row["captured"] for row in sandbox.holds()] == [500]


def test_what_was_let_go_cannot_be_captured(sandbox: Sandbox) -> None:
    payment = held(sandbox)
    assert let_go(sandbox, "v-1", payment).state == S.SUCCEEDED
    assert charge(sandbox, "c-1", payment, 500).code == "hold_is_void"
    assert let_go(sandbox, "v-2", payment).code == "hold_is_void"


def test_the_same_key_has_the_same_answer_and_acts_once(sandbox: Sandbox) -> None:
    card = token("ok")
    first = hold(sandbox, "a-1", card)
    assert hold(sandbox, "a-1", card) == first
    assert found(sandbox, "a-1") == first
    assert len(sandbox.holds()) == 1


def test_the_same_key_for_another_request_is_refused(sandbox: Sandbox) -> None:
    hold(sandbox, "a-1", token("ok"))
    with pytest.raises(KeyReused):
        hold(sandbox, "a-1", token("ok"), 501)


def test_two_shops_in_one_book_do_not_share_keys(sandbox: Sandbox) -> None:
    other = Sandbox(sandbox.book, "another shop")
    hold(sandbox, "a-1", token("ok"))
    assert found(other, "a-1") is None
    assert hold(other, "a-1", token("ok"), 900).state == S.SUCCEEDED
    assert [row["amount"] for row in sandbox.holds()] == [500]


@pytest.mark.parametrize("kind", ["declined", "insufficient_funds", "expired_card"])
def test_a_card_is_declined_with_its_reason(sandbox: Sandbox, kind: str) -> None:
    outcome = hold(sandbox, "a-1", token(kind), 500)
    assert (outcome.state, outcome.code) == (S.FAILED, kind)


def test_a_card_that_nobody_saved_is_declined(sandbox: Sandbox) -> None:
    assert hold(sandbox, "a-1", "card-from-elsewhere").code == "no_such_card"


def test_a_card_that_is_declined_once_works_under_the_next_key(sandbox: Sandbox) -> None:
    card = token("declined_once")
    assert hold(sandbox, "a-1", card).state == S.FAILED
    assert hold(sandbox, "a-1", card).state == S.FAILED
    assert hold(sandbox, "a-2", card).state == S.SUCCEEDED


def test_a_payment_waits_until_the_shopper_says_yes_or_no(sandbox: Sandbox) -> None:
    card = token("needs_confirmation")
    yes = hold(sandbox, "a-1", card)
    no = hold(sandbox, "a-2", card)
    assert yes.state == no.state == S.REQUIRES_ACTION
    assert charge(sandbox, "c-1", yes.reference or "", 500).code == "not_held"
    sandbox.confirm(yes.reference or "", yes=True)
    sandbox.confirm(no.reference or "", yes=False)
    assert found(sandbox, "a-1").state == S.SUCCEEDED  # type: ignore[union-attr]
    assert found(sandbox, "a-2").code == "not_confirmed"  # type: ignore[union-attr]


def test_a_payment_that_was_let_go_can_no_longer_be_confirmed(sandbox: Sandbox) -> None:
    payment = hold(sandbox, "a-1", token("needs_confirmation")).reference or ""
    let_go(sandbox, "v-1", payment)
    sandbox.confirm(payment, yes=True)
    assert [row["state"] for row in sandbox.holds()] == ["void"]


def test_a_lost_answer_leaves_its_trace_in_the_book(sandbox: Sandbox) -> None:
    card = token("answer_lost")
    with pytest.raises(NoAnswer):
        hold(sandbox, "a-1", card)
    assert found(sandbox, "a-1").state == S.SUCCEEDED  # type: ignore[union-attr]
    assert hold(sandbox, "a-1", card).state == S.SUCCEEDED
    assert len(sandbox.holds()) == 1


def test_a_lost_question_leaves_none(sandbox: Sandbox) -> None:
    card = token("question_lost")
    with pytest.raises(NoAnswer):
        hold(sandbox, "a-1", card)
    assert found(sandbox, "a-1") is None
    assert hold(sandbox, "a-1", card).state == S.SUCCEEDED


def test_a_script_decides_before_the_card_does(sandbox: Sandbox) -> None:
    card = token("ok")
    sandbox.script(card, ["declined", "insufficient_funds"])
    codes = [hold(sandbox, f"a-{n}", card).code for n in range(3)]
    assert codes == ["declined", "insufficient_funds", None]


def test_many_threads_share_the_book(sandbox: Sandbox) -> None:
    card = token("ok")
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda n: hold(sandbox, f"a-{n % 100}", card, 5), range(400)))
    assert len({outcome.reference for outcome in outcomes}) == 100
    assert len(sandbox.holds()) == 100


def test_two_processes_see_one_book(tmp_path: Path) -> None:
    path = str(tmp_path / "book.sqlite3")
    one, two = Sandbox(Book(path), "shop"), Sandbox(Book(path), "shop")
    outcome = hold(one, "a-1", token("ok"))
    assert found(two, "a-1") == outcome


def test_a_saved_card_keeps_what_it_does_and_its_owners_mark() -> None:
    for card in TEST_CARDS:
        one, two = saved_card(card.kind, "ann"), saved_card(card.kind, "ann")
        assert kind_of(one.token) == card.kind
        assert one.fingerprint == two.fingerprint != saved_card(card.kind, "bob").fingerprint
        assert one.token != two.token


def test_trouble_with_the_provider_becomes_an_unknown_outcome(app: Flask) -> None:
    provider = gateway()
    request = asked(Purpose.AUTHORISE, "a-1", token=token("provider_error"))
    assert send(provider, request).state == S.UNKNOWN
    assert not db.session().in_transaction()


FIRST_EDITION = """
create table setup (account text not null, reference text primary key, customer text not null,
  return_url text not null, token text, label text, fingerprint text);
create table request (account text not null, key text not null, asked text not null, state text not null,
  reference text, code text, primary key (account, key)) without rowid;
create table hold (reference text primary key, account text not null, key text not null, token text not null,
  pledge text, amount integer not null, currency text not null, captured integer not null default 0,
  state text not null) without rowid;
create index hold_by_token on hold (account, token);
create table tries (account text, key text, n integer not null, primary key (account, key)) without rowid;
create table script (account text, token text, at integer, answer text, primary key (account, token, at));
insert into setup values ('shop', 'v-1', 'shopper-7', '/back', null, null, null);
insert into request values ('shop', 'a-1', '[]', 'succeeded', 'h-1', null);
insert into hold values ('h-1', 'shop', 'a-1', 'tok_ok', '7', 500, 'CNY', 0, 'held');
"""


def test_a_book_of_the_first_edition_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite3"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(FIRST_EDITION)
    for _ in range(2):
        sandbox = Sandbox(Book(str(path)), "shop")
        assert found(sandbox, "a-1").reference == "h-1"  # type: ignore[union-attr]
    sandbox.choose("v-1", "ok")
    assert sandbox.finish_setup("v-1")
    assert charge(sandbox, "c-1", "h-1").state == S.SUCCEEDED
    assert sandbox.keys() == {"a-1", "c-1"}
