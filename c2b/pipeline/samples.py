"""Samples: who must send one, the parcel's way, and what was found. The sample's diary is the chain of custody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from c2b.pipeline.models import Offer, Sample


def why_sample(offer: Offer) -> str | None:
    """Why a sample is asked for, in words; None where none is needed."""
    raise NotImplementedError


def sample_of(offer_id: int) -> Sample | None:
    """The offer's sample, or None where none was asked for."""
    raise NotImplementedError


def request_sample(offer: Offer, why: str, *, due_at: datetime, now: datetime) -> Sample:
    """Ask the merchant for a piece of the goods; the parcel gets a code that nobody can guess."""
    raise NotImplementedError


def send_sample(sample_id: int, carrier: str, tracking: str, *, by: int, now: datetime) -> Sample:
    """The merchant has posted it."""
    raise NotImplementedError


def receive_sample(sample_id: int, *, by: int, now: datetime) -> Sample:
    """The parcel is in the sample room."""
    raise NotImplementedError


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
    """What was found, by somebody who does not belong to the merchant. The stage judges from it (judge_by_machine)."""
    raise NotImplementedError


def lapse_sample(sample: Sample, *, now: datetime) -> None:
    """It never came."""
    raise NotImplementedError


def samples_to_remind(now: datetime) -> list[int]:
    """Samples that are due soon and whose merchant was not reminded yet."""
    raise NotImplementedError


def remind_sample(sample_id: int, *, now: datetime) -> None:
    """Remind the merchant that the sample is due, once."""
    raise NotImplementedError
