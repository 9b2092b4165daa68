"""Comments on a campaign, replies to them, and reports of what should not stand."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from c2b.campaigns.models import Campaign
from c2b.campaigns.views import came_from, reader_id
from c2b.community import operations, queries
from c2b.community.blueprint import bp
from c2b.community.forms import CommentForm
from c2b.community.models import Comment
from c2b.community.pages import (
    INVALID,
    REFUSED,
    REPORT,
    SPEAK,
    TOO_MANY,
    listed,
    may_answer,
    spoken_of,
    too_often,
)
from c2b.community.states import Spoken
from c2b.core.access import Role, public, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound
from c2b.core.forms import attempt


@bp.get("/c/<slug>/comments")
@public
def comments(slug: str) -> ResponseReturnValue:
    """What people say, newest first."""
    return _page(spoken_of(slug), CommentForm(formdata=None), 200)


def _page(campaign: Campaign, form: CommentForm, status: int) -> ResponseReturnValue:
    leaf = queries.comments_of(campaign.id).page(queries.PER_PAGE, ".comments", slug=campaign.slug)
    said, speaks = queries.said_comments(campaign.id, leaf.rows, reader_id()), may_answer(campaign)
    return listed("community/comments.html", campaign, leaf, said, status, form=form, speaks=speaks)


@bp.post("/c/<slug>/comments")
@requires(Role.SHOPPER)
def write(slug: str) -> ResponseReturnValue:
    """Say something, or reply."""
    campaign = spoken_of(slug)
    form, now, by = CommentForm(), utcnow(), int(current_user.id)
    if not form.validate():
        return _page(campaign, form, INVALID)
    if too_often(form, SPEAK, now):
        return _page(spoken_of(slug), form, TOO_MANY)
    campaign_id, words, parent = spoken_of(slug).id, str(form.words.data), form.parent.data
    written = attempt(
        form, lambda: operations.write_comment(campaign_id, words, by=by, now=now, parent_id=parent).id
    )
    if written is None:
        return _page(spoken_of(slug), form, REFUSED)
    return redirect(url_for(".comments", slug=slug, _anchor=f"c{parent or written}"))


@bp.post("/c/<slug>/comments/<int:comment_id>/delete")
@requires(Role.SHOPPER)
def take_back(slug: str, comment_id: int) -> ResponseReturnValue:
    """Delete my own comment."""
    if get_or_404(Comment, comment_id).campaign_id != spoken_of(slug).id:
        raise NotFound
    by = int(current_user.id)
    with transaction():
        operations.take_back_comment(comment_id, by=by, now=utcnow())
    flash(_("Your comment is gone."), "ok")
    return redirect(url_for(".comments", slug=slug))


@bp.post("/c/<slug>/report/<kind>/<int:spoken_id>")
@requires(Role.SHOPPER)
def report(slug: str, kind: str, spoken_id: int) -> ResponseReturnValue:
    """Have our team look at something said."""
    subject = next((each for each in Spoken if each.value == kind), None)
    if subject is None:
        raise NotFound
    campaign_id, now, by = spoken_of(slug).id, utcnow(), int(current_user.id)
    if get_or_404(operations.KINDS[subject], spoken_id).campaign_id != campaign_id:
        raise NotFound
    form = FlaskForm()
    if too_often(form, REPORT, now):
        flash(str(form.form_errors[0]), "warn")
    else:
        with transaction():
            operations.report(subject, spoken_id, by=by, now=now)
        flash(_("Thank you. Our team will have a look."), "ok")
    return redirect(came_from() or url_for(".comments", slug=slug))
