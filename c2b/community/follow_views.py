"""Following a merchant."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.community import operations
from c2b.community.blueprint import bp
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.core.forms import is_plain
from c2b.merchants.queries import firm_by_slug


@bp.post("/m/<slug>/follow")
@requires(Role.SHOPPER)
def follow_firm(slug: str) -> ResponseReturnValue:
    """Hear when this merchant starts a campaign; `stop` ends that."""
    if not is_plain(slug):
        raise NotFound
    firm_id, name, stop = firm_by_slug(slug).id, firm_by_slug(slug).name, request.form.get("stop") == "1"
    by = int(current_user.id)
    with transaction():
        if stop:
            operations.unfollow_merchant(firm_id, by)
        else:
            operations.follow_merchant(firm_id, by, now=utcnow())
    if stop:
        flash(_("You no longer follow %(firm)s.", firm=name))
    else:
        flash(_("You follow %(firm)s: we tell you when it starts a campaign.", firm=name), "ok")
    if request.form.get("back") == "me":
        return redirect(url_for("campaigns.my_joined"))
    return redirect(url_for("merchants.profile", slug=slug))
