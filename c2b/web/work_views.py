"""The pages of long work: how far it is, what failed, the file that came of it, the button that stops it."""

from io import BytesIO

from flask import Blueprint, Flask, Response, flash, jsonify, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_login import current_user

from c2b.core import sheets, storage
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import transaction
from c2b.core.errors import NotFound
from c2b.core.paths import local_path
from c2b.core.work import Work, WorkState, cancel_work, own_work, works_of

bp = Blueprint("work", __name__)
MOST_SHOWN = 50
OFFICE = (Role.MERCHANT, Role.REVIEWER, Role.OPERATOR)


@bp.get("/me/work")
@requires(Role.SHOPPER)
def mine() -> ResponseReturnValue:
    """What the person asked for, newest first."""
    return render_template(
        "work/mine.html", works=works_of(current_user.id), numbers=numbers, layout=_layout()
    )


@bp.get("/work/<int:work_id>")
@requires(Role.SHOPPER)
def show(work_id: int) -> ResponseReturnValue:
    """How far it is; the page may be closed."""
    found = _seen(work_id)
    page = render_template(
        "work/show.html",
        work=found,
        numbers=numbers(found),
        problems=found.problems[:MOST_SHOWN],
        back=local_path(found.back) if found.back else "",
        mine=found.user_id == current_user.id,
        layout=_layout(),
    )
    return page, 200, {"Cache-Control": "private, no-store"}


@bp.get("/work/<int:work_id>.json")
@requires(Role.SHOPPER)
def status(work_id: int) -> Response:
    """The same for the page's script."""
    found = _seen(work_id)
    answer = jsonify(
        state=str(found.state), over=found.is_over, done=found.done, total=found.total, text=numbers(found)
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.post("/work/<int:work_id>/cancel")
@requires(Role.SHOPPER)
def cancel(work_id: int) -> ResponseReturnValue:
    """Stop it where that is safe."""
    _seen(work_id)
    with transaction():
        stopped = cancel_work(work_id, by=current_user.id, now=utcnow())
    if stopped.state == WorkState.CANCELLED:
        flash(_("It is stopped."), "ok")
    else:
        flash(_("It stops at the next safe place."), "ok")
    return redirect(url_for(".show", work_id=work_id))


@bp.get("/work/<int:work_id>/file")
@requires(Role.SHOPPER)
def file(work_id: int) -> Response:
    """What came of it, for its owner alone."""
    found = own_work(work_id, current_user.id)
    content = storage.read(found.result_ref) if found.result_ref else None
    if content is None:
        raise NotFound
    return _download(content, found.result_name or "file")


@bp.get("/work/<int:work_id>/problems.csv")
@requires(Role.SHOPPER)
def problems(work_id: int) -> Response:
    """The rows that failed, as a table."""
    found = _seen(work_id)
    if not found.problems:
        raise NotFound
    head = found.args.get("columns") or []
    rows = [[_("Row"), _("What is wrong"), *head], *found.problems]
    return _download(sheets.written(rows), f"problems-{work_id}.csv")


def numbers(work: Work) -> str:
    """How far it is, in a sentence."""
    if work.state == WorkState.QUEUED:
        return str(_("Waiting for its turn. It begins within seconds."))
    if work.total is None:
        said = ngettext("%(num)s done", "%(num)s done", work.done)
    else:
        said = _(
            "%(done)s of %(total)s done", done=format_decimal(work.done), total=format_decimal(work.total)
        )
    if work.failed:
        failed = ngettext("%(num)s failed", "%(num)s failed", work.failed)
        return str(_("%(done)s, %(failed)s", done=said, failed=failed))
    return str(said)


def _seen(work_id: int) -> Work:
    return own_work(work_id, current_user.id, any_ones=current_user.has_role(Role.OPERATOR))


def _layout() -> str:
    return "office.html" if any(current_user.has_role(role) for role in OFFICE) else "base.html"


def _download(content: bytes, name: str) -> Response:
    response = send_file(BytesIO(content), as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def register(app: Flask) -> None:
    """Connect these pages to the application."""
    app.register_blueprint(bp)
