"""One process that charges a launch: `python -m tests.orders.one_charger URL BOOK NOW LAUNCH ACT [unguarded]`.

It says "ready", waits for a line, acts, and says what it did.
"""

import os
import random
import signal
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.sql import Select

from c2b import create_app
from c2b.core.db import db, is_sqlite, transaction
from c2b.orders import charging, standing
from c2b.payments import asking, attempts
from c2b.pipeline.models import Launch
from tests.conftest import config_for

asked = 0
PAUSE = 0.1  # long enough for every other process to look too


def count_what_is_asked() -> None:
    real = attempts.hand_in

    def counted(to: Any, requests: Any) -> None:
        global asked
        asked += len(requests)
        real(to, requests)

    attempts.hand_in = counted


def take_off_the_guards() -> None:
    """No row is locked, no key is unique, and every process looks before any of them writes."""
    Select.with_for_update = lambda self, **_more: self  # type: ignore[method-assign, misc, assignment]
    row, look = attempts._row, charging.standing

    def any_row(*args: Any) -> dict[str, Any]:
        number = random.randrange(10**9)
        return row(*args) | {"generation": number, "key": f"random-{number}"}

    def look_and_wait(*args: Any, **more: Any) -> Any:
        found = look(*args, **more)
        connection = db.session.connection()
        if is_sqlite():
            connection.exec_driver_sql("COMMIT")
        time.sleep(PAUSE)
        if is_sqlite():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        return found

    attempts._row, charging.standing = any_row, look_and_wait


def drain(launch_id: int, now: datetime) -> int:
    """Charge until the sale of the rest begins; how many requests this process has made."""
    for _ in range(200):
        with transaction():
            state = db.session.scalar(select(Launch.state).where(Launch.id == launch_id))
        if state == "selling":
            break
        charging.charge_launch(launch_id, now=now)
        time.sleep(0.05)
    return asked


def sleep_before_sending(launch_id: int, now: datetime) -> int:
    """Write requests down, be stopped, and wake up when the world has gone on; how many answers were booked."""
    real, booked = attempts.hand_in, 0
    book = attempts.book

    def stopped(*args: Any) -> Any:
        os.kill(os.getpid(), signal.SIGSTOP)
        return real(*args)

    def counted(answered: Any, at: datetime) -> Any:
        nonlocal booked
        news = book(answered, at)
        booked += len(news)
        return news

    attempts.hand_in, attempts.book = stopped, counted
    charging.charge_launch(launch_id, now=now)
    return booked


ACTS = {"drain": drain, "sleep": sleep_before_sending}


def main() -> None:
    url, book, now, launch_id, act = sys.argv[1:6]
    standing.CHUNK = 20
    asking.LEASE = 1.0 if act == "sleep" else asking.LEASE
    if "unguarded" in sys.argv:
        asking.LEASE = 10**6
        if act == "drain":
            take_off_the_guards()
    count_what_is_asked()
    app = create_app(replace(config_for(url, Path()), sandbox_book=book))
    with app.app_context():
        db.session.execute(db.text("SELECT 1"))
        db.session.rollback()
        print("ready", flush=True)
        sys.stdin.readline()
        try:
            print(ACTS[act](int(launch_id), datetime.fromisoformat(now)), flush=True)
        except Exception as error:
            print(f"crashed: {type(error).__name__}: {error}"[:300].replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
