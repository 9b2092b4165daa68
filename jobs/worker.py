"""`c2b worker`: a process that carries out runs which the active clock leaves; any number of them, on any machine."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from zlib import crc32

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from c2b.core.claims import me, release, renew
from c2b.core.clock import read_demo_clock, utcnow
from c2b.core.db import db, is_sqlite, transaction
from c2b.core.runs import Waiting
from jobs import broker, roaming, stopping
from jobs.running import take_over, what_waits

log = structlog.get_logger()

TTL = 10.0  # seconds after which a silent worker counts as dead
LOOK = 0.5  # seconds between two looks at what waits
REST = 2.0  # seconds, where the database does not answer
THREADS = 4  # runs at once


def work(app: Flask) -> int:
    """Carry out what waits until `stopping` is set; the rows in hand are finished first. The exit code."""
    roaming.set()
    config = app.config["C2B"]
    take = partial(_take, app)
    with app.app_context():
        threads = 1 if is_sqlite() else THREADS
    with _known_to_live(app):
        log.info("this worker is ready", threads=threads, broker=bool(config.broker_url))
        if config.broker_url:
            return broker.listen(config, take, threads)
        _look(app, threads)
    return 0


def _take(app: Flask, run: Waiting) -> None:
    with app.app_context():
        try:
            if app.config["C2B"].demo:
                read_demo_clock()
                db.session.rollback()
            take_over(run, now=utcnow())
        except SQLAlchemyError:
            log.exception("a run was disturbed", job=run.name)  # what it was for is found again by the next


def _look(app: Flask, threads: int) -> None:
    """Look at what waits, twice a second, and take as much as there are threads for."""
    in_hand: dict[int, Future[None]] = {}
    with ThreadPoolExecutor(threads) as pool:
        while not stopping.wait(LOOK):
            in_hand = {id_: future for id_, future in in_hand.items() if not future.done()}
            with app.app_context():
                try:
                    waiting = [run for run in what_waits() if run.id not in in_hand]
                except SQLAlchemyError:
                    log.exception("what waits could not be read")
                    stopping.wait(REST)
                    continue
            for run in waiting[: threads - len(in_hand)]:
                in_hand[run.id] = pool.submit(_take, app, run)


@contextmanager
def _known_to_live(app: Flask) -> Iterator[None]:
    """Meanwhile the clock knows of this worker, and leaves it what is due."""
    ended = threading.Event()
    number = crc32(me().encode())

    def in_transaction(act: Any) -> None:
        with app.app_context():
            try:
                with transaction():
                    act()
            except SQLAlchemyError:
                log.exception("the worker's sign of life could not be written")

    def keep() -> None:
        while True:
            in_transaction(partial(renew, "worker", number, seconds=TTL))
            if ended.wait(TTL / 4):
                return

    keeper = threading.Thread(target=keep, name="worker-alive", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        in_transaction(partial(release, "worker", [number]))
