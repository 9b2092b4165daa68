"""What about money waits for a person, on one page; and the inbox, from which an event can be tried again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.core.db import db, transaction
from c2b.operators.cases import how_many
from c2b.payments.models import Attempt, InboxEvent
from c2b.pipeline.models import Launch
from jobs import work_inbox
from tests.factories import Make
from tests.house.test_pages import problems
from tests.orders.conftest import eve, launch, run_jobs, sandbox  # noqa: F401  # fixtures


@pytest.fixture
def desk(client: FlaskClient, make: Make, sign_in: Callable[[FlaskClient, User], None]) -> FlaskClient:
    sign_in(client, make.operator())
    return client


def dead_event(now: datetime) -> InboxEvent:
    event = InboxEvent(
        provider="sandbox", event_id="evt-dead", kind="request", key="capture-9999-1", body=b"{}", received_at=now,
        due_at=now, tries=5, dead_at=now, error="it is about a request that we do not know",
    )  # fmt: skip
    db.session.add(event)
    db.session.commit()
    return event


def test_an_event_that_was_given_up_is_shown_with_its_reason_and_tried_again(
    desk: FlaskClient, now: datetime
) -> None:
    event = dead_event(now)
    for page in ("/ops/inbox", "/ops/inbox?show=dead", "/ops/cases", "/ops"):
        assert "capture-9999-1" in (text := desk.get(page).text) or "case about money" in text
        assert problems(text) == []
    assert "capture-9999-1" not in desk.get("/ops/inbox?show=done").text
    assert desk.post(f"/ops/inbox/{event.id}/again").status_code == 302
    db.session.refresh(event)
    assert (event.tries, event.dead_at) == (0, None)
    assert desk.post(f"/ops/inbox/{event.id}/again").status_code == 404
    assert work_inbox.run(datetime.now(event.due_at.tzinfo) + timedelta(minutes=1))["failed"] == 0


def test_a_wrong_answer_is_a_case_that_an_operator_has_looked_up_again(
    desk: FlaskClient,
    launch: Callable[..., Launch],  # noqa: F811  # the fixture
    now: datetime,
) -> None:
    it = launch([(2, "ok")])
    sandbox().script("capture", ["wrong_amount"])
    run_jobs(now)
    (case,) = db.session.scalars(select(Attempt).where(Attempt.case_at.is_not(None)))
    assert how_many() == (1, case.case_at)
    assert case.key in desk.get("/ops/cases").text
    assert desk.post(f"/ops/cases/{case.id}/again").status_code == 302
    run_jobs(now + timedelta(minutes=2))
    db.session.rollback()
    assert it.state is not None


def test_closing_a_case_needs_words_and_a_request_that_is_decided(desk: FlaskClient, now: datetime) -> None:
    assert desk.post("/ops/cases/1/close", data={"note": ""}).status_code == 400
    assert desk.post("/ops/cases/1/close", data={"note": "x" * 501}).status_code == 400
    assert desk.post("/ops/cases/1/close", data={"note": "By hand."}).status_code == 404
    assert desk.post("/ops/cases/1/again").status_code == 404


def test_nothing_waits_where_nothing_went_wrong(desk: FlaskClient) -> None:
    with transaction():
        assert how_many() == (0, None)
    assert "Nothing waits for a person" in desk.get("/ops/cases").text


@pytest.mark.parametrize("path", ["/ops/cases", "/ops/inbox", "/ops/inbox?show=nonsense&page=-1"])
def test_only_operators_see_them(
    client: FlaskClient, make: Make, sign_in: Callable[..., None], path: str
) -> None:
    assert client.get(path).status_code == 302
    sign_in(client, make.reviewer())
    assert client.get(path).status_code == 403
