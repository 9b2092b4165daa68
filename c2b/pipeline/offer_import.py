"""The import of offers as long work: each row is one act, a row that is wrong stops no other."""

from collections.abc import Iterator
from datetime import datetime

from c2b.core import storage
from c2b.core.db import get_or_404
from c2b.core.errors import NotFound, Refused
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.core.work import Work, works
from c2b.pipeline import offers
from c2b.pipeline.models import Offer
from c2b.pipeline.offer_queries import opportunities
from c2b.pipeline.offer_sheet import Row, read_row, read_table

KIND = "import_offers"


@works(KIND, _l("Import of offers"))
def import_offers(work: Work, now: datetime) -> Iterator[None]:
    """Make or change one draft for each row; a row that came again changes nothing more."""
    content = storage.read(work.args["file"])
    if content is None:
        raise Refused(_("The file is not there any more. Choose it again."))
    try:
        table = read_table(content)
    except ValueError as problem:
        raise Refused(str(problem)) from None
    firm = int(work.args["merchant"])
    work.expect(len(table.rows))
    for number, cells in table.rows[work.done :]:
        row = read_row(table, number, cells, opportunities(firm, now))
        try:
            if row.problem:
                work.problem(number, row.problem, *cells)
            else:
                _take(row, firm, by=work.user_id, now=now)
        except (Refused, NotFound) as no:
            work.problem(number, str(no), *cells)
        work.advance()
        yield


def _take(row: Row, firm: int, *, by: int, now: datetime) -> None:
    chance, draft = row.chance, row.draft
    if chance is None or draft is None:
        return
    if chance.own is not None:
        offers.change_offer(get_or_404(Offer, chance.own.id).id, draft, by=by, now=now)
    else:
        offers.register_offer(draft, campaign_id=chance.campaign.id, merchant_id=firm, by=by, now=now)
