"""What people who bought say about it, what the merchant answers, and what is taken down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core.db import db, get_or_404, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.events import record
from c2b.core.outbox import notify
from c2b.core.tables import Listing
from c2b.core.text import public_name
from c2b.orders import delivery_rules as rules
from c2b.orders.models import Order, Review

MOST_PICTURES = 3
PER_PAGE = 30


class Words(NamedTuple):
    """What somebody writes in a review."""

    stars: int
    words: str
    pictures: Sequence[str]


def review_of(order_id: int) -> Review | None:
    """The review of an order, if there is one."""
    return db.session.scalar(select(Review).where(Review.order_id == order_id))


def write_review(order_id: int, said: Words, *, by: int, now: datetime) -> Review:
    """Review an order, or change what was said; NotFound for somebody else's order."""
    order = lock(Order, order_id)
    if order.shopper_id != by:
        raise NotFound
    review = review_of(order_id)
    refuse(rules.why_not_review(order, review, by, now))
    if review is None:
        review = Review(
            order_id=order.id,
            campaign_id=order.campaign_id,
            merchant_id=order.merchant_id,
            shopper_id=by,
            stars=said.stars,
            words=said.words,
            pictures=list(said.pictures),
            at=now,
        )
        db.session.add(review)
        record(review, "review.written", by=by, at=now, stars=said.stars)
        return review
    record(review, "review.changed", by=by, at=now, stars=said.stars, old=review.stars, words=review.words)
    review.stars, review.words, review.pictures = said.stars, said.words, list(said.pictures)
    review.changed_at = now
    return review


def answer_review(review_id: int, words: str, *, merchant_id: int, by: int, now: datetime) -> Review:
    """The merchant answers, once; NotFound for a review of another firm."""
    review = lock(Review, review_id)
    if review.merchant_id != merchant_id:
        raise NotFound
    refuse(rules.why_not_answer(review))
    review.answer = words
    record(review, "review.answered", by=by, at=now)
    return review


def hide_review(review_id: int, reason: str, *, by: int, now: datetime) -> None:
    """Take a review down, and tell its writer why; a second time changes nothing."""
    review = lock(Review, review_id)
    if review.hidden_at is not None:
        return
    review.hidden_at = now
    record(review, "review.hidden", by=by, at=now, reason=reason)
    order = get_or_404(Order, review.order_id)
    notify(
        "review_hidden",
        review.shopper_id,
        key=f"{review.id}:{now.isoformat()}",
        now=now,
        title=get_or_404(Campaign, review.campaign_id).title,
        path=f"/me/orders/{order.number}",
        reason=reason,
    )


def show_review(review_id: int, *, by: int, now: datetime) -> None:
    """Put a review back that was taken down."""
    review = lock(Review, review_id)
    if review.hidden_at is not None:
        review.hidden_at = None
        record(review, "review.shown", by=by, at=now)


def ask_for_review(order_id: int, *, now: datetime) -> None:
    """Ask once what it is like."""
    order = get_or_404(Order, order_id)
    notify(
        "review_asked",
        order.shopper_id,
        key=order.number,
        now=now,
        title=get_or_404(Campaign, order.campaign_id).title,
        path=f"/me/orders/{order.number}/review",
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How many stars, by how many people; the average has one decimal."""

    count: int
    average: float


def standing(*narrowed: ColumnElement[bool]) -> Standing | None:
    """What the shown reviews of a campaign or firm add up to; None where there is none."""
    count, total = db.session.execute(
        select(func.count(), func.sum(Review.stars)).where(Review.hidden_at.is_(None), *narrowed)
    ).one()
    return Standing(count, round(int(total) / count, 1)) if count else None


def shown_reviews(*narrowed: ColumnElement[bool], limit: int = 20) -> Sequence[Any]:
    """The newest reviews that everybody sees, as (review, public name of the writer)."""
    rows = db.session.execute(
        select(Review, User.name)
        .join(User, User.id == Review.shopper_id)
        .where(Review.hidden_at.is_(None), *narrowed)
        .order_by(Review.id.desc())
        .limit(limit)
    )
    return [(review, public_name(name)) for review, name in rows]


def all_reviews(merchant_id: int | None = None) -> Listing:
    """(review, campaign, order, writer's name), newest first, of one firm or of all."""
    query = (
        select(Review, Campaign, Order, User.name)
        .join(Campaign, Campaign.id == Review.campaign_id)
        .join(Order, Order.id == Review.order_id)
        .join(User, User.id == Review.shopper_id)
    )
    if merchant_id is not None:
        query = query.where(Review.merchant_id == merchant_id, Review.hidden_at.is_(None))
    return Listing(query, Review.id)
