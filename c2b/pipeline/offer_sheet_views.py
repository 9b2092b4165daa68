"""Offers by file: the table to download, the template, the import with its trial."""

from collections.abc import Sequence

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from itsdangerous import BadData

from c2b.core import sheets, storage
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.db import end_transaction, transaction
from c2b.core.errors import Refused
from c2b.core.forms import AreaField
from c2b.core.uploads import Upload
from c2b.core.work import ask_for_work, name_tried, use_tried
from c2b.merchants.states import MerchantState
from c2b.pipeline.blueprint import bp
from c2b.pipeline.offer_content import draft_for, draft_from
from c2b.pipeline.offer_import import KIND
from c2b.pipeline.offer_queries import offers_of, opportunities
from c2b.pipeline.offer_sheet import MOST_BYTES, Row, Table, cells_of, heading, keys, read_row, read_table
from c2b.pipeline.opportunity_views import own_firm

MOST_SHOWN = 100


class ImportForm(FlaskForm):
    """A file, or its rows."""

    file = FileField(_l("Table as a CSV file"))
    text = AreaField(_l("Or paste the rows"), longest=MOST_BYTES)


@bp.get("/sell/a/offers.csv")
@requires(Role.MERCHANT)
def offers_csv() -> Response:
    """The firm's offers as a table; what is a draft can be changed there and imported again."""
    rows = [
        [found.campaign.slug, *cells_of(draft_from(found), found.currency).values()]
        for found in offers_of(own_firm().id)
    ]
    return _csv(rows, "offers.csv")


@bp.get("/sell/a/template.csv")
@requires(Role.MERCHANT)
def offers_template() -> Response:
    """A row for each campaign that looks for a merchant, filled with what shoppers saw."""
    chances = [chance for chance in opportunities(own_firm().id, utcnow()) if chance.own is None]
    rows = [
        [c.campaign.slug, *cells_of(draft_for(c.campaign), c.campaign.currency).values()] for c in chances
    ]
    return _csv(rows, "offers-template.csv")


@bp.route("/sell/a/import", methods=["GET", "POST"])
@requires(Role.MERCHANT)
def offers_import() -> ResponseReturnValue:
    """Look a table through, then import its good rows."""
    firm = own_firm()
    if firm.state != MerchantState.CERTIFIED:
        raise Refused(_("Only a certified merchant can register an offer."))
    form = ImportForm()
    kept = _kept(request.form.get("kept", ""))
    if request.method != "POST" or not form.validate_on_submit():
        return _page(form), 422 if form.errors else 200
    content = (storage.read(kept) if kept else None) or _sent(form)
    try:
        table = read_table(content) if content else None
    except ValueError as problem:
        form.file.errors = [str(problem)]
        return _page(form), 422
    if table is None:
        form.file.errors = [_("Choose a file, or paste the rows.")]
        return _page(form), 422
    rows = _rows(table, firm.id)
    if request.form.get("do") == "errors":
        bad = [[row.number, row.problem, *row.cells] for row in rows if row.problem]
        return _csv(bad, "problems.csv", [_("Row"), _("What is wrong"), *table.names])
    if request.form.get("do") == "import" and kept and any(not row.problem for row in rows):
        with transaction():
            use_tried(kept)
            work = ask_for_work(
                KIND,
                current_user.id,
                now=utcnow(),
                back=url_for(".offers"),
                file=kept,
                merchant=firm.id,
                columns=table.names,
            ).id
        return redirect(url_for("work.show", work_id=work))
    token = Upload(kept or _keep(content or b""), "").token
    return _page(form, table=table, rows=rows, token=token)


def _rows(table: Table, merchant_id: int) -> list[Row]:
    """Each row as it would be taken; of two rows for one campaign the second is told."""
    chances = opportunities(merchant_id, utcnow())
    rows: list[Row] = []
    seen: dict[str | None, int] = {}
    for number, cells in table.rows:
        row = read_row(table, number, cells, chances)
        slug = row.chance.campaign.slug if row.chance else None
        if slug in seen and not row.problem:
            row = Row(number, cells, _("Row %(row)s is for the same campaign.", row=seen[slug]))
        elif slug:
            seen[slug] = number
        rows.append(row)
    return rows


def _sent(form: ImportForm) -> bytes:
    if form.file.data and form.file.data.filename:
        with form.file.data.stream as stream:
            return bytes(stream.read(MOST_BYTES + 1))
    return (form.text.data or "").encode("utf-8", "replace")


def _keep(content: bytes) -> str:
    end_transaction()
    with transaction():
        name = name_tried("csv", now=utcnow())
    storage.put(name, content)
    return name


def _kept(token: str) -> str | None:
    """The file that was looked through before, by its signed name."""
    try:
        upload = Upload.read(token)
    except BadData:
        return None
    return upload.ref if upload and upload.ref.startswith("work/") else None


def _page(
    form: ImportForm, *, table: Table | None = None, rows: list[Row] | None = None, token: str = ""
) -> str:
    return render_template(
        "pipeline/offers_import.html",
        form=form,
        table=table,
        rows=(rows or [])[:MOST_SHOWN],
        total=len(rows or []),
        bad=sum(bool(row.problem) for row in rows or []),
        token=token,
        heading=heading,
        keys=keys(),
    )


def _csv(rows: Sequence[Sequence[object]], name: str, head: list[str] | None = None) -> Response:
    content = sheets.written([head or [heading(key) for key in keys()], *rows])
    response = Response(content, mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "private, no-store"
    return response
