"""What operators change that no other feature owns: roles with a reason, a batch's dates, mail that was given up."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, update

from c2b.accounts.models import RoleGrant, User
from c2b.accounts.operations import disable_user, enable_user, grant_role, revoke_role
from c2b.core.access import Role
from c2b.core.db import db, lock
from c2b.core.errors import refuse
from c2b.core.events import record, record_many
from c2b.core.outbox import Delivery, Notice
from c2b.operators import rules
from c2b.pipeline.models import Batch, Offer, Place, Sample, Slot, StageVisit
from c2b.pipeline.stages import STAGES
from c2b.pipeline.states import SampleState


def change_role(user_id: int, role: Role, *, take: bool, reason: str, by: int, now: datetime) -> None:
    """Give or take a role; it holds from the person's next request on."""
    person = lock(User, user_id)
    others = db.session.scalar(
        select(func.count())
        .select_from(RoleGrant)
        .join(User, User.id == RoleGrant.user_id)
        .where(RoleGrant.role == role, RoleGrant.user_id != user_id, User.disabled_at.is_(None))
    )
    refuse(rules.why_not_change_role(person, role, take=take, by=by, others=others or 0))
    (revoke_role if take else grant_role)(user_id, role, by=by, now=now)
    record(person, "user.role_reason", by=by, at=now, role=str(role), taken=take, reason=reason)


def close_account(user_id: int, reason: str, *, by: int, now: datetime) -> None:
    """End every session of a person; nobody can sign in to the account until it is opened again."""
    refuse(rules.why_not_close(lock(User, user_id), by=by))
    disable_user(user_id, reason, by=by, now=now)


def open_account(user_id: int, reason: str, *, by: int, now: datetime) -> None:
    """Let a person in again."""
    person = lock(User, user_id)
    enable_user(user_id, by=by, now=now)
    record(person, "user.enable_reason", by=by, at=now, reason=reason)


def change_dates(
    batch_id: int, dates: Mapping[str, datetime], reason: str, *, by: int, now: datetime
) -> None:
    """Give a batch other dates; what its offers and samples are due at follows."""
    batch = lock(Batch, batch_id)
    old = {name: getattr(batch, name) for name in rules.DATES}
    refuse(rules.why_not_dates(str(batch.state), old, dates, now))
    refuse(rules.why_not_launch_days(_booked(batch_id), dates))
    changed = {name: dates[name] for name in rules.DATES if dates[name] != old[name]}
    if not changed:
        return
    for name, value in changed.items():
        setattr(batch, name, value)
    db.session.flush()
    _move_due_dates(batch_id, now)
    words = {name: [old[name].isoformat(), value.isoformat()] for name, value in changed.items()}
    record(batch, "batch.dates_changed", by=by, at=now, reason=reason, dates=words)


def _booked(batch_id: int) -> list[datetime]:
    booked = select(Place.slot_id).where(Place.campaign_id.is_not(None))
    return list(
        db.session.scalars(select(Slot.opens_at).where(Slot.batch_id == batch_id, Slot.id.in_(booked)))
    )


def _move_due_dates(batch_id: int, now: datetime) -> None:
    visits = db.session.execute(
        select(StageVisit, Offer)
        .join(Offer, Offer.id == StageVisit.offer_id)
        .where(Offer.batch_id == batch_id, StageVisit.left_at.is_(None))
    ).all()
    for visit, offer in visits:
        stage = STAGES[visit.stage]
        if stage.due_at is None:
            continue
        visit.due_at = offer.due_at = stage.due_at(offer, visit.entered_at)
        if visit.due_at > now:
            visit.reminded_at = visit.escalated_at = None  # of the new date they are told anew
        _move_sample(offer, visit.due_at)


def _move_sample(offer: Offer, due_at: datetime) -> None:
    coming = (SampleState.REQUESTED, SampleState.SENT)
    if offer.state == "sample":
        db.session.execute(
            update(Sample)
            .where(Sample.offer_id == offer.id, Sample.state.in_(coming))
            .values(due_at=due_at)
            .execution_options(synchronize_session=False)
        )


def send_again(notice_id: int | None, *, by: int, now: datetime) -> int:
    """Queue one mail that was given up, or all of them; how many that were."""
    dead = Notice.delivery == Delivery.DEAD
    chosen = dead if notice_id is None else dead & (Notice.id == notice_id)
    notices = db.session.scalars(
        update(Notice)
        .where(chosen)
        .values(delivery=Delivery.QUEUED, due_at=now, tries=0, error=None)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    ).all()
    record_many(
        [
            {
                "subject": "notice",
                "subject_id": id_,
                "kind": "notice.queued_again",
                "by": by,
                "at": now,
                "data": {},
            }
            for id_ in notices
        ]
    )
    return len(notices)
