"""Long work that a person asked for: done by the clock in committed parts, seen on a page, stopped where it is safe.

How to use it. A handler is a generator; everything up to a `yield` is one transaction, committed with the progress:

    @works("export_orders", _l("Export of orders"))
    def export_orders(work: Work, now: datetime) -> Iterator[None]:
        work.expect(len(ids))                    # "120 of 500"
        for id_ in ids[work.done :]:             # goes on where a process that died had committed …
            try:
                …
            except Refused as no:
                work.problem(row, str(no))       # counted as failed; a downloadable row of its own
            work.advance()
            yield                                # commit; here it stops if it was cancelled or another took it over
        work.keep_result(content, "orders.csv")  # a private download at /work/<id>/file for seven days

A handler that builds one file in memory calls `work.begin_again()` first: it starts anew and so may run twice.
After a `yield` no transaction is open (a provider may be called there); records
are read anew, only `work` lives on. Pass `can_stop=False` where half of it must
not stay. In a view: `work = ask_for_work("export_orders", current_user.id, now=utcnow(), back="/sell/orders",
slug=slug)` in a transaction, then redirect to `url_for("work.show", work_id=work.id)`; `work.args["slug"]` has the
argument (JSON values only). A large input is kept by `keep_input(content, "csv")`, and its name is the argument. The
handler runs in the asker's language; its module is imported by its package's `register`. `jobs/do_work.py` does it.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from flask_babel import get_locale
from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core import storage
from c2b.core.db import Model, db, get_or_404, lock
from c2b.core.errors import NotFound, Refused
from c2b.core.labels import LabelEnum, one_of
from c2b.core.machine import Machine
from c2b.core.outbox import notify
from c2b.core.states import HasState, move
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l

FILES_KEPT = timedelta(days=7)
TRIED_KEPT = timedelta(days=1)
KEPT = timedelta(days=90)
MOST_PROBLEMS = 5_000  # rows that are written down; the rest is only counted


class WorkState(LabelEnum):
    """How far it is."""

    QUEUED = "queued", _l("Waiting")
    RUNNING = "running", _l("Running")
    DONE = "done", _l("Done")
    FAILED = "failed", _l("Failed")
    CANCELLED = "cancelled", _l("Stopped")


S = WorkState
LIFE = Machine(
    S.QUEUED,
    {S.QUEUED: {S.RUNNING, S.CANCELLED, S.FAILED}, S.RUNNING: {S.DONE, S.FAILED, S.CANCELLED}},
)
ENDED = tuple(S(state) for state in LIFE.ends)


class Work(HasState, Model):
    """One piece of long work: who asked for what, how far it is, what came of it."""

    __tablename__ = "work"
    machine = LIFE

    kind: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    args: Mapped[dict[str, Any]]
    locale: Mapped[str] = mapped_column(default="en")
    back: Mapped[str] = mapped_column(default="")  # the page that asked for it
    total: Mapped[int | None]  # None: not known yet
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    problems: Mapped[list[Any]] = mapped_column(default=list)  # [row, words, *cells]
    message: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)  # that crashed
    result_ref: Mapped[str | None]
    result_name: Mapped[str | None]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_asked_at: Mapped[datetime | None]
    state: Mapped[WorkState] = mapped_column(one_of(WorkState), index=True)

    def expect(self, total: int) -> None:
        """So many parts it will have."""
        self.total = total

    def advance(self, parts: int = 1) -> None:
        """So many more parts are done, well or not."""
        self.done += parts

    def problem(self, row: int | str, words: str, *cells: str) -> None:
        """Write down that one row failed, with its own cells where it is to be mended and sent again."""
        self.failed += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems = [*self.problems, [row, words, *cells]]

    def begin_again(self) -> None:
        """Forget the progress: this handler starts anew."""
        self.done, self.failed, self.problems = 0, 0, []

    def keep_result(self, content: bytes, name: str) -> None:
        """Keep the file that came of it; `name` is what it is called when it is downloaded."""
        self.result_ref, self.result_name = keep_input(content, PurePath(name).suffix.lstrip(".")), name

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def title(self) -> str:
        """What it does, in the reader's language."""
        known = HANDLERS.get(self.kind)
        return _(known.words) if known else self.kind

    @property
    def may_stop(self) -> bool:
        """Whether a person can stop it now."""
        known = HANDLERS.get(self.kind)
        stops = self.state == S.QUEUED or (known is not None and known.can_stop)
        return not self.is_over and self.cancel_asked_at is None and stops


class TriedFile(Model):
    """A file that somebody has looked through and not imported yet."""

    __tablename__ = "tried_file"

    name: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(index=True)


Handler = Callable[[Work, datetime], Iterator[None]]


@dataclass(frozen=True)
class Known:
    """One kind of work."""

    handler: Handler
    words: str
    can_stop: bool


HANDLERS: dict[str, Known] = {}


def works(kind: str, words: str, *, can_stop: bool = True) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of work, with its name for people."""

    def register(handler: Handler) -> Handler:
        if kind in HANDLERS:
            raise ValueError(f"there is work of the kind {kind!r} already")
        HANDLERS[kind] = Known(handler, words, can_stop)
        return handler

    return register


def keep_input(content: bytes, ending: str) -> str:
    """Keep a file that only the work itself, or its owner, gets to see; returns its name."""
    name = _new_name(ending)
    storage.put(name, content)
    return name


def _new_name(ending: str) -> str:
    return f"work/{secrets.token_hex(16)}.{ending or 'bin'}"


def name_tried(ending: str, *, now: datetime) -> str:
    """A name for a file that is only looked through yet: gone after a day, unless `use_tried` makes it an input."""
    tried = TriedFile(name=_new_name(ending), at=now)
    db.session.add(tried)
    return tried.name


def use_tried(name: str) -> None:
    """The file is an input now, and is kept as long as its work."""
    db.session.execute(delete(TriedFile).where(TriedFile.name == name))


def ask_for_work(kind: str, user_id: int, *, now: datetime, back: str = "", **args: Any) -> Work:
    """Put work into the queue; the clock begins it within seconds."""
    if kind not in HANDLERS:
        raise ValueError(f"nobody does {kind!r}")
    locale = str(get_locale() or "en")
    work = Work(
        kind=kind,
        user_id=user_id,
        args=args,
        locale=locale,
        back=back,
        asked_at=now,
        state_since=now,
        problems=[],
    )
    db.session.add(work)
    db.session.flush()
    return work


def begin(work_id: int, *, now: datetime) -> tuple[Work, Iterator[None]]:
    """Start it, or go on with it where a process was lost; commit before the first part."""
    work = lock(Work, work_id)
    known = HANDLERS.get(work.kind)
    if known is None:
        raise Refused(_("This version of the program does not know this work."))
    if work.state == S.QUEUED:
        move(work, S.RUNNING, by=None, now=now)
        work.started_at = now
    return work, iter(known.handler(work, now))


def finish(work: Work, new: WorkState, *, now: datetime, message: str = "") -> None:
    """End it and tell who asked, unless they stopped it themselves."""
    move(work, new, by=work.user_id if new == S.CANCELLED else None, now=now)
    work.finished_at, work.message = now, message
    if new != S.CANCELLED:
        notify(
            "work_finished",
            work.user_id,
            key=str(work.id),
            now=now,
            title=HANDLERS[work.kind].words if work.kind in HANDLERS else work.kind,
            path=f"/work/{work.id}",
            ended=str(new),
            done=work.done - work.failed,
            failed=work.failed,
        )


def cancel_work(work_id: int, *, by: int, now: datetime) -> Work:
    """Stop it: at once where it waits, else at its next safe place."""
    work = lock(Work, work_id)
    if not work.may_stop:
        raise Refused(_("This cannot be stopped any more."))
    work.cancel_asked_at = now
    if work.state == S.QUEUED:
        finish(work, S.CANCELLED, now=now)
    return work


def own_work(work_id: int, user_id: int, *, any_ones: bool = False) -> Work:
    """The person's own work (an operator's look is at anybody's); NotFound for the rest."""
    work = get_or_404(Work, work_id)
    if work.user_id != user_id and not any_ones:
        raise NotFound
    return work


def works_of(user_id: int | None, *, limit: int = 50) -> Sequence[Work]:
    """A person's work, newest first; everybody's for None."""
    query = select(Work).order_by(Work.id.desc()).limit(limit)
    return db.session.scalars(query if user_id is None else query.where(Work.user_id == user_id)).all()


def work_to_do() -> list[int]:
    """What waits or runs, oldest first."""
    return list(
        db.session.scalars(select(Work.id).where(Work.state.in_((S.QUEUED, S.RUNNING))).order_by(Work.id))
    )


def files_to_prune(now: datetime) -> list[str]:
    """Forget, and name, the files of work that ended long ago or never began; remove them after the commit."""
    old = db.session.scalars(
        select(Work).where(Work.result_ref.is_not(None), Work.finished_at < now - FILES_KEPT).limit(500)
    ).all()
    names = [work.result_ref for work in old if work.result_ref]
    for work in old:
        work.result_ref = None
    inputs = db.session.scalars(select(Work).where(Work.finished_at < now - KEPT).limit(500)).all()
    names += [value for work in inputs for value in work.args.values() if str(value).startswith("work/")]
    db.session.execute(delete(Work).where(Work.id.in_([work.id for work in inputs])))
    tried = delete(TriedFile).where(TriedFile.at < now - TRIED_KEPT).returning(TriedFile.name)
    return [*names, *db.session.scalars(tried)]
