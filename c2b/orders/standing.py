"""Which pledges of a launch are next, and where the money of each stands.

Plain readings by index, a chunk at a time: rows that were all written a minute ago leave no plan to go wrong, and a
hundred thousand pledges take no more memory than a hundred.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db
from c2b.core.rows import among
from c2b.payments.attempts import IN_FLIGHT
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from c2b.pipeline.models import Launch

CHUNK = 200

# What is asked about a request; plain rows, as a drain looks at each of a hundred thousand several times.
SEEN = (
    Attempt.id, Attempt.pledge_id, Attempt.purpose, Attempt.generation, Attempt.state, Attempt.code, Attempt.amount,
    Attempt.mandate_id, Attempt.started_at, Attempt.expires_at, Attempt.retry_at,
)  # fmt: skip

# The pledges of the next chunk, and how to go on after them: None where these are the last.
Candidates = Callable[[Launch, datetime, Any], tuple[list[int], Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """A pledge with goods set aside, and the last request of each kind about it."""

    pledge_id: int
    mandate_id: int
    units: int
    ceiling: int
    late: bool
    asked: dict[str, Any]  # by purpose: the columns SEEN of the last one

    @property
    def hold(self) -> Any:
        """The last request to hold its money."""
        return self.asked.get(Purpose.AUTHORISE)

    def is_held(self, now: datetime) -> bool:
        """Whether its money is held now: not run out, and not on its way back."""
        hold = self.hold
        if hold is None or hold.state != S.SUCCEEDED or self.is_being(Purpose.VOID):
            return False
        return hold.expires_at is None or now < hold.expires_at

    def is_being(self, purpose: Purpose) -> bool:
        """Whether this was done, or may be under way."""
        last = self.asked.get(purpose)
        return last is not None and last.state in (*IN_FLIGHT, S.SUCCEEDED)

    def waits(self) -> bool:
        """Whether its payment waits for the shopper's yes, and was not let go."""
        return (
            self.hold is not None and self.hold.state == S.REQUIRES_ACTION and Purpose.VOID not in self.asked
        )


def standing(launch: Launch, ids: Sequence[int], *, wait: bool = False) -> list[Standing]:
    """These pledges as they stand, locked until the transaction ends; left out are those that another process holds.

    Where this one is to `wait` for them, it has all of them.
    """
    rows = db.session.execute(
        select(Pledge.id, Pledge.mandate_id, Pledge.allocated, Pledge.ceiling, Pledge.late)
        .where(
            among(Pledge.id, ids),
            Pledge.campaign_id == launch.campaign_id,
            Pledge.state == PledgeState.ALLOCATED,
        )
        .order_by(Pledge.id)
        .with_for_update(skip_locked=not wait, key_share=True)
    ).all()
    asked: dict[int, dict[str, Any]] = {row.id: {} for row in rows}
    found = select(*SEEN).where(among(Attempt.pledge_id, asked)).order_by(Attempt.generation)
    for attempt in db.session.execute(found):
        asked[attempt.pledge_id][attempt.purpose] = attempt
    return [
        Standing(row.id, row.mandate_id, row.allocated, row.ceiling, row.late, asked[row.id]) for row in rows
    ]


def by_pledge(launch: Launch, _now: datetime, after: Any) -> tuple[list[int], Any]:
    """All pledges with goods set aside, in the order of their numbers."""
    query = select(Pledge.id, Pledge.id).where(
        Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED
    )
    return _page(query.order_by(Pledge.id), Pledge.id > (after or 0))


def not_asked(launch: Launch, _now: datetime, after: Any) -> tuple[list[int], Any]:
    """Those of them that nobody has asked about yet: each turn begins where the last one ended."""
    query = select(Pledge.id, Pledge.id).where(
        Pledge.campaign_id == launch.campaign_id, Pledge.state == PledgeState.ALLOCATED, ~asked_for()
    )
    return _page(query.order_by(Pledge.id), Pledge.id > (after or 0))


def by_expiry(launch: Launch, now: datetime, after: Any) -> tuple[list[int], Any]:
    """What is held, those first whose hold runs out first."""
    at, id_ = Attempt.expires_at, Attempt.id
    query = (
        _holds(launch)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .where(Attempt.state == S.SUCCEEDED, at > now, Pledge.state == PledgeState.ALLOCATED)
        .with_only_columns(Attempt.pledge_id, at, id_)
        .order_by(at, id_)
    )
    return _page(query, or_(at > after[0], and_(at == after[0], id_ > after[1])) if after else None)


def run_out(launch: Launch, now: datetime, after: Any) -> tuple[list[int], Any]:
    """Holds that have run out."""
    return _by_attempt(_holds(launch).where(Attempt.state == S.SUCCEEDED, Attempt.expires_at <= now), after)


def declined_for_now(launch: Launch, now: datetime, after: Any) -> tuple[list[int], Any]:
    """Cards that are to be tried again by themselves."""
    return _by_attempt(_holds(launch).where(Attempt.state == S.FAILED, Attempt.retry_at <= now), after)


def unconfirmed(launch: Launch, _now: datetime, after: Any) -> tuple[list[int], Any]:
    """Payments that wait for the shopper's yes."""
    return _by_attempt(_holds(launch).where(Attempt.state == S.REQUIRES_ACTION), after)


def _holds(launch: Launch) -> Any:
    return select(Attempt.pledge_id, Attempt.id).where(
        Attempt.launch_id == launch.id, Attempt.purpose == Purpose.AUTHORISE
    )


def _by_attempt(query: Any, after: Any) -> tuple[list[int], Any]:
    return _page(query.order_by(Attempt.id), Attempt.id > (after or 0))


def _page(query: Any, later: ColumnElement[bool] | None) -> tuple[list[int], Any]:
    rows = db.session.execute((query if later is None else query.where(later)).limit(CHUNK)).all()
    if len(rows) < CHUNK:
        return [row[0] for row in rows], None
    last = tuple(rows[-1][1:])
    return [row[0] for row in rows], last[0] if len(last) == 1 else last


def held(now: datetime) -> ColumnElement[bool]:
    """Whether a pledge's money is held now; a condition for queries on pledges."""
    hold, void = aliased(Attempt), aliased(Attempt)
    let_go = select(void.id).where(
        void.pledge_id == Pledge.id, void.purpose == Purpose.VOID, void.state.in_((*IN_FLIGHT, S.SUCCEEDED))
    )
    found = select(hold.id).where(
        hold.pledge_id == Pledge.id,
        hold.purpose == Purpose.AUTHORISE,
        hold.state == S.SUCCEEDED,
        or_(hold.expires_at.is_(None), hold.expires_at > now),
    )
    return and_(found.exists(), ~let_go.exists())


def asked_for() -> ColumnElement[bool]:
    """Whether a pledge's money was asked for at all; a condition for queries on pledges."""
    hold = aliased(Attempt)
    query = select(hold.id).where(hold.pledge_id == Pledge.id, hold.purpose == Purpose.AUTHORISE)
    return query.exists()
