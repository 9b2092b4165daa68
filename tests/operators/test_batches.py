"""A batch's dates: changed in site time with a reason, in order, and never for what has happened."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from c2b.campaigns.states import CampaignState
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.operators.operations import change_dates
from c2b.operators.rules import DATES
from c2b.pipeline.models import Batch, Place, Slot
from c2b.pipeline.states import BatchState
from tests.factories import put_in_state

SHANGHAI = ZoneInfo("Asia/Shanghai")


def dates(batch, **later) -> dict[str, datetime]:
    return {name: getattr(batch, name) + later.get(name, timedelta()) for name in DATES}


def form_of(batch, **changes) -> dict[str, str]:
    fields = {name: getattr(batch, name).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") for name in DATES}
    return {**fields, "reason": "A holiday", **changes}


def test_a_date_is_changed_in_site_time_and_the_others_keep_their_seconds(office, make):
    batch = make.batch(opens_at=utcnow().replace(microsecond=0) - timedelta(days=1))
    before = dates(batch)
    later = {
        "review_at": "2099-12-24T18:00",
        "launch_from": "2099-12-25T18:00",
        "launch_until": "2099-12-26T18:00",
    }
    answer = office.post(f"/ops/batches/{batch.number}", data=form_of(batch, **later))
    assert answer.status_code == 302
    db.session.refresh(batch)
    assert batch.review_at == datetime(2099, 12, 24, 10, 0, tzinfo=UTC)
    assert batch.signup_closes_at == before["signup_closes_at"]
    assert "A holiday" in office.get(f"/ops/batches/{batch.number}").text


@pytest.mark.parametrize(
    "changes",
    [
        {"review_at": ""},
        {"review_at": "tomorrow"},
        {"review_at": "2025-02-30T10:00"},
        {"review_at": "9999-12-31T23:59"},
        {"review_at": "0001-01-01T00:00"},
        {"review_at": "\x00"},
        {"reason": ""},
    ],
)
def test_a_date_that_is_none_is_said_at_its_field(office, make, changes):
    batch = make.batch(opens_at=utcnow() - timedelta(days=1))
    answer = office.post(f"/ops/batches/{batch.number}", data=form_of(batch, **changes))
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert f'id="{next(iter(changes))}-error"' in answer.text


def test_dates_out_of_order_are_refused_and_kept_in_the_form(office, make):
    batch = make.batch(opens_at=utcnow() - timedelta(days=1))
    answer = office.post(
        f"/ops/batches/{batch.number}", data=form_of(batch, samples_due_at="2098-01-01T10:00")
    )
    assert answer.status_code == 409
    assert "in this order" in answer.text
    assert "2098-01-01T10:00" in answer.text


def test_what_has_passed_stays(make, now):
    batch = make.batch(opens_at=now - timedelta(days=8))
    with pytest.raises(Refused, match="has passed"):
        change_dates(batch.id, dates(batch, opens_at=timedelta(hours=1)), "why", by=1, now=now)
    with pytest.raises(Refused, match="time to come"):
        change_dates(batch.id, dates(batch, samples_due_at=-timedelta(days=6)), "why", by=1, now=now)


def test_a_decided_batch_keeps_its_dates(make, now):
    batch = make.batch(opens_at=now - timedelta(days=1))
    put_in_state(batch, BatchState.DECIDED, now)
    with pytest.raises(Refused, match="decided"):
        change_dates(batch.id, dates(batch, launch_until=timedelta(days=1)), "why", by=1, now=now)


def test_booked_launches_stay_within_the_batch(make, now):
    batch = make.batch(opens_at=now - timedelta(days=1))
    campaign = make.campaign(CampaignState.SCHEDULED)
    at = batch.launch_from + timedelta(hours=2)
    slot = Slot(batch_id=batch.id, shown_from=now, opens_at=at, closes_at=at + timedelta(days=1))
    slot.places = [Place(number=1, campaign_id=campaign.id, booked_by=make.operator().id, booked_at=now)]
    db.session.add(slot)
    db.session.commit()
    with pytest.raises(Refused, match="booked outside"):
        change_dates(batch.id, dates(batch, launch_from=timedelta(days=1)), "why", by=1, now=now)
    with transaction():
        change_dates(batch.id, dates(batch, launch_until=timedelta(days=1)), "why", by=1, now=now)


def test_what_is_due_by_a_date_moves_with_it(make, now):
    from c2b.pipeline.engine import enter_stage

    batch = make.batch(opens_at=now - timedelta(days=1))
    offer = make.offer(make.campaign(), batch=batch)
    with transaction():
        visit = enter_stage(offer, "signup", now=now)
    assert offer.due_at == batch.signup_closes_at
    with transaction():
        change_dates(batch.id, dates(batch, signup_closes_at=timedelta(days=1)), "why", by=1, now=now)
    assert offer.due_at == visit.due_at == db.session.get(Batch, batch.id).signup_closes_at


def test_batches_are_found_by_state_and_handed_out_as_a_table(office, make):
    batch = make.batch()
    assert f"/ops/batches/{batch.number}" in office.get("/ops/batches?state=open&sort=old").text
    assert "No batch yet" in office.get("/ops/batches?state=finished").text
    table = office.get("/ops/batches?format=csv").get_data(as_text=True).splitlines()
    assert (len(table), table[1].split(",")[:2]) == (2, [str(batch.number), "Sign-up open"])
