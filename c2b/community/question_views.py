"""Questions to a campaign's maker, and the answers."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns.models import Campaign
from c2b.campaigns.views import reader_id
from c2b.community import operations, queries
from c2b.community.blueprint import bp
from c2b.community.forms import AnswerForm, QuestionForm
from c2b.community.models import Question
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
from c2b.core.db import get_or_404
from c2b.core.errors import NotFound
from c2b.core.forms import attempt


@bp.get("/c/<slug>/questions")
@public
def questions(slug: str) -> ResponseReturnValue:
    """What was asked and answered; who may answer sees what still waits, on top."""
    return _page(spoken_of(slug), QuestionForm(formdata=None), 200)


def _page(
    campaign: Campaign, form: QuestionForm, status: int, answer: tuple[int, AnswerForm] | None = None
) -> ResponseReturnValue:
    speaks = may_answer(campaign)
    asked = queries.questions_of(campaign.id, reader_id(), speaks=speaks)
    leaf = asked.page(queries.PER_PAGE, ".questions", slug=campaign.slug)
    return listed(
        "community/questions.html",
        campaign,
        leaf,
        queries.said_questions(leaf.rows, reader_id()),
        status,
        form=form,
        speaks=speaks,
        answer=answer,
    )


@bp.post("/c/<slug>/questions")
@requires(Role.SHOPPER)
def ask(slug: str) -> ResponseReturnValue:
    """Ask the maker."""
    campaign = spoken_of(slug)
    form, now, by = QuestionForm(), utcnow(), int(current_user.id)
    if not form.validate():
        return _page(campaign, form, INVALID)
    if too_often(form, SPEAK, now):
        return _page(spoken_of(slug), form, TOO_MANY)
    campaign_id, words = spoken_of(slug).id, str(form.words.data)
    if attempt(form, lambda: operations.ask_question(campaign_id, words, by=by, now=now)) is None:
        return _page(spoken_of(slug), form, REFUSED)
    flash(_("Asked. You are told when it is answered; until then only you and the maker see it."), "ok")
    return redirect(url_for(".questions", slug=slug))


@bp.post("/c/<slug>/questions/<int:question_id>/answer")
@requires(Role.SHOPPER)
def answer(slug: str, question_id: int) -> ResponseReturnValue:
    """The maker answers."""
    campaign = spoken_of(slug)
    asked = get_or_404(Question, question_id)
    if asked.campaign_id != campaign.id or not may_answer(campaign):
        raise NotFound
    form, now, by = AnswerForm(), utcnow(), int(current_user.id)
    if not form.validate():
        return _page(campaign, QuestionForm(formdata=None), INVALID, (question_id, form))
    words = str(form.answer.data)
    if attempt(form, lambda: operations.answer_question(question_id, words, by=by, now=now)) is None:
        return _page(spoken_of(slug), QuestionForm(formdata=None), REFUSED, (question_id, form))
    flash(_("Answered. Everybody sees it now."), "ok")
    return redirect(url_for(".questions", slug=slug, _anchor=f"q{question_id}"))
