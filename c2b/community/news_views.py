"""Updates of a campaign: everybody reads them, its maker writes them."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns.models import Campaign
from c2b.community import operations, queries
from c2b.community.blueprint import bp
from c2b.community.forms import NewsForm
from c2b.community.pages import (
    INVALID,
    REFUSED,
    SPEAK,
    TOO_MANY,
    listed,
    may_answer,
    spoken_of,
    too_often,
)
from c2b.core.access import Role, public, requires
from c2b.core.clock import utcnow
from c2b.core.errors import NotFound
from c2b.core.forms import attempt


@bp.get("/c/<slug>/updates")
@public
def updates(slug: str) -> ResponseReturnValue:
    """All updates, newest first."""
    return _page(spoken_of(slug), NewsForm(formdata=None), 200)


def _page(campaign: Campaign, form: NewsForm, status: int) -> ResponseReturnValue:
    leaf = queries.news_of(campaign.id).page(queries.PER_PAGE, ".updates", slug=campaign.slug)
    said = queries.said_news(leaf.rows)
    return listed(
        "community/updates.html", campaign, leaf, said, status, form=form, speaks=may_answer(campaign)
    )


@bp.post("/c/<slug>/updates")
@requires(Role.SHOPPER)
def publish(slug: str) -> ResponseReturnValue:
    """The maker says what is new."""
    campaign = spoken_of(slug)
    if not may_answer(campaign):
        raise NotFound
    form, now, by = NewsForm(), utcnow(), int(current_user.id)
    if not form.validate():
        return _page(campaign, form, INVALID)
    if too_often(form, SPEAK, now):
        return _page(spoken_of(slug), form, TOO_MANY)
    campaign_id, title, words = spoken_of(slug).id, str(form.title.data), str(form.words.data)
    done = attempt(form, lambda: operations.publish_news(campaign_id, title, words, by=by, now=now))
    if done is None:
        return _page(spoken_of(slug), form, REFUSED)
    flash(_("Published. Everyone who joined or follows is told."), "ok")
    return redirect(url_for(".updates", slug=slug))
