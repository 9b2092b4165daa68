"""Whether the clock can be believed: what has no way back waits until two heartbeats in a row agree (P-9).

Each heartbeat of the active clock is written down: the time of the authority (the database's on PostgreSQL), and the
steady clock of the machine, which no setting moves. Where the two have not advanced alike, the time has jumped. The
demo clock is no part of it: an operator sets it forward on purpose.
"""

import socket
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.claims import ME, database_time
from c2b.core.db import Base, db, is_sqlite

MOST = 300.0  # seconds: a larger jump is not a correction
AGREE = 2  # heartbeats in a row
ONLY = 1  # the number of the one row


@dataclass(frozen=True, slots=True)
class Reading:
    """All clocks at one moment, in seconds."""

    wall: float  # since 1970, by the authority
    here: float  # since 1970, by this machine, whose time the jobs are told
    mono: float  # the machine's steady clock
    host: str  # where and since which start that one runs: between two of them it says nothing


class ClockGuard(Base):
    """The last heartbeat; one row."""

    __tablename__ = "clock_guard"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    wall: Mapped[float]
    mono: Mapped[float]
    host: Mapped[str]
    agreed: Mapped[int]  # heartbeats in a row that agreed
    jump: Mapped[float] = mapped_column(default=0.0)  # the last jump, in seconds; for operators
    jumped_at: Mapped[float | None]  # when, by the time before it


@cache
def _host() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # elsewhere each process has a steady clock of its own
        return f"{socket.gethostname()}:{ME}"


def read() -> Reading:
    """What the clocks say now."""
    here = time.time()
    return Reading(here if is_sqlite() else database_time(), here, time.monotonic(), _host())


def beat(reading: Reading) -> bool:
    """Write a heartbeat down; whether the time can be believed now."""
    last = db.session.get(ClockGuard, ONLY, with_for_update=True, populate_existing=True)
    if last is None:
        last = ClockGuard(id=ONLY, agreed=AGREE, jump=0.0, jumped_at=None)
        db.session.add(last)
    elif abs(apart := _apart(last, reading)) > MOST:
        last.agreed, last.jump, last.jumped_at = 0, apart, last.wall
    elif last.agreed < AGREE:
        last.agreed += 1
    last.wall, last.mono, last.host = reading.wall, reading.mono, reading.host
    return last.agreed >= AGREE and _same_time(reading)


def why_frozen(reading: Reading) -> str | None:
    """Why nothing may happen now that has no way back, for the log and for operators; None where all is well."""
    last = db.session.get(ClockGuard, ONLY, populate_existing=True)
    if not _same_time(reading):
        return f"this machine and the database are {abs(reading.here - reading.wall):.0f} seconds apart"
    if last is None:
        return None
    if abs(apart := _apart(last, reading)) > MOST:
        return f"the time has jumped by {apart:+.0f} seconds"
    if last.agreed < AGREE:
        return f"the time has jumped by {last.jump:+.0f} seconds; {AGREE - last.agreed} more heartbeats must agree"
    return None


def _apart(last: ClockGuard, reading: Reading) -> float:
    """By how much the time has moved more than it should have since the last heartbeat."""
    passed = reading.mono - last.mono if reading.host == last.host and reading.mono >= last.mono else 0.0
    return reading.wall - last.wall - passed


def _same_time(reading: Reading) -> bool:
    return abs(reading.here - reading.wall) <= MOST
