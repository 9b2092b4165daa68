"""Samples: who must send one, the parcel's way, what was found. The diary is the chain of custody."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.events import record
from c2b.core.states import move
from c2b.core.text import gettext as _
from c2b.pipeline.models import Offer, Sample
from c2b.pipeline.people import is_merchants, tell_merchant, why_not_independent
from c2b.pipeline.sample_rules import why_not_send
from c2b.pipeline.sample_rules import why_sample as why_sample  # part of what this module offers
from c2b.pipeline.states import SampleState

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is read for something else
REMIND_BEFORE = timedelta(days=2)
TIME_TO_SEND = timedelta(days=3)  # at least so long, even when the batch is late
ON_ITS_WAY = timedelta(days=5)  # a parcel that was posted in time may arrive so much later


def sample_of(offer_id: int) -> Sample | None:
    """The offer's sample, or None where none was asked for."""
    return db.session.scalar(select(Sample).where(Sample.offer_id == offer_id))


def sample_due(offer: Offer, now: datetime) -> datetime:
    """When the offer's sample must be there: on the batch's day, but never sooner than it can be sent."""
    earliest = now + TIME_TO_SEND
    return max(offer.batch.samples_due_at, earliest) if offer.batch else now + timedelta(days=7)


def request_sample(offer: Offer, why: str, *, due_at: datetime, now: datetime) -> Sample:
    """Ask the merchant for a piece of the goods; the parcel gets a code that nobody can guess."""
    sample = Sample(
        offer_id=offer.id, code=_new_code(), why=why, requested_at=now, due_at=due_at, state_since=now
    )
    db.session.add(sample)
    record(sample, "sample.requested", by=None, at=now, code=sample.code, why=why)
    about = {
        "code": sample.code,
        "why": why,
        "category": offer.campaign.category.value,
        "due_at": due_at.isoformat(),
        "label": f"/sell/a/{offer.id}/label",
    }
    tell_merchant("sample_requested", offer, str(sample.id), now=now, **about)
    return sample


def _new_code() -> str:
    letters = [secrets.choice(ALPHABET) for _i in range(12)]
    return "-".join("".join(letters[i : i + 4]) for i in (0, 4, 8))


def send_sample(sample_id: int, carrier: str, tracking: str, *, by: int, now: datetime) -> Sample:
    """The merchant has posted it."""
    sample, offer = _locked(sample_id)
    if not is_merchants(offer, by):
        raise NotFound
    refuse(why_not_send(carrier, tracking))
    sample.carrier, sample.tracking, sample.sent_at = carrier.strip(), tracking.strip(), now
    move(sample, SampleState.SENT, by=by, now=now, carrier=sample.carrier, tracking=sample.tracking)
    return sample


def receive_sample(sample_id: int, *, by: int, now: datetime) -> Sample:
    """The parcel is in the sample room."""
    sample, offer = _locked(sample_id)
    refuse(why_not_independent(offer, by))
    sample.received_at, sample.received_by = now, by
    move(sample, SampleState.RECEIVED, by=by, now=now, code=sample.code)
    tell_merchant("sample_received", offer, str(sample.id), now=now, code=sample.code)
    return sample


def inspect_sample(
    sample_id: int,
    *,
    passed: bool,
    checklist: Mapping[str, Any],
    note: str,
    photos: Sequence[str] = (),
    by: int,
    now: datetime,
) -> Sample:
    """What was found, by somebody who does not belong to the merchant; `judge_by_machine` acts on it."""
    sample, offer = _locked(sample_id)
    refuse(why_not_independent(offer, by))
    refuse(_why_not_result(passed, checklist, note))
    sample.checklist, sample.note, sample.photos = dict(checklist), note.strip(), list(photos)
    sample.inspected_at, sample.inspected_by = now, by
    new = SampleState.PASSED if passed else SampleState.FAILED
    move(sample, new, by=by, now=now, note=sample.note, checklist=sample.checklist, photos=sample.photos)
    said = {"passed": passed, "note": sample.note, "code": sample.code}
    tell_merchant("sample_verdict", offer, str(sample.id), now=now, **said)
    return sample


def _why_not_result(passed: bool, found: Mapping[str, Any], note: str) -> str | None:
    if passed and not all(found.values()):
        return _("A sample passes only when every point of the list is in order.")
    if not passed and not note.strip():
        return _("Say what is wrong with the sample, so that the merchant knows.")
    return None


def why_not_lapse(offer: Offer, now: datetime) -> str | None:
    """A parcel that arrived, or was posted in time, keeps its offer alive."""
    sample = sample_of(offer.id)
    if sample is None:
        return None
    if sample.received_at is not None:
        return _("The sample is here; the result is up to us.")
    if sample.sent_at is not None and sample.sent_at <= sample.due_at and now <= sample.due_at + ON_ITS_WAY:
        return _("The sample was posted in time and is on its way.")
    return None


def lapse_sample(sample: Sample, *, now: datetime) -> None:
    """It never came."""
    move(sample, SampleState.LAPSED, by=None, now=now)


def tidy_up(offer: Offer, now: datetime) -> None:
    """The offer leaves the stage: a sample that is not here will not be needed any more."""
    sample = sample_of(offer.id)
    if sample is not None and sample.state in (SampleState.REQUESTED, SampleState.SENT):
        lapse_sample(sample, now=now)


def samples_to_remind(now: datetime) -> list[int]:
    """Samples that are due soon and whose merchant was not reminded yet."""
    return list(
        db.session.scalars(
            select(Sample.id)
            .where(
                Sample.state == SampleState.REQUESTED,
                Sample.reminded_at.is_(None),
                Sample.due_at <= now + REMIND_BEFORE,
            )
            .order_by(Sample.id)
        )
    )


def remind_sample(sample_id: int, *, now: datetime) -> None:
    """Remind the merchant that the sample is due, once."""
    sample, offer = _locked(sample_id)
    if sample.state != SampleState.REQUESTED or sample.reminded_at is not None:
        return
    sample.reminded_at = now
    about = {"code": sample.code, "due_at": sample.due_at.isoformat(), "label": f"/sell/a/{offer.id}/label"}
    tell_merchant("sample_due_soon", offer, str(sample.id), now=now, **about)
    record(sample, "sample.reminded", by=None, at=now)


def _locked(sample_id: int) -> tuple[Sample, Offer]:
    """The sample, held together with its offer until the transaction ends."""
    offer = lock(Offer, get_or_404(Sample, sample_id).offer_id)
    return lock(Sample, sample_id), offer
