"""What a page costs the database, and whether what it says may be shown to others."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from c2b.core.db import db

MOST = 10  # times that one page may ask the same thing; a list of twenty rows would ask twenty times


@contextmanager
def statements() -> Iterator[Counter[str]]:
    """The statements that are sent meanwhile, without their values."""
    sent: Counter[str] = Counter()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent[statement] += 1

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def repeated(sent: Counter[str]) -> list[str]:
    """The statements that a page sends again and again: once for each row, not once for all."""
    return [f"{times} times {' '.join(one.split())[:160]}" for one, times in sent.items() if times > MOST]


class Public:
    """Answers that others may keep: they must be the same for everybody, for visitors too, and give nobody a cookie."""

    def __init__(self) -> None:
        self.first: dict[str, tuple[int, bytes]] = {}

    def problems(self, address: str, answer: Any) -> list[str]:
        """What is wrong with the way this answer may be kept; visitors must be the first to be answered."""
        first = self.first.setdefault(address, (answer.status_code, answer.data))
        caching = answer.headers.get("Cache-Control", "")
        if answer.status_code != 200 or "no-store" in caching or "private" in caching:
            return []
        found = ["a cookie in an answer that others may keep"] if "Set-Cookie" in answer.headers else []
        if answer.mimetype == "text/html":
            found.append("a page that others may keep")
        if first != (200, answer.data):
            found.append("others may keep it, but it is not the same for everybody")
        return found
