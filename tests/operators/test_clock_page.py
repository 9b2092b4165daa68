"""The demo's clock is set forward by operators, on a demo only."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from c2b.core import clock
from c2b.core.clock import DemoClock, utcnow
from c2b.core.db import db
from c2b.operators.demo import next_due


@pytest.fixture(params=["sqlite"])
def database(request):
    """The same on both; what it stands on is tested on both."""
    return request.param


@pytest.fixture
def demo(app):
    """A demo site; the test's process gets its real time back."""
    app.config["C2B"] = replace(app.config["C2B"], demo=True)
    yield app
    clock._ahead = timedelta()


def ahead() -> int | None:
    return db.session.scalar(select(DemoClock.ahead))


def test_a_real_site_has_no_such_clock(office):
    assert office.post("/ops/clock", data={"by": "day"}).status_code == 404
    assert "Demo clock" not in office.get("/ops").text
    assert ahead() is None


def test_an_operator_goes_an_hour_and_a_day_forward_and_back_to_the_page(demo, office, diary):
    assert "Demo clock" in office.get("/ops").text
    answer = office.post("/ops/clock", data={"by": "hour", "back": "/ops/jobs"})
    assert answer.headers["Location"] == "/ops/jobs"
    office.post("/ops/clock", data={"by": "day", "back": "https://elsewhere.example/"})
    assert ahead() == 25 * 3600
    assert diary()[-1] == ("demo_clock.forward", {"seconds": 86_400})
    assert office.post("/ops/clock", data={"by": "-day"}).status_code == 400


def test_no_link_leads_elsewhere(demo, office):
    answer = office.post("/ops/clock", data={"by": "day", "back": "//elsewhere.example/"})
    assert answer.headers["Location"] == "/"


def test_only_an_operator_may(demo, client, make, sign_in):
    sign_in(client, make.reviewer())
    assert client.post("/ops/clock", data={"by": "day"}).status_code == 403


def test_it_goes_to_just_after_the_next_thing_that_is_due(demo, office, make):
    now = utcnow()
    make.campaign(closes_at=now + timedelta(hours=5))
    make.campaign(closes_at=now + timedelta(hours=3))
    make.campaign(closes_at=now - timedelta(hours=3))
    office.post("/ops/clock", data={"by": "due"})
    assert 3 * 3600 - 60 <= (ahead() or 0) <= 3 * 3600 + 1


def test_where_nothing_is_due_the_clock_stands(demo, office):
    assert next_due(utcnow()) is None
    assert office.post("/ops/clock", data={"by": "due"}).status_code == 302
    assert ahead() is None
