"""How a campaign's crowd has grown, and who came last: for its page, never used to decide."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign, PeopleDay, Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db, is_sqlite
from c2b.core.text import public_name

DAYS, FEWEST = 14, 3  # of the line; with fewer there is none
FACES = 3


def remember_people(campaign: Campaign, now: datetime) -> None:
    """Write down how many there are today; where nothing is written yet, the days before are counted once."""
    today = now.astimezone(UTC).date()
    known = select(PeopleDay.day).where(PeopleDay.campaign_id == campaign.id).limit(1)
    days = {} if db.session.scalar(known) else _counted_back(campaign, today)
    days[today] = campaign.people
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(PeopleDay)
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=["campaign_id", "day"], set_={"people": insert.excluded.people}
        ),
        [{"campaign_id": campaign.id, "day": day, "people": people} for day, people in days.items()],
    )


def _counted_back(campaign: Campaign, today: date) -> dict[date, int]:
    """How many of those who are there now were there at the end of each of the last days."""
    since = datetime.combine(today - timedelta(days=DAYS), datetime.min.time(), UTC)
    at: Any = Pledge.placed_at if is_sqlite() else func.timezone("UTC", Pledge.placed_at)
    day = func.date(at)
    joined = db.session.execute(
        select(day, func.count())
        .where(
            Pledge.campaign_id == campaign.id,
            Pledge.state == PledgeState.ACTIVE,
            Pledge.placed_at >= since,
        )
        .group_by(day)
        .order_by(day.desc())
    )
    people, days = campaign.people, {}
    for on, count in joined:
        days[date.fromisoformat(str(on))] = people
        people -= count
    return days


def people_by_day(campaign: Campaign, now: datetime) -> list[int]:
    """How many there were on each of the last days, oldest first, and now; empty where there is no line to draw."""
    today = now.astimezone(UTC).date()
    rows = db.session.execute(
        select(PeopleDay.day, PeopleDay.people)
        .where(PeopleDay.campaign_id == campaign.id, PeopleDay.day > today - timedelta(days=DAYS))
        .order_by(PeopleDay.day)
    )
    known = dict(rows.all()) | {today: campaign.people}
    line: list[int] = []
    for back in range((today - min(known)).days, -1, -1):  # a day on which nobody joined is as the one before
        line.append(known.get(today - timedelta(days=back), line[-1] if line else 0))
    return line if len(line) >= FEWEST else []


def newest_faces(campaign: Campaign) -> list[tuple[str, int]]:
    """Those who joined last: the letter and the colour that stand for each, and nothing more of them."""
    last = (
        select(User.id, User.name)
        .join(Pledge, Pledge.shopper_id == User.id)
        .where(Pledge.campaign_id == campaign.id, Pledge.state == PledgeState.ACTIVE)
        .order_by(Pledge.placed_at.desc())
        .limit(FACES)
    )
    return [(public_name(name)[:1], id_ % 5) for id_, name in db.session.execute(last)]
