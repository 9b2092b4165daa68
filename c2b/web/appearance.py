"""How the site looks and answers on this device: theme and single keys, kept in cookies, changed by a form."""

from flask import Flask, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from c2b.core.access import public
from c2b.core.paths import local_path
from c2b.web.language import A_YEAR
from c2b.web.meta import KEYS_COOKIE, THEME_COOKIE, keys_are_off, theme


class AppearanceForm(FlaskForm):
    """Theme and keyboard."""

    theme = RadioField(
        _l("Theme"),
        choices=[
            SelectChoice("system", _l("As the system")),
            SelectChoice("light", _l("Light")),
            SelectChoice("dark", _l("Dark")),
        ],
    )
    keys = BooleanField(_l("Single keys, such as / for the search field"))
    next = HiddenField()


@public
def appearance() -> ResponseReturnValue:
    """Choose a theme, and whether single keys act."""
    back = request.args.get("next", "")
    form = AppearanceForm(data={"theme": theme() or "system", "keys": not keys_are_off(), "next": back})
    if not form.validate_on_submit():
        return render_template("web/appearance.html", form=form), 422 if form.errors else 200
    flash(_("Saved."), "ok")
    response = make_response(redirect(local_path(form.next.data)))
    chosen = "" if form.theme.data == "system" else form.theme.data
    for name, value in ((THEME_COOKIE, chosen), (KEYS_COOKIE, "" if form.keys.data else "off")):
        if value:
            response.set_cookie(name, value, max_age=A_YEAR, samesite="Lax", secure=request.is_secure)
        else:
            response.delete_cookie(name, samesite="Lax", secure=request.is_secure)
    return response


def register(app: Flask) -> None:
    """Connect the page."""
    app.add_url_rule("/appearance", endpoint="web.appearance", view_func=appearance, methods=["GET", "POST"])
