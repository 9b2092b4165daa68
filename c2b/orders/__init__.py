"""What a launch turns pledges into: charging, orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask

from c2b.campaigns.hooks import MoneyNow, add_money, add_part, add_stop
from c2b.campaigns.models import Campaign
from c2b.core.text import gettext as _
from c2b.merchants.hooks import add_profile_part
from c2b.merchants.models import Merchant
from c2b.orders import (  # noqa: F401  # noqa: F401  # pages and promises
    bank_disputes,
    checks,
    delivery_checks,
    dispute_views,
    firm_remedy_views,
    firm_views,
    launch_views,
    models,
    order_views,
    refunding,
    remedy_checks,
    remedy_views,
    review_views,
    sale_views,
    unwinding,
    views,
)
from c2b.orders.models import Order, Review
from c2b.orders.order_queries import counts_of
from c2b.orders.overview import overview_of
from c2b.orders.queries import held_for, launch_of, leftover_of, mandate_is_needed, to_mend
from c2b.orders.reviews import shown_reviews, standing
from c2b.orders.states import OrderState
from c2b.payments.operations import WHY_NOT_REVOKE
from c2b.payments.rules import answer_words
from c2b.pipeline.wording import price


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.register_blueprint(views.bp)
    app.register_blueprint(launch_views.bp)
    app.register_blueprint(dispute_views.bp)
    app.jinja_env.globals["overview_of"] = overview_of
    app.jinja_env.globals["answer_words"] = answer_words
    app.jinja_env.globals["refund_cause"] = refunding.refund_cause
    app.jinja_env.globals["return_cause"] = refunding.return_cause
    app.jinja_env.globals["dispute_cause"] = bank_disputes.dispute_cause
    add_part(what_is_left)
    add_part(called_off)
    add_stop(unwinding.stop_launch)
    add_part(what_buyers_say)
    add_part(how_far_it_is)
    add_profile_part(what_buyers_say_of)
    add_money(what_is_held)
    add_money(cards_to_mend)
    if why_not_revoke not in WHY_NOT_REVOKE:
        WHY_NOT_REVOKE.append(why_not_revoke)


def what_is_left(campaign: Campaign, _user_id: int | None, now: datetime) -> dict[str, Any]:
    """For the campaign's page: the sale of what a launch left over."""
    launch = leftover_of(campaign.id, now) if campaign.state == "live" else None
    return {"leftover": launch} if launch else {}


def called_off(campaign: Campaign, _user_id: int | None, _now: datetime) -> dict[str, Any]:
    """For the campaign's page: whether it was called off when people had been charged, or might have been."""
    return {"was_live": True} if campaign.state == "cancelled" and launch_of(campaign.id) else {}


def what_buyers_say(campaign: Campaign, _user_id: int | None, _now: datetime) -> dict[str, Any]:
    """For the page that says how a campaign went: its reviews."""
    if campaign.state not in ("live", "completed"):
        return {}
    of_it = Review.campaign_id == campaign.id
    said = standing(of_it)
    return {"reviews": {"standing": said, "shown": shown_reviews(of_it)}} if said else {}


def how_far_it_is(campaign: Campaign, _user_id: int | None, _now: datetime) -> dict[str, Any]:
    """For the page that says how a campaign went: how many orders there are, were sent, and have come."""
    if campaign.state not in ("live", "completed"):
        return {}
    counts = counts_of(Order.campaign_id == campaign.id)
    there = counts.get(OrderState.DELIVERED, 0)
    sent = there + counts.get(OrderState.SHIPPED, 0) + counts.get(OrderState.READY, 0)
    every = sent + counts.get(OrderState.PLACED, 0)
    return {"delivery": {"orders": every, "sent": sent, "there": there}} if every else {}


def what_buyers_say_of(firm: Merchant) -> dict[str, Any]:
    """For a firm's public page: the reviews of all it has supplied."""
    of_it = Review.merchant_id == firm.id
    said = standing(of_it)
    return {"reviews": {"standing": said, "shown": shown_reviews(of_it)}} if said else {}


def what_is_held(pledge_ids: Sequence[int], now: datetime) -> dict[int, MoneyNow]:
    """For the list of what I joined: how much the bank holds, and that it is not charged yet."""
    said = {}
    for id_, asked in held_for(pledge_ids, now).items():
        words = _(
            "%(amount)s is held on your card. It is charged once the launch is confirmed.",
            amount=price(*asked),
        )
        said[id_] = MoneyNow(words, "", "")
    return said


def cards_to_mend(pledge_ids: Sequence[int], _now: datetime) -> dict[int, MoneyNow]:
    """For the list of what I joined: the cards that failed, and where each is put right."""
    words = _("Your card failed. Put it right in time to keep your place; nothing is charged yet.")
    return {id_: MoneyNow(words, "warn", f"/me/pay/{id_}") for id_ in to_mend(pledge_ids)}


def why_not_revoke(mandate_id: int) -> str | None:
    """A card stays saved while a pledge may still be charged with it."""
    if mandate_is_needed(mandate_id):
        return _("A pledge of yours would be charged to this card. Choose another card for it first.")
    return None
