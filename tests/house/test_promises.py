"""Asking only for the promises that could be broken finds what asking for all of them finds."""

import pytest
from flask import Flask
from sqlalchemy import update

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
