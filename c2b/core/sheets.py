"""Tables as CSV files: written so that a spreadsheet takes nothing for a formula, read in whatever a firm exports."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from c2b.core.money import major

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would calculate


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in a cell: a number that a spreadsheet may add up, also below nothing."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{major(self.minor, self.currency):f}"


def safe_cell(value: Any) -> str:
    """The value as text; what a spreadsheet would calculate gets a mark in front. Numbers stay numbers."""
    if isinstance(value, int | Amount):
        return str(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def written(rows: Iterable[Sequence[Any]]) -> bytes:
    """A CSV file in UTF-8 with a byte-order mark, as spreadsheets expect it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def decoded(content: bytes) -> str | None:
    """The text of a file in UTF-8 or in the Chinese encodings that spreadsheets write; None for anything else."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def parsed(text: str) -> list[list[str]]:
    """The rows of a table in CSV, with commas, semicolons or tabs between; blank rows are kept, so that they count."""
    first = text.partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return []
    return [[cell.strip().removeprefix("'") for cell in row] for row in rows]
