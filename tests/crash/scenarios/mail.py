"""Mail: accepted by the provider and not noted yet, or noted in part."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from unittest.mock import patch

from sqlalchemy import func, select

from c2b.core.db import db, transaction
from c2b.core.outbox import Notice, notify
from c2b.mailing.operations import send_due
from tests.crash.foreign import Post
from tests.crash.states import Ids
from tests.crash.world import World, scenario
from tests.factories import Make


def three_letters(make: Make) -> Ids:
    """Three people are to be told."""
    people = [make.user(f"Reader {n}") for n in range(3)]
    with transaction():
        for person in people:
            notify(
                "campaign_tipped",
                person.id,
                key=f"1:{person.id}",
                now=make.now,
                title="A pot",
                path="/c/a-pot",
                by_demand=False,
                still_open=False,
            )
    return {"letters": len(people)}


def each_once(world: World) -> Iterator[str]:
    """Everybody is told; what is told twice has the same Message-ID, and only the last one of a dead process is."""
    letters = Counter(message_id for message_id, _to, _subject in Post(world.post).letters())
    if len(letters) != world.ids["letters"]:
        yield f"{len(letters)} of {world.ids['letters']} letters were sent"
    if sum(letters.values()) > len(letters) + 2:
        yield f"more letters came twice than processes died: {sorted(letters.values())}"
    waiting = db.session.scalar(select(func.count()).where(Notice.delivery != "sent"))
    if waiting:
        yield f"{waiting} notices are not noted as sent"


def by_post(world: World) -> AbstractContextManager[object]:
    """Mail leaves the house."""
    return patch("c2b.mailing.operations.transport_for", lambda _config: Post(world.post))


@scenario(
    "mail: send",
    three_letters,
    moments=(timedelta(), timedelta(minutes=5)),
    within=by_post,
    check=each_once,
    unlike=("book.letter",),
)
def send(world: World) -> None:
    send_due(world.now)
