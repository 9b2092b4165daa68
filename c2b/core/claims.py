"""Leases on work: who may do a thing now, until when, and under which number (the fence).

A claim is a row. Whoever holds it works; when a process dies its claim runs out and another takes over with a
higher epoch. Claims are timed by the real clock, never by the demo clock, and by the database's on PostgreSQL.
"""

import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Float,
    Select,
    String,
    bindparam,
    delete,
    literal,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Base, db, is_sqlite
from c2b.core.rows import among, as_sent, sent_rows

ME = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def me() -> str:
    """This process's name in claims; a forked child has one of its own."""
    return ME if ME.split(":")[1] == str(os.getpid()) else f"{socket.gethostname()}:{os.getpid()}:fork"


class Claim(Base):
    """A lease on one piece of work, named by what and which."""

    __tablename__ = "claim"

    work: Mapped[str] = mapped_column(primary_key=True)  # "clock", "close_campaigns"
    item: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=0)
    holder: Mapped[str]
    until: Mapped[float]  # seconds since 1970, by the database's clock
    epoch: Mapped[int] = mapped_column(default=1)
    failures: Mapped[int] = mapped_column(default=0)  # in a row; the next try waits longer
    error: Mapped[str | None]


def database_time() -> float:
    """Seconds since 1970 by the database's clock, so that all processes agree."""
    sql = (
        "select (julianday('now') - 2440587.5) * 86400.0"
        if is_sqlite()
        else "select extract(epoch from clock_timestamp())"
    )
    return float(db.session.scalar(text(sql)) or 0)


def claim(work: str, items: Sequence[int], *, seconds: float, holder: str | None = None) -> dict[int, int]:
    """Take those of `items` that nobody holds; returns {item: epoch}. Commit at once, then work.

    Items that failed wait: 1, 2, 4 … minutes after each failure in a row.
    """
    if not items:
        return {}
    now = database_time()
    lease = {"of": work, "me": holder or me(), "now": now, "later": now + seconds}
    wanted = [{"item": item} for item in sorted(set(items))]
    taken = db.session.connection().execute(_take(is_sqlite()), lease | as_sent(wanted))
    return {row.item: row.epoch for row in taken}


@cache
def _take(on_sqlite: bool) -> Any:
    table: Any = Claim.__table__
    lease = select(
        bindparam("of", type_=String), sent_rows(on_sqlite, item=BigInteger).c.item,
        bindparam("me", type_=String), bindparam("later", type_=Float), literal(1), literal(0),
    ).where(true())  # fmt: skip
    insert: Any = (sqlite if on_sqlite else postgresql).insert(table)
    insert = insert.from_select(["work", "item", "holder", "until", "epoch", "failures"], lease)
    return insert.on_conflict_do_update(
        index_elements=["work", "item"],
        set_={
            "holder": insert.excluded.holder,
            "until": insert.excluded.until,
            "epoch": table.c.epoch + 1,
        },
        where=table.c.until < bindparam("now", type_=Float),
    ).returning(table.c.item, table.c.epoch)


def renew(work: str, item: int, *, seconds: float, holder: str | None = None) -> bool:
    """Take or keep a lease; True while it is ours. The epoch grows only when the holder changes."""
    holder = holder or me()
    kept = db.session.execute(
        update(Claim)
        .where(Claim.work == work, Claim.item == item, Claim.holder == holder)
        .values(until=database_time() + seconds)
        .returning(Claim.item)
        .execution_options(synchronize_session=False)
    ).first()
    return kept is not None or item in claim(work, [item], seconds=seconds, holder=holder)


def held_by_the_living(*works: str) -> Select[str]:
    """The names of the processes that hold a lease on one of these, as a part of a larger query."""
    return select(Claim.holder).where(Claim.work.in_(works), Claim.until > database_time())


def extend(work: str, claims: Mapping[int, int], *, seconds: float) -> dict[int, int]:
    """Hold {item: epoch} for longer; returns those that nobody else has taken over meanwhile."""
    if not claims:
        return {}
    kept = db.session.execute(
        update(Claim)
        .where(Claim.work == work, among(Claim.item, claims), Claim.holder == me())
        .values(until=database_time() + seconds)
        .returning(Claim.item, Claim.epoch)
        .execution_options(synchronize_session=False)
    )
    return {item: epoch for item, epoch in kept if claims[item] == epoch}


def finish(work: str, item: int, epoch: int) -> bool:
    """Give a claim back inside the transaction of its work; False where it is no longer ours (then roll back)."""
    ours = db.session.scalar(
        delete(Claim)
        .where(Claim.work == work, Claim.item == item, Claim.epoch == epoch, Claim.holder == me())
        .returning(Claim.item)
        .execution_options(synchronize_session=False)
    )
    return ours is not None


def finish_all(work: str, claims: Mapping[int, int]) -> bool:
    """The same for {item: epoch}; False where one of them is no longer ours (then roll back)."""
    given = db.session.execute(
        delete(Claim)
        .where(Claim.work == work, among(Claim.item, claims), Claim.holder == me())
        .returning(Claim.item, Claim.epoch)
        .execution_options(synchronize_session=False)
    )
    return {row.item: row.epoch for row in given} == dict(claims)


def is_held(work: str, item: int, epoch: int) -> bool:
    """Whether the claim is still the one that was given out with this epoch; ask inside the writing transaction."""
    held = db.session.scalar(
        select(Claim.epoch).where(Claim.work == work, Claim.item == item).with_for_update()
    )
    return held == epoch


def release(work: str, items: Sequence[int], *, holder: str | None = None) -> None:
    """Give claims back when their work is done."""
    db.session.execute(
        delete(Claim).where(Claim.work == work, among(Claim.item, items), Claim.holder == (holder or me()))
    )


def fail(work: str, item: int, error: str, *, epoch: int | None = None) -> None:
    """Remember that an item failed, and let it rest before the next try (one minute, doubled up to a day)."""
    ours = (Claim.work == work) & (Claim.item == item)
    if epoch is not None:
        ours &= Claim.epoch == epoch
    failures = db.session.scalar(select(Claim.failures).where(ours)) or 0
    rest = min(60 * 2 ** min(failures, 11), 86_400)
    db.session.execute(
        update(Claim)
        .where(ours)
        .values(failures=failures + 1, error=error[:500], until=database_time() + rest)
        .execution_options(synchronize_session=False)
    )


def forget_dead(*, older_than: float) -> int:
    """Remove claims that a dead process left behind, `older_than` seconds after they ran out."""
    gone = db.session.scalars(
        delete(Claim)
        .where(Claim.until < database_time() - older_than, Claim.failures == 0)
        .returning(Claim.item)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def wake(work: str, item: int) -> bool:
    """End the rest of an item that failed, so that it is tried at the next run; False where none rests."""
    woken = db.session.scalar(
        update(Claim)
        .where(Claim.work == work, Claim.item == item, Claim.failures > 0)
        .values(until=0.0)
        .returning(Claim.item)
        .execution_options(synchronize_session=False)
    )
    return woken is not None
