"""Asking only for the promises that could be broken finds what asking for all of them finds."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core.checks import CHECKS, broken_promises
from c2b.core.db import db
from tests.conftest import Work
from tests.factories import Make


@pytest.mark.breaks_promises
def test_what_is_broken_is_found_and_what_is_not_asked_would_find_nothing(
    app: Flask, work: Work, make: Make
) -> None:
    make.pledge(make.campaign())
    db.session.execute(update(Campaign).values(people=7))
    db.session.commit()
    found = work.broken_promises()
    assert [problem.split()[0] for problem in found] == ["I-10"]
    assert broken_promises() == found
    idle = [promise for promise in CHECKS if work.read[promise] and not work.read[promise] & work.filled()]
    assert len(idle) > 20


def test_nearly_every_promise_is_known_by_the_tables_that_it_reads(app: Flask, work: Work) -> None:
    """One that is not is asked after every test."""
    always = [promise.split()[0] for promise in CHECKS if not work.read[promise]]
    assert "I-3" in always  # it looks at the schema
    assert len(always) < 5
    assert not work.filled()


def test_what_a_test_that_failed_left_open_is_not_in_the_way_of_the_next(work: Work, now: datetime) -> None:
    left = []  # somebody holds it in their hands, as a thread does that was not waited for
    for _test in range(3):
        with pytest.raises(ZeroDivisionError), work.app.app_context():
            assert db.session.scalar(select(func.count(User.id))) == 0
            Make(now).shopper()
            db.session.commit()
            assert "user" in work.filled()
            left.append(db.engine.connect().execution_options(read_only=True))
            assert len(left[-1].execute(select(User.id)).all()) == 1
            Make(now).shopper()
            assert 1 // 0
        work.empty()
        assert not work.filled()
