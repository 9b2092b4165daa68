"""Each rule of the machine review both ways, at its edge; and the page's check is the job's verdict."""

import json
import re
from datetime import timedelta

import pytest
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import event

from c2b.accounts.models import User
from c2b.campaigns.categories import Category
from c2b.campaigns.models import Campaign
from c2b.core.db import db
from c2b.merchants.rules import MIN_DEPOSIT
from c2b.merchants.states import Grade, MerchantState
from c2b.pipeline.engine import judge_by_machine
from c2b.pipeline.machine_rules import BY_ID, RULES, examine, findings_in, verdict_of
from c2b.pipeline.models import Offer, OfferTier, PricePoint, VerdictLine
from c2b.pipeline.offer_content import hash_of
from c2b.pipeline.said import for_notice, reason_in_words
from c2b.pipeline.stage import Ruling
from tests.factories import put_in_state
from tests.pipeline.offers_kit import PICTURES, sound, wanted

REF = "pic/" + "ab" * 16 + "-{}x{}"


@pytest.fixture
def offer(make):
    return sound(make)


def say(offer, now, rule):
    db.session.flush()
    return next(finding for finding in examine(offer, now) if finding.id == rule)


def outcome(offer, now, rule):
    return say(offer, now, rule).result


def change(offer, **values):
    for name, value in values.items():
        setattr(offer, name, value)
    db.session.flush()


def test_a_sound_offer_passes_every_rule(offer, now):
    assert {finding.id: finding.result for finding in examine(offer, now)} == dict.fromkeys(BY_ID, "ok")
    assert verdict_of(examine(offer, now)).ruling is Ruling.PASS


def test_every_rule_has_a_number_of_its_own():
    assert len(BY_ID) == len(RULES)


def test_fields_and_their_lengths(offer, now):
    for values, expected in (
        ({"title": "x" * 26}, "ok"),
        ({"title": "x" * 27}, "fail"),
        ({"title": "锅" * 26}, "ok"),
        ({"title": " "}, "fail"),
        ({"title": "Pot", "selling_line": "y" * 80}, "ok"),
        ({"selling_line": "y" * 81}, "fail"),
        ({"selling_line": ""}, "warn"),
        ({"selling_line": "Good.", "regions": ["US"], "hs_code": ""}, "fail"),
        ({"regions": ["US"], "hs_code": "732399"}, "ok"),
        ({"regions": ["CN"], "hs_code": ""}, "ok"),
    ):
        change(offer, **values)
        assert outcome(offer, now, "fields") == expected, values


def test_pictures_have_their_size_and_number(offer, now):
    large, small = REF.format(960, 640), REF.format(959, 640)
    for pictures, expected in (
        ([], "fail"),
        ([small, large, large], "fail"),
        ([REF.format(960, 639), large, large], "fail"),
        ([large, large, large], "ok"),
        ([large, small, large], "warn"),
        ([large], "warn"),
        ([large] * 5, "ok"),
        ([large] * 6, "fail"),
        (["pic/nonsense"], "fail"),
    ):
        change(offer, pictures=pictures)
        assert outcome(offer, now, "pictures") == expected, pictures


def test_the_ladder_goes_down_with_every_tier(offer, now):
    for rows, maximum, expected in (
        ([(10, 25900), (20, 25899)], 500, "ok"),
        ([(10, 25900), (20, 25900)], 500, "fail"),
        ([], 500, "fail"),
        ([(10, 25900), (20, 23900)], 20, "ok"),
        ([(10, 25900), (20, 23900)], 19, "fail"),
        ([(5, 25900), (20, 23900)], 500, "warn"),
    ):
        offer.tiers.clear()
        db.session.flush()
        offer.tiers.extend(OfferTier(from_quantity=quantity, unit_price=price) for quantity, price in rows)
        change(offer, maximum=maximum)
        assert outcome(offer, now, "ladder") == expected, rows


def test_the_price_is_below_the_list_price(offer, now):
    for list_price, expected in ((25901, "ok"), (25900, "fail"), (25000, "fail")):
        change(offer, list_price=list_price)
        assert outcome(offer, now, "below_list") == expected, list_price


def test_the_price_is_within_what_shoppers_pledged_or_the_price_that_would_clear_is_said(make, now):
    campaign = wanted(make, pledges=4, quantity=3, ceiling=25900)  # 12 units at 259
    for tiers, expected, words in (
        (((12, 25900),), "ok", "12 units are pledged"),
        (((12, 25901),), "fail", "12 units it would clear at ¥259 or less"),
        (((13, 25900),), "fail", "Start at 12 units or fewer"),
        (((13, 25900), (12 + 8, 100)), "fail", "no more are wanted"),
    ):
        offer = sound(make, campaign, tiers=tiers, minimum=tiers[0][0])
        found = say(offer, now, "within_demand")
        assert found.result == expected, tiers
        assert words in f"{found.evidence} {found.fix}", tiers


def test_a_tier_below_the_minimum_does_not_clear(make, now):
    campaign = wanted(make, pledges=4, quantity=3)
    assert outcome(sound(make, campaign, tiers=((5, 25900),), minimum=12), now, "within_demand") == "ok"
    assert outcome(sound(make, campaign, tiers=((5, 25900),), minimum=13), now, "within_demand") == "fail"


def test_capacity_reaches_the_threshold(offer, now):
    for maximum, expected in ((None, "ok"), (9, "fail"), (10, "warn"), (11, "warn"), (12, "ok")):
        change(offer, minimum=1, maximum=maximum)
        assert outcome(offer, now, "capacity") == expected, maximum


def test_the_list_price_was_really_asked(offer, now):
    for lowest, expected in ((39900, "ok"), (40000, "ok"), (39899, "fail"), (None, "fail")):
        change(offer, list_price=39900, lowest_price_7_days=lowest)
        assert outcome(offer, now, "list_price") == expected, lowest


def test_the_record_of_prices_counts_for_seven_days_and_for_thirty_in_the_eu(offer, now):
    def seen(days, **more):
        db.session.query(PricePoint).delete()
        point = {
            "merchant_id": offer.merchant_id,
            "campaign_id": offer.campaign_id,
            "currency": "CNY",
            **more,
        }
        db.session.add(PricePoint(unit_price=35000, at=now - timedelta(days=days), **point))
        return outcome(offer, now, "list_price")

    assert seen(6) == "fail"
    assert seen(8) == "ok"
    assert seen(6, currency="USD") == "ok"
    assert seen(6, campaign_id=None) == "ok", "it may have been other goods"
    change(offer, regions=["CN", "DE"], hs_code="732399")
    assert seen(8) == "fail"
    assert seen(29) == "fail"
    assert seen(31) == "ok"


def test_a_price_of_goods_with_the_same_title_counts_too(make, offer, now):
    earlier = sound(make, merchant=offer.merchant, title=offer.title)
    for campaign_id, expected in ((earlier.campaign_id, "fail"), (wanted(make).id, "ok")):
        db.session.query(PricePoint).delete()
        db.session.add(
            PricePoint(
                merchant_id=offer.merchant_id,
                campaign_id=campaign_id,
                currency="CNY",
                unit_price=35000,
                at=now,
            )
        )
        assert outcome(offer, now, "list_price") == expected


def test_banned_goods_end_the_offer(offer, now):
    for title, expected in (
        ("Massage gun", "ok"),
        ("Ivory coloured pot", "ok"),
        ("Air rifle", "fail"),
        ("AIR RIFLE for boys", "fail"),
        ("ａｉｒ ｒｉｆｌｅ", "fail"),
        ("Hand\u200bgun", "fail"),
        ("电子烟礼盒", "fail"),
        ("高仿包", "fail"),
    ):
        change(offer, title=title)
        assert outcome(offer, now, "goods") == expected, title
        assert (verdict_of(examine(offer, now)).ruling is Ruling.REJECT) == (expected == "fail"), title


def test_a_banned_good_among_the_choices_is_found(offer, now):
    change(offer, options=[{"name": "Kind", "values": ["Pot", "Switchblade"]}])
    assert outcome(offer, now, "goods") == "fail"


def test_forbidden_praise_can_be_mended(offer, now):
    for line, expected in (
        ("The best pot we have made.", "ok"),
        ("The world’s best pot.", "fail"),
        ("Cures a cold.", "fail"),
        ("Secures the lid.", "ok"),
        ("全网最低价", "fail"),
    ):
        change(offer, selling_line=line)
        assert outcome(offer, now, "words") == expected, line
    change(offer, selling_line="World's best pot.")
    assert verdict_of(examine(offer, now)).ruling is Ruling.WAIT
    assert say(offer, now, "words").field == "selling_line"


@pytest.mark.parametrize(
    ("category", "kind", "expected"),
    [
        (Category.FOOD, None, "fail"),
        (Category.FOOD, "ccc", "fail"),
        (Category.FOOD, "food_licence", "ok"),
        (Category.APPLIANCES, "other", "fail"),
        (Category.APPLIANCES, "ccc", "ok"),
        (Category.CLOTHING, None, "warn"),
        (Category.CLOTHING, "textile", "ok"),
        (Category.HOME, None, "ok"),
    ],
)
def test_certificates_of_the_category(make, now, category, kind, expected):
    certificates = [{"file": "doc/a.pdf", "name": "a.pdf", "kind": kind}] if kind else []
    offer = sound(make, wanted(make, category=category), certificates=certificates)
    assert outcome(offer, now, "certificates") == expected


def test_more_than_four_certificates_are_too_many(offer, now):
    one = {"file": "doc/a.pdf", "name": "a.pdf", "kind": "other"}
    for count, expected in ((4, "ok"), (5, "fail")):
        change(offer, certificates=[one] * count)
        assert outcome(offer, now, "certificates") == expected


def test_two_offers_of_one_merchant_are_not_for_the_same_thing(make, offer, now):
    twin = sound(make, merchant=offer.merchant, title="cast IRON pot")
    assert outcome(offer, now, "duplicates") == "fail"
    change(twin, title="Another pot")
    assert outcome(offer, now, "duplicates") == "ok"
    picture = REF.format(1200, 800)
    change(twin, pictures=[picture])
    change(offer, pictures=[picture, *PICTURES[1:]])
    assert outcome(offer, now, "duplicates") == "fail"
    put_in_state(twin, "withdrawn", now)
    assert outcome(offer, now, "duplicates") == "ok"


def test_another_merchants_picture_is_noted(make, offer, now):
    theirs = sound(make, title="Their pot")
    assert outcome(offer, now, "duplicates") == "ok", "our own drawings are for everybody"
    picture = REF.format(1200, 800)
    change(theirs, pictures=["demo/pot", picture])
    change(offer, pictures=[PICTURES[0], picture])
    assert outcome(offer, now, "duplicates") == "warn"


def test_the_merchant_is_certified_and_its_deposit_is_there(make, offer, now):
    merchant = offer.merchant
    for deposit, expected in ((MIN_DEPOSIT[Grade.BASIC], "ok"), (MIN_DEPOSIT[Grade.BASIC] - 1, "fail")):
        merchant.deposit = deposit
        assert outcome(offer, now, "standing") == expected
    merchant.grade, merchant.deposit = Grade.ADVANCED, MIN_DEPOSIT[Grade.ADVANCED] - 1
    assert outcome(offer, now, "standing") == "fail"
    merchant.deposit += 1
    for kept, broken, expected in ((9, 1, "ok"), (8, 1, "warn"), (0, 1, "warn")):
        merchant.kept, merchant.broken = kept, broken
        assert outcome(offer, now, "standing") == expected
    put_in_state(merchant, MerchantState.SUSPENDED, now)
    assert outcome(offer, now, "standing") == "fail"


def test_dispatch_is_not_too_far_away(offer, now):
    for days, expected in ((1, "ok"), (45, "ok"), (46, "warn"), (90, "warn"), (91, "fail")):
        change(offer, lead_days=days)
        assert outcome(offer, now, "lead") == expected, days


def test_the_regions_of_the_campaign_are_covered(make, now):
    campaign = wanted(make, regions=["CN", "HK"])
    offer = sound(make, campaign, hs_code="732399")
    for regions, expected in (([], "ok"), (["CN", "HK"], "ok"), (["CN", "HK", "US"], "ok"), (["CN"], "fail")):
        change(offer, regions=regions)
        assert outcome(offer, now, "regions") == expected, regions


def test_people_outside_the_regions_are_noted(make, now):
    campaign = wanted(make)
    make.pledge(campaign, quantity=2, region="US")
    offer = sound(make, campaign, regions=["CN"])
    found = say(offer, now, "regions")
    assert (found.result, "2 units are wanted" in str(found.evidence)) == ("warn", True)
    change(offer, regions=["CN", "US"])
    assert outcome(offer, now, "regions") == "ok"


def test_the_firms_own_people_never_carry_the_threshold(make, now):
    merchant = make.merchant()
    owner = db.session.get(User, merchant.staff[0].user_id)
    for pledges, own, expected in ((4, 2, "warn"), (3, 1, "fail")):
        campaign = wanted(make, pledges=pledges, quantity=3)
        make.pledge(campaign, owner, quantity=own).placed_at = now - timedelta(
            days=1
        )  # before there was an offer
        offer = sound(make, campaign, merchant, title=f"Pot of {own}", tiers=((10, 25900),))
        assert outcome(offer, now, "own_pledges") == expected
    assert verdict_of(examine(offer, now)).ruling is Ruling.REJECT


def test_examining_sends_as_many_statements_for_many_others_as_for_none(make, now):
    first = sound(make)
    campaign_id, offer_id = first.campaign_id, first.id

    def statements():
        db.session.commit()
        db.session.expunge_all()
        sent = []

        def note(*args):
            sent.append(args[2])

        offer = db.session.get(Offer, offer_id)
        event.listen(db.engine, "before_cursor_execute", note)
        examine(offer, now)
        event.remove(db.engine, "before_cursor_execute", note)
        return len(sent)

    before = statements()
    campaign = db.session.get(Campaign, campaign_id)
    for n in range(3):
        sound(make, campaign, title=f"Pot {n}")
        make.pledge(campaign, region="US")
    assert statements() == before


def test_what_the_page_shows_is_what_the_job_decides(make, now):
    for values, ruling in (
        ({}, Ruling.PASS),
        ({"lead_days": 91}, Ruling.WAIT),
        ({"title": "Air rifle"}, Ruling.REJECT),
    ):
        offer = sound(make, **values)
        shown = examine(offer, now)
        make.at_stage(offer, "machine_review")
        judge_by_machine(offer.id, now=now)
        line = db.session.scalars(
            db.select(VerdictLine)
            .where(VerdictLine.offer_id == offer.id, VerdictLine.stage == "machine_review")
            .order_by(VerdictLine.id)
        ).first()
        assert (line.ruling, line.content_hash) == (ruling, hash_of(offer))
        assert findings_in(line.evidence) == shown
        assert line.reason == verdict_of(shown).reason


def test_a_reason_tells_what_was_seen_and_how_to_mend_it(offer, now):
    change(offer, lead_days=91, selling_line="World's best pot.")
    reason = verdict_of(examine(offer, now)).reason
    assert "Dispatch within 90 days at most." in reason
    assert "Say what can be measured instead." in reason
    assert len(reason.split("\n")) == 2


def test_what_the_machine_found_is_read_in_the_readers_language_long_after(make, now):
    offer = sound(make, lead_days=91, selling_line="")
    db.session.commit()
    verdict = verdict_of(examine(offer, now))
    kept = json.loads(json.dumps(verdict.evidence))  # as the database has it
    assert findings_in(kept) == examine(offer, now)
    assert reason_in_words(kept, "") == verdict.reason
    with current_app.test_request_context(), force_locale("zh_Hans"):
        said = reason_in_words(kept, verdict.reason)
        titles = [f"{one.evidence} {one.fix}" for one in findings_in(kept)]
    assert "91" in said
    assert not re.search("Dispatch|Time to", said)
    assert not [line for line in titles if re.search("[a-z]{4}", line)]


def test_a_notice_that_keeps_what_is_worth_telling_still_says_how_many_checks_there_were(offer, now):
    for pictures in (offer.pictures, offer.pictures[:1]):  # nothing to tell, and a note
        change(offer, pictures=pictures)
        verdict = verdict_of(examine(offer, now))
        assert f"All {len(RULES)} checks" in verdict.reason
        assert reason_in_words(for_notice(verdict.evidence), "") == verdict.reason


def test_a_finding_of_the_time_before_codes_is_shown_as_it_was_written():
    old = {
        "findings": [{"id": "gone", "outcome": "fail", "evidence": "50% is missing.", "fix": "", "field": ""}]
    }
    assert reason_in_words(old, "") == "gone: 50% is missing."
