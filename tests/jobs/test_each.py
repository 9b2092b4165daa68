"""One loop for all jobs: no row stops another, none is worked on twice at once."""

from datetime import datetime

from sqlalchemy import select, update

import jobs
from c2b.accounts.models import User
from c2b.core.claims import Claim, claim
from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused
from jobs import each, stopping

WORK = "a test's work"


def rename(user_id: int, *, now: datetime) -> None:
    """An operation with a fate for each row, told by its name."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound
    if user.name == "Refused":
        raise Refused("Not this one.")
    user.name = "Renamed"
    db.session.flush()
    if user.name and user.email.startswith("crash"):
        raise RuntimeError("boom\nwith more lines")


def names() -> list[str]:
    found = list(db.session.scalars(select(User.name).order_by(User.id)))
    db.session.rollback()
    return found


def claims() -> list[Claim]:
    return list(db.session.scalars(select(Claim).order_by(Claim.item)))


def test_one_bad_row_stops_no_other(make, now):
    people = [
        make.user("First"),
        make.user("Crash", email="crash@example.org"),
        make.user("Refused"),
        make.user("Last"),
    ]

    result = each([p.id for p in people] + [999], rename, now=now, work=WORK)

    assert result == {"done": 2, "refused": 2, "failed": 1}
    assert names() == ["Renamed", "Crash", "Refused", "Renamed"]


def test_a_row_that_failed_rests_with_the_reason_and_the_others_are_free(make, now):
    people = [make.user("First"), make.user("Crash", email="crash@example.org"), make.user("Refused")]
    each([p.id for p in people], rename, now=now, work=WORK)

    (left,) = claims()
    assert (left.item, left.failures, left.error) == (people[1].id, 1, "RuntimeError: boom")
    db.session.rollback()
    again = each([p.id for p in people], rename, now=now, work=WORK)
    assert again == {"done": 1, "refused": 1, "failed": 0}


def test_after_its_rest_a_row_is_tried_again_and_a_success_forgets_the_failures(make, now):
    person = make.user("Crash", email="crash@example.org")
    each([person.id], rename, now=now, work=WORK)
    with transaction():
        db.session.execute(update(Claim).values(until=0.0))
        db.session.execute(update(User).values(email="well@example.org"))

    assert each([person.id], rename, now=now, work=WORK)["done"] == 1
    assert claims() == []


def test_a_row_that_another_process_holds_is_passed_over(make, now):
    mine, theirs = make.user("Mine"), make.user("Theirs")
    with transaction():
        claim(WORK, [theirs.id], seconds=60, holder="another")

    assert each([mine.id, theirs.id], rename, now=now, work=WORK) == {"done": 1, "refused": 0, "failed": 0}
    assert names() == ["Renamed", "Theirs"]


def test_work_done_after_the_lease_was_lost_is_undone(make, now):
    person = make.user("Slow")

    def freeze_then_rename(user_id: int, *, now: datetime) -> None:
        db.session.execute(update(Claim).values(until=0.0))
        db.session.commit()
        claim(WORK, [user_id], seconds=60, holder="another")
        db.session.commit()
        rename(user_id, now=now)

    result = each([person.id], freeze_then_rename, now=now, work=WORK)

    assert result == {"done": 0, "refused": 0, "failed": 0}
    assert names() == ["Slow"]
    assert [left.holder for left in claims()] == ["another"]


def test_a_long_chunk_keeps_its_lease(make, now, monkeypatch):
    people = [make.user("One"), make.user("Two")]
    seen = []
    moments = iter([0.0, 1.0, jobs.LEASE, jobs.LEASE])
    monkeypatch.setattr(jobs, "monotonic", lambda: next(moments))

    def look(user_id: int, *, now: datetime) -> None:
        seen.append(db.session.scalar(select(Claim.until).where(Claim.item == people[1].id)))
        if user_id == people[0].id:
            db.session.execute(update(Claim).where(Claim.item == people[1].id).values(until=1.0))

    each([p.id for p in people], look, now=now, work=WORK)

    assert seen[1] > 1.0


def test_a_process_that_is_told_to_end_leaves_the_rest_free(make, now):
    people = [make.user("First"), make.user("Second")]

    def end_after_this(user_id: int, *, now: datetime) -> None:
        rename(user_id, now=now)
        stopping.set()

    try:
        assert each([p.id for p in people], end_after_this, now=now, work=WORK)["done"] == 1
    finally:
        stopping.clear()
    assert names() == ["Renamed", "Second"]
    assert claims() == []


def test_the_reason_of_a_database_error_holds_no_values(make, now):
    person = make.user("First", email="secret@example.org")

    def twice(user_id: int, *, now: datetime) -> None:
        db.session.add(User(email="secret@example.org", name="Twin", created_at=now))
        db.session.flush()

    each([person.id], twice, now=now, work=WORK)

    (left,) = claims()
    assert left.error.startswith("IntegrityError")
    assert "INSERT" not in left.error
    assert "secret@example.org" not in left.error
