"""The mailbox of a development site."""

import re
from dataclasses import replace

import pytest

from c2b import create_app
from c2b.core.db import db
from c2b.core.outbox import notify
from tests.mailing.samples import SAMPLES


@pytest.fixture
def mails(make, now):
    alice = make.user("Alice", email="alice@example.org")
    ming = make.user("小明", email="ming_1@example.org", locale="zh-Hans")
    notify("campaign_expired", alice.id, key="1", now=now, **SAMPLES["campaign_expired"][0])
    notify("order_placed", ming.id, key="2", now=now, **SAMPLES["order_placed"][0])
    db.session.commit()


def test_mail_is_listed_newest_first_in_the_language_of_its_reader(client, mails):
    page = client.get("/dev/mailbox").text
    assert page.index("已下单：") < page.index("Ended without a deal:")
    assert "<b>pot</b>" not in page


def test_mail_is_found_by_address(client, mails):
    page = client.get("/dev/mailbox?q=ALICE").text
    assert "Ended without a deal:" in page
    assert "已下单" not in page
    assert "No mail" in client.get("/dev/mailbox?q=mingx1").text
    assert "已下单" in client.get("/dev/mailbox?q=ming_1").text
    for odd in ("%", "_", "\x00", "'", "x" * 5000):
        assert client.get("/dev/mailbox", query_string={"q": odd}).status_code == 200


def test_a_mail_is_shown_in_a_frame_that_runs_nothing(client, mails):
    page = client.get("/dev/mailbox/1").text
    assert 'sandbox="allow-top-navigation-by-user-activation"' in page
    assert "Nobody was charged" in page
    framed = client.get("/dev/mailbox/1/html")
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = framed.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert '<base target="_top">' in framed.text


def test_what_is_not_there_is_not_found(client, mails):
    assert client.get("/dev/mailbox/99").status_code == 404
    assert client.get("/dev/mailbox/99/html").status_code == 404
    for place in ("0", "x", "9" * 20, "9~x", "1~1"):
        assert client.get("/dev/mailbox", query_string={"after": place}).status_code == 200


def test_long_lists_have_pages_and_as_many_questions(client, make, now, app):
    alice = make.user("Alice")
    for number in range(45):
        notify("account_exists", alice.id, key=str(number), now=now)
    db.session.commit()
    first = client.get("/dev/mailbox").text
    onward = re.search(r'href="(/dev/mailbox\?after=[^"]+)"', first)
    assert onward
    second = client.get(onward[1]).text
    back = re.search(r'href="(/dev/mailbox\?before=[^"]+)"', second)
    assert back
    counts = [text.count("You have an account already") for text in (first, second, client.get(back[1]).text)]
    assert counts == [40, 5, 40]


def test_there_is_no_mailbox_where_mail_leaves_the_house(app):
    config = replace(app.config["C2B"], mail="discard")
    other = create_app(config)
    assert "mailing.mailbox" not in other.view_functions
    with other.app_context():
        db.engine.dispose()
