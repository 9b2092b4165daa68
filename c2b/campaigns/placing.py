"""How a web process places pledges: together with all that come at the same moment, over connections of their own.

C2B_COMBINE=0 gives each a transaction of its own, which is what combining is measured against.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from flask import Flask, current_app
from flask_babel import get_locale

from c2b.campaigns.combining import Combiner, More
from c2b.campaigns.held import hold
from c2b.campaigns.pledging import Answer, place_held, place_many
from c2b.campaigns.requests import PledgeRequest, Refusal, obey
from c2b.core.db import PLEDGES, db, end_transaction, is_sqlite, transaction, use_connections_of

EXTENSION = "c2b.combiner"
Wanted = tuple[int, PledgeRequest, datetime]


def place(campaign_id: int, request: PledgeRequest, *, now: datetime) -> Answer:
    """Take one pledge and commit it; what the caller's own transaction has open is dropped."""
    end_transaction()
    if not current_app.config["C2B"].combine:
        with transaction():
            return place_many([(campaign_id, request)], now=now)[0]
    return _combiner().ask((campaign_id, request, now))


def must_place(campaign_id: int, request: PledgeRequest, *, now: datetime) -> int:
    """Take one pledge, commit it and return its number, or raise Refused with the sentence for the person."""
    answer = place(campaign_id, request, now=now)
    if answer.pledge_id is None:
        obey(Refusal(str(answer.code), str(answer.reason)))
    return int(answer.pledge_id or 0)


def language() -> str:
    """In which a refusal is said: whoever writes it may be here for somebody else."""
    return str(get_locale() or "en")


def _combiner() -> Combiner[Wanted, Answer]:
    """This process's own: a fork begins anew, as it has no thread of its parent's."""
    app, me = current_app._get_current_object(), os.getpid()  # type: ignore[attr-defined]  # a proxy has it
    found = app.extensions.get(EXTENSION)
    if found is None or found[0] != me:
        new = (me, Combiner[Wanted, Answer](lambda wanted, more: _write(app, wanted, more)))
        found = app.extensions[EXTENSION] = new if found is None or found[0] != me else found
    combiner: Combiner[Wanted, Answer] = found[1]
    return combiner


def _write(app: Flask, wanted: Sequence[Wanted], more: More[Wanted]) -> list[Answer]:
    """All of these in one transaction, in a session of its own, as of the latest moment among them.

    Whoever comes while it is somebody else's turn, or while the campaigns are being locked, is taken along.
    """
    with app.app_context(), _in_turn():
        use_connections_of(PLEDGES)
        with transaction():
            wanted = [*wanted, *more(lambda _one: True)]
            held = hold(db.session.connection(), {campaign_id for campaign_id, _request, _now in wanted})
            together = [*wanted, *more(lambda one: one[0] in held)]
            return place_held(
                held,
                [(campaign_id, request) for campaign_id, request, _now in together],
                now=max(now for _campaign_id, _request, now in together),
            )


@contextmanager
def _in_turn() -> Iterator[None]:
    """Processes queue for SQLite's one writer at a file, which lets the next one go on at once."""
    database = db.engine.url.database
    if not is_sqlite() or not database:
        yield
        return
    with Path(f"{database}-pledges").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield  # closing it lets go


__all__ = ["language", "must_place", "place"]
