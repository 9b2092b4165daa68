"""The merchants' pages: what was typed is kept, bad uploads get a sentence, nobody sees another firm's offers."""

import io
import re
import struct
import zlib

import pytest
from PIL import Image
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns.states import CampaignState
from c2b.core.db import db
from c2b.pipeline.engine import judge_by_machine
from c2b.pipeline.models import Offer
from tests.factories import put_in_state
from tests.pipeline.offers_kit import sound, wanted

GOOD = {
    "title": "Cast iron pot",
    "selling_line": "Keeps the heat for an hour.",
    "list_price": "399",
    "lowest_price_7_days": "399",
    "tiers-0-from_quantity": "10",
    "tiers-0-unit_price": "259",
    "tiers-1-from_quantity": "20",
    "tiers-1-unit_price": "239.50",
    "minimum": "",
    "maximum": "500",
    "per_shopper": "5",
    "lead_days": "20",
    "options": "Colour: Red, Blue",
    "origin": "CN",
    "hs_code": "732399",
    "regions": ["CN", "HK"],
    "launch_not_before": "2025-06-10",
    "launch_not_after": "2025-06-20",
    "certificates-0-kind": "",
    "certificates-1-kind": "",
    "certificates-2-kind": "",
    "certificates-3-kind": "",
}
PDF = b"%PDF-1.7 a certificate"


def png(width=960, height=640, colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def bomb():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


def send(client, url, files=(), **more):
    data = {key: value for key, value in {**GOOD, **more}.items() if value is not None}
    for name, content, filename in files:
        data.setdefault(name, []).append((io.BytesIO(content), filename))
    return client.post(url, data=data, content_type="multipart/form-data")


@pytest.fixture(autouse=True)
def at_that_time(monkeypatch, now):
    """The pages' clock stands at the moment of the test's story."""
    for module in ("offer_views", "opportunity_views", "offer_draft_views"):
        monkeypatch.setattr(f"c2b.pipeline.{module}.utcnow", lambda: now)


@pytest.fixture
def campaign(make):
    return wanted(make)


@pytest.fixture
def merchant(make, client, sign_in):
    firm = make.merchant()
    sign_in(client, db.session.get(User, firm.staff[0].user_id))
    return firm


def the_offer():
    db.session.expire_all()
    return db.session.scalar(select(Offer))


def test_a_merchant_registers_checks_and_hands_in_an_offer(client, campaign, merchant, now):
    assert campaign.title in client.get("/sell/demand").text
    assert client.get(f"/sell/a/new/{campaign.slug}").status_code == 200
    pictures = [("pictures", png(colour=colour), f"{colour}.png") for colour in ("red", "blue", "green")]
    answer = send(
        client,
        f"/sell/a/new/{campaign.slug}",
        [*pictures, ("certificates-0-file", PDF, "test.pdf")],
        action="check",
        **{"certificates-0-kind": "quality"},
    )
    assert answer.status_code == 302
    offer = the_offer()
    assert answer.location == f"/sell/a/{offer.id}/edit#checks"
    assert [(tier.from_quantity, tier.unit_price) for tier in offer.tiers] == [(10, 25900), (20, 23950)]
    assert (offer.minimum, offer.maximum, offer.regions) == (10, 500, ["CN", "HK"])
    assert offer.options == [{"name": "Colour", "values": ["Red", "Blue"]}]
    assert [ref[:4] for ref in offer.pictures] == ["pic/"] * 3
    assert [(c["name"], c["kind"]) for c in offer.certificates] == [("test.pdf", "quality")]
    assert offer.launch_not_before.isoformat() == "2025-06-09T16:00:00+00:00", "the day begins in Shanghai"
    assert offer.launch_not_after.isoformat() == "2025-06-20T15:59:59+00:00"
    assert "Everything is fine" in client.get(f"/sell/a/{offer.id}/edit").text
    assert client.get(f"/sell/a/{offer.id}/papers/1").data == PDF
    assert client.get(f"/sell/a/{offer.id}/papers/2").status_code == 404
    assert client.post(f"/sell/a/{offer.id}/submit").status_code == 302
    assert the_offer().state == "machine_review"
    judge_by_machine(offer.id, now=now)
    db.session.commit()
    assert the_offer().state in ("sample", "final_review")
    hub = client.get(f"/sell/a/{offer.id}").text
    assert "Machine review: passed" in hub
    assert "Handed in" in hub


def test_the_form_comes_back_as_the_offer_is(client, campaign, merchant):
    send(client, f"/sell/a/new/{campaign.slug}", [("pictures", png(), "pot.png")])
    offer = the_offer()
    page = client.get(f"/sell/a/{offer.id}/edit").text
    kept = re.findall(r'name="pictures-kept" value="([^"]+)"', page)
    first = offer.content_hash
    assert len(kept) == 1
    for text in ('value="239.50"', "Colour: Red, Blue", 'value="2025-06-20"', f'value="{first}"'):
        assert text in page
    again = {"pictures-kept": kept[0], "seen": first, "minimum": "10"}
    assert send(client, f"/sell/a/{offer.id}/edit", **again).status_code == 302
    assert the_offer().content_hash == first
    assert send(client, f"/sell/a/{offer.id}/edit", seen=first).status_code == 302
    assert the_offer().pictures == [], "a picture that is not ticked is dropped"


WRONG = (
    ({"title": ""}, "Give the offer a title"),
    ({"title": "x" * 27}, "at most 26"),
    ({"selling_line": "x" * 81}, "at most 80"),
    ({"list_price": ""}, "Enter the list price"),
    ({"list_price": "lots"}, "digits"),
    ({"list_price": "0"}, "above zero"),
    ({"list_price": "9" * 40}, "digits"),
    ({"tiers-0-unit_price": ""}, "Fill both boxes"),
    ({"tiers-1-unit_price": "259"}, "must cost less"),
    ({"tiers-1-from_quantity": "10"}, "start at more units"),
    ({"tiers-0-from_quantity": "1.5"}, "whole number"),
    ({"minimum": "501"}, "less than the least"),
    ({"maximum": "-1"}, "whole number"),
    ({"lead_days": ""}, "how many days"),
    ({"lead_days": "181"}, "180 or less"),
    ({"hs_code": "12ab"}, "6 to 10 digits"),
    ({"origin": "XX"}, "Not a valid choice"),
    ({"regions": ["CN", "XX"]}, "valid choice"),
    ({"options": "Colour"}, "Colour: Red, Blue"),
    ({"launch_not_before": "soon"}, "Not a valid date"),
    ({"launch_not_before": "0001-01-01"}, "between 2020 and 2099"),
    ({"launch_not_after": "9999-12-31"}, "between 2020 and 2099"),
    ({"launch_not_after": "2025-06-09"}, "before the first one"),
    ({"title": "a\u202eb"}, "cannot be shown"),
)


def test_a_wrong_field_has_its_message_and_what_was_typed_is_kept(client, campaign, merchant):
    for values, words in WRONG:
        answer = send(client, f"/sell/a/new/{campaign.slug}", [("pictures", png(), "pot.png")], **values)
        assert answer.status_code == 422, values
        assert words in answer.text, values
        assert "There is a problem" in answer.text
        assert "pot.png" in answer.text, "the good picture is kept"
        assert 'value="239.50"' in answer.text or "239.50" not in str(GOOD | values)
    assert the_offer() is None


BAD_FILES = (
    ("pictures", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "not a picture"),
    ("pictures", png()[:200], "a.png", "not a picture"),
    ("pictures", bomb(), "a.png", "too many pixels"),
    ("pictures", b"", "a.png", "empty"),
    ("pictures", b"hello", "a.jpg", "not a picture"),
    ("certificates-0-file", b"hello", "a.pdf", "PDF, JPEG or PNG"),
    ("certificates-0-file", PDF, "a.exe", "PDF, JPEG or PNG"),
    ("certificates-1-file", PDF, "a.pdf", "Say what this file shows"),
)


def test_a_bad_upload_gets_a_sentence_and_never_an_error(client, campaign, merchant):
    for field, content, name, words in BAD_FILES:
        kind = {"certificates-0-kind": "quality"} if field == "certificates-0-file" else {}
        answer = send(client, f"/sell/a/new/{campaign.slug}", [(field, content, name)], **kind)
        assert answer.status_code == 422, (field, name)
        assert words in answer.text, (field, name)
    five = [("pictures", png(700 + n, 500), f"{n}.png") for n in range(6)]
    answer = send(client, f"/sell/a/new/{campaign.slug}", five)
    assert answer.status_code == 422
    assert "at most 5 files" in answer.text
    assert the_offer() is None


def test_a_draft_may_lack_nearly_everything(client, campaign, merchant):
    few = dict.fromkeys(GOOD, "") | {"title": "Pot", "list_price": "399", "lead_days": "20", "origin": "CN"}
    assert send(client, f"/sell/a/new/{campaign.slug}", **{**few, "regions": None}).status_code == 302
    offer = the_offer()
    hub = client.get(f"/sell/a/{offer.id}").text
    assert "Add at least one price tier" in hub
    assert "There is no main picture." in hub
    refused = client.post(f"/sell/a/{offer.id}/submit")
    assert refused.status_code == 409
    assert the_offer().state == "signup"


def test_a_colleagues_change_is_not_overwritten(client, campaign, merchant):
    send(client, f"/sell/a/new/{campaign.slug}")
    offer = the_offer()
    answer = send(client, f"/sell/a/{offer.id}/edit", title="Mine", seen="0" * 64)
    assert answer.status_code == 422
    assert "colleague" in answer.text
    assert 'value="Mine"' in answer.text


def test_another_firms_offer_is_not_found(client, make, campaign, merchant, sign_in):
    theirs = sound(make, campaign, certificates=[{"file": "doc/a", "name": "a", "kind": "other"}])
    url = f"/sell/a/{theirs.id}"
    for page in (url, f"{url}/edit", f"{url}/papers/1", "/sell/a/999999"):
        assert client.get(page).status_code == 404, page
    for action in ("submit", "withdraw", "again", "edit"):
        assert client.post(f"{url}/{action}").status_code == 404, action
    assert theirs.title not in client.get("/sell/a").text
    sign_in(client, make.user())
    assert client.get(url).status_code == 403


def test_what_waits_for_the_merchant_comes_first_and_can_be_mended(client, make, campaign, merchant, now):
    offer = make.at_stage(sound(make, campaign, merchant, lead_days=91), "machine_review")
    judge_by_machine(offer.id, now=now)
    db.session.commit()
    page = client.get("/sell/a").text
    assert "Your turn" in page
    assert "To mend" in page
    hub = client.get(f"/sell/a/{offer.id}").text
    assert "Dispatch within 90 days at most." in hub
    assert client.get(f"/sell/a/{offer.id}/edit").status_code == 200
    assert client.post(f"/sell/a/{offer.id}/again").status_code == 302


def test_what_is_being_judged_cannot_be_edited(client, make, campaign, merchant):
    offer = make.at_stage(sound(make, campaign, merchant), "final_review")
    assert client.get(f"/sell/a/{offer.id}/edit").status_code == 409
    assert client.get(f"/sell/a/{offer.id}").status_code == 200


@pytest.mark.breaks_promises  # endings are reached by no arrow here
def test_every_stage_and_ending_of_an_offer_has_a_page(client, make, merchant, now):
    for stage in ("signup", "machine_review", "sample", "final_review", "scheduling"):
        offer = make.at_stage(sound(make, merchant=merchant, title=f"Pot {stage}"), stage)
        assert client.get(f"/sell/a/{offer.id}").status_code == 200, stage
    for ending in ("rejected", "withdrawn", "lapsed", "runner_up", "not_chosen", "launched", "fell_through"):
        offer = sound(make, merchant=merchant, title=f"Pot {ending}")
        put_in_state(offer, ending, now)
        assert client.get(f"/sell/a/{offer.id}").status_code == 200, ending
    assert client.get("/sell/a").status_code == 200


def test_a_price_says_what_it_would_reach_without_telling_people_apart(client, make, merchant):
    campaign = wanted(make, pledges=4, quantity=3, ceiling=25900)
    for _n in range(3):
        make.pledge(campaign, ceiling=20000, quantity=1)
    url = f"/sell/demand?c={campaign.slug}&price="
    for price, units in (("259", 12), ("210", 12), ("200", 15), ("1", 15)):
        assert f"<b>{units} units</b>" in client.get(url + price).text, price
    assert "fewer people than we can show" in client.get(url + "300").text
    assert "digits" in client.get(url + "cheap").text
    assert client.get("/sell/demand?c=nothing&price=1").status_code == 200


def test_only_open_sign_up_is_offered(client, make, merchant):
    waiting = make.campaign(CampaignState.TIPPED, title="Not in a batch yet")
    assert waiting.title not in client.get("/sell/demand").text
    assert client.get(f"/sell/a/new/{waiting.slug}").status_code == 404
    assert client.get("/sell/a/new/no-such-thing").status_code == 404


def test_a_merchant_that_is_not_certified_looks_but_does_not_register(client, make, campaign, sign_in):
    firm = make.merchant("applied")
    sign_in(client, db.session.get(User, firm.staff[0].user_id))
    assert "must be certified" in client.get("/sell/demand").text
    assert client.get(f"/sell/a/new/{campaign.slug}").status_code == 409


def test_the_public_page_shows_the_record(client, make, merchant):
    make.campaign(CampaignState.SOURCING, merchant_id=merchant.id, title="A campaign of theirs")
    page = client.get(f"/m/{merchant.slug}").text
    assert "A campaign of theirs" in page
    assert client.get(f"/m/{make.merchant('applied').slug}").status_code == 404
    assert client.get("/m/nobody").status_code == 404


def test_a_draft_is_kept_by_itself_but_never_over_a_newer_change(client, campaign, merchant, diary):
    send(client, f"/sell/a/new/{campaign.slug}")
    offer = the_offer()
    url, first = f"/sell/a/{offer.id}/autosave", offer.content_hash
    kept = send(client, url, title="Iron pot", seen=first, unit_cost="200")
    assert kept.status_code == 200
    assert kept.json["text"].startswith("Saved at")
    again = send(client, url, title="Iron pots", seen=kept.json["seen"])
    assert the_offer().title == "Iron pots"
    assert the_offer().content_hash == again.json["seen"]
    assert [kind for kind, _data in diary()].count("offer.changed") == 1, "typing is one line of the diary"
    late = send(client, url, title="An older tab", seen=first)
    assert (late.status_code, late.json["stale"], the_offer().title) == (409, True, "Iron pots")
    assert send(client, url, title="", seen=again.json["seen"]).status_code == 422
    assert send(client, url, seen="").status_code == 409
    pasted = send(client, url, seen=again.json["seen"], pasted="10\t¥259\n50\t199,50", unit_cost="200")
    assert pasted.status_code == 200
    assert pasted.json["rows"] == [["10", "259"], ["50", "199.50"]], "the page writes them into its rows"
    assert "¥259" in pasted.json["worth"]
    amiss = send(client, url, title="", pasted="10\t259")
    assert (amiss.status_code, amiss.json["rows"]) == (422, [["10", "259"]])
    page = client.get(f"/sell/a/{offer.id}?at=250").text
    assert "At ¥250 you would reach at least 12 units" in page
    assert "below what one costs you" in page
    assert "saved" in page
    assert client.get(f"/sell/a/{offer.id}/reach?at=cheap").json["problem"]


def test_a_new_offer_is_kept_from_its_first_field_on(client, campaign, merchant):
    new = f"/sell/a/new/{campaign.slug}"
    assert f'data-autosave="{new}/autosave"' in client.get(new).text
    assert send(client, f"{new}/autosave", title="").status_code == 422
    begun = send(client, f"{new}/autosave", title="Iron p")
    offer = the_offer()
    assert (begun.json["page"], begun.json["seen"]) == (f"/sell/a/{offer.id}/edit", offer.content_hash)
    assert send(client, begun.json["autosave"], title="Iron pot", seen=begun.json["seen"]).status_code == 200
    assert send(client, f"{new}/autosave", title="Another tab").status_code == 409
    pressed = send(client, new, title="Iron pot, black")  # before the page heard of its own place
    assert (pressed.status_code, pressed.location) == (307, begun.json["page"])
    assert send(client, begun.json["page"], title="Iron pot, black").status_code == 302
    assert the_offer().title == "Iron pot, black"


def test_an_offer_is_started_from_another_one(client, make, campaign, merchant):
    send(client, f"/sell/a/new/{campaign.slug}", [("pictures", png(), "pot.png")])
    offer = the_offer()
    url = f"/sell/a/{offer.id}/copy"
    assert "No campaign to offer this for" in client.get(url).text
    other = wanted(make)
    assert other.title in client.get(url).text
    assert client.post(url, data={"campaign": campaign.slug}).status_code == 422
    made = client.post(url, data={"campaign": other.slug})
    assert made.status_code == 302
    new = db.session.scalar(select(Offer).where(Offer.campaign_id == other.id))
    assert made.location.endswith(f"/sell/a/{new.id}/edit")
    assert (new.title, new.pictures, len(new.tiers), new.state) == (offer.title, offer.pictures, 2, "signup")
    theirs = sound(make, campaign)
    for path in ("copy", "reach"):
        assert client.get(f"/sell/a/{theirs.id}/{path}").status_code == 404
    assert client.post(f"/sell/a/{theirs.id}/autosave").status_code == 404
