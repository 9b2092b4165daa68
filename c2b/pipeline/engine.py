"""How offers go through the stages. Everything is read from PIPELINE: nothing here knows a stage by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from c2b.pipeline.models import Offer, StageVisit, VerdictLine
from c2b.pipeline.stage import Ruling, Stage


def stage_of(offer: Offer) -> Stage | None:
    """The stage that the offer is in, or None when its way has ended."""
    raise NotImplementedError


def open_visit(offer: Offer) -> StageVisit:
    """The present stay of the offer in its stage."""
    raise NotImplementedError


def enter_stage(offer: Offer, key: str, *, now: datetime, by: int | None = None) -> StageVisit:
    """Put the offer into a stage (or note that it is in its first one): visit, due date, what the stage makes."""
    raise NotImplementedError


def hand_in(offer: Offer, *, by: int, now: datetime) -> None:
    """The merchant stands by the present content (content_hash is set before).

    In a stage of the merchant's own it goes on to the next; in a stage that waits for a mended offer it is judged
    anew. To be called by submit_offer, and by change_offer when a later stage had answered "wait".
    """
    raise NotImplementedError


def give_verdict(
    offer_id: int,
    ruling: Ruling,
    reason: str,
    *,
    by: int,
    now: datetime,
    evidence: Mapping[str, Any] = {},
    content_hash: str | None = None,
    stage: str | None = None,
) -> VerdictLine:
    """A person's verdict on the content that they saw; Stale where content or stage are others by now."""
    raise NotImplementedError


def judge_by_machine(offer_id: int, *, now: datetime) -> None:
    """Let the stage that the offer is in decide, if it can by now, and the next ones too."""
    raise NotImplementedError


def end_offer(offer: Offer, ending: str, *, by: int | None, now: datetime, **data: Any) -> None:
    """Take the offer out of the pipeline (withdrawn, launched, …): its visit is closed, its stage tidies up."""
    raise NotImplementedError


def remind_owner(offer_id: int, *, now: datetime) -> None:
    """Tell the owner of the present stage that it is due soon, once; and once that it is overdue."""
    raise NotImplementedError


def lapse_offer(offer_id: int, *, now: datetime) -> None:
    """Its time in a stage that lapses is over."""
    raise NotImplementedError


def due_for_machine(now: datetime) -> list[int]:
    """Offers in a stage that decides by itself, except those that wait to be mended."""
    raise NotImplementedError


def offers_to_remind(now: datetime) -> list[int]:
    """Offers whose owner is to be reminded, or told that it is overdue."""
    raise NotImplementedError


def offers_to_lapse(now: datetime) -> list[int]:
    """Offers whose time is over in a stage that lapses."""
    raise NotImplementedError


def offers_to_drop(now: datetime) -> list[int]:
    """Offers on their way whose campaign was cancelled or failed."""
    raise NotImplementedError


def drop_offer(offer_id: int, *, now: datetime) -> None:
    """The campaign is gone, so the offer falls through."""
    raise NotImplementedError
