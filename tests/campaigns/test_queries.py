"""What pages read: cards in a fixed number of statements, the campaign page's figures, one's own lists."""

from datetime import timedelta
from itertools import chain

import pytest
from sqlalchemy import event

from c2b.accounts.models import User
from c2b.campaigns import queries
from c2b.campaigns.categories import Category
from c2b.campaigns.closing import close_campaigns as close_by_set
from c2b.campaigns.operations import follow
from c2b.campaigns.order import place_of
from c2b.campaigns.pledging import place_pledge, place_pledges, withdraw_pledge
from c2b.campaigns.states import Basis, CampaignState, Origin
from c2b.core.db import db
from c2b.core.errors import NotFound
from tests.campaigns.asking import ask

C = CampaignState


@pytest.fixture
def count_statements(app):
    """How many statements a reading sends, with nothing remembered from before."""

    def count(read):
        db.session.expunge_all()
        sent = []
        listen = lambda *args: sent.append(args[2])  # noqa: E731  # it is removed again
        event.listen(db.engine, "before_cursor_execute", listen)
        read()
        event.remove(db.engine, "before_cursor_execute", listen)
        return len(sent)

    return count


def slugs(page):
    return [card.slug for card in page.cards]


def test_a_list_sends_as_many_statements_for_twenty_as_for_one(make, now, count_statements):
    reader_id = make.shopper().id

    def some(number):
        reader = db.session.get_one(User, reader_id)
        for _ in range(number):
            campaign = make.campaign(tiers=((10, 25900), (20, 19900)), search_text="thing")
            place_pledge(campaign.id, ask(campaign, reader), now=now)
            follow(campaign.id, reader.id, now=now)
        db.session.commit()

    readings = {
        "cards": lambda: queries.cards(now=now, user_id=reader_id),
        "search": lambda: queries.cards(now=now, q="thing", user_id=reader_id),
        "my pledges": lambda: queries.my_pledges(reader_id, now=now),
        "my follows": lambda: queries.my_follows(reader_id, now=now),
        "my wishes": lambda: queries.my_wishes(reader_id),
    }
    some(1)
    with_one = {name: count_statements(read) for name, read in readings.items()}
    some(19)
    assert {name: count_statements(read) for name, read in readings.items()} == with_one
    assert max(with_one.values()) <= 5  # the beginning of the transaction included


def test_lists_hold_what_can_be_joined_now_in_the_order_asked_for(make, now):
    near = make.campaign(slug="near", threshold=10, closes_at=now + timedelta(days=3))
    far = make.campaign(slug="far", threshold=100, closes_at=now + timedelta(days=1), category="food")
    new = make.campaign(slug="new", threshold=100)
    make.campaign(slug="draft", state=C.DRAFT)
    make.campaign(slug="over", closes_at=now - timedelta(seconds=1))
    make.campaign(slug="sourcing", state=C.SOURCING)
    place_pledge(near.id, ask(near, make.shopper(), 9), now=now)
    place_pledges(far.id, [ask(far, make.shopper(), 5) for _ in range(8)], now=now)

    def sorted_by(sort):
        return slugs(queries.cards(now=now, sort=sort))

    assert sorted_by("near") == ["near", "far", "new"]
    assert sorted_by("ending") == ["far", "near", "new"]
    assert sorted_by("new")[0] == new.slug
    assert sorted_by("hot")[-1] == "new"
    assert sorted_by("no such order") == sorted_by("hot")
    assert slugs(queries.cards(now=now, category=Category.FOOD)) == ["far"]
    assert slugs(queries.cards(now=now, origin=Origin.MERCHANT)) == []
    assert queries.counts_by_category(now)[Category.HOME] == 2
    assert queries.counts_by_category(now, Origin.PLATFORM)[Category.HOME] == 0
    assert queries.featured(queries.nearest_id(now), now).slug == "near"
    assert [card.slug for card in queries.similar(new, now=now)] == ["near"]
    assert queries.public_stats(now) == queries.Stats(people_waiting=9, open_campaigns=3)


def test_pages_follow_one_another_without_a_gap(make, now):
    for _ in range(5):
        make.campaign()
    pages = [queries.cards(now=now, per_page=2, page=page) for page in (1, 2, 3, 4)]
    assert [len(page.cards) for page in pages] == [2, 2, 1, 0]
    assert [page.has_next for page in pages] == [True, True, False, False]
    assert len({slug for page in pages for slug in slugs(page)}) == 5
    assert queries.cards(now=now, per_page=2, page=-7).page == 1


def test_a_card_says_how_many_more_and_for_what_price(make, now):
    campaign, reader = (
        make.campaign(threshold=10, tiers=((10, 25900), (20, 19900)), pictures=["a.jpg"]),
        make.shopper(),
    )
    place_pledges(campaign.id, [ask(campaign, reader, 5), ask(campaign, make.shopper(), 3)], now=now)
    [card] = queries.cards(now=now, user_id=reader.id).cards
    assert (card.percent, card.next_missing, card.next_price) == (80, 2, 25900)
    assert (card.state_label, card.want_count, card.joined, card.picture) == ("near", 2, True, "a.jpg")

    place_pledge(campaign.id, ask(campaign, make.shopper(), 4), now=now)
    [card] = queries.cards(now=now).cards
    assert (card.state_label, card.percent, card.next_missing, card.next_price) == ("on", 60, 8, 19900)
    assert card.joined is False

    place_pledge(campaign.id, ask(campaign, make.shopper(), 8), now=now)
    [card] = queries.cards(now=now).cards
    assert (card.state_label, card.percent, card.next_missing, card.next_price) == ("on", 100, None, None)
    assert queries.cards_of([campaign], now=now + timedelta(days=8))[0].state_label == "closed"


def test_the_page_shows_where_one_is_on_the_ladder(make, now):
    campaign, reader = make.campaign(threshold=4, tiers=((4, 25900), (8, 19900), (16, 9900))), make.shopper()
    view = queries.page_view(campaign, None, now=now)
    assert (view.price_now, view.next_price, view.next_missing) == (None, 25900, 4)
    assert [tier.state for tier in view.tiers] == ["", "", ""]
    assert (view.why_not, view.my_pledge, view.curve) == (None, None, ())

    place_pledges(
        campaign.id, [ask(campaign, one, 3) for one in (reader, *(make.shopper() for _ in range(2)))], now=now
    )
    view = queries.page_view(campaign, reader.id, now=now)
    assert (view.price_now, view.next_price, view.next_missing) == (19900, 9900, 7)
    assert [(tier.state, tier.missing, tier.percent) for tier in view.tiers] == [
        ("done", 0, 25), ("cur", 0, 50), ("", 7, 100),
    ]  # fmt: skip
    assert view.card.percent == 56
    assert [(point.price, point.people) for point in view.curve] == [(25900, 3)]
    assert view.my_pledge.shopper_id == reader.id
    assert (view.why_not.code, view.why_not_change, view.why_not_withdraw.code) == (
        "already",
        None,
        "binding",
    )


def test_fewer_than_three_people_are_not_shown_on_the_curve(make, now):
    campaign = make.campaign()
    place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(2)], now=now)
    assert queries.page_view(campaign, None, now=now).curve == ()


def test_a_threshold_of_people_is_shown_in_people(make, now):
    campaign = make.campaign(threshold=4, basis=Basis.PEOPLE, tiers=((1, 25900),))
    place_pledge(campaign.id, ask(campaign, make.shopper(), 5), now=now)
    view = queries.page_view(campaign, None, now=now)
    assert (view.next_missing, view.card.percent, view.price_now) == (3, 25, None)


def test_a_page_says_why_this_person_cannot_join(make, now):
    campaign, reviewer = make.campaign(), make.reviewer()
    assert queries.page_view(campaign, reviewer.id, now=now).why_not.code == "staff"
    assert queries.page_view(campaign, None, now=now + timedelta(days=8)).why_not.code == "closed"


def test_a_campaign_is_found_by_its_address_and_shown_to_those_who_may_see_it(make):
    draft = make.campaign(state=C.DRAFT, slug="mine")
    found = queries.campaign_by_slug("mine")
    assert found.id == draft.id
    assert queries.visible_to(found, draft.starter_id)
    assert queries.visible_to(found, None, operator=True)
    assert not queries.visible_to(found, make.user().id)
    assert queries.visible_to(make.campaign(), None)
    with pytest.raises(NotFound):
        queries.campaign_by_slug("nobody's")


def test_my_pledge_is_the_standing_one_else_the_last(make, now):
    campaign, shopper = make.campaign(), make.shopper()
    assert queries.my_pledge(campaign.id, shopper.id) is None
    first = place_pledge(campaign.id, ask(campaign, shopper), now=now)
    withdraw_pledge(first.id, by=shopper.id, now=now)
    assert queries.my_pledge(campaign.id, shopper.id).id == first.id
    second = place_pledge(campaign.id, ask(campaign, shopper), now=now)
    assert queries.my_pledge(campaign.id, shopper.id).id == second.id
    assert [mine.pledge.id for mine in queries.my_pledges(shopper.id, now=now)] == [second.id, first.id]
    assert queries.pledged_by(campaign.id, [shopper.id, 10**6]) == {shopper.id}
    assert queries.pledged_by(campaign.id, []) == set()


def test_after_its_deadline_the_page_keeps_what_was_pledged(make, now):
    campaign = make.campaign(threshold=9)
    place_pledges(campaign.id, [ask(campaign, make.shopper()) for _ in range(3)], now=now)
    later = now + timedelta(days=8)
    close_by_set([campaign.id], now=later)
    view = queries.page_view(campaign, None, now=later)
    assert (view.card.state_label, view.card.want_count, view.next_missing) == ("closed", 3, 6)


def test_places_lead_through_every_order_and_back_while_others_come_in(make, now):
    for number in range(7):
        make.campaign(closes_at=now + timedelta(days=1 + number % 2), threshold=5 + number % 3)
    for sort in queries.SORTS:
        whole = slugs(queries.cards(now=now, sort=sort))
        page = queries.cards(now=now, sort=sort, per_page=3)
        walked = [slugs(page)]
        make.campaign(closes_at=now + timedelta(hours=1), threshold=1)  # it would push the others on
        while page.has_next:
            at = place_of(page.end)
            page = queries.cards(now=now, sort=sort, per_page=3, page=page.page + 1, at=at)
            walked.append(slugs(page))
        seen = list(chain.from_iterable(walked))
        assert [slug for slug in seen if slug in whole] == whole
        assert len(set(seen)) == len(seen)
        before = queries.cards(now=now, sort=sort, per_page=3, page=2, at=place_of(page.begin, back=True))
        assert slugs(before) == walked[-2] and before.has_next
    for odd in ("", "x", "1", "1~2~3~4", "9" * 30, "-", "1~-", "٣~1", "~", f"{2**61}~1"):
        assert queries.cards(now=now, at=place_of(odd)).page == 1
