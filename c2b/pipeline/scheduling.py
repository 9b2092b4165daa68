"""Launch slots: what fits where and why not, a proposal, and booking a place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from c2b.pipeline.models import Place


@dataclass(frozen=True)
class Assignment:
    """Where a campaign would launch, with the reason; `refused` says of every other slot why not, in words."""

    campaign_id: int
    slot_id: int | None
    reason: str
    refused: dict[int, str] = field(default_factory=dict)


def propose(batch_id: int, now: datetime) -> Sequence[Assignment]:
    """A place for every awarded campaign of the batch that has none yet, best gain first; changes nothing."""
    raise NotImplementedError


def book_place(slot_id: int, campaign_id: int, *, by: int, now: datetime) -> Place:
    """Give a campaign a place in a slot: its offer goes on to the launch, the campaign is scheduled."""
    raise NotImplementedError


def give_back_place(campaign_id: int, *, by: int | None, now: datetime) -> None:
    """Before the launch: the place is free again, offer and campaign go one step back."""
    raise NotImplementedError
