"""A job's progress, told while it runs: in the record of its run, for operators, and on the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from c2b.core import runs
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.progress import Progress, told

PLAIN_EVERY = 10.0  # seconds between two lines where nobody watches a terminal


def into_record(run_id: int) -> Callable[[Progress], None]:
    """A listener that writes it into the run's row; not while a transaction is open, the next telling is near."""

    def tell(progress: Progress) -> None:
        if not db.session().in_transaction():
            with transaction():
                runs.note_progress(run_id, progress.done, progress.whole, now=utcnow())

    return tell


@contextmanager
def on_terminal(name: str, stream: TextIO) -> Iterator[None]:
    """A line that is written over again and again; line after line where the stream is no terminal."""
    watched = stream.isatty()
    last = [0.0]
    shown = [0]

    def tell(progress: Progress) -> None:
        text = line_of(name, progress)
        if watched:
            stream.write("\r" + text.ljust(shown[0]))
            shown[0] = len(text)
        elif progress.told_at - last[0] >= PLAIN_EVERY:
            stream.write(text + "\n")
            last[0] = progress.told_at
        stream.flush()

    with told(tell):
        yield
    if shown[0]:
        stream.write("\n")


def line_of(name: str, progress: Progress) -> str:
    """The progress in one line: done of all, how fast, how long it takes."""
    left = progress.seconds_left
    rest = "" if left is None else f"  {_span(left)} left"
    return f"{name}: {progress.done:,} of {progress.whole:,}  {progress.rate:,.0f}/s{rest}"


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
