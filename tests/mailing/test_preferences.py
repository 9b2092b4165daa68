"""How people want to be told is respected: at once, in the daily mail, or on the page alone; and never at night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from c2b.accounts.queries import notices_of
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Delivery, Notice, notify
from c2b.mailing import rules, sorting
from c2b.mailing.operations import send_due
from c2b.mailing.preferences import choose_quiet_hours, choose_ways, unsubscribe, ways_of
from c2b.mailing.progress import hold, let_go, mailings
from c2b.mailing.render import kinds
from c2b.mailing.topics import TOPICS, Way, topic_of
from tests.mailing.samples import SAMPLES

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2025, 5, 21, 0, 0, tzinfo=UTC)  # 08:00 at the site, the day after `now` (14:00)


@pytest.fixture
def alice(make):
    return make.user("Alice", email="alice@example.org")


@pytest.fixture
def told(alice, now):
    """Alice is told that something is on; each time it is another thing."""

    def tell(kind="campaign_tipped", at=now, key="1"):
        notify(kind, alice.id, key=key, now=at, **SAMPLES[kind][0])
        db.session.commit()

    return tell


def chosen(user, now, **ways):
    with transaction():
        choose_ways(user.id, {key: Way(way) for key, way in ways.items()}, by=user.id, now=now)


def rows():
    db.session.rollback()
    return db.session.scalars(select(Notice).order_by(Notice.id)).all()


def test_every_kind_but_the_daily_mail_has_one_topic():
    assert {kind for kind in kinds() if topic_of(kind) is None} == {"digest"}
    assert sum(len(topic.kinds) for topic in TOPICS) == len(
        {kind for topic in TOPICS for kind in topic.kinds}
    )


def test_quiet_hours_may_last_over_midnight_and_end_in_the_morning():
    def at(hour):
        return datetime(2025, 5, 20, hour, 30, tzinfo=ZONE)

    assert rules.quiet_until(at(23), 22, 7, ZONE) == datetime(2025, 5, 21, 7, tzinfo=ZONE)
    assert rules.quiet_until(at(3), 22, 7, ZONE) == datetime(2025, 5, 20, 7, tzinfo=ZONE)
    assert rules.quiet_until(at(13), 12, 14, ZONE) == datetime(2025, 5, 20, 14, tzinfo=ZONE)
    assert [rules.quiet_until(at(7), 22, 7, ZONE), rules.quiet_until(at(7), 7, 7, ZONE)] == [None, None]
    assert rules.next_digest(at(7), ZONE) == datetime(2025, 5, 20, 8, tzinfo=ZONE)
    assert rules.next_digest(at(8), ZONE) == datetime(2025, 5, 21, 8, tzinfo=ZONE)


def test_who_wants_it_on_the_page_gets_no_mail_but_money_still_comes(alice, told, now, script):
    chosen(alice, now, joined="app")
    told()
    told("refund_paid")
    transport = script()
    send_due(now, transport)
    assert [mail.subject.split(":")[0] for mail in transport.got] == ["Paid back"]
    assert [row.delivery for row in rows()] == [Delivery.SENT, Delivery.SENT]
    assert len(notices_of(alice.id).first(9)) == 2


def test_what_nobody_may_miss_cannot_be_switched_off(alice, now):
    with pytest.raises(Refused), transaction():
        choose_ways(alice.id, {"money": Way.APP}, by=alice.id, now=now)
    with pytest.raises(Refused), transaction():
        unsubscribe(alice.id, "account", now=now)


def test_the_daily_mail_holds_what_waited_and_goes_once_a_day(alice, told, now, script):
    chosen(alice, now, joined="digest")
    told(key="1")
    told(key="2")
    transport = script()
    assert send_due(now, transport)["done"] == 0
    send_due(MORNING, transport)
    told(key="3", at=MORNING)
    send_due(MORNING + timedelta(hours=1), transport)
    [mail] = transport.got
    assert mail.subject.startswith("Today: It is on: Enamel")
    assert mail.text.count("http://localhost/c/pot") == 2
    assert mail.unsubscribe
    send_due(MORNING + timedelta(days=1), transport)
    assert len(transport.got) == 2


def test_a_process_killed_anywhere_leaves_one_daily_mail(alice, told, now, script, monkeypatch):
    chosen(alice, now, joined="digest")
    told()
    send_due(now, script())
    put = sorting._put

    def dies(*_arguments, **_values):
        raise KeyboardInterrupt

    transport = script()
    monkeypatch.setattr(
        sorting, "_put", dies
    )  # after the daily mail was written, before its parts were marked
    with pytest.raises(KeyboardInterrupt):
        send_due(MORNING, transport)
    monkeypatch.setattr(sorting, "_put", put)
    sorting.sort_out(MORNING)  # and here it dies before anything is sent
    for _again in range(3):
        send_due(MORNING, transport)
    assert len(transport.got) == 1
    assert [row.delivery for row in rows()] == [Delivery.SENT, Delivery.SENT]


def test_at_night_only_what_is_urgent_comes(alice, told, now, script):
    with transaction():
        choose_quiet_hours(alice.id, 13, 15, now=now)  # it is 14:00
    told()
    told("card_failed")
    transport = script()
    send_due(now, transport)
    assert ["payment" in mail.subject for mail in transport.got] == [True]
    send_due(now + timedelta(hours=1), transport)
    assert len(transport.got) == 2


def test_the_page_saves_one_topic_or_all_and_nothing_that_it_does_not_offer(client, sign_in, alice, now):
    sign_in(client, alice)
    page = client.get("/me/notifications").text
    assert 'name="way-joined"' in page
    assert 'name="way-money"' not in page
    assert 'name="way-offers"' not in page
    form = {"way-joined": "app", "way-orders": "digest", "way-money": "app", "way-news": "nonsense"}
    client.post("/me/notifications", data=form | {"only": "orders"})
    assert ways_of(alice.id)["orders"] == Way.DIGEST
    assert ways_of(alice.id)["joined"] == Way.AT_ONCE
    client.post("/me/notifications", data=form)
    ways = ways_of(alice.id)
    assert (ways["joined"], ways["money"], ways["news"]) == (Way.APP, Way.AT_ONCE, Way.AT_ONCE)
    client.post("/me/notifications/quiet", data={"quiet_from": "22", "quiet_until": "7"})
    client.post("/me/notifications/quiet", data={"quiet_from": "99", "quiet_until": "7"})
    db.session.expire_all()
    assert (alice.quiet_from, alice.quiet_until) == (22, 7)


def test_a_mailing_can_be_held_back_and_let_go_and_its_progress_is_told(alice, told, now, script):
    told()
    told("refund_paid")
    with transaction():
        assert hold("campaign_tipped", by=alice.id, now=now) == 1
    transport = script()
    send_due(now, transport)
    tipped, refunded = sorted(mailings(now), key=lambda mailing: mailing.kind)[:1], transport.got
    assert [(mailing.kind, mailing.held, mailing.moving) for mailing in tipped] == [("campaign_tipped", 1, 0)]
    assert len(refunded) == 1
    with transaction():
        assert let_go("campaign_tipped", by=alice.id, now=now) == 1
    send_due(now, transport)
    assert len(transport.got) == 2
