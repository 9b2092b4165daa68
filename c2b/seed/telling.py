"""How people of the demo want to be told, the copy of her data that Alice asked for, and somebody who has left."""

from datetime import datetime, timedelta

from c2b.accounts.operations import add_people
from c2b.core.db import transaction
from c2b.core.work import ask_for_work
from c2b.mailing.preferences import choose_quiet_hours, choose_ways
from c2b.mailing.topics import Way
from c2b.privacy.erasing import close_account
from c2b.privacy.exporting import KIND


def choose(named: dict[str, int], crowd: int, now: datetime) -> None:
    """Every way occurs: Rob reads his work once a day, Mo sleeps at night, Alice looks at the site for some things."""
    with transaction():
        choose_ways(named["rob"], {"work": Way.DIGEST}, by=named["rob"], now=now)
        choose_ways(named["alice"], {"news": Way.DIGEST, "wishes": Way.APP}, by=named["alice"], now=now)
        choose_ways(crowd, {"joined": Way.DIGEST}, by=crowd, now=now)
        choose_quiet_hours(named["mo"], 22, 7, now=now)


def take_and_leave(alice: int, now: datetime) -> None:
    """Alice asks for her data; Cleo, who never joined anything, closes her account."""
    with transaction():
        [cleo] = add_people([("Cleo Marsh", "cleo@muster.example")], now=now - timedelta(days=20))
        close_account(cleo, now=now - timedelta(days=2))
        ask_for_work(KIND, alice, now=now - timedelta(hours=3), back="/me/data")
