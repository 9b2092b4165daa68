"""A storm over one launch: lost answers, declines, confirmations, webhooks in triplicate, kills, a database restart.

`python -m tests.storm.storm --pledges 100000` prints what it does, then the figures as one line of JSON; it ends with 1
where a promise is broken. Time is the storm's own: it is set forward from one thing that is due to the next.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from subprocess import PIPE, Popen
from threading import Thread
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from c2b import create_app
from c2b.accounts.models import User
from c2b.campaigns.models import Pledge
from c2b.config import ROOT
from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.core.errors import Refused
from c2b.orders.mending import mend
from c2b.orders.models import Order
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.models import Attempt, InboxEvent, Mandate
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch
from tests import postgres
from tests.conftest import build_schema, config_for
from tests.storm import provider, world

START = datetime(2025, 5, 20, 6, 0, tzinfo=UTC)
BEAT = 0.5  # seconds between two looks
QUIET = 10  # looks without news
COPIES = 3  # of each webhook


@dataclass
class Storm:
    """One run: its size, its processes, what it has seen."""

    app: Flask
    url: str
    folder: Path
    pledges: int
    workers: int
    kills: int
    seed: int
    server: postgres.Server | None = None  # crashed once, where there is one
    now: datetime = START
    launch_id: int = 0
    running: list[Popen[str]] = field(default_factory=list)
    listeners: list[Thread] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.book = str(self.folder / "book.sqlite3")
        self.clock = self.folder / "clock"

    # processes and time ---------------------------------------------------------------------------

    def set_clock(self, now: datetime) -> None:
        """Tell all workers what time it is; never backwards."""
        self.now = now
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(now.isoformat())
        fresh.replace(self.clock)

    def start_worker(self) -> None:
        command = [sys.executable, "-m", "tests.storm.worker", self.url, self.book, str(self.clock)]
        worker = Popen(command, cwd=ROOT, text=True, stdout=PIPE)
        self.running.append(worker)
        listener = Thread(target=self._listen, args=(worker,), daemon=True)
        listener.start()
        self.listeners.append(listener)

    def _listen(self, worker: Popen[str]) -> None:
        assert worker.stdout is not None
        with worker.stdout as lines:
            self.memory.extend(int(line) for line in lines)

    def kill_one(self) -> None:
        """Kill a worker in the middle of whatever it does; another one takes its place."""
        victim = self.running.pop(self.dice.randrange(len(self.running)))
        victim.kill()
        victim.wait()
        self.done["kills"] += 1
        self.start_worker()

    def restart_database(self) -> None:
        """Take the database away as a power cut would."""
        if self.server is not None:
            self.server.crash()
            time.sleep(1)
            self.server.start()
            db.engine.dispose()
            self.done["restarts"] += 1

    def let_them_look(self) -> None:
        """Wait until the workers have looked at everything twice: time must not run away from them, or holds end."""
        looks = len(self.memory)
        while len(self.memory) < looks + 2 * self.workers and all(one.poll() is None for one in self.running):
            time.sleep(BEAT)

    def end(self) -> None:
        for worker in self.running:
            worker.kill()
            worker.wait()
        for listener in self.listeners:
            listener.join(10)

    # what is seen ---------------------------------------------------------------------------------

    def look(self) -> tuple[str, int, int, int]:
        """The launch's state; attempts without an answer; pledges with an answer; webhooks to work off."""
        found = (
            str(db.session.scalar(select(Launch.state).where(Launch.id == self.launch_id))),
            self._count(Attempt.state.in_((AttemptState.STARTED, AttemptState.UNKNOWN))),
            self._count(Attempt.decided_at.is_not(None)),
            db.session.scalar(
                select(func.count())
                .select_from(InboxEvent)
                .where(InboxEvent.done_at.is_(None), InboxEvent.dead_at.is_(None))
            )
            or 0,
        )
        db.session.rollback()
        return found

    def _count(self, which: Any) -> int:
        return db.session.scalar(select(func.count()).select_from(Attempt).where(which)) or 0

    def until(self, *states: str, seconds: float = 4 * 3600, each: Any = None) -> None:
        """Let the workers work until the launch is in one of these states and nothing is open; time goes on."""
        ends = time.monotonic() + seconds
        told, last, still = 0.0, -1, 0
        while True:
            state, open_, decided, waiting = self.look()
            if each is not None:
                each(decided)  # also where all was done between two looks: no trouble is left out
            if state in states and not open_ and not waiting:
                return
            if any(worker.poll() is not None for worker in self.running):
                raise RuntimeError("a worker ended by itself")
            if time.monotonic() > ends:
                raise TimeoutError(
                    f"{state}: {open_} open, {decided} decided, {waiting} webhooks to work off"
                )
            if time.monotonic() > told + 10:
                told = time.monotonic()
                print(f"  {state}: {decided} decided, {open_} open, {waiting} webhooks", flush=True)
            still = still + 1 if decided == last and not open_ and not waiting else 0
            last = decided
            time.sleep(BEAT)
            # Where nothing happens any more, somebody's time must pass first.
            self.set_clock(self.now + (timedelta(hours=1) if still > QUIET else timedelta(seconds=30)))


def run(storm: Storm) -> dict[str, Any]:
    """The whole story; returns its figures."""
    began = time.monotonic()
    storm.launch_id = world.build(storm.pledges, START, storm.seed)
    storm.set_clock(START)
    built = time.monotonic()
    print(f"{storm.pledges} pledges in {built - began:.0f} s; {storm.workers} workers", flush=True)
    for _ in range(storm.workers):
        storm.start_worker()
    troubles = _troubles(storm)
    storm.until("mending", "capturing", "selling", each=troubles)
    _tell(storm)
    _shoppers(storm)
    while storm.look()[0] == "mending":
        storm.set_clock(storm.now + timedelta(hours=6))
        storm.let_them_look()
    storm.until("selling", each=troubles)
    _tell(storm)
    storm.until("selling")
    took = time.monotonic() - built
    storm.end()
    return _figures(storm, took)


def _troubles(storm: Storm) -> Any:
    """Kills spread over the charging, and the database's restart in its middle."""
    at = [storm.pledges * (n + 1) // (storm.kills + 1) * 2 for n in range(storm.kills)]
    restart = [storm.pledges] if storm.server else []

    def each(decided: int) -> None:
        while at and decided >= at[0]:
            at.pop(0)
            storm.kill_one()
        while restart and decided >= restart[0]:
            restart.pop()
            storm.restart_database()

    return each


def _tell(storm: Storm) -> None:
    """The provider lets go of holds that are over, and tells all that happened, three times, in random order."""
    provider.sandbox(storm.app).pass_time(storm.now)
    storm.done["webhooks"] += provider.deliver(storm, copies=COPIES, senders=storm.workers)


def _shoppers(storm: Storm) -> None:
    """Half of those whose card failed take another one; half of those who are asked confirm, a quarter say no."""
    box = provider.sandbox(storm.app)
    waiting = (
        select(Attempt.reference).where(Attempt.state == AttemptState.REQUIRES_ACTION).order_by(Attempt.id)
    )
    references = list(db.session.scalars(waiting))
    db.session.rollback()
    for reference in references:
        chance = storm.dice.random()
        if reference and chance < 0.75:
            box.confirm(reference, yes=chance < 0.5)
            storm.done["confirmed" if chance < 0.5 else "refused"] += 1
    failed = select(Attempt.pledge_id, Pledge.shopper_id).join(Pledge, Pledge.id == Attempt.pledge_id)
    failed = failed.where(Attempt.state == AttemptState.FAILED, Attempt.purpose == Purpose.AUTHORISE)
    rows = db.session.execute(failed.order_by(Attempt.pledge_id)).all()
    db.session.rollback()
    for pledge_id, shopper_id in rows:
        if storm.dice.random() < 0.5:
            _mend(storm, pledge_id, shopper_id)


def _mend(storm: Storm, pledge_id: int, shopper_id: int) -> None:
    card = Mandate(
        user_id=db.session.get_one(User, shopper_id).id,
        gateway="sandbox",
        token=f"tok_ok_feed{shopper_id:x}",
        label="Visa",
        fingerprint=f"mended-{shopper_id}",
        created_at=storm.now,
    )
    db.session.add(card)
    db.session.commit()
    card_id = card.id
    db.session.rollback()
    try:
        mend(pledge_id, card_id, now=storm.now)
        storm.done["mended"] += 1
    except Refused:  # a retry was faster
        db.session.rollback()


def _figures(storm: Storm, took: float) -> dict[str, Any]:
    box: Sandbox = provider.sandbox(storm.app)
    holds = box.holds()
    charged = Counter(hold["pledge"] for hold in holds if hold["captured"])
    held = [hold for hold in holds if hold["state"] in ("held", "waiting")]
    orders = db.session.execute(select(func.count(), func.sum(Order.total)).select_from(Order)).one()
    taken = sum(hold["captured"] for hold in holds)
    broken = broken_promises()
    broken += [f"the provider charged pledge {pledge} {n} times" for pledge, n in charged.items() if n > 1]
    broken += [f"{hold['reference']} is still held" for hold in held]
    if (len(charged), taken) != (orders[0], int(orders[1] or 0)):
        broken.append(f"charged {len(charged)} for {taken}, ordered {orders[0]} for {orders[1]}")
    broken += provider.differences(storm.app)
    return {
        "database": db.engine.dialect.name, "pledges": storm.pledges, "workers": storm.workers,
        "seconds": round(took, 1), "orders": orders[0], "charged": taken, "requests": len(box.keys()),
        "dropped": db.session.scalar(select(func.count()).where(Pledge.state == "dropped")),
        **storm.done, "memory_mb": max(storm.memory, default=0), "broken": len(broken), "first": broken[:5],
    }  # fmt: skip


def start(kind: str, folder: Path, *, pledges: int, workers: int, kills: int, seed: int) -> dict[str, Any]:
    """A storm on a database of its own."""
    server = postgres.Server() if kind == "postgresql" else None
    url = server.url if server else f"sqlite:///{folder / 'storm.sqlite3'}"
    app = create_app(replace(config_for(url, folder), sandbox_book=str(folder / "book.sqlite3")))
    with app.app_context():
        build_schema()
        storm = Storm(app, url, folder, pledges, workers, kills, seed, server)
        try:
            return run(storm)
        finally:
            storm.end()
            db.session.remove()
            db.engine.dispose()
            if server:
                server.stop()


def main() -> None:
    """The command line."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    ask.add_argument("--pledges", type=int, default=100_000)
    ask.add_argument("--workers", type=int, default=2)
    ask.add_argument("--kills", type=int, default=3)
    ask.add_argument("--seed", type=int, default=1)
    said = ask.parse_args()
    with tempfile.TemporaryDirectory(prefix="c2b-storm-") as folder:
        wish = {"pledges": said.pledges, "workers": said.workers, "kills": said.kills, "seed": said.seed}
        figures = start(said.database, Path(folder), **wish)
    print(json.dumps(figures))
    sys.exit(1 if figures["broken"] else 0)


if __name__ == "__main__":
    main()
