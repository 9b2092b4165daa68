"""The page on which operators write the sentence that everybody sees."""

from functools import partial
from zoneinfo import ZoneInfo

from flask import current_app, flash, has_request_context, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField
from wtforms.validators import Optional, ValidationError

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.forms import LineField, is_plain, tidy
from c2b.core.languages import CATALOGUES, LANGUAGES
from c2b.operators.banner import LONGEST, banner_text, last_banner, set_banner
from c2b.operators.blueprint import bp

MINUTES = "%Y-%m-%dT%H:%M"


class BannerForm(FlaskForm):
    """The words for all languages, and until when; those of single languages are read beside it."""

    text = LineField(_l("Text"), longest=LONGEST)
    until = DateTimeLocalField(_l("Until (site time)"), [Optional()], format=[MINUTES, MINUTES + ":%S"])

    def validate_until(self, field: DateTimeLocalField) -> None:
        """Only years that make sense."""
        if field.data is not None and not 2000 <= field.data.year <= 2100:
            raise ValidationError(_("Enter a year from 2000 to 2100."))


@bp.app_context_processor
def _banner() -> dict[str, object]:
    here = has_request_context() and request.blueprint == bp.name  # mails are rendered outside of a request
    return {"banner_text": partial(banner_text, fresh=here)}


@bp.route("/banner", methods=["GET", "POST"])
@requires(Role.OPERATOR)
def banner() -> ResponseReturnValue:
    """What is shown now, and the form that changes it."""
    zone, now, old = ZoneInfo(current_app.config["C2B"].time_zone), utcnow(), last_banner()
    form = BannerForm()
    if form.validate_on_submit():
        texts = {locale: _words(f"text-{locale}") for locale in CATALOGUES.values()}
        until = form.until.data.replace(tzinfo=zone) if form.until.data else None
        with transaction():
            set_banner(form.text.data or "", texts, until, by=current_user.id, now=now)
        flash(_("Everybody sees it from now on.") if form.text.data else _("It is taken away."), "ok")
        return redirect(url_for(".banner"))
    if not form.is_submitted() and old is not None:
        form.text.data = old.text
        form.until.data = old.until.astimezone(zone).replace(tzinfo=None) if old.until else None
    page = render_template(
        "operators/banner.html",
        form=form,
        old=old,
        languages=[(CATALOGUES[code], name) for code, name in LANGUAGES.items() if code != "en"],
        typed=request.form,
        now=now,
    )
    return page, 422 if form.errors else 200


def _words(name: str) -> str:
    words = tidy(request.form.get(name)) or ""
    return words[:LONGEST] if is_plain(words) else ""
