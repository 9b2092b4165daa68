"""The operator's schedule: a week of slots, what has no date yet, places given and taken back, a feed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound, Refused
from c2b.pipeline.blueprint import bp
from c2b.pipeline.launch_feed import launch_feed
from c2b.pipeline.schedule_queries import (
    TONES,
    chosen_wish,
    first_week_with_room,
    monday_of,
    plans,
    upcoming,
    week,
)
from c2b.pipeline.scheduling import backlog, batches_to_schedule, book_place, give_back_place, propose


def site_zone() -> ZoneInfo:
    """The zone in which the site's days begin."""
    return ZoneInfo(current_app.config["C2B"].time_zone)


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
    now = utcnow()
    waiting = backlog()
    chosen = chosen_wish(waiting, request.args.get("campaign", ""))
    monday = _monday(now, bool(waiting))
    return render_template(
        "pipeline/schedule.html",
        week=week(monday, now, wish=chosen[1] if chosen else None),
        backlog=waiting,
        chosen=chosen[0] if chosen else None,
        before=(monday - timedelta(days=7)).date().isoformat(),
        after=(monday + timedelta(days=7)).date().isoformat(),
        this=monday.date().isoformat(),
        plans=plans(now) if request.args.get("suggest") else [],
        tones=TONES,
        zone=site_zone().key,
        now=now,
    )


@bp.post("/schedule/place")
@requires(Role.OPERATOR)
def schedule_place() -> ResponseReturnValue:
    """Give one campaign a place."""
    slot_id, campaign_id = _number("slot"), _number("campaign")
    with transaction():
        book_place(slot_id, campaign_id, by=current_user.id, now=utcnow())
    flash(_("The date is set. Everyone who joined was told."), "ok")
    return redirect(url_for(".schedule", w=_kept_week()))


@bp.post("/schedule/accept")
@requires(Role.OPERATOR)
def schedule_accept() -> ResponseReturnValue:
    """Book what is proposed now, each in a transaction of its own; what does not fit any more is said."""
    now, done, refused = utcnow(), 0, []
    for batch in batches_to_schedule():
        wanted = [(one.campaign_id, one.slot_id) for one in propose(batch.id, now) if one.slot_id]
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
    flash(_("The place is free again. The campaign needs another date."), "ok")
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
    typed = request.form.get(name, "")
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 16):
        raise NotFound
    return int(typed)


def _kept_week() -> str | None:
    """The week that the person was looking at."""
    return request.form.get("w") or None
