"""Between the form of a wish and the draft that operations take."""

from typing import Any, TypeVar

from flask_babel import gettext as _

from c2b.campaigns.categories import Category
from c2b.campaigns.models import Campaign
from c2b.campaigns.requests import CampaignDraft
from c2b.campaigns.states import Allocation, Basis, CloseRule, Fulfilment
from c2b.campaigns.wish_forms import CampaignForm, WishForm, written
from c2b.core.labels import LabelEnum
from c2b.core.uploads import Upload
from c2b.demand.curve import Tier

L = TypeVar("L", bound=LabelEnum)


def member(kind: type[L], value: str) -> L:
    """The member that a form's choice names; the form has checked that there is one."""
    return next(each for each in kind if each.value == value)


def draft_of(form: WishForm) -> CampaignDraft:
    """The draft that a good form describes."""
    plain: dict[str, Any] = {
        "title": form.title.data,
        "summary": form.summary.data,
        "description": form.description.data or "",
        "category": member(Category, form.category.data),
        "expected_price": form.expected_price.data,
        "list_price": form.list_price.data,
        "list_price_basis": form.list_price_basis.data or "",
        "threshold": form.threshold.data,
        "basis": member(Basis, form.basis.data),
        "days_open": form.days_open.data,
        "options": form.options.options,
        "pictures": [upload.ref for upload in form.pictures.data],
        "picture_alts": {upload.ref: upload.alt for upload in form.pictures.data if upload.alt},
    }
    return CampaignDraft(**plain, **(_more(form) if isinstance(form, CampaignForm) else {}))


def _more(form: CampaignForm) -> dict[str, Any]:
    return {
        "tiers": [Tier(quantity, price) for quantity, price in form.price_tiers],
        "capacity": form.capacity.data,
        "per_shopper": form.per_shopper.data or 10,
        "close_rule": member(CloseRule, form.close_rule.data),
        "allocation": member(Allocation, form.allocation.data),
        "fulfilment": member(Fulfilment, form.fulfilment.data),
        "regions": form.regions.data or [],
    }


def values_of(campaign: Campaign) -> dict[str, Any]:
    """A campaign as the form's values."""
    one_tier = len(campaign.tiers) == 1 and campaign.tiers[0].unit_price == campaign.expected_price
    tiers = [] if one_tier else [
        {"from_quantity": tier.from_quantity, "unit_price": tier.unit_price} for tier in campaign.tiers
    ]  # fmt: skip
    return {
        "title": campaign.title,
        "summary": campaign.summary,
        "description": campaign.description,
        "category": campaign.category.value,
        "expected_price": campaign.expected_price,
        "list_price": campaign.list_price,
        "list_price_basis": campaign.list_price_basis,
        "threshold": campaign.threshold,
        "basis": campaign.basis.value,
        "days_open": campaign.days_open,
        "options": written(campaign.options),
        "pictures": [
            Upload(ref, _("picture %(number)s", number=at), (campaign.picture_alts or {}).get(ref, ""))
            for at, ref in enumerate(campaign.pictures, 1)
        ],
        "tiers": tiers,
        "capacity": campaign.capacity,
        "per_shopper": campaign.per_shopper,
        "close_rule": campaign.close_rule.value,
        "allocation": campaign.allocation.value,
        "fulfilment": campaign.fulfilment.value,
        "regions": campaign.regions,
    }
