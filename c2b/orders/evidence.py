"""What both sides say in a dispute, and the pack: all that our own records say of the order (R-12).

The pack is built from the diary, which is written with each change and never altered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, literal, select, union_all

from c2b.campaigns.models import Campaign, Pledge
from c2b.core.db import db
from c2b.core.events import Event, record
from c2b.core.text import gettext as _
from c2b.orders.event_words import details_words, event_words
from c2b.orders.models import Dispute, Evidence, Order, Return, Shipment
from c2b.orders.remedy_rules import MOST_PICTURES
from c2b.orders.states import Party
from c2b.payments.models import Attempt, Mandate, Refund
from c2b.payments.states import Purpose


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the diary about an order or what belongs to it."""

    at: datetime
    subject: str
    subject_id: int
    kind: str  # "order.shipped"
    by: int | None
    details: str
    purpose: Purpose | None = None  # of a request for money

    @property
    def what(self) -> str:
        """What happened, in words."""
        return event_words(self.kind, self.purpose)


@dataclass(frozen=True, slots=True)
class Pack:
    """What our records say of one order."""

    order: Order
    campaign: Campaign
    pledge: Pledge
    card: str
    charge: Attempt
    parcels: Sequence[Shipment]
    lines: Sequence[Line]


def add_evidence(
    dispute: Dispute, party: Party, words: str, pictures: Sequence[str], *, by: int, now: datetime
) -> Evidence:
    """Keep what one side says; it is never changed."""
    db.session.flush()
    said = Evidence(
        dispute_id=dispute.id,
        party=party,
        by=by,
        words=words,
        pictures=list(pictures)[:MOST_PICTURES],
        at=now,
    )
    db.session.add(said)
    record(dispute, "dispute.evidence", by=by, at=now, party=str(party))
    return said


def evidence_of(dispute_id: int) -> Sequence[Evidence]:
    """What was said in a dispute, oldest first."""
    return db.session.scalars(
        select(Evidence).where(Evidence.dispute_id == dispute_id).order_by(Evidence.id)
    ).all()


def pack_of(order: Order) -> Pack:
    """All that our own records say of an order, in a fixed number of statements."""
    charge = db.session.get_one(Attempt, order.attempt_id)
    card = db.session.scalar(select(Mandate.label).where(Mandate.id == charge.mandate_id)) or ""
    parcels = db.session.scalars(
        select(Shipment).where(Shipment.order_id == order.id).order_by(Shipment.id)
    ).all()
    return Pack(
        order=order,
        campaign=db.session.get_one(Campaign, order.campaign_id),
        pledge=db.session.get_one(Pledge, order.pledge_id),
        card=card,
        charge=charge,
        parcels=parcels,
        lines=diary_of(order),
    )


def diary_of(order: Order) -> list[Line]:
    """Every line of the diary about an order: pledge, charge, parcels, returns, disputes, refunds. Oldest first."""
    subjects = union_all(
        select(literal("order").label("subject"), literal(order.id).label("id")),
        select(literal("pledge"), literal(order.pledge_id)),
        select(literal("attempt"), Attempt.id).where(Attempt.pledge_id == order.pledge_id),
        select(literal("shipment"), Shipment.id).where(Shipment.order_id == order.id),
        select(literal("return_request"), Return.id).where(Return.order_id == order.id),
        select(literal("dispute"), Dispute.id).where(Dispute.order_id == order.id),
        select(literal("refund"), Refund.id).where(Refund.capture_id == order.attempt_id),
    ).subquery()
    about = and_(Event.subject == subjects.c.subject, Event.subject_id == subjects.c.id)
    asked = select(Attempt.id, Attempt.purpose).where(Attempt.pledge_id == order.pledge_id)
    purposes = {row.id: row.purpose for row in db.session.execute(asked)}
    return [
        Line(
            event.at,
            event.subject,
            event.subject_id,
            event.kind,
            event.by,
            details_words(event.data, order.currency),
            purposes.get(event.subject_id) if event.subject == "attempt" else None,
        )
        for event in db.session.scalars(select(Event).join(subjects, about).order_by(Event.id))
    ]


def words_of(pack: Pack) -> str:
    """The pack as plain text, to be sent or kept."""
    order = pack.order
    head = [
        _("Order %(number)s, placed on %(day)s.", number=order.number, day=_moment(order.placed_at)),
        _("Terms that were agreed to, by hash: %(terms)s.", terms=pack.pledge.terms),
        _("Charged to %(card)s under the key %(key)s.", card=pack.card, key=pack.charge.key),
    ]
    lines = [
        f"{_moment(line.at)}  {line.what} ({line.kind} {line.subject_id})  {line.details}".rstrip()
        for line in pack.lines
    ]
    return "\n".join([*head, "", *lines]) + "\n"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
