"""Promises that the records of firms must keep."""

from collections.abc import Iterator

from sqlalchemy import func, select

from c2b.core.checks import check
from c2b.core.db import db
from c2b.core.events import Event
from c2b.merchants.models import Merchant, MerchantStaff
from c2b.merchants.rules import MIN_DEPOSIT
from c2b.merchants.states import MerchantState, Post


@check("I-28 a merchant's state is what the diary says last")
def states_are_in_the_diary() -> Iterator[str]:
    """Every state was reached through the one door, which leaves a line."""
    kinds = [f"merchant.{state}" for state in MerchantState]
    latest = (
        select(Event.subject_id, func.max(Event.id).label("line"))
        .where(Event.subject == "merchant", Event.kind.in_(kinds))
        .group_by(Event.subject_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Merchant.id, Merchant.state, Event.kind)
        .outerjoin(latest, latest.c.subject_id == Merchant.id)
        .outerjoin(Event, Event.id == latest.c.line)
    )
    for id_, state, kind in rows:
        if (kind or f"merchant.{MerchantState.APPLIED}") != f"merchant.{state}":
            yield f"merchant {id_} is {state}, the diary says {kind}"


@check("F-1 every firm has an owner, and a certified one the deposit of its grade")
def firms_can_answer() -> Iterator[str]:
    """Somebody can always act for a firm, and there is security for what it promises."""
    owners = select(MerchantStaff.merchant_id).where(MerchantStaff.post == Post.OWNER)
    for id_ in db.session.scalars(select(Merchant.id).where(Merchant.id.not_in(owners))):
        yield f"merchant {id_} has no owner"
    certified = select(Merchant.id, Merchant.grade, Merchant.deposit).where(
        Merchant.state == MerchantState.CERTIFIED
    )
    for id_, grade, deposit in db.session.execute(certified):
        if grade is None or deposit < MIN_DEPOSIT[grade]:
            yield f"merchant {id_} holds {deposit} as {grade}"
