"""The clock's promises, each seen to fail."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from c2b.core import runs
from c2b.core.checks import broken_promises
from c2b.core.claims import claim, fail
from c2b.core.db import db, transaction
from c2b.core.runs import Run
from c2b.pipeline.models import Batch

pytestmark = pytest.mark.breaks_promises


def ran(name, now, **how) -> None:
    with transaction():
        run_id = runs.begin(name, due_at=now, now=now, process="p")
        runs.finish(run_id, {"done": 0, "failed": how.get("failed", 0)}, now=now, error=how.get("error"))


def test_a_job_that_ran_twice_for_one_due_time_is_found(app, now):
    ran("send_mail", now)
    assert broken_promises("I-33") == []
    # Only without the key can it happen at all.
    db.session.execute(text("ALTER TABLE run RENAME TO kept"))
    db.session.execute(text("CREATE TABLE run AS SELECT * FROM kept"))
    db.session.execute(text("INSERT INTO run SELECT * FROM kept"))
    (problem,) = broken_promises("I-33")
    assert "send_mail ran more than once" in problem
    db.session.rollback()


def test_a_run_that_began_late_is_found_unless_somebody_asked_for_it(make, now):
    ran("send_mail", now)
    with transaction():
        db.session.execute(update(Run).values(started_at=now + timedelta(seconds=59)))
    assert broken_promises("I-33") == []
    with transaction():
        db.session.execute(update(Run).values(started_at=now + timedelta(seconds=61)))
    assert "began 0:01:01 later" in broken_promises("I-33")[0]
    with transaction():
        db.session.execute(update(Run).values(by=make.operator().id))
    assert broken_promises("I-33") == []


def late_campaign(make, now):
    return make.campaign(closes_at=now - timedelta(hours=2))


def test_a_campaign_that_its_job_passed_by_is_found(make, now):
    campaign = late_campaign(make, now)
    assert broken_promises("I-34") == []  # no clock has lived since
    ran("close_campaigns", now - timedelta(hours=2))
    assert broken_promises("I-34") == []  # it could not have seen it
    ran("close_campaigns", now)
    (problem,) = broken_promises("I-34")
    assert f"campaign {campaign.id} should have moved on" in problem


@pytest.mark.parametrize("how", [{"error": "boom"}, {"failed": 1}])
def test_a_run_that_went_wrong_says_nothing_about_what_it_left(make, now, how):
    late_campaign(make, now)
    ran("close_campaigns", now, **how)
    assert broken_promises("I-34") == []


def test_a_row_that_rests_after_a_failure_has_its_retry_due(make, now):
    campaign = late_campaign(make, now)
    ran("close_campaigns", now)
    with transaction():
        claim("close", [campaign.id], seconds=60)
        fail("close", campaign.id, "boom")
    assert broken_promises("I-34") == []


def test_a_batch_whose_dates_passed_unnoticed_is_found(make, now):
    batch = make.batch(opens_at=now - timedelta(days=9))
    ran("open_batches", now)
    assert f"batch {batch.id}" in broken_promises("I-34")[0]
    assert isinstance(batch, Batch)
