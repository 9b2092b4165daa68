"""Numbers in addresses."""

from typing import Any

from werkzeug.routing import IntegerConverter

LARGEST_ID = 2**63 - 1  # what a column holds; a larger number is the address of nothing


class RowNumber(IntegerConverter):
    """`<int:…>`: whatever no row can have is not found, rather than a failure of the database."""

    def __init__(self, map: Any, *args: Any, **more: Any) -> None:  # noqa: A002  # werkzeug's name
        more.setdefault("max", LARGEST_ID)
        super().__init__(map, *args, **more)
