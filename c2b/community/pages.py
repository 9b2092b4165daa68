"""What the pages of this feature share: whose page, and how often somebody may speak."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import format_time
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from c2b.accounts import throttle
from c2b.accounts.throttle import Limit
from c2b.campaigns.models import Campaign
from c2b.campaigns.rules import NOT_YET_PUBLIC
from c2b.campaigns.views import reader_id, visible
from c2b.community.makers import badge_of
from c2b.community.queries import Said
from c2b.community.states import Badge
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.core.tables import Leaf

SPEAK = Limit(10, 600)  # questions and comments of one person
REPORT = Limit(30, 3600)
INVALID, REFUSED, TOO_MANY = 422, 409, 429


def spoken_of(slug: str) -> Campaign:
    """The campaign, once it is public: before that nobody speaks about it."""
    campaign = visible(slug)
    if campaign.state in NOT_YET_PUBLIC:
        raise NotFound
    return campaign


def listed(
    template: str, campaign: Campaign, leaf: Leaf, said: Sequence[Said], status: int, **more: Any
) -> ResponseReturnValue:
    """One page of what was said under a campaign."""
    return render_template(template, campaign=campaign, found=said, leaf=leaf, **more), status


def may_answer(campaign: Campaign) -> bool:
    """Whether the reader speaks for the campaign's maker."""
    return badge_of(campaign, reader_id()) is not Badge.NONE


def too_often(form: FlaskForm, limit: Limit, now: datetime) -> bool:
    """Count one try; where there were too many the form says when to go on."""
    with transaction():
        wait = throttle.take(f"speak:{limit.most}:{current_user.id}", limit, now)
    if wait:
        form.form_errors.append(
            _("That was a lot at once. Please go on at %(time)s.", time=format_time(wait, "short"))
        )
    return wait is not None
