"""A copy of everything that is held about a person: one file for machines, and a table of each kind."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from c2b.core import sheets
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.core.work import Work, works
from c2b.privacy.holdings import HOLDINGS, rows_of

KIND = "export_my_data"


@works(KIND, _l("A copy of your data"))
def export_my_data(work: Work, now: datetime) -> Iterator[None]:
    """Read one kind after the other; begun anew, it is the same file."""
    work.begin_again()
    work.expect(len(HOLDINGS))
    user_id = work.user_id
    everything: dict[str, list[dict[str, Any]]] = {}
    for holding in HOLDINGS:
        everything[holding.name] = rows_of(holding, user_id)
        work.advance()
        yield
    work.keep_result(packed(everything, now), f"my-data-{now.date().isoformat()}.zip")


def packed(everything: dict[str, list[dict[str, Any]]], now: datetime) -> bytes:
    """The archive: data.json, a CSV for each kind that has rows, and a page that says what is what."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _explained(everything, now))
        archive.writestr("data.json", json.dumps(everything, ensure_ascii=False, indent=1))
        for name, rows in everything.items():
            if rows:
                table = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
                archive.writestr(f"csv/{name}.csv", sheets.written(table))
    return out.getvalue()


def _explained(everything: dict[str, list[dict[str, Any]]], now: datetime) -> str:
    titles = {holding.name: holding.title for holding in HOLDINGS}
    lines = [f"{name}: {titles[name]} ({len(rows)})" for name, rows in everything.items()]
    intro = _("Everything that we hold about you, as of %(time)s UTC.", time=now.strftime("%Y-%m-%d %H:%M"))
    money = _("Amounts are in the smallest unit of their currency, times in UTC.")
    return "\n".join([intro, money, "", *lines, ""])


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else value
