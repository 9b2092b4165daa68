"""How far a long job is, told while it runs to whoever listens: the record of its run, and the terminal.

What works off rows says `expect` once and `advance` between its transactions; nobody needs to know who listens. A
short job is not spoken of.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic

AFTER = 2.0  # seconds: what is over by then was short
EVERY = 1.0  # seconds between two tellings


@dataclass
class Progress:
    """So many done of so many, since when."""

    done: int = 0
    parts: dict[object, int] = field(
        default_factory=dict
    )  # what is expected of each part, which may be said again
    began: float = field(default_factory=monotonic)
    told_at: float = 0.0
    listeners: list[Callable[["Progress"], None]] = field(default_factory=list)

    @property
    def whole(self) -> int:
        """All that is known to be there; never less than what is done."""
        return max(sum(self.parts.values()), self.done)

    @property
    def rate(self) -> float:
        """How many in a second."""
        return self.done / max(monotonic() - self.began, 0.001)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this pace; None while nothing is done."""
        return (self.whole - self.done) / self.rate if self.done else None


_running: ContextVar[Progress | None] = ContextVar("progress", default=None)


def is_heard() -> bool:
    """Whether anybody listens; where not, nothing needs to be counted for it."""
    return _running.get() is not None


def expect(part: object, more: int) -> None:
    """So many rows are in this part; said again, it is counted once."""
    progress = _running.get()
    if progress is not None:
        progress.parts[part] = more


def advance(rows: int = 1) -> None:
    """So many more are done, well or not. Called between transactions, as a listener may have one of its own."""
    progress = _running.get()
    if progress is None:
        return
    progress.done += rows
    now = monotonic()
    if now - progress.began >= AFTER and now - progress.told_at >= EVERY:
        progress.told_at = now
        for tell in progress.listeners:
            tell(progress)


@contextmanager
def told(tell: Callable[[Progress], None]) -> Iterator[Progress]:
    """Within this, `tell` hears how far it is, about once a second."""
    progress = _running.get() or Progress()
    outer = _running.set(progress)
    progress.listeners.append(tell)
    try:
        yield progress
    finally:
        progress.listeners.remove(tell)
        _running.reset(outer)
