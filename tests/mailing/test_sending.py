"""Sending what is due: once, later again, never, and nothing inside a transaction."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from c2b.core import claims
from c2b.core.checks import broken_promises
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Delivery, Notice, notify, notify_many
from c2b.mailing import queries, render
from c2b.mailing.mail import Retry, Undeliverable
from c2b.mailing.operations import TRIES, WORK, mark_all_sent, send_again, send_due
from jobs import send_mail


@pytest.fixture
def alice(make):
    return make.user("Alice", email="alice@example.org")


@pytest.fixture
def leave(app, now):
    """Notices that wait."""

    def create(*users, kind="account_password_changed", **more):
        for number, user in enumerate(users):
            notify(kind, user.id, key=f"{user.id}:{number}", now=more.pop("at", now), **more)
        db.session.commit()

    return create


def rows():
    db.session.rollback()
    return db.session.scalars(
        select(Notice).order_by(Notice.id).execution_options(populate_existing=True)
    ).all()


def test_a_waiting_notice_is_sent_once(leave, alice, script, now):
    leave(alice)
    transport = script()
    assert send_due(now, transport) == {"done": 1, "refused": 0, "failed": 0}
    assert send_due(now, transport) == {"done": 0, "refused": 0, "failed": 0}
    [mail] = transport.got
    assert (mail.to, mail.name) == ("alice@example.org", "Alice")
    [row] = rows()
    assert (row.delivery, row.sent_at, row.tries) == (Delivery.SENT, now, 1)


def test_no_transaction_is_open_while_a_mail_is_handed_over(leave, alice, now):
    leave(alice, alice)

    class Watching:
        open_ = []

        def send(self, mail):
            self.open_.append(db.session().in_transaction())

    send_due(now, Watching())
    assert Watching.open_ == [False, False]


def test_what_fails_is_tried_again_after_one_two_four_minutes_and_then_given_up(leave, alice, script, now):
    leave(alice)
    at = now
    for number in range(1, TRIES):
        transport = script(Retry("busy"))
        assert send_due(at, transport)["failed"] == 1
        [row] = rows()
        assert (row.delivery, row.tries) == (Delivery.QUEUED, number)
        assert row.due_at == at + timedelta(minutes=2 ** (number - 1))
        assert send_due(row.due_at - timedelta(seconds=1), transport) == {
            "done": 0,
            "refused": 0,
            "failed": 0,
        }
        at = row.due_at
    send_due(at, script(Retry("busy")))
    [row] = rows()
    assert (row.delivery, row.tries) == (Delivery.DEAD, TRIES)
    assert "busy" in row.error


def test_a_second_try_is_the_same_mail(leave, alice, script, now):
    leave(alice)
    transport = script(Retry("the answer was lost"))
    send_due(now, transport)
    send_due(now + timedelta(minutes=1), transport)
    first, second = transport.got
    assert first == second
    assert rows()[0].delivery == Delivery.SENT


def test_what_can_never_arrive_is_given_up_at_once(leave, alice, script, now):
    leave(alice)
    assert send_due(now, script(Undeliverable("no such mailbox")))["refused"] == 1
    [row] = rows()
    assert (row.delivery, row.error) == (Delivery.DEAD, "no such mailbox")


def test_one_bad_notice_stops_no_other(leave, alice, make, script, now, app):
    leave(alice, kind="no_such_kind")
    leave(*(make.user() for _ in range(30)))
    transport = script(ValueError("a bug"), None, Undeliverable("gone"))
    assert send_due(now, transport) == {"done": 28, "refused": 1, "failed": 2}
    states = [row.delivery for row in rows()]
    assert states.count(Delivery.SENT) == 28
    assert "no_such_kind" in rows()[0].error
    db.session.execute(update(Notice).where(Notice.kind == "no_such_kind").values(kind="account_exists"))
    db.session.commit()


def test_a_mail_that_another_process_holds_is_left_to_it(leave, alice, script, now):
    leave(alice)
    [row] = rows()
    with transaction():
        claims.claim(WORK, [row.id], seconds=600, holder="another:1:x")
    transport = script()
    assert send_due(now, transport) == {"done": 0, "refused": 0, "failed": 0}
    assert transport.got == []


def test_a_failure_of_a_process_that_slept_too_long_is_not_noted(leave, alice, now):
    leave(alice)

    class TakenOver:
        def send(self, mail):
            with transaction():
                db.session.execute(
                    update(claims.Claim).values(epoch=claims.Claim.epoch + 1, holder="another:1:x")
                )
            raise Retry("too late")

    send_due(now, TakenOver())
    [row] = rows()
    assert (row.tries, row.error) == (0, None)


def test_claims_are_given_back(leave, alice, script, now):
    leave(alice, alice, alice)
    send_due(now, script(Retry("busy"), Undeliverable("gone")))
    assert db.session.scalars(select(claims.Claim)).all() == []


def test_a_process_that_is_to_end_stops_between_mails(leave, alice, script, now):
    leave(alice, alice, alice)
    transport = script()
    send_due(now, transport, stop=lambda: len(transport.got) == 1)
    assert [row.delivery for row in rows()] == [Delivery.SENT, Delivery.QUEUED, Delivery.QUEUED]


def test_a_notice_for_an_address_alone_is_sent_there(app, now, script):
    notify("account_exists", None, key="x", now=now, address="someone@example.org")
    db.session.commit()
    transport = script()
    send_due(now, transport)
    assert transport.got[0].to == "someone@example.org"


def test_where_nothing_leaves_the_house_everything_counts_as_sent(app, alice, now):
    notify_many("account_exists", [(alice.id, str(n), {}) for n in range(500)], now=now)
    notify("account_exists", alice.id, key="later", now=now + timedelta(hours=1))
    db.session.commit()
    assert send_mail.run(now) == {"done": 500, "refused": 0, "failed": 0}
    assert [row.delivery for row in rows()].count(Delivery.QUEUED) == 1
    assert mark_all_sent(now) == 0


def test_the_job_says_what_it_would_send(leave, alice, now):
    leave(alice, alice)
    assert send_mail.due(now) == [row.id for row in rows()]
    assert send_mail.due(now - timedelta(minutes=1)) == []


def test_an_operator_can_have_a_given_up_mail_tried_again(leave, alice, script, now):
    leave(alice)
    [row] = rows()
    with pytest.raises(Refused):
        send_again(row.id, now=now)
    send_due(now, script(Undeliverable("gone")))
    with transaction():
        send_again(row.id, now=now)
    send_due(now, script())
    [row] = rows()
    assert (row.delivery, row.error) == (Delivery.SENT, None)
    assert queries.how_many() == {"queued": 0, "sent": 1, "dead": 0, "superseded": 0}


@pytest.mark.breaks_promises
def test_the_promises_about_notices_can_fail(app, alice, now):
    notify("no_such_kind", alice.id, key="1", now=now)
    notify("order_shipped", alice.id, key="2", now=now, title="Pot")
    notify("account_exists", alice.id, key="3", now=now)
    db.session.execute(update(Notice).where(Notice.key == "account_exists:3").values(delivery=Delivery.SENT))
    broken = broken_promises()
    assert len([line for line in broken if line.startswith("I-36")]) == 1
    assert len([line for line in broken if line.startswith("M-1")]) == 2
    assert any("order_shipped" in line and "number" in line for line in broken)


def test_several_connections_send_each_mail_once_and_write_down_what_came_of_it(leave, alice, make, now):
    people = [alice, *(make.user() for _ in range(60))]
    leave(*people)

    class Busy:
        at_once = 4
        lines, got = [], []

        @contextmanager
        def line(self):
            self.lines.append("open")
            yield self.send
            self.lines.append("closed")

        def send(self, mail):
            if mail.to == "alice@example.org":
                raise Undeliverable("gone")
            self.got.append(mail.message_id)

    assert send_due(now, Busy()) == {"done": 60, "refused": 1, "failed": 0}
    assert len(set(Busy.got)) == len(Busy.got) == 60
    assert Busy.lines.count("open") == Busy.lines.count("closed")
    assert [row.delivery for row in rows()].count(Delivery.SENT) == 60
    assert db.session.scalars(select(claims.Claim)).all() == []


def test_what_many_are_told_is_put_into_words_once_and_each_has_a_link_of_their_own(
    make, now, app, monkeypatch
):
    people = [make.user("Ann"), make.user("Bo"), make.user("Cai", locale="zh-Hans")]
    data = {"title": "A pot", "path": "/c/a-pot", "by_demand": False, "still_open": False}
    notify_many("campaign_tipped", [(p.id, f"1:{p.id}", data) for p in people], now=now)
    notify("account_password_changed", people[0].id, key="x", now=now)
    db.session.commit()
    found = rows()
    assert len(found) == 4
    readers = queries.readers_of(found)
    plain = [render.put_into_words(notice, readers[notice.id]) for notice in found]
    said, rendered = render.Said(), []
    words = render._words
    monkeypatch.setattr(render, "_words", lambda *args: rendered.append(1) or words(*args))
    assert [said.words(notice, readers[notice.id]) for notice in found] == plain
    assert len(rendered) == 3  # English, Chinese, and what names its reader
    assert len({mail.unsubscribe for mail in plain[:3]}) == 3
