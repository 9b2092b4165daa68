"""What shoppers are told of their payments."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from c2b.accounts.tokens import sign
from c2b.campaigns.models import Campaign, Pledge
from c2b.core.db import db
from c2b.core.outbox import notify_many
from c2b.core.rows import among
from c2b.orders import rules
from c2b.payments.attempts import Request
from c2b.pipeline.models import Launch

PAY = "pay"  # what a link to the pay page is signed for


def pay_path(pledge_id: int, now: datetime) -> str:
    """The address of the page on which this pledge's payment is put right."""
    return f"/pay/{sign(PAY, pledge_id, now=now)}"


def pledges(ids: Iterable[int]) -> Sequence[Any]:
    """What notices and orders need of these pledges."""
    return db.session.execute(
        select(
            Pledge.id, Pledge.shopper_id, Pledge.allocated, Pledge.late, Pledge.options, Pledge.campaign_id,
            Campaign.title, Campaign.slug, Campaign.fulfilment,
        )
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(among(Pledge.id, ids))
        .order_by(Pledge.id)
    ).all()  # fmt: skip


def tell_failed(
    launch: Launch,
    found: Sequence[Any],
    attempts: Mapping[int, Request],
    codes: Mapping[int, str | None],
    now: datetime,
) -> None:
    """Say at once that a card failed, why, until when, and where to put it right."""
    notify_many(
        "card_failed",
        [
            (
                p.shopper_id,
                str(attempts[p.id].attempt_id),
                card_notice(launch, p, codes[p.id], attempts[p.id]),
            )
            for p in found
        ],
        now=now,
    )


def card_notice(launch: Launch, pledge: Any, code: str | None, attempt: Any) -> dict[str, Any]:
    """What a mail about a card that failed needs. The link of the mail is signed when it is written, never kept."""
    return {
        "title": pledge.title,
        "pledge": pledge.id,
        "path": f"/me/pay/{pledge.id}",
        "code": code,
        "amount": attempt.amount,
        "currency": launch.currency,
        "mend_until": rules.mend_until(launch, pledge, attempt).isoformat(),
    }


def tell_dropped(
    launch: Launch, dropped: Sequence[Any], codes: Mapping[int, str | None], now: datetime
) -> None:
    """Say that a place was given up, or that a purchase from the rest did not come about, and why."""
    notify_many(
        "pledge_dropped",
        [
            (
                p.shopper_id,
                str(p.id),
                {
                    "title": p.title,
                    "path": f"/c/{p.slug}",
                    "amount": launch.unit_price * p.allocated,
                    "currency": launch.currency,
                    "code": codes[p.id],
                    "late": p.late,
                },
            )
            for p in dropped
        ],
        now=now,
    )
