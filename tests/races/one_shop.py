"""One process of the shop in a race: `python -m tests.races.one_shop DATABASE_URL NOW [unguarded]`.

Each line of its input is a list of acts, done one after another, each in a transaction of its own; the line it
answers with says what became of each.
"""

import json
import sys
import time
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from c2b import create_app
from c2b.campaigns import pledging
from c2b.campaigns.held import hold
from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import PledgeRequest, place_pledges, withdraw_pledge
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db, is_sqlite, transaction
from c2b.core.errors import Refused
from tests.conftest import config_for

PAUSE = 0.4  # long enough for every other process to look too


def look_without_holding(connection: Connection, ids: Collection[int]) -> Any:
    """What `hold` gives, but nobody is kept out between the look and the writing."""
    found = hold(connection, ids)
    connection.exec_driver_sql("COMMIT")
    if not is_sqlite():
        connection.exec_driver_sql("BEGIN")
    time.sleep(PAUSE)
    if is_sqlite():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    return found


def act(what: dict[str, Any], now: datetime) -> str:
    """What became of it: placed, withdrawn, the code of a refusal, or how it crashed."""
    try:
        with transaction():
            if "withdraw" in what:
                withdraw_pledge(what["withdraw"], by=what["by"], now=now)
                return "withdrawn"
            terms = terms_hash(db.session.get_one(Campaign, what["campaign"]))
            request = PledgeRequest(
                shopper_id=what["shopper"],
                quantity=1,
                ceiling=what["ceiling"],
                mandate_id=what["mandate"],
                terms=terms,
            )
            [answer] = place_pledges(what["campaign"], [request], now=now)
            return answer.code or "placed"
    except Refused as no:
        return f"refused: {no}"
    except Exception as error:
        return f"crashed: {type(error).__name__}"


def main() -> None:
    app = create_app(config_for(sys.argv[1], Path()))
    now = datetime.fromisoformat(sys.argv[2])
    if "unguarded" in sys.argv:
        pledging.hold = look_without_holding  # the twin's guard is off
    with app.app_context():
        db.session.execute(db.text("SELECT 1"))
        db.session.rollback()
        print("ready", flush=True)
        for line in sys.stdin:
            print(json.dumps([act(what, now) for what in json.loads(line)]), flush=True)


if __name__ == "__main__":
    main()
