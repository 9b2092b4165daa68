"""One desk in a race: `python -m tests.aftersale.one_desk DATABASE_URL NOW [MEETING_FOLDER]`.

With a folder to meet in, the guards are off, and everybody waits there between the look and the writing.
Each line of its input is one act in a transaction of its own; the line it answers with says what became of it.
"""

import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update

from c2b import create_app
from c2b.core.db import db, get_or_404, is_sqlite, transaction
from c2b.core.errors import Refused
from c2b.core.events import record
from c2b.orders import disputes, refunding, returns
from c2b.payments import refunds
from c2b.payments.models import Attempt, Refund
from tests.conftest import config_for

DESKS = 2
PATIENCE = 60.0


def let_others_look() -> None:
    """Nobody is kept out between the look and the writing; it goes on when all have looked."""
    connection = db.session.connection()
    if is_sqlite():
        connection.exec_driver_sql("COMMIT")
    folder = Path(sys.argv[3])
    (folder / str(os.getpid())).touch()
    end = time.monotonic() + PATIENCE
    while len(list(folder.iterdir())) < DESKS and time.monotonic() < end:
        time.sleep(0.02)
    if is_sqlite():
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def take_the_guards_off() -> None:
    """The twin: looks once and writes later, as if nobody else were there, and forgets what it did before."""
    seen: list[int] = []
    promise = refunding.refund_order

    def look_once(order: Any) -> int:
        if not seen:
            seen.append(
                db.session.scalar(select(Attempt.refunded).where(Attempt.id == order.attempt_id)) or 0
            )
            let_others_look()
        return seen[0]

    def take_blindly(capture_id: int, amount: int) -> bool:
        db.session.execute(update(Attempt).where(Attempt.id == capture_id).values(refunded=seen[0] + amount))
        return True

    def move_blindly(thing: Any, new: str, *, by: int | None, now: datetime, **data: Any) -> None:
        db.session.flush()
        db.session.execute(
            update(type(thing))
            .where(type(thing).id == thing.id)
            .values(state=new, state_since=now)
            .execution_options(synchronize_session=False)
        )
        record(thing, f"{thing.__tablename__}.{new}", by=by, at=now, **data)

    def promise_anew(*args: Any, key: str, **more: Any) -> Refund:
        return promise(*args, key=f"{key}-{uuid4()}", **more)

    refunding.gone_back = look_once  # type: ignore[assignment]
    refunds._take = take_blindly
    for module in (refunding, disputes, returns, refunds):
        module.lock = get_or_404  # type: ignore[attr-defined]
    disputes.move = move_blindly  # type: ignore[attr-defined]
    disputes.refund_order = promise_anew  # type: ignore[attr-defined]


def act(what: dict[str, Any], now: datetime) -> str:
    """What became of it: done, how it was refused, or how it crashed."""
    try:
        with transaction():
            if "return" in what:
                returns.refund_return(what["return"], merchant_id=what["merchant"], by=what["by"], now=now)
            else:
                disputes.rule_dispute(
                    what["dispute"], what["amount"], "The pictures are clear.", by=what["by"], now=now
                )
    except Refused as no:
        return f"refused: {no}"
    except Exception as error:
        return f"crashed: {type(error).__name__}: {error}"
    return "done"


def main() -> None:
    app = create_app(config_for(sys.argv[1], Path()))
    now = datetime.fromisoformat(sys.argv[2])
    with app.app_context():
        db.session.execute(db.text("SELECT 1"))
        db.session.rollback()
        if len(sys.argv) > 3:
            take_the_guards_off()
        print("ready", flush=True)
        for line in sys.stdin:
            print(json.dumps(act(json.loads(line), now)), flush=True)


if __name__ == "__main__":
    main()
