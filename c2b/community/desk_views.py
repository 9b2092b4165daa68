"""The desk where words are judged that somebody reported."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns.forms import ReasonForm
from c2b.community import operations, queries
from c2b.community.blueprint import desk
from c2b.community.pages import INVALID
from c2b.community.states import Spoken
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound


@desk.get("")
@requires(Role.OPERATOR)
def queue() -> ResponseReturnValue:
    """What was reported, longest waiting first, and what was taken down lately."""
    leaf = queries.reported().page(queries.PER_PAGE)
    waiting = [queries.case_of(Spoken(kind), id_, count, since) for kind, id_, count, since, _n in leaf.rows]
    hidden = [queries.case_of(*one) for one in queries.hidden_lately()]
    return render_template("community/desk.html", waiting=waiting, hidden=hidden, leaf=leaf)


def _kind(kind: str) -> Spoken:
    found = next((each for each in Spoken if each.value == kind), None)
    if found is None:
        raise NotFound
    return found


@desk.route("/<kind>/<int:spoken_id>", methods=["GET", "POST"])
@requires(Role.OPERATOR)
def judge(kind: str, spoken_id: int) -> ResponseReturnValue:
    """One thing that was said; an operator takes it down with a reason."""
    subject = _kind(kind)
    get_or_404(operations.KINDS[subject], spoken_id)
    form = ReasonForm()
    if form.validate_on_submit():
        by, reason = int(current_user.id), str(form.reason.data)
        with transaction():
            operations.hide(subject, spoken_id, reason, by=by, now=utcnow())
        flash(_("Taken down. Its writer reads your reason."), "ok")
        return redirect(url_for(".queue"))
    case = queries.case_of(subject, spoken_id)
    return render_template("community/judge.html", case=case, form=form), INVALID if form.errors else 200


@desk.post("/<kind>/<int:spoken_id>/<verb>")
@requires(Role.OPERATOR)
def settle(kind: str, spoken_id: int, verb: str) -> ResponseReturnValue:
    """Let it stand (`keep`), or put it back (`show`)."""
    subject, by, now = _kind(kind), int(current_user.id), utcnow()
    get_or_404(operations.KINDS[subject], spoken_id)
    if verb not in ("keep", "show"):
        raise NotFound
    with transaction():
        if verb == "show":
            operations.show(subject, spoken_id, by=by, now=now)
        else:
            operations.settle_reports(subject, spoken_id, now=now)
    flash(_("It stands again.") if verb == "show" else _("It stands; the reports are settled."), "ok")
    return redirect(url_for(".queue"))
