"""Operators see every mail as its reader would, in every language, and can send themselves a test."""

import pytest
from sqlalchemy import select

from c2b.core.db import db
from c2b.core.languages import LANGUAGES
from c2b.core.outbox import Notice
from c2b.mailing import samples
from c2b.mailing.operations import send_due
from c2b.mailing.render import kinds


@pytest.fixture
def otto(make, client, sign_in):
    otto = make.operator("Otto")
    sign_in(client, otto)
    return otto


def test_every_mail_is_listed_and_shown_in_every_language_in_a_frame_that_runs_nothing(client, otto):
    page = client.get("/ops/emails").text
    assert all(f"/ops/emails/{kind}" in page for kind in kinds())
    for code in LANGUAGES:
        assert f'lang="{code}"' in client.get(f"/ops/emails/digest?language={code}").text
    framed = client.get("/ops/emails/digest/html?language=es&sample=1")
    assert '<html lang="es"' in framed.text
    assert "sandbox" in framed.headers["Content-Security-Policy"]
    for odd in ("language=xx", "sample=99", "sample=x"):
        assert client.get(f"/ops/emails/digest?{odd}").status_code == 200
    assert client.get("/ops/emails/no_such_mail").status_code == 404


def test_what_a_sample_lacks_is_named(client, otto, monkeypatch):
    monkeypatch.setitem(samples.SAMPLES, "order_shipped", [{"title": "Pot", "path": "/"}])
    assert "number" in client.get("/ops/emails/order_shipped").text.split("This is what is missing:")[1][:300]


def test_a_test_goes_to_the_operator_alone_in_the_language_that_was_looked_at(client, otto, script):
    client.post("/ops/emails/campaign_tipped/test", data={"language": "zh-Hans", "sample": "0"})
    [notice] = db.session.scalars(select(Notice)).all()
    assert (notice.user_id, notice.address) == (None, otto.email)
    transport = script()
    send_due(notice.due_at, transport)
    assert [(mail.to, mail.language, mail.unsubscribe) for mail in transport.got] == [
        (otto.email, "zh-Hans", "")
    ]


def test_nobody_else_sees_them(client, make, sign_in):
    sign_in(client, make.user())
    assert client.get("/ops/emails").status_code == 403
    assert client.post("/ops/emails/digest/test").status_code == 403
