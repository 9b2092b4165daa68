"""What a webhook about a payout leads to: the provider is asked whether it came back, and that is booked once."""

from datetime import datetime

from sqlalchemy import or_, select

from c2b.core.db import db, transaction
from c2b.payments.gateway import NoAnswer, gateway
from c2b.payments.inbox import Effect, NotYet, Told, handles
from c2b.payments.models import Attempt
from c2b.payments.states import Purpose
from c2b.settlement.payouts import return_payout


@handles("payout")
def hear_of_payout(told: Told, now: datetime) -> Effect:
    """A payout that was paid may have come back from the bank (F-42)."""
    with transaction():
        row = db.session.execute(
            select(Attempt.payout_id, Attempt.reference).where(
                Attempt.purpose == Purpose.PAYOUT,
                or_(Attempt.key == told.key, Attempt.reference == told.reference),
            )
        ).first()
    if row is None or row.payout_id is None:
        raise NotYet("it is about a payout that we do not know")
    reference = row.reference or told.reference
    if reference is None:
        raise NotYet("the provider has not named this payout yet")
    try:
        code = gateway().payout_returned(reference)
    except NoAnswer:
        raise NotYet("the provider gave no answer") from None
    payout_id = row.payout_id
    return lambda: return_payout(payout_id, code, now=now) if code else "it did not come back"
