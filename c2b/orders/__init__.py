"""What a launch turns pledges into: charging, orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask

from c2b.campaigns.hooks import MoneyNow, add_money, add_part
from c2b.campaigns.models import Campaign
from c2b.core.text import gettext as _
from c2b.orders import checks, firm_views, launch_views, models, refunding, views  # noqa: F401  # known to the rest
from c2b.orders.queries import leftover_of, mandate_is_needed, to_mend
from c2b.payments.operations import WHY_NOT_REVOKE


def register(app: Flask) -> None:
    """Connect this feature to the application."""
    app.register_blueprint(views.bp)
    app.register_blueprint(launch_views.bp)
    app.jinja_env.globals["refund_cause"] = refunding.refund_cause
    add_part(what_is_left)
    add_money(cards_to_mend)
    if why_not_revoke not in WHY_NOT_REVOKE:
        WHY_NOT_REVOKE.append(why_not_revoke)


def what_is_left(campaign: Campaign, _user_id: int | None, now: datetime) -> dict[str, Any]:
    """For the campaign's page: the sale of what a launch left over."""
    launch = leftover_of(campaign.id, now) if campaign.state == "live" else None
    return {"leftover": launch} if launch else {}


def cards_to_mend(pledge_ids: Sequence[int]) -> dict[int, MoneyNow]:
    """For the list of what I joined: the cards that failed, and where each is put right."""
    words = _("Your card failed. Put it right in time to keep your place; nothing is charged yet.")
    return {id_: MoneyNow(words, "warn", f"/me/pay/{id_}") for id_ in to_mend(pledge_ids)}


def why_not_revoke(mandate_id: int) -> str | None:
    """A card stays saved while a pledge may still be charged with it."""
    if mandate_is_needed(mandate_id):
        return _("A pledge of yours would be charged to this card. Choose another card for it first.")
    return None
