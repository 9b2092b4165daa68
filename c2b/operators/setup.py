"""What a new site still needs before anything can happen: four things, each seen from the data."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from c2b.accounts.models import RoleGrant
from c2b.campaigns.models import Campaign
from c2b.core.access import Role
from c2b.core.claims import Claim, database_time
from c2b.core.db import db
from c2b.merchants.models import Merchant
from c2b.merchants.states import MerchantState


def steps() -> list[dict[str, Any]]:
    """The four steps as tasks, those that are done marked so; one statement."""
    reviewers, operators, firms, campaigns, clock = db.session.execute(
        select(
            _many(RoleGrant, RoleGrant.role == Role.REVIEWER),
            _many(RoleGrant, RoleGrant.role == Role.OPERATOR),
            _many(Merchant, Merchant.state == MerchantState.CERTIFIED),
            _many(Campaign, Campaign.id > 0),
            _many(Claim, (Claim.work == "clock") & (Claim.until > database_time())),
        )
    ).one()
    rows = (
        (
            _("Appoint two reviewers and a second operator"),
            "operators.users",
            _("Every offer is judged by two people."),
            reviewers > 1 and operators > 1,
        ),
        (
            _("See that the clock runs"),
            "operators.jobs",
            _("Without it nothing closes and no mail is sent."),
            clock > 0,
        ),
        (
            _("Certify the first merchant"),
            "certification.queue",
            _("A firm applies under “For merchants”."),
            firms > 0,
        ),
        (_("Start the first wish"), "campaigns.new", _("People join what they find."), campaigns > 0),
    )
    return [
        {
            "title": title,
            "url": url_for(endpoint),
            "hint": hint,
            "status": _("Done") if done else _("To do"),
            "kind": "ok" if done else "warn",
        }
        for title, endpoint, hint, done in rows
    ]


def _many(model: Any, condition: Any) -> Any:
    return select(func.count()).select_from(model).where(condition).scalar_subquery()
