"""One till in a race: `python -m tests.races.one_till DATABASE_URL NOW [unguarded]`.

Each line of its input is one code; the line it answers with says what became of it.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from c2b import create_app
from c2b.core.db import db, is_sqlite, transaction
from c2b.core.errors import Refused
from c2b.orders import vouchers
from c2b.orders.models import Voucher
from tests.conftest import config_for

PAUSE = 0.4  # long enough for every other till to look too


def look_without_holding(model: type[Any], id_: int) -> Any:
    """What `lock` gives, but nobody is kept out between the look and the writing."""
    found = db.session.get(model, id_, populate_existing=True)
    connection = db.session.connection()
    if is_sqlite():
        connection.exec_driver_sql("COMMIT")
    return found


def look_then_write(cls: Any, ids: list[int], old: str, new: str, **values: Any) -> list[int]:
    """What the one conditional update does, in two: is it still good? Then it is taken."""
    good = list(db.session.scalars(select(cls.id).where(cls.id.in_(ids), cls.state == old)))
    time.sleep(PAUSE)
    if is_sqlite():
        db.session.connection().exec_driver_sql("BEGIN IMMEDIATE")
    taken = {name: value for name, value in values.items() if name.startswith("redeemed")}
    db.session.execute(
        update(cls)
        .where(cls.id.in_(good))
        .values(state=new, state_since=values["now"], **taken)
        .execution_options(synchronize_session=False)
    )
    return good


def take(what: dict[str, Any], now: datetime) -> str:
    """What became of the code: taken, how it was refused, or how it crashed."""
    try:
        with transaction():
            vouchers.redeem(what["code"], merchant_id=what["merchant"], by=what["by"], now=now)
    except Refused as no:
        return f"refused: {no}"
    except Exception as error:
        return f"crashed: {type(error).__name__}: {error}"
    return "taken"


def main() -> None:
    if "unguarded" in sys.argv:
        vouchers.lock = look_without_holding  # type: ignore[assignment]
        vouchers.move_many = look_then_write  # type: ignore[assignment]
        vouchers._close = lambda order, by, now: None  # what follows is not what is raced for
    app = create_app(config_for(sys.argv[1], Path()))
    now = datetime.fromisoformat(sys.argv[2])
    with app.app_context():
        db.session.execute(select(Voucher.id).limit(1))
        db.session.rollback()
        print("ready", flush=True)
        for line in sys.stdin:
            print(json.dumps(take(json.loads(line), now)), flush=True)


if __name__ == "__main__":
    main()
