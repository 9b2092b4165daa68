"""The link that ends mails: a look at it changes nothing, its button does at once, and it can be undone."""

from urllib.parse import urlsplit

import pytest

from c2b.core.db import db
from c2b.core.outbox import notify
from c2b.mailing.composing import compose
from c2b.mailing.operations import send_due
from c2b.mailing.preferences import ways_of
from c2b.mailing.topics import Way
from c2b.mailing.transports.sendgrid import SendGrid
from tests.mailing.samples import SAMPLES


@pytest.fixture
def alice(make):
    return make.user("Alice", email="alice@example.org", locale="zh-Hans")


@pytest.fixture
def mails(app, alice, now, script):
    """One mail that can be ended, and one that cannot."""
    for kind in ("campaign_tipped", "card_failed"):
        notify(kind, alice.id, key="1", now=now, **SAMPLES[kind][0])
    db.session.commit()
    transport = script()
    send_due(now, transport)
    return transport.got


@pytest.fixture
def path(mails, app, monkeypatch, now):
    monkeypatch.setattr("c2b.mailing.unsubscribe_views.utcnow", lambda: now)
    app.config["WTF_CSRF_ENABLED"] = True
    return urlsplit(mails[0].unsubscribe).path


def way(user):
    db.session.expire_all()
    return ways_of(user.id)["joined"]


def test_a_scanner_that_opens_the_link_changes_nothing_and_the_button_of_a_mail_program_does(
    client, path, alice
):
    assert path.startswith("/zh-hans/u/")
    assert client.get(path).status_code == client.head(path).status_code == 200
    assert way(alice) == Way.AT_ONCE
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert way(alice) == Way.APP
    assert client.post(path, data={"do": "undo", "way-joined": "at_once"}).status_code == 200
    assert way(alice) == Way.AT_ONCE


def test_a_link_that_was_changed_ends_nothing(client, path, alice):
    for odd in (path + "x", path[:-3], "/u/nothing", "/u/" + "x" * 3000):
        assert client.get(odd).status_code == 404
        assert client.post(odd).status_code == 404
    client.post(path, data={"do": "choose", "way-money": "app", "way-joined": "never", "way-news": "digest"})
    assert (way(alice), ways_of(alice.id)["news"], ways_of(alice.id)["money"]) == (
        Way.AT_ONCE,
        Way.DIGEST,
        Way.AT_ONCE,
    )


def test_only_mails_that_can_be_ended_say_how_in_their_head_and_foot(mails):
    tipped, failed = mails
    assert failed.unsubscribe == ""
    assert "/u/" not in failed.html + failed.text
    for mail in (tipped, failed):
        raw = compose(mail, "Muster <hello@muster.example>").decode()
        headers = raw.partition("\r\n\r\n")[0].splitlines()
        sent = {header.key: header.value for header in SendGrid("key", "a@b.example")._message(mail).headers}
        if mail is tipped:
            assert tipped.unsubscribe in tipped.html
            assert tipped.unsubscribe in tipped.text
            assert f"List-Unsubscribe: <{tipped.unsubscribe}>" in headers
            assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
            assert sent["List-Unsubscribe"] == f"<{tipped.unsubscribe}>"
        else:
            assert "List-Unsubscribe" not in raw
            assert "List-Unsubscribe" not in sent


def test_who_ends_the_daily_mail_gets_what_was_in_it_on_the_page_alone(client, path, alice, now):
    from c2b.accounts import tokens
    from c2b.mailing.render import UNSUBSCRIBE

    client.post(path, data={"do": "choose", "way-joined": "digest", "way-news": "digest"})
    token = tokens.sign(UNSUBSCRIBE, [alice.id, "digest"], now=now)
    client.post(f"/u/{token}")
    assert (way(alice), ways_of(alice.id)["news"], ways_of(alice.id)["orders"]) == (
        Way.APP,
        Way.APP,
        Way.AT_ONCE,
    )
