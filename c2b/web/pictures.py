"""Pictures that people handed in, each under an address whose content never changes; files sent ahead of a form."""

from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.accounts import throttle
from c2b.accounts.throttle import Limit
from c2b.core.access import Role, public, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.core.files import PICTURE_REF, BadFile, Cut, change_picture, content_of
from c2b.core.uploads import LONGEST_ALT, Spec, Upload, changed_picture, macros
from c2b.web.assets import FOREVER


@public
def picture(ref: str, width: int) -> Response:
    """The picture in the narrowest kept width that is at least `width`."""
    content = content_of(ref, width) if PICTURE_REF.fullmatch(ref) else None
    if content is None:
        raise NotFound
    response = Response(content, mimetype="image/webp")
    response.headers["Cache-Control"] = FOREVER
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


SENT_AHEAD = Limit(300, 3600)  # files that one person may send ahead of forms


@requires(Role.SHOPPER)
def upload() -> ResponseReturnValue:
    """Keep one file ahead of its form; answers with the line that stands for it, or with a sentence."""
    spec = Spec.read(request.form.get("spec", ""))
    file = request.files.get("file")
    if spec is None or file is None:
        return _sorry(_("That did not work. Please try again."))
    if _too_many():
        return _sorry(_("That were very many files. Please go on in an hour."), 429)
    try:
        kept = spec.keep(file)
    except BadFile as problem:
        return _sorry(str(problem))
    return _line(kept, spec)


@requires(Role.SHOPPER)
def change_upload() -> ResponseReturnValue:
    """Turn or cut a kept picture; answers with its new line, or with a sentence."""
    spec, kept = Spec.read(request.form.get("spec", "")), Upload.read(request.form.get("token", ""))
    if spec is None or kept is None:
        return _sorry(_("That did not work. Please try again."))
    if _too_many():
        return _sorry(_("That were very many files. Please go on in an hour."), 429)
    alt = request.form.get("alt", "")[:LONGEST_ALT]
    verb = request.form.get("do", "")
    try:
        cut = _cut() if verb == "cut" else None
        new = (
            changed_picture(kept, verb)
            if cut is None
            else Upload(change_picture(kept.ref, cut=cut), kept.name)
        )
    except BadFile as problem:
        return _sorry(str(problem))
    return _line(Upload(new.ref, new.name, alt), spec)


def _cut() -> Cut:
    try:
        x, y, side = (min(1000, max(0, int(request.form.get(name, "")))) for name in ("x", "y", "side"))
    except ValueError:
        raise BadFile(_("That did not work. Please try again.")) from None
    return Cut(x, y, side)


def _too_many() -> bool:
    with transaction():
        return throttle.take(f"files:{current_user.id}", SENT_AHEAD, utcnow()) is not None


def _line(kept: Upload, spec: Spec) -> ResponseReturnValue:
    return jsonify(html=str(macros().kept(kept, spec)), name=kept.name)


def _sorry(sentence: str, status: int = 422) -> ResponseReturnValue:
    return jsonify(problem=sentence), status


def picture_alt(thing: Any, ref: str, number: int) -> str:
    """The words that stand for a picture of a campaign or an offer: its own, else the title's."""
    own = (thing.picture_alts or {}).get(ref)
    return str(own or _("Picture %(number)s of %(title)s", number=number, title=thing.title))


def register(app: Flask) -> None:
    """Serve pictures (`picture_url` makes the addresses, `picture_alt(thing, ref, number)` the words)."""
    app.jinja_env.globals["picture_alt"] = picture_alt
    app.add_url_rule("/files/<int:width>/<path:ref>", endpoint="web.picture", view_func=picture)
    app.add_url_rule("/files", endpoint="web.upload", view_func=upload, methods=["POST"])
    app.add_url_rule("/files/change", endpoint="web.change_upload", view_func=change_upload, methods=["POST"])
