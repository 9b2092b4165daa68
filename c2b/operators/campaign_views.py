"""All campaigns, whatever their state."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import PUBLIC, CampaignState
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, asked, find, here, moment
from c2b.core.text import mark as _l
from c2b.operators.blueprint import bp

FAR = datetime(2200, 1, 1, tzinfo=UTC)  # what has no closing time closes last
SORTS = {
    "new": Sort(_l("Newest"), Campaign.id, down=True),
    "closing": Sort(_l("Closing soonest"), func.coalesce(Campaign.closes_at, FAR)),
    "people": Sort(_l("Most people"), Campaign.people, down=True),
}


@bp.get("/campaigns")
@requires(Role.OPERATOR)
def campaigns() -> ResponseReturnValue:
    """Campaigns by state, found by title, newest, closing soonest or largest first."""
    state = asked("state", [str(s) for s in CampaignState])
    statement = select(Campaign)
    if state:
        statement = statement.where(Campaign.state == state)
    found = find(statement, SORTS, Campaign.id, search=(Campaign.title, Campaign.slug))
    if found.as_file:
        return found.file("campaigns", _headings(), _cells)
    counts = {
        str(s): n
        for s, n in db.session.execute(select(Campaign.state, func.count()).group_by(Campaign.state))
    }
    states = [(s.label, str(s), counts[str(s)]) for s in CampaignState if str(s) in counts]
    return render_template(
        "operators/campaigns.html",
        table=found,
        public=PUBLIC,
        starters=names_of(campaign.starter_id for campaign in found.rows),
        filters=[
            (_("All"), here(state=None), sum(counts.values()), not state),
            *((label, here(state=key), n, key == state) for label, key, n in states),
        ],
        now=utcnow(),
    )


def _headings() -> list[str]:
    return [
        _("Number"), _("Address"), _("Campaign"), _("Category"), _("State"), _("Started by"), _("People"), _("Units"),
        _("Needed"), _("List price"), _("Expected price"), _("Currency"), _("Opened"), _("Closes"),
    ]  # fmt: skip


def _cells(rows: Sequence[Campaign]) -> list[list[Any]]:
    names = names_of(c.starter_id for c in rows)
    return [
        [
            c.id, c.slug, c.title, c.category.label, c.state.label, names.get(c.starter_id, ""), c.people, c.units,
            c.threshold, Amount(c.list_price, c.currency), Amount(c.expected_price, c.currency), c.currency,
            moment(c.opened_at), moment(c.closes_at),
        ]
        for c in rows
    ]  # fmt: skip
