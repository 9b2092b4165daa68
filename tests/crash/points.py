"""Where a process can die: before every statement, around every commit and rollback, around every foreign call.

Between two statements of a transaction nothing changes that outlives the process, so the point before a statement
is also the point after the one before it; the last statement of a transaction is followed by its commit.
"""

import os
import re
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event

TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE|TABLE|ON)\s+(?:ONLY\s+)?"?(\w+)', re.IGNORECASE)
FOREIGN = "→"  # begins the label of a foreign call that has not been made
DONE = "←"  # begins the label of one that has had its effect, and whose answer is on its way


def label_of(statement: str) -> str:
    """A statement as its verb and its table."""
    verb = statement.split(None, 1)[0].upper()
    found = TABLE.search(statement)
    return f"{verb} {found[1]}" if found and verb not in ("BEGIN", "SAVEPOINT", "RELEASE", "SET") else verb


class Points:
    """Counts the points that a process comes to, and ends it by SIGKILL at one of them."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.labels: list[str] = []
        self.turns: list[tuple[int, timedelta]] = []  # after how many points a new moment began
        self._lock = threading.Lock()

    def reach(self, label: str) -> None:
        """The process has come to a point; it may end here."""
        with self._lock:
            self.labels.append(label)
            if len(self.labels) == self.at:
                os.kill(os.getpid(), signal.SIGKILL)

    def turn(self, moment: timedelta) -> None:
        """From here on it is later."""
        self.turns.append((len(self.labels), moment))

    def moment_of(self, n: int) -> timedelta:
        """At which moment the process came to this point."""
        return max(moment for before, moment in self.turns if before < n)

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same foreign call with a point before it and one after its effect, before its answer arrives."""

        def counted(*args: Any, **more: Any) -> Any:
            self.reach(f"{FOREIGN} {name}")
            try:
                return call(*args, **more)
            finally:
                self.reach(f"{DONE} {name}")

        return counted


@contextmanager
def watching(
    engines: Collection[Engine], points: Points, foreign: dict[str, tuple[Any, str]]
) -> Iterator[None]:
    """Count the points of all that is done with these engines, and of these foreign calls (name: owner, attribute)."""

    def statement(_connection: Any, _cursor: Any, sql: str, *_more: Any) -> None:
        points.reach(label_of(sql))

    undo = []
    for engine in engines:
        event.listen(engine, "before_cursor_execute", statement)
        undo += [_replace(engine.dialect, end, _ended(points, end)) for end in ("do_commit", "do_rollback")]
    undo += [
        _replace(owner, attribute, lambda real, name=name: points.around(name, real))
        for name, (owner, attribute) in foreign.items()
    ]
    try:
        yield
    finally:
        for put_back in reversed(undo):
            put_back()
        for engine in engines:
            event.remove(engine, "before_cursor_execute", statement)


def _ended(points: Points, end: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    word = end.removeprefix("do_").upper()

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> None:
            points.reach(word)
            real(*args)
            if word == "COMMIT":
                points.reach("after COMMIT")

        return counted

    return wrap


def _replace(
    owner: Any, attribute: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[[], None]:
    """Put a wrapped function in its place; returns what puts the old one back."""
    own = attribute in vars(owner)
    real = getattr(owner, attribute)
    setattr(owner, attribute, wrap(real))

    def put_back() -> None:
        if own:
            setattr(owner, attribute, real)
        else:
            delattr(owner, attribute)

    return put_back
