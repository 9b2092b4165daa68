"""No page and no job reads a large table from end to end, on either database."""

import os
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, select

from bench import plans
from bench.database import analyse
from bench.multiplying import copy_rows
from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core.db import db
from tests.e2e.site import FILE, seeded

pytestmark = pytest.mark.breaks_promises  # copies of finished stories, whose books are not copied with them
ROWS = 6_000


@pytest.fixture(scope="session")
def seeded_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a demo, seeded once by whichever process of this run asks first."""
    own = tmp_path_factory.getbasetemp()
    return seeded(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / FILE


@pytest.fixture
def large_demo(app: Flask, seeded_demo: Path) -> Flask:
    """The demo among thousands of campaigns, with its finished stories several times over."""
    copy_rows(create_engine(f"sqlite:///{seeded_demo}"), db.engine)
    plans.grow(app, ROWS)
    analyse(app.config["SQLALCHEMY_DATABASE_URI"])
    return app


def test_no_page_and_no_job_reads_a_large_table_from_end_to_end(large_demo):
    assert [str(one) for one in plans.findings(large_demo)] == []


def test_reading_from_end_to_end_is_found(app):
    plans.grow(app, 3_000)
    by_number = select(User.name).where(User.id == 5)
    by_words = select(Campaign.id).where(Campaign.summary == "a summary that no index knows")
    with plans.Explainer(app).watching() as explainer:
        explainer.asked_by = "a test"
        for query in (by_number, by_words):
            db.session.execute(query).all()
    assert [one.table for one in explainer.findings] == ["campaign"]
