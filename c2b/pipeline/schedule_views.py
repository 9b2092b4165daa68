"""The operator's schedule: a week of slots, what has no date yet, places given and taken back, a feed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from c2b.campaigns.models import Campaign
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.errors import NotFound, Refused
from c2b.pipeline.blueprint import bp
from c2b.pipeline.launch_feed import launch_feed
from c2b.pipeline.queries import slot_of
from c2b.pipeline.schedule_options import agenda, conflicts, month, open_slots
from c2b.pipeline.schedule_queries import (
    TONES,
    chosen_wish,
    first_week_with_room,
    monday_of,
    month_name,
    plan,
    upcoming,
    week,
)
from c2b.pipeline.scheduling import backlog, book_place, give_back_place, move_place, propose_all


def site_zone() -> ZoneInfo:
    """The zone in which the site's days begin."""
    return ZoneInfo(current_app.config["C2B"].time_zone)


VIEWS = ("week", "month", "list")
FARTHEST = timedelta(days=3660)  # a calendar of more than ten years is a slip


def _monday(now: datetime, searching: bool) -> datetime:
    asked = request.args.get("w", "")
    try:
        day = datetime.strptime(asked, "%Y-%m-%d").replace(hour=12, tzinfo=site_zone())
        if abs(day - now) < FARTHEST:
            return monday_of(day, site_zone())
    except (ValueError, OverflowError):
        pass  # what cannot be read is answered like no question
    return first_week_with_room(now, site_zone()) if searching else monday_of(now, site_zone())


@bp.get("/schedule")
@requires(Role.OPERATOR)
def schedule() -> ResponseReturnValue:
    """Give dates."""
    return _page(_typed(request.args.get("campaign", "")))


def _page(chosen_id: int | None, *, refused: str = "") -> str:
    now, waiting = utcnow(), backlog()
    chosen = chosen_wish(waiting, str(chosen_id))
    monday, view = _monday(now, bool(waiting)), request.args.get("view", "")
    view = view if view in VIEWS else VIEWS[0]
    first = (monday + timedelta(days=3)).replace(day=1)  # the month of most of the week
    shown = week(monday, now, wish=chosen[1] if chosen else None)
    return render_template(
        "pipeline/schedule.html",
        view=view,
        week=shown,
        weeks=month(first, now) if view == "month" else [],
        first=first,
        agenda=agenda(monday, now) if view == "list" else [],
        conflicts=conflicts([slot for day in shown.days for slot in day.slots.values()], now),
        backlog=waiting,
        chosen=chosen[0] if chosen else None,
        open_slots=open_slots(chosen[1], now) if chosen else [],
        refused=refused,
        placed=_placed(now),
        **_neighbours(view, monday, first),
        this=monday.date().isoformat(),
        plan=plan(now) if request.args.get("suggest") else [],
        tones=TONES,
        zone=site_zone().key,
        month_name=month_name,
        now=now,
    )


def _neighbours(view: str, monday: datetime, first: datetime) -> dict[str, str]:
    """The addresses' dates before and after what is shown."""
    if view == "month":
        before, after = first - timedelta(days=1), first + timedelta(days=32)
        return {"before": f"{before.replace(day=1):%F}", "after": f"{after.replace(day=1):%F}"}
    days = timedelta(days=56 if view == "list" else 7)
    return {"before": f"{monday - days:%F}", "after": f"{monday + days:%F}"}


def _placed(now: datetime) -> Campaign | None:
    """The campaign whose date was just set, while that can be undone."""
    id_ = _typed(request.args.get("placed", ""))
    campaign = db.session.get(Campaign, id_) if id_ is not None else None
    slot = slot_of(campaign.id) if campaign is not None else None
    return campaign if slot is not None and slot.opens_at > now else None


@bp.post("/schedule/place")
@requires(Role.OPERATOR)
def schedule_place() -> ResponseReturnValue:
    """Give one campaign a place; a refusal shows where else there is room."""
    slot_id, campaign_id = _number("slot"), _number("campaign")
    try:
        with transaction():
            book_place(slot_id, campaign_id, by=current_user.id, now=utcnow())
    except Refused as no:
        return _page(campaign_id, refused=str(no)), 409
    return redirect(url_for(".schedule", w=_kept_week(), placed=campaign_id))  # which says so


@bp.post("/schedule/move")
@requires(Role.OPERATOR)
def schedule_move() -> ResponseReturnValue:
    """Another date for a campaign that has one."""
    slot_id, campaign_id = _number("slot"), _number("campaign")
    try:
        with transaction():
            move_place(campaign_id, slot_id, by=current_user.id, now=utcnow())
    except Refused as no:
        return _page(None, refused=str(no)), 409
    flash(_("The launch has a new date. Everyone who joined was told."), "ok")
    return redirect(url_for(".schedule", w=_kept_week()))


@bp.post("/schedule/accept")
@requires(Role.OPERATOR)
def schedule_accept() -> ResponseReturnValue:
    """Book what is proposed now, each in a transaction of its own; what does not fit any more is said."""
    now, done, refused = utcnow(), 0, []
    wanted = [(one.campaign_id, one.slot_id) for one in propose_all(now) if one.slot_id]
    for campaign_id, slot_id in wanted:
        try:
            with transaction():
                book_place(slot_id, campaign_id, by=current_user.id, now=now)
            done += 1
        except Refused as no:
            refused.append(str(no))
    flash(ngettext("%(num)s date is set.", "%(num)s dates are set.", done), "ok" if done else "info")
    for sentence in refused[:5]:
        flash(sentence, "warn")
    return redirect(url_for(".schedule", w=_kept_week()))


@bp.post("/schedule/give-back")
@requires(Role.OPERATOR)
def schedule_give_back() -> ResponseReturnValue:
    """Take a date back before the launch."""
    with transaction():
        give_back_place(_number("campaign"), by=current_user.id, now=utcnow())
    flash(
        _(
            "The place is free again, and the merchant was told. "
            "Everyone who joined knows the old date; they are told the next one."
        ),
        "ok",
    )
    return redirect(url_for(".schedule", w=_kept_week()))


@bp.get("/schedule.ics")
@requires(Role.OPERATOR)
def schedule_feed() -> ResponseReturnValue:
    """The coming launches for a calendar."""
    now = utcnow()
    events = [
        (slot, campaign, url_for("campaigns.show", slug=campaign.slug, _external=True))
        for slot, campaign in upcoming(now)
    ]
    return Response(launch_feed(events, request.host, now), mimetype="text/calendar")


def _number(name: str) -> int:
    """A number from the form; NotFound where it is none."""
    number = _typed(request.form.get(name, ""))
    if number is None:
        raise NotFound
    return number


def _typed(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _kept_week() -> str | None:
    """The week that the person was looking at."""
    return request.form.get("w") or None
