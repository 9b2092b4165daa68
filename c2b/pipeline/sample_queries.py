"""What the sample room sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.pipeline.models import Offer, Sample
from c2b.pipeline.people import of_interest_to
from c2b.pipeline.states import SampleState

WAITING = (SampleState.REQUESTED, SampleState.SENT)
LONGEST = 200  # lines on one page


@dataclass(frozen=True)
class SampleCounts:
    """How many parcels are where."""

    asked: int
    coming: int
    here: int
    late: int


@dataclass(frozen=True)
class SampleLine:
    """A parcel with the offer that it belongs to."""

    sample: Sample
    offer: Offer


def sample_counts(now: datetime) -> SampleCounts:
    """How many parcels are where."""
    late = func.count().filter(Sample.due_at < now)
    rows = db.session.execute(
        select(Sample.state, func.count(), late)
        .where(Sample.state.in_([*WAITING, SampleState.RECEIVED]))
        .group_by(Sample.state)
    )
    found = {state: (count, overdue) for state, count, overdue in rows}
    return SampleCounts(
        asked=found.get(SampleState.REQUESTED, (0, 0))[0],
        coming=found.get(SampleState.SENT, (0, 0))[0],
        here=found.get(SampleState.RECEIVED, (0, 0))[0],
        late=sum(found.get(state, (0, 0))[1] for state in WAITING),
    )


def samples_in(
    states: Sequence[SampleState], reader_id: int, *, newest_first: bool = False
) -> list[SampleLine]:
    """Samples in these states, most urgent (or newest) first; none that the reader has something to win by."""
    order = Sample.id.desc() if newest_first else Sample.due_at
    rows = db.session.execute(
        select(Sample, Offer)
        .join(Offer, Offer.id == Sample.offer_id)
        .where(Sample.state.in_(states))
        .options(joinedload(Offer.campaign), joinedload(Offer.merchant))
        .order_by(order, Sample.id)
        .limit(LONGEST)
    ).all()
    hidden = of_interest_to(reader_id, [row[1].campaign_id for row in rows])
    return [SampleLine(sample, offer) for sample, offer in rows if offer.campaign_id not in hidden]


def sample_by_code(code: str) -> Sample:
    """The sample with this code, however it was typed; NotFound for a strange one."""
    plain = "".join(c for c in code.upper() if c.isascii() and c.isalnum())
    dashed = "-".join(plain[i : i + 4] for i in range(0, len(plain), 4))
    sample = db.session.scalar(select(Sample).where(Sample.code == dashed))
    if sample is None:
        raise NotFound
    return sample
