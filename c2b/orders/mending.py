"""Putting a failed card right, and reminding those who have not yet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db, get_or_404, lock, transaction
from c2b.core.errors import NotFound, Stale, refuse
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.text import gettext as _
from c2b.orders import rules
from c2b.orders.queries import latest_authorisation, launch_of
from c2b.orders.telling import card_notice, pledges
from c2b.payments import attempts, windows
from c2b.payments.attempts import Request, Wish
from c2b.payments.models import Attempt
from c2b.payments.queries import own_mandate
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch


@dataclass(frozen=True, slots=True)
class PayView:
    """What the pay page shows of one pledge."""

    pledge: Pledge
    campaign: Campaign
    launch: Launch
    attempt: Attempt | None
    until: datetime
    why_not: str | None  # why no other card can be used now
    amount: int


def pay_view(pledge_id: int, *, now: datetime) -> PayView:
    """The pledge with its launch and the last request for its money; NotFound before a launch."""
    pledge = get_or_404(Pledge, pledge_id)
    launch = launch_of(pledge.campaign_id)
    if launch is None or not pledge.allocated:
        raise NotFound
    attempt = latest_authorisation(pledge_id)
    return PayView(
        pledge=pledge,
        campaign=get_or_404(Campaign, pledge.campaign_id),
        launch=launch,
        attempt=attempt,
        until=rules.mend_until(launch, pledge, attempt),
        why_not=rules.why_not_mend(launch, pledge, attempt, now),
        amount=launch.unit_price * pledge.allocated,
    )


def begin_mend(pledge_id: int, mandate_id: int, *, now: datetime) -> Request:
    """Write down a new request with this card; the caller commits, then asks the provider."""
    launch_id = pay_view(pledge_id, now=now).launch.id
    launch = lock(Launch, launch_id)
    pledge = lock(Pledge, pledge_id)
    mandate = own_mandate(pledge.shopper_id, mandate_id)
    last = latest_authorisation(pledge_id)
    refuse(rules.why_not_mend(launch, pledge, last, now))
    assert last is not None
    pledge.mandate_id = mandate.id
    last.retry_at = None  # its owner was faster
    record(pledge, "pledge.card_changed", by=pledge.shopper_id, at=now, mandate=mandate.id)
    amount = launch.unit_price * pledge.allocated
    wish = Wish(pledge.id, amount, launch.currency, launch.id, mandate.id, last.generation + 1)
    begun = attempts.begin(Purpose.AUTHORISE, [wish], now)
    if not begun:
        raise Stale(_("We are still waiting for your bank's answer. Please look again in a few minutes."))
    return begun[0]


def mend(pledge_id: int, mandate_id: int, *, now: datetime) -> AttemptState:
    """Ask for the money with this card at once; commits before and after the call. If it dies, a job finds out."""
    with transaction():
        request = begin_mend(pledge_id, mandate_id, now=now)
    answered = attempts.ask([request])
    with transaction():
        attempts.book(answered, now)
    return answered[0][1].state if answered else AttemptState.STARTED


def look_again(pledge_id: int, *, now: datetime) -> None:
    """See what became of the pledge's open request, after the shopper was with the bank."""
    with transaction():
        found = attempts.read(
            attempts.requests().where(Attempt.pledge_id == pledge_id, Attempt.state.in_(attempts.IN_FLIGHT))
        )
    answered = attempts.find_out(found, now)
    with transaction():
        attempts.book(answered, now)


def remind_cards(launch_id: int, *, now: datetime) -> None:
    """Remind everyone whose card is not mended; once for each part of the window."""
    launch = get_or_404(Launch, launch_id)
    part = (now - launch.opened_at) // windows.REMIND_EVERY
    rows = db.session.execute(
        select(Attempt.pledge_id, Attempt.code, Attempt.amount, Attempt.started_at)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .where(
            Attempt.launch_id == launch_id,
            Attempt.purpose == Purpose.AUTHORISE,
            Pledge.state == PledgeState.ALLOCATED,
            Attempt.pledge_id.not_in(_settled(launch_id)),
        )
        .order_by(Attempt.generation)
    )
    failing = {row.pledge_id: row for row in rows}
    notify_many(
        "card_reminder",
        [
            (
                p.shopper_id,
                f"{p.id}:{part}",
                card_notice(launch, p, failing[p.id].code or "requires_action", failing[p.id]),
            )
            for p in pledges(failing)
        ],
        now=now,
    )


def _settled(launch_id: int) -> Select[int]:
    return select(Attempt.pledge_id).where(
        Attempt.launch_id == launch_id,
        Attempt.purpose == Purpose.AUTHORISE,
        Attempt.state.in_((AttemptState.SUCCEEDED, *attempts.UNANSWERED)),
    )
