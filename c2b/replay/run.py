"""A whole replay, from the files to the summary."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from c2b.accounts.operations import add_people, grant_role
from c2b.campaigns.models import Campaign
from c2b.core.access import Role
from c2b.core.db import db, transaction
from c2b.merchants.operations import apply, certify
from c2b.merchants.rules import Application, Paper
from c2b.merchants.states import DocumentKind, Grade, Kind
from c2b.replay.actors import Cast
from c2b.replay.drive import BEGIN, Progress, play, wallets_for
from c2b.replay.invention import invent
from c2b.replay.materials import make_paper, swatch
from c2b.replay.plans import Firm
from c2b.replay.records import read_items
from c2b.replay.summary import summarise

FIRMS = 24


class NotEmpty(Exception):
    """The database has campaigns of its own; a replay would mix with them."""


def replay(
    files: Sequence[Path], *, items: int | None, seed: int, threshold: int | None, progress: Progress
) -> dict[str, Any]:
    """Live the records through; returns the summary. Needs a migrated database without campaigns."""
    if db.session.scalar(select(func.count()).select_from(Campaign)):
        raise NotEmpty
    db.session.rollback()
    began = time.monotonic()
    stories = [invent(item, seed=seed, threshold=threshold) for item in read_items(files, items)]
    cast = hire(seed, BEGIN)
    wallets = wallets_for(stories, seed=seed, begin=BEGIN, progress=progress)
    played = play(stories, cast=cast, wallets=wallets, begin=BEGIN, progress=progress)
    return summarise(played, time.monotonic() - began)


def hire(seed: int, now: datetime) -> Cast:
    """Everybody who is needed besides the shoppers."""
    staff = ("starter", "operator", "moderator", "reviewer one", "reviewer two", "sample room")
    with transaction():
        people = add_people(
            ((name.title(), f"{name.replace(' ', '.')}@example.org") for name in staff), now=now
        )
        for user in people[1:3]:
            grant_role(user, Role.OPERATOR, by=None, now=now)
        for user in people[3:]:
            grant_role(user, Role.REVIEWER, by=None, now=now)
    starter, operator, moderator, one, two, room = people
    paper = make_paper()
    with transaction():
        firms = [_firm(number, paper, operator, now) for number in range(1, FIRMS + 1)]
    return Cast(
        seed=seed,
        starter=starter,
        operator=operator,
        moderator=moderator,
        reviewers=(one, two),
        sample_room=room,
        firms=firms,
        pictures=swatch,
        papers=paper,
    )


def _firm(number: int, paper: str, operator: int, now: datetime) -> Firm:
    [owner] = add_people([(f"Owner {number}", f"owner{number}@example.org")], now=now)
    application = Application(
        name=f"Workshop {number}",
        kind=Kind.FACTORY,
        licence_number=f"91330100MA{number:08}",
        ships_from="Hangzhou",
    )
    firm = apply(application, [Paper(DocumentKind.LICENCE, paper, "licence.pdf")], by=owner, now=now)
    certify(firm.id, Grade.ADVANCED if number % 3 == 0 else Grade.BASIC, by=operator, now=now)
    return Firm(firm.id, owner)
