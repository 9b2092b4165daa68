"""The mailbox of a development or demo site: every mail, as its reader would get it. Not there on a real site."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from c2b.core.access import public
from c2b.core.db import get_or_404
from c2b.core.errors import NotFound
from c2b.core.forms import query_text
from c2b.core.languages import CATALOGUES
from c2b.core.outbox import Notice
from c2b.mailing import queries
from c2b.mailing.frame import framed
from c2b.mailing.mail import Mail
from c2b.mailing.queries import readers_of
from c2b.mailing.render import Reader, put_into_words, subject_of

bp = Blueprint("mailing", __name__, url_prefix="/dev/mailbox")


@bp.get("")
@public
def mailbox() -> ResponseReturnValue:
    """All mail, newest first."""
    search = query_text(request.args.get("q"))
    leaf = queries.newest(search).page(queries.PER_PAGE)
    readers = readers_of(leaf.rows)
    rows = [(one, readers.get(one.id), _subject(one, readers.get(one.id))) for one in leaf.rows]
    return render_template("mailing/mailbox.html", rows=rows, q=search, leaf=leaf)


@bp.get("/<int:notice_id>")
@public
def read(notice_id: int) -> ResponseReturnValue:
    """One mail: its head, the HTML in a frame of its own, and the text."""
    notice, mail = _mail(notice_id)
    return render_template("mailing/read.html", notice=notice, mail=mail)


@bp.get("/<int:notice_id>/html")
@public
def html(notice_id: int) -> ResponseReturnValue:
    """The HTML of a mail alone."""
    _notice, mail = _mail(notice_id)
    return framed(mail.html)


def _mail(notice_id: int) -> tuple[Notice, Mail]:
    notice = get_or_404(Notice, notice_id)
    reader = readers_of([notice]).get(notice_id)
    if reader is None:
        raise NotFound
    return notice, put_into_words(notice, reader)


def _subject(notice: Notice, reader: Reader | None) -> str:
    if reader is None:
        return notice.kind
    with force_locale(CATALOGUES.get(reader.locale, "en")):
        return subject_of(notice, reader)
