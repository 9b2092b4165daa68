"""What an offer may say, and what may be done with it; pure. Whether it passes the gates is for the stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from c2b.campaigns.states import CampaignState
from c2b.core.labels import LabelEnum
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.demand.clearing import why_not_tiers
from c2b.demand.curve import Tier
from c2b.merchants.states import MerchantState

LONGEST_TITLE = 26
LONGEST_SELLING_LINE = 80
LEAST_PICTURE = (960, 640)
MOST_PICTURES = 5  # the main one and four more
MOST_CERTIFICATES = 4
MOST_TIERS = 6
LONGEST_LEAD = 180  # days
MOST_UNITS = 10**7
TAKES_OFFERS = (CampaignState.TIPPED, CampaignState.SOURCING)


class CertificateKind(LabelEnum):
    """What a certificate shows of the goods."""

    FOOD_LICENCE = "food_licence", _l("Food production or trade licence")
    CCC = "ccc", _l("CCC certificate")
    TEXTILE = "textile", _l("Textile safety test")
    QUALITY = "quality", _l("Quality inspection report")
    BRAND = "brand", _l("Brand or IP authorisation")
    OTHER = "other", _l("Other")


def short_title(title: str) -> str:
    """The title in the length that an offer's may have, cut between words where that leaves most of it."""
    if len(title) <= LONGEST_TITLE:
        return title.strip()
    words = title[: LONGEST_TITLE + 1].rpartition(" ")[0].rstrip(" ,;:")
    return words if len(words) > LONGEST_TITLE // 2 else title[:LONGEST_TITLE].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDraft:
    """Everything that a merchant fills in. A draft may be incomplete; the review says what is missing."""

    title: str
    list_price: int
    tiers: Sequence[Tier] = ()
    minimum: int = 1
    maximum: int | None = None
    selling_line: str = ""
    lowest_price_7_days: int | None = None
    per_shopper: int = 10
    lead_days: int = 20
    options: Sequence[Mapping[str, Any]] = ()
    pictures: Sequence[str] = ()
    picture_alts: Mapping[str, str] = field(
        default_factory=dict
    )  # what a picture shows, for those who cannot see it
    unit_cost: int | None = None  # the merchant's own, shown to nobody else
    certificates: Sequence[Mapping[str, Any]] = ()  # {"file": ref, "name": …, "kind": a CertificateKind}
    origin: str = "CN"
    hs_code: str = ""
    regions: Sequence[str] = ()
    launch_not_before: datetime | None = None
    launch_not_after: datetime | None = None


def why_not_draft(draft: OfferDraft) -> str | None:
    """Why this cannot be kept even as a draft."""
    return _why_not_words(draft) or _why_not_numbers(draft) or _why_not_dates(draft)


def _why_not_words(draft: OfferDraft) -> str | None:
    if not draft.title.strip():
        return _("Give the offer a title.")
    if len(draft.title) > LONGEST_TITLE:
        return _("A title has at most %(count)s characters.", count=LONGEST_TITLE)
    if len(draft.selling_line) > LONGEST_SELLING_LINE:
        return _("A selling line has at most %(count)s characters.", count=LONGEST_SELLING_LINE)
    if len(draft.pictures) > MOST_PICTURES:
        return _("An offer has at most %(count)s pictures.", count=MOST_PICTURES)
    if len(draft.certificates) > MOST_CERTIFICATES:
        return _("An offer has at most %(count)s certificates.", count=MOST_CERTIFICATES)
    if draft.hs_code and not (
        draft.hs_code.isascii() and draft.hs_code.isdigit() and 6 <= len(draft.hs_code) <= 10
    ):
        return _("An HS code has 6 to 10 digits.")
    return None


def _why_not_numbers(draft: OfferDraft) -> str | None:
    if draft.tiers and (problem := why_not_tiers(draft.tiers)):
        return problem
    if len(draft.tiers) > MOST_TIERS:
        return _("An offer has at most %(count)s price tiers.", count=MOST_TIERS)
    if draft.list_price < 1 or (draft.lowest_price_7_days is not None and draft.lowest_price_7_days < 1):
        return _("A price is above zero.")
    if draft.unit_cost is not None and draft.unit_cost < 0:
        return _("A cost is zero or more.")
    if draft.minimum < 1 or draft.per_shopper < 1:
        return _("A quantity is 1 or more.")
    if draft.maximum is not None and draft.maximum < draft.minimum:
        return _("The most that you supply is less than the least.")
    if not 1 <= draft.lead_days <= LONGEST_LEAD:
        return _("Dispatch takes 1 to %(count)s days.", count=LONGEST_LEAD)
    return None


def _why_not_dates(draft: OfferDraft) -> str | None:
    first, last = draft.launch_not_before, draft.launch_not_after
    if first and last and last < first:
        return _("The last launch date is before the first one.")
    return None


def why_not_register(
    campaign: Any, merchant: Any, *, batch: Any | None, standing: bool, now: datetime
) -> str | None:
    """Why this merchant cannot register an offer for the campaign now."""
    if merchant.state != MerchantState.CERTIFIED:
        return _("Only a certified merchant can register an offer.")
    if campaign.state not in TAKES_OFFERS:
        return _("This campaign does not look for a merchant now.")
    if standing:
        return _("Your firm has an offer for this campaign already.")
    return why_not_signup(batch, now)


def why_not_signup(batch: Any | None, now: datetime) -> str | None:
    """State and clock both decide whether sign-up is open."""
    if batch is None or now < batch.opens_at:
        return _("Sign-up for this campaign has not opened yet.")
    if now >= batch.signup_closes_at:
        return _("Sign-up for this campaign is closed.")
    return None


def why_not_change(state: str, *, first: str, waiting: bool) -> str | None:
    """Content changes while it is being written, and while a stage waits for the merchant to mend it."""
    if state == first or waiting:
        return None
    return _("This offer is being judged as it is. It can be changed when a reviewer asks you to mend it.")


def why_not_submit(
    offer: Any,
    campaign: Any,
    merchant: Any,
    *,
    first: str,
    batch: Any | None,
    now: datetime,
) -> str | None:
    """Why this offer cannot be handed in now."""
    if offer.state != first:
        return _("This offer has been handed in already.")
    if merchant.state != MerchantState.CERTIFIED:
        return _("Only a certified merchant can hand in an offer.")
    if campaign.state not in TAKES_OFFERS:
        return _("This campaign has not tipped yet, or no longer looks for a merchant.")
    if not offer.tiers:
        return _("Add at least one price tier.")
    return why_not_signup(batch, now)


def why_not_withdraw(state: str, *, before_award: Sequence[str]) -> str | None:
    """An offer can be taken back until it has been chosen."""
    if state in before_award:
        return None
    return _("This offer cannot be withdrawn any more. Write to us if you cannot supply.")
