"""How I want to be told: by topic, and in which hours nothing is to come."""

from collections.abc import Iterable

from babel.dates import get_timezone_location
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.mailing.preferences import choose_quiet_hours, choose_ways, ways_of
from c2b.mailing.rules import DIGEST_HOUR, is_hour
from c2b.mailing.topics import Topic, Way, topics_for

bp = Blueprint("notifications", __name__)


@bp.get("/me/notifications")
@requires(Role.SHOPPER)
def mine() -> ResponseReturnValue:
    """What I am told, and how."""
    return render_template(
        "mailing/notifications.html",
        topics=topics_for(current_user.roles),
        ways=ways_of(current_user.id),
        choices=Way,
        hours=[f"{hour:02d}:00" for hour in range(24)],
        digest_at=f"{DIGEST_HOUR:02d}:00",
        zone_name=get_timezone_location(
            current_app.config["C2B"].time_zone, return_city=True, locale=get_locale()
        ),
    )


@bp.post("/me/notifications")
@requires(Role.SHOPPER)
def choose() -> ResponseReturnValue:
    """Keep what was chosen: for the one topic whose button was pressed, or for all of them."""
    topics = [topic for topic in topics_for(current_user.roles) if not topic.always]
    only = request.form.get("only", "")
    wanted = chosen_ways(topic for topic in topics if only in ("", topic.key))
    with transaction():
        choose_ways(current_user.id, wanted, by=current_user.id, now=utcnow())
    flash(_("Saved."), "ok")
    return redirect(url_for(".mine", _anchor=f"topic-{only}" if only in wanted else None))


@bp.post("/me/notifications/quiet")
@requires(Role.SHOPPER)
def choose_quiet() -> ResponseReturnValue:
    """Keep the quiet hours, or none."""
    first, last = _hour("quiet_from"), _hour("quiet_until")
    if (first is None) != (last is None):
        flash(_("Choose both hours, or neither."), "bad")
        return redirect(url_for(".mine", _anchor="quiet"))
    with transaction():
        choose_quiet_hours(current_user.id, first, last, now=utcnow())
    flash(_("Saved."), "ok")
    return redirect(url_for(".mine", _anchor="quiet"))


def chosen_ways(topics: Iterable[Topic]) -> dict[str, Way]:
    """What the form says about these topics; nonsense says nothing."""
    said = {topic.key: request.form.get(f"way-{topic.key}", "") for topic in topics}
    return {key: Way(way) for key, way in said.items() if way in [str(known) for known in Way]}


def _hour(name: str) -> int | None:
    asked = request.form.get(name, "")
    hour = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else None
    return hour if is_hour(hour) else None
