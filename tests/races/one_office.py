"""One reviewer or operator in a race: `python -m tests.races.one_office DATABASE_URL NOW [MEETING_FOLDER]`.

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

from sqlalchemy import select, update

from c2b import create_app
from c2b.core.db import db, get_or_404, is_sqlite, transaction
from c2b.core.errors import NotFound, Refused
from c2b.pipeline import engine, scheduling
from c2b.pipeline.engine import give_verdict
from c2b.pipeline.judging import passes, visit_of
from c2b.pipeline.models import Offer, Place
from c2b.pipeline.scheduling import book_place
from c2b.pipeline.stage import Ruling
from c2b.pipeline.staging import send_staged
from tests.conftest import config_for

OFFICES = 2
PATIENCE = 60.0
meetings = 0


def let_others_look() -> None:
    """Nobody is kept out between the look and the writing; it goes on when all have looked."""
    global meetings
    connection = db.session.connection()
    if is_sqlite():
        connection.exec_driver_sql("COMMIT")
    meetings += 1
    folder = Path(sys.argv[3])
    (folder / f"{meetings}-{os.getpid()}").touch()
    end = time.monotonic() + PATIENCE
    while len(list(folder.glob(f"{meetings}-*"))) < OFFICES and time.monotonic() < end:
        time.sleep(0.02)
    if is_sqlite():
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def just_look(offer_id: int) -> Offer:
    """What `locked` gives, without holding it."""
    return get_or_404(Offer, offer_id)


def look_and_count(offer_id: int) -> Offer:
    """The same; and how many have passed it is counted now, not later."""
    offer = just_look(offer_id)
    visit = visit_of(offer)
    before = passes(visit, offer.content_hash) if visit else 0
    engine.passes = lambda visit, content_hash: before + 1  # type: ignore[assignment]  # and this verdict
    let_others_look()
    return offer


def claim_what_was_free(slot_id: int, campaign_id: int, *, by: int, now: datetime) -> Place | None:
    """What `claim_place` does, without asking again whether the place is free."""
    number = db.session.scalar(
        select(Place.number).where(Place.slot_id == slot_id, Place.campaign_id.is_(None)).limit(1)
    )
    let_others_look()
    return db.session.scalar(
        update(Place)
        .where(Place.slot_id == slot_id, Place.number == number)
        .values(campaign_id=campaign_id, booked_by=by, booked_at=now)
        .returning(Place)
    )


def take_the_guards_off(what: dict[str, Any]) -> None:
    """The twin: looks first and writes later, as if nobody else were there."""
    engine.locked = just_look if "slot" in what else look_and_count  # type: ignore[assignment]
    scheduling.lock = get_or_404  # type: ignore[assignment]
    scheduling.locked = just_look  # type: ignore[assignment]
    scheduling.claim_place = claim_what_was_free  # type: ignore[assignment]


def act(what: dict[str, Any], now: datetime) -> str:
    """What became of it: done, how it was refused, or how it crashed."""
    if len(sys.argv) > 3:
        take_the_guards_off(what)
    try:
        with transaction():
            if "staged" in what:
                send_staged(what["staged"], by=what["by"], now=now)
            elif "slot" in what:
                book_place(what["slot"], what["campaign"], by=what["by"], now=now)
            else:
                give_verdict(what["offer"], Ruling.PASS, "", by=what["by"], now=now)
    except NotFound:
        return "gone"
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
        print("ready", flush=True)
        for line in sys.stdin:
            print(json.dumps(act(json.loads(line), now)), flush=True)


if __name__ == "__main__":
    main()
