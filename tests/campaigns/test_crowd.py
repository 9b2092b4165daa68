"""The line of a campaign's crowd, and the faces of those who came last."""

from datetime import timedelta

from sqlalchemy import func, select

from c2b.campaigns.closing import refresh_heat
from c2b.campaigns.crowd import newest_faces, people_by_day
from c2b.campaigns.models import PeopleDay
from c2b.campaigns.pledging import place_pledge, place_pledges, withdraw_pledge
from c2b.core.db import db
from tests.campaigns.asking import ask

DAY = timedelta(days=1)


def test_the_line_goes_on_by_day_and_a_quiet_day_is_as_the_one_before(make, now):
    campaign = make.campaign(threshold=100)
    for days, joining in ((0, 2), (1, 3), (4, 1)):
        at = now + days * DAY
        place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(joining)], now=at)
        for _again in range(2):
            refresh_heat(campaign.id, now=at)
    assert people_by_day(campaign, now + 4 * DAY) == [2, 5, 5, 5, 6]
    assert db.session.scalar(select(func.count()).select_from(PeopleDay)) == 3


def test_what_was_never_written_down_is_counted_back_once(make, now):
    campaign, leaving = make.campaign(threshold=100), make.shopper()
    for days, joining in ((0, 2), (1, 3), (2, 1)):
        at = now + days * DAY
        place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(joining)], now=at)
    gone = place_pledge(campaign.id, ask(campaign, leaving), now=now)
    withdraw_pledge(gone.id, by=leaving.id, now=now + DAY)
    assert people_by_day(campaign, now + 2 * DAY) == [], "one day alone is no line"
    refresh_heat(campaign.id, now=now + 2 * DAY)
    assert people_by_day(campaign, now + 2 * DAY) == [2, 5, 6]


def test_the_line_begins_two_weeks_ago(make, now):
    campaign = make.campaign(threshold=100)
    for days in range(20):
        db.session.add(PeopleDay(campaign_id=campaign.id, day=(now + days * DAY).date(), people=days))
    campaign.people = 19
    assert people_by_day(campaign, now + 19 * DAY) == list(range(6, 20))
    db.session.rollback()


def test_faces_are_of_those_who_came_last_and_stand(make, now):
    campaign = make.campaign(threshold=100)
    people = [make.shopper(name=name) for name in ("Ann Lee", "Bob", "陳小雨", "Eve")]
    pledges = [
        place_pledge(campaign.id, ask(campaign, who), now=now + timedelta(minutes=n))
        for n, who in enumerate(people)
    ]
    withdraw_pledge(pledges[3].id, by=people[3].id, now=now + DAY)
    assert newest_faces(campaign) == [
        ("陳", people[2].id % 5),
        ("B", people[1].id % 5),
        ("A", people[0].id % 5),
    ]
