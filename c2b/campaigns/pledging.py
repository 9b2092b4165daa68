"""Pledges: placed as a list in one transaction, changed, withdrawn, set aside. All under the campaign's lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from c2b.campaigns.models import Pledge
from c2b.campaigns.rules import PledgeChange, PledgeRequest

__all__ = ["Answer", "PledgeChange", "PledgeRequest"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request: a pledge, or a refusal with its code and sentence."""

    pledge_id: int | None = None
    code: str | None = None
    reason: str | None = None


def place_pledges(campaign_id: int, requests: Sequence[PledgeRequest], *, now: datetime) -> list[Answer]:
    """Take a list of pledges for one campaign; answers in the order of the requests. Flushes, never commits."""
    raise NotImplementedError


def place_pledge(campaign_id: int, request: PledgeRequest, *, now: datetime) -> Pledge:
    """Take one pledge, or raise Refused with the sentence for the person."""
    raise NotImplementedError


def change_pledge(pledge_id: int, change: PledgeChange, *, by: int, now: datetime) -> Pledge:
    """Change one's own pledge; NotFound where it is somebody else's. May tip the campaign."""
    raise NotImplementedError


def withdraw_pledge(pledge_id: int, *, by: int, now: datetime) -> None:
    """Leave a campaign; NotFound where the pledge is somebody else's, Refused once it has tipped."""
    raise NotImplementedError


def set_aside(
    campaign_id: int,
    allocated: Mapping[int, int],
    unfilled: Sequence[int],
    released: Sequence[int],
    *,
    now: datetime,
) -> None:
    """At the launch: `allocated` is {pledge id: units}; the others get no goods, or could not afford the price.

    Writes the notices pledge_unfilled and pledge_released.
    """
    raise NotImplementedError


def release_pledges(pledge_ids: Sequence[int], *, by: int | None, now: datetime) -> list[int]:
    """Let active and allocated pledges go, uncharged; returns those that were."""
    raise NotImplementedError


def place_late(campaign_id: int, request: PledgeRequest, unit_price: int, *, now: datetime) -> Pledge:
    """A pledge from what a launch left over, already allocated; the caller has taken the units from the rest."""
    raise NotImplementedError
