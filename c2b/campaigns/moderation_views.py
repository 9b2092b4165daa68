"""The operators' desk: wishes that wait for a look, and campaigns that must be called off."""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from c2b.accounts.queries import names_of
from c2b.campaigns import operations, queries
from c2b.campaigns.blueprint import desk
from c2b.campaigns.forms import ReasonForm
from c2b.campaigns.models import Campaign
from c2b.campaigns.rules import why_not_cancel
from c2b.campaigns.states import CampaignState
from c2b.core.access import Role, requires
from c2b.core.bulk import chosen, one_by_one
from c2b.core.clock import utcnow
from c2b.core.db import db, get_or_404, transaction
from c2b.core.events import Event, history
from c2b.core.forms import attempt
from c2b.core.sheets import Amount
from c2b.core.tables import Sort, find, moment
from c2b.core.text import mark as _l

SORTS = {
    "since": Sort(_l("Waiting longest"), Campaign.state_since),
    "new": Sort(_l("Newest"), Campaign.id, down=True),
}
VERBS: dict[str, tuple[Callable[..., Campaign], str, str]] = {
    "approve": (operations.approve_campaign, _l("Approve"), _l("opened")),
    "send-back": (operations.send_back, _l("Send back"), _l("sent back")),
    "reject": (operations.reject_campaign, _l("Turn down"), _l("turned down")),
}


@desk.get("")
@requires(Role.OPERATOR)
def queue() -> ResponseReturnValue:
    """Wishes that wait for a look, longest first."""
    waiting = select(Campaign).where(Campaign.state == CampaignState.SUBMITTED)
    found = find(waiting, SORTS, Campaign.id, search=(Campaign.title,))
    if found.as_file:
        headings = [
            _("Number"),
            _("Wish"),
            _("Started by"),
            _("Expected"),
            _("List"),
            _("Currency"),
            _("Since"),
        ]
        return found.file("moderation", headings, _cells)
    names = names_of(campaign.starter_id for campaign in found.rows)
    return render_template("campaigns/moderation_queue.html", table=found, names=names, now=utcnow())


def _cells(rows: Sequence[Campaign]) -> list[list[object]]:
    names = names_of(c.starter_id for c in rows)
    return [
        [
            c.id, c.title, names.get(c.starter_id, ""), Amount(c.expected_price, c.currency),
            Amount(c.list_price, c.currency), c.currency, moment(c.state_since),
        ]
        for c in rows
    ]  # fmt: skip


@desk.post("/many")
@requires(Role.OPERATOR)
def many() -> ResponseReturnValue:
    """Approve, send back or turn down the chosen wishes; each with its own result."""
    rows, by, now, form = chosen(), int(current_user.id), utcnow(), ReasonForm()
    what = request.form.get("act", "")
    if what not in VERBS or (what != "approve" and not form.validate_on_submit()):
        flash(_("Say why: each starter reads it."), "bad")
        return redirect(url_for(".queue"))
    verb, title, done = VERBS[what]
    names = dict(db.session.execute(select(Campaign.id, Campaign.title).where(Campaign.id.in_(rows))).all())

    def act(campaign_id: int) -> Campaign:
        if what == "approve":
            return operations.approve_campaign(campaign_id, by=by, now=now)
        return verb(campaign_id, str(form.reason.data), by=by, now=now)

    return render_template(
        "operators/bulk.html",
        title=_(title),
        outcomes=one_by_one(rows, act, names, _(done)),
        back=url_for(".queue"),
        back_text=_("Moderation"),
        nav="moderation",
    )


@desk.get("/<int:campaign_id>")
@requires(Role.OPERATOR)
def campaign(campaign_id: int) -> ResponseReturnValue:
    """Everything that is needed to judge one campaign."""
    return _page(campaign_id, ReasonForm())


def _page(campaign_id: int, form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    found = get_or_404(Campaign, campaign_id)
    now = utcnow()
    likes = [card for card in queries.cards(now=now, q=found.title, per_page=6).cards if card.id != found.id]
    html = render_template(
        "campaigns/moderation_campaign.html",
        campaign=found,
        form=form,
        starter=names_of([found.starter_id]).get(found.starter_id, ""),
        likes=likes,
        diary=[(_word(line), line) for line in history(found)],
        why_not_cancel=why_not_cancel(found, operator=True, starter=False),
    )
    return html, status


def _word(line: Event) -> str:
    """What a line of the diary means, in words."""
    what = line.kind.partition(".")[2]
    words = {
        "started": _("Started"),
        "changed": _("Changed"),
        "draft": _("Sent back"),
        "joined_batch": _("Came into a batch"),
        "reminded": _("People were reminded that it closes soon"),
        "told": _("People were told that the deal is on"),
    }
    states = {state.value: state.label for state in CampaignState}
    return str(words.get(what) or states.get(what) or what.replace("_", " "))


@desk.post("/<int:campaign_id>/approve")
@requires(Role.OPERATOR)
def approve(campaign_id: int) -> ResponseReturnValue:
    """Open a wish."""
    with transaction():
        opened = operations.approve_campaign(campaign_id, by=current_user.id, now=utcnow())
        title = opened.title
    flash(_("Opened: %(title)s.", title=title), "ok")
    return redirect(url_for(".queue"))


@desk.post("/<int:campaign_id>/reject")
@requires(Role.OPERATOR)
def reject(campaign_id: int) -> ResponseReturnValue:
    """Turn a wish down, with a reason for its starter."""
    return _with_reason(campaign_id, operations.reject_campaign, _("Turned down. Its starter is told why."))


@desk.post("/<int:campaign_id>/send-back")
@requires(Role.OPERATOR)
def send_back(campaign_id: int) -> ResponseReturnValue:
    """Ask the starter to mend a wish."""
    return _with_reason(campaign_id, operations.send_back, _("Sent back. Its starter is told what to mend."))


@desk.post("/<int:campaign_id>/cancel")
@requires(Role.OPERATOR)
def cancel(campaign_id: int) -> ResponseReturnValue:
    """Call a running campaign off; everyone is released."""
    done = _("Called off. Everyone is released and told.")
    return _with_reason(campaign_id, operations.cancel_campaign, done)


def _with_reason(campaign_id: int, verb: Callable[..., Campaign], done: str) -> ResponseReturnValue:
    form = ReasonForm()
    if not form.validate_on_submit():
        return _page(campaign_id, form, 422)
    by, now = int(current_user.id), utcnow()
    reason = str(form.reason.data)
    if attempt(form, lambda: _act(verb, campaign_id, reason, by, now)) is None:
        return _page(campaign_id, form, 409)
    flash(done, "ok")
    return redirect(url_for(".queue"))


def _act(verb: Callable[..., Campaign], campaign_id: int, reason: str, by: int, now: datetime) -> Campaign:
    return verb(campaign_id, reason, by=by, now=now)
