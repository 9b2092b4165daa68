"""All campaigns, whatever their state."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import PUBLIC, CampaignState
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.operators.blueprint import bp
from c2b.operators.paging import asked, here, things_of

SORTS: dict[str, Any] = {
    "new": Campaign.id.desc(),
    "closing": Campaign.closes_at.asc(),
    "people": Campaign.people.desc(),
}


@bp.get("/campaigns")
@requires(Role.OPERATOR)
def campaigns() -> ResponseReturnValue:
    """Campaigns by state, found by title, newest, closing soonest or largest first."""
    words = asked("q")
    state, sort = asked("state", [str(s) for s in CampaignState]), asked("sort", list(SORTS)) or "new"
    statement = select(Campaign).order_by(SORTS[sort], Campaign.id.desc())
    if words:
        like = f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        statement = statement.where(
            or_(Campaign.title.ilike(like, escape="!"), Campaign.slug.ilike(like, escape="!"))
        )
    if state:
        statement = statement.where(Campaign.state == state)
    counts = {
        str(s): n
        for s, n in db.session.execute(select(Campaign.state, func.count()).group_by(Campaign.state))
    }
    states = [(s.label, str(s), counts[str(s)]) for s in CampaignState if str(s) in counts]
    page = things_of(statement)
    sorts = [(_("Newest"), "new"), (_("Closing soonest"), "closing"), (_("Most people"), "people")]
    return render_template(
        "operators/campaigns.html",
        page=page,
        words=words,
        state=state,
        sort=sort,
        public=PUBLIC,
        starters=names_of(campaign.starter_id for campaign in page.rows),
        filters=[
            (_("All"), here(state=None, page=None), sum(counts.values()), not state),
            *((label, here(state=key, page=None), n, key == state) for label, key, n in states),
        ],
        sorts=[(text, here(sort=key, page=None), key == sort) for text, key in sorts],
        now=utcnow(),
    )
