"""Batches open by themselves, campaigns join them, and each is awarded to the best offer."""

from datetime import datetime

from c2b.pipeline.models import Award, Batch, BatchEntry


def ensure_batches(now: datetime, *, zone: str = "Asia/Shanghai") -> Batch:
    """The batch of this week with its slots, made if there is none; earlier ones are moved on by the clock."""
    raise NotImplementedError


def open_batch(now: datetime) -> Batch | None:
    """The batch whose sign-up is open, or None."""
    raise NotImplementedError


def entry_of(campaign_id: int) -> BatchEntry | None:
    """The campaign's latest place in a batch."""
    raise NotImplementedError


def campaigns_to_join(now: datetime) -> list[int]:
    """Tipped campaigns that are in no batch yet."""
    raise NotImplementedError


def join_batch(campaign_id: int, *, now: datetime) -> BatchEntry:
    """Give a tipped campaign its place in the batch whose sign-up is open."""
    raise NotImplementedError


def campaigns_to_award(now: datetime) -> list[int]:
    """Campaigns in sourcing whose batch has come to its review day, or whose offers are all decided."""
    raise NotImplementedError


def award(campaign_id: int, *, now: datetime) -> Award | None:
    """Choose the offer that shoppers gain most from; none: the next batch once, then the campaign fails."""
    raise NotImplementedError


def campaigns_without_winner(now: datetime) -> list[int]:
    """Campaigns whose awarded offer fell out before the launch."""
    raise NotImplementedError


def replace_winner(campaign_id: int, *, now: datetime) -> Award | None:
    """The runner-up takes over; without one the campaign goes to the next batch once, or fails."""
    raise NotImplementedError
