"""Reviews as the merchant answers them, and as operators look through them."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.core.forms import attempt
from c2b.orders.delivery_forms import AnswerForm, HideForm
from c2b.orders.firm_views import my_firm
from c2b.orders.models import Review
from c2b.orders.reviews import PER_PAGE, all_reviews, answer_review, hide_review, show_review, standing
from c2b.orders.views import bp


@bp.get("/sell/reviews")
@requires(Role.MERCHANT)
def firm_reviews() -> ResponseReturnValue:
    """What buyers say of my firm's goods."""
    return _firm_page(AnswerForm(), None, 200)


@bp.post("/sell/reviews/<int:review_id>")
@requires(Role.MERCHANT)
def answer(review_id: int) -> ResponseReturnValue:
    """Answer a review, once."""
    firm_id, by, form = my_firm().id, current_user.id, AnswerForm()
    if not form.validate():
        return _firm_page(form, review_id, 422)
    words = form.answer.data or ""
    if attempt(form, lambda: answer_review(review_id, words, merchant_id=firm_id, by=by, now=utcnow())):
        flash(_("Your answer stands below the review now."), "ok")
        return redirect(url_for(".firm_reviews"))
    return _firm_page(form, review_id, 409)


def _firm_page(form: AnswerForm, answered: int | None, status: int) -> ResponseReturnValue:
    firm_id = my_firm().id
    leaf = all_reviews(firm_id).page(PER_PAGE, ".firm_reviews")
    html = render_template(
        "orders/firm_reviews.html",
        leaf=leaf,
        form=form,
        answered=answered,
        standing=standing(Review.merchant_id == firm_id),
    )
    return html, status


@bp.get("/ops/reviews")
@requires(Role.OPERATOR)
def moderate() -> ResponseReturnValue:
    """The newest reviews; what breaks the rules is taken down with a reason."""
    return _office_page(HideForm(), None, 200)


@bp.post("/ops/reviews/<int:review_id>/hide")
@requires(Role.OPERATOR)
def hide(review_id: int) -> ResponseReturnValue:
    """Take a review down; its writer is told why."""
    form = HideForm()
    if not form.validate():
        return _office_page(form, review_id, 422)
    with transaction():
        hide_review(review_id, form.reason.data or "", by=current_user.id, now=utcnow())
    flash(_("It is taken down. Its writer is told why."), "ok")
    return redirect(url_for(".moderate"))


@bp.post("/ops/reviews/<int:review_id>/show")
@requires(Role.OPERATOR)
def show_again(review_id: int) -> ResponseReturnValue:
    """Put a review back."""
    with transaction():
        show_review(review_id, by=current_user.id, now=utcnow())
    flash(_("Everybody can read it again."), "ok")
    return redirect(url_for(".moderate"))


def _office_page(form: HideForm, hidden: int | None, status: int) -> ResponseReturnValue:
    leaf = all_reviews().page(PER_PAGE, ".moderate")
    if hidden is not None and not leaf.rows:
        raise NotFound
    html = render_template("orders/reviews.html", leaf=leaf, form=form, hidden=hidden)
    return html, status
