"""What can be seen of one life: in the database, in the books, and at the provider."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.ledger.kinds import AccountKind, Cause
from c2b.ledger.models import Account, Entry, Transaction
from c2b.orders.models import Dispute, Order, Return
from c2b.payments.gateways.sandbox import Sandbox, from_config
from c2b.payments.inbox import receive
from c2b.payments.models import Attempt
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch


class Seen:
    """The provider that the shop uses, and how things stand."""

    app: Any
    now: datetime
    campaign_id: int
    ids: dict[int, int]  # the pledges, by the number of the shopper

    def bank(self) -> Sandbox:
        db.session.rollback()
        return from_config(self.app.config["C2B"])

    def deliver(self, copies: int, seed: int) -> None:
        """The provider tells what happened, in any order, any number of times."""

        def post(body: bytes, headers: dict[str, str]) -> int:
            receive("sandbox", body, headers, self.now)
            return 200

        self.bank().deliver_events(
            post, now=self.now + timedelta(seconds=1), copies=copies, shuffle=Random(seed), signed_at=utcnow()
        )

    def payment(self, who: int) -> str:
        """The provider's name for the charge."""
        found = db.session.scalar(
            select(Attempt.reference).where(
                Attempt.pledge_id == self.ids[who],
                Attempt.purpose == Purpose.CAPTURE,
                Attempt.state == AttemptState.SUCCEEDED,
            )
        )
        db.session.rollback()
        return str(found)

    def bank_dispute(self, who: int) -> str:
        found = db.session.scalar(
            select(Dispute.reference)
            .where(Dispute.order_id == self.order(who).id, Dispute.origin == "bank")
            .order_by(Dispute.id.desc())
            .limit(1)
        )
        db.session.rollback()
        return str(found)

    # looking -----------------------------------------------------------------------------------------

    def _campaign(self) -> Campaign:
        return db.session.get_one(Campaign, self.campaign_id)

    def order(self, who: int) -> Order:
        return db.session.scalars(select(Order).where(Order.pledge_id == self.ids[who])).one()

    def open_return(self, who: int) -> Return:
        query = select(Return).where(Return.order_id == self.order(who).id).order_by(Return.id.desc())
        return db.session.scalars(query.limit(1)).one()

    def dispute(self, who: int) -> Dispute:
        query = select(Dispute).where(Dispute.order_id == self.order(who).id, Dispute.origin == "shopper")
        return db.session.scalars(query.order_by(Dispute.id.desc()).limit(1)).one()

    def states(self) -> dict[str, Any]:
        """What the database says of this life."""
        db.session.expire_all()
        launch = db.session.scalar(select(Launch.state).where(Launch.campaign_id == self.campaign_id))
        pledges = {
            row.id: row.state
            for row in db.session.execute(
                select(Pledge.id, Pledge.state).where(Pledge.campaign_id == self.campaign_id)
            )
        }
        orders = {
            row.pledge_id: row
            for row in db.session.execute(
                select(Order.pledge_id, Order.state, Order.total, Order.fee, Attempt.refunded)
                .join(Attempt, Attempt.id == Order.attempt_id)
                .where(Order.campaign_id == self.campaign_id)
            )
        }
        return {
            "campaign": str(self._campaign().state),
            "launch": str(launch or ""),
            "pledges": {who: str(pledges[id_]) for who, id_ in self.ids.items()},
            "orders": {
                who: (str(row.state), row.total, row.fee, row.refunded)
                for who, id_ in self.ids.items()
                if (row := orders.get(id_))
            },
        }

    def charged(self, who: int) -> int:
        """What the provider has taken from this shopper, less what it gave back."""
        taken = "select coalesce(sum(captured - refunded), 0) as net from hold where pledge = ?"
        return int(self.bank().book.read(taken, str(self.ids.get(who)))[0]["net"])

    def owed(self) -> int:
        """What the books owe the firm for the orders of this life, before payouts."""
        owed = (
            select(func.sum(Entry.amount))
            .join(Account, Account.id == Entry.account_id)
            .join(Transaction, Transaction.id == Entry.tx_id)
            .join(Order, Order.id == Transaction.order_id)
            .where(
                Account.kind == AccountKind.MERCHANT_PAYABLE,
                Transaction.cause != Cause.PAYOUT,
                Order.campaign_id == self.campaign_id,
            )
        )
        found = -int(db.session.scalar(owed) or 0)
        db.session.rollback()
        return found
