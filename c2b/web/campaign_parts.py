"""What merchants, pipeline and orders know of a campaign, brought to its page, which may not ask them itself."""

from datetime import datetime
from typing import Any

from flask import Flask, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from c2b.campaigns.hooks import add_part
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState as S
from c2b.core.db import db
from c2b.merchants.models import Merchant
from c2b.orders.queries import launch_of
from c2b.pipeline.queries import entry_of, slot_of
from c2b.web.navigation import has_endpoint

UNDER_WAY = (S.TIPPED, S.SOURCING, S.AWARDED, S.SCHEDULED)
LAUNCHED = (S.LIVE, S.COMPLETED, S.FAILED)


def of_merchants(campaign: Campaign, user_id: int | None, now: datetime) -> dict[str, Any]:
    """Who supplies it, with the promises that were kept and broken."""
    firm = db.session.get(Merchant, campaign.merchant_id) if campaign.merchant_id else None
    if firm is None or firm.certified_at is None or not has_endpoint("merchants.profile"):
        return {}
    launches = firm.kept + firm.broken
    note = (
        ngettext(
            "%(num)s launch, %(percent)s%% as promised",
            "%(num)s launches, %(percent)s%% as promised",
            launches,
            percent=firm.kept * 100 // launches,
        )
        if launches
        else _("new here")
    )
    url = url_for("merchants.profile", slug=firm.slug)
    return {"merchant": {"name": firm.name, "url": url, "note": str(note)}}


def of_pipeline(campaign: Campaign, user_id: int | None, now: datetime) -> dict[str, Any]:
    """The dates of its batch, and the hour of its launch."""
    if campaign.state not in UNDER_WAY:
        return {}
    entry, slot = entry_of(campaign.id), slot_of(campaign.id)
    found: dict[str, Any] = {"launch_at": slot.opens_at} if slot else {}
    if entry is not None:
        batch = entry.batch
        found["dates"] = [
            (_("Merchants can sign up until"), batch.signup_closes_at, ""),
            (_("Samples are due"), batch.samples_due_at, ""),
            (_("The best offer is chosen"), batch.review_at, ""),
        ]
        if slot is None:
            found["dates"].append((_("Launches begin"), batch.launch_from, ""))
    return found


def of_orders(campaign: Campaign, user_id: int | None, now: datetime) -> dict[str, Any]:
    """The one price for everyone, once it has launched."""
    if campaign.state not in LAUNCHED:
        return {}
    launch = launch_of(campaign.id)
    return {"final_price": launch.unit_price, "launch_at": launch.opened_at} if launch else {}


def register(app: Flask) -> None:
    """Add these to every campaign's page."""
    for part in (of_merchants, of_pipeline, of_orders):
        add_part(part)
