"""Requests for money as they are read from their rows, each with all that the provider is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import case, func, select

from c2b.core.db import db
from c2b.core.rows import among
from c2b.payments.gateway import Asked
from c2b.payments.models import Attempt, Mandate, Refund
from c2b.payments.states import AttemptState, Purpose


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt with all that the provider is told."""

    attempt_id: int
    purpose: Purpose
    subject_id: int  # the pledge, refund or payout
    launch_id: int | None
    key: str
    amount: int
    currency: str
    generation: int
    state: AttemptState
    epoch: int  # grows with each process that takes its look-up over: an earlier one's answer is not booked
    started_at: datetime
    token: str  # the saved card
    payment: str | None  # the provider's name for what was authorised
    destination: str | None  # the bank account of a payout
    read_at: float = field(default_factory=monotonic, compare=False)  # since when this process may send it

    @property
    def pledge_id(self) -> int:
        """The pledge it is about, for the purposes that are about one."""
        return self.subject_id


def requests() -> Any:
    """Attempts as requests, without the names that the provider gave; to be narrowed and read by `read`."""
    return (
        select(
            Attempt.id.label("attempt_id"),
            Attempt.purpose,
            func.coalesce(Attempt.pledge_id, Attempt.refund_id, Attempt.payout_id).label("subject_id"),
            Attempt.launch_id,
            Attempt.key,
            Attempt.amount,
            Attempt.currency,
            Attempt.generation,
            Attempt.state,
            Attempt.epoch,
            Attempt.started_at,
            func.coalesce(Mandate.token, "").label("token"),
        )
        .outerjoin(Mandate, Mandate.id == Attempt.mandate_id)
        .order_by(Attempt.id)
    )


def read(query: Any) -> list[Request]:
    """The requests that a query found, each with the provider's name for what it builds on."""
    rows: Any = db.session.execute(query).all()
    by_purpose: dict[Purpose, list[int]] = {}
    for row in rows:
        by_purpose.setdefault(row.purpose, []).append(row.subject_id)
    payments = {
        Purpose.CAPTURE: _holds(by_purpose.get(Purpose.CAPTURE, []), STANDS),
        # What was to be let go may be over by now, and the answer is about it all the same.
        Purpose.VOID: _holds(by_purpose.get(Purpose.VOID, []), (*STANDS, *OVER)),
        Purpose.REFUND: _charges(by_purpose.get(Purpose.REFUND, [])),
    }
    places = DESTINATIONS(by_purpose.get(Purpose.PAYOUT, []))
    return [
        Request(
            **row._mapping,
            payment=payments.get(row.purpose, {}).get(row.subject_id),
            destination=places.get(row.subject_id) if row.purpose == Purpose.PAYOUT else None,
        )
        for row in rows
    ]


STANDS = (AttemptState.SUCCEEDED, AttemptState.REQUIRES_ACTION)
OVER = (AttemptState.FAILED, AttemptState.EXPIRED)


def _holds(pledge_ids: list[int], states: Sequence[AttemptState]) -> dict[int, str | None]:
    """The provider's names for what is held of these pledges: of the last request, rather one that stands."""
    if not pledge_ids:
        return {}
    rows = db.session.execute(
        select(Attempt.pledge_id, Attempt.reference)
        .where(
            among(Attempt.pledge_id, pledge_ids),
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.state.in_(states),
            Attempt.reference.is_not(None),
        )
        .order_by(case((Attempt.state.in_(STANDS), 1), else_=0), Attempt.generation)
    )
    return {row.pledge_id: row.reference for row in rows}


def _charges(refund_ids: list[int]) -> dict[int, str | None]:
    """The provider's names for the charges that these refunds pay back."""
    if not refund_ids:
        return {}
    rows = db.session.execute(
        select(Refund.id, Attempt.reference)
        .join(Attempt, Attempt.id == Refund.capture_id)
        .where(among(Refund.id, refund_ids))
    )
    return {row.id: row.reference for row in rows}


def _no_destinations(_payout_ids: Sequence[int]) -> dict[int, str]:
    return {}


# Set by the feature that pays out: {payout: the provider's name for the bank account}.
DESTINATIONS: Callable[[Sequence[int]], dict[int, str]] = _no_destinations


def pays_out_to(destinations: Callable[[Sequence[int]], dict[int, str]]) -> None:
    """Say where payouts go; called once, by the feature that makes them."""
    global DESTINATIONS
    DESTINATIONS = destinations


def as_asked(request: Request) -> Asked:
    """The request in the provider's words; what it is about is kept there, so that it is found without its key."""
    about = {"key": request.key, "subject": str(request.subject_id)}
    if request.launch_id is not None:
        about["launch"] = str(request.launch_id)
    return Asked(
        key=request.key,
        purpose=request.purpose,
        amount=request.amount,
        currency=request.currency,
        first_sent_at=request.started_at,
        token=request.token,
        payment=request.payment or "",
        destination=request.destination or "",
        about=about,
    )
