"""A page that was written for one reader is shown to others with what is theirs, as they would see it alone.

Nobody's name, address, token, mark or pledge is on anybody else's page.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask, flash, render_template_string
from flask.testing import FlaskClient

from c2b.accounts.models import Address, User
from c2b.accounts.operations import end_sessions
from c2b.campaigns.models import Campaign, Follow
from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.own import ANY, keep_for_readers
from tests.factories import Make
from tests.kept_pages import Quick, without_ones

ONCE = pytest.mark.parametrize("database", ["sqlite"])  # where the database makes no difference
POT = "/c/iron-pot"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@pytest.fixture(autouse=True)
def frozen(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def quick(app: Flask, client: FlaskClient) -> Iterator[Quick]:
    """What is kept is kept for as long as the test takes."""
    app.config["WTF_CSRF_ENABLED"] = True
    with Quick(app) as found:
        yield found


@pytest.fixture
def pot(make: Make) -> Campaign:
    """A campaign with several tiers, which takes pledges."""
    return make.campaign(slug="iron-pot", threshold=9, tiers=((9, 25900), (20, 19900)))


@pytest.fixture
def readers(make: Make, pot: Campaign, now: datetime) -> dict[str, User]:
    """One of every kind, and two of those that are most common."""
    people = {
        "joined": make.shopper("<b>Ann</b> & \"Al\" 'Li'"),
        "joined more": make.shopper("聚想"),
        "free": make.shopper("Čeněk"),
        "free too": make.shopper("ßen"),
        "without a card": make.user("Dora"),
        "with an address": make.shopper("Emil"),
        "unconfirmed": make.user("Fritz", confirmed=False),
        "following": make.shopper("Greta"),
        "nameless": make.shopper(""),
        "bringer": make.shopper("Hanna"),
        "merchant": make.user("Mo", roles=(Role.MERCHANT,)),
        "maker": make.user("Maya", roles=(Role.MERCHANT,)),
        "starter": db.session.get_one(User, pot.starter_id),
        "reviewer": make.reviewer("Rita"),
        "operator": make.operator("Otto"),
    }
    make.merchant(owner=people["merchant"])
    pot.merchant_id = make.merchant(owner=people["maker"]).id
    make.pledge(pot, people["joined"], quantity=2, ceiling=25900)
    make.pledge(pot, people["joined more"], quantity=1, ceiling=31900)
    make.pledge(pot, quantity=3, brought_by=people["bringer"].id)
    where = {"phone": "1", "region": "CN", "city": "<Shanghai>", "created_at": now}
    db.session.add_all([
        Address(user_id=people["with an address"].id, name="Emil & Co", line="1 'Long' Road", **where),
        Address(user_id=people["with an address"].id, name="Mother", line="At Mother", **where),
        Follow(campaign_id=pot.id, user_id=people["following"].id, at=now),
    ])  # fmt: skip
    db.session.commit()
    return people


@pytest.fixture
def browsers(
    app: Flask, client: FlaskClient, readers: dict[str, User], sign_in: Any
) -> dict[str, FlaskClient]:
    """Each of them signed in, with a token of their own."""
    found = {name: app.test_client() for name in readers}
    for name, browser in found.items():
        sign_in(browser, readers[name])
        browser.get("/help")
    for reader in readers.values():
        db.session.refresh(reader)
        db.session.expunge(reader)
    db.session.remove()
    return found


ALONE = {"reviewer", "operator"}  # who always get a page of their own


def test_each_reader_sees_what_they_would_see_alone(
    make: Make, readers: dict[str, User], browsers: dict[str, FlaskClient], quick: Quick
) -> None:
    make.campaign("expired", slug="over", closes_at=make.now)
    paths = {"/": ALONE, "/es/k/home?sort=new": ALONE, "/es/c/over": ALONE | {"unconfirmed"}}
    paths |= dict.fromkeys((POT, "/zh-hans/c/iron-pot"), ALONE | {"starter", "maker"})
    secrets = {name: _secrets(user) for name, user in readers.items()}
    db.session.remove()
    for path, alone in paths.items():
        with quick.off():
            plain = {name: quick.get(browser, path) for name, browser in browsers.items()}
        for _turn in range(2):  # they are kept, then they are shown
            shown = {name: quick.get(browser, path) for name, browser in browsers.items()}
        for name, page in shown.items():
            assert without_ones(page.data) == without_ones(plain[name].data), (path, name)
            assert page.status_code == 200 and ANY not in page.data
            for header in (
                "Cache-Control",
                "Vary",
                "Content-Type",
                "Content-Security-Policy",
                "Content-Language",
            ):
                assert page.headers[header] == plain[name].headers[header], (path, name, header)
            others = {secret for other in readers if other != name for secret in secrets[other]}
            assert [secret for secret in others if secret in page.text] == [], (path, name)
        assert {name for name, page in shown.items() if not page.quick} == alone, path
        tokens = {name: set(TOKEN.findall(page.text)) for name, page in shown.items()}
        assert len(set.union(*tokens.values())) == len(tokens)  # one each


def _secrets(user: User) -> list[str]:
    return [user.email, *(address.line for address in db.session.query(Address).filter_by(user_id=user.id))]


@ONCE
def test_compressed_it_is_the_same_page(browsers: dict[str, FlaskClient], quick: Quick) -> None:
    for name in ("joined", "joined more", "joined more"):
        packed = quick.get(browsers[name], POT, headers={"Accept-Encoding": "gzip"})
        plain = quick.get(browsers[name], POT)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert without_ones(packed.unpacked) == without_ones(plain.data)
    assert packed.quick and plain.quick


@ONCE
def test_who_sent_a_form_sees_what_came_of_it(browsers: dict[str, FlaskClient], quick: Quick) -> None:
    greta = browsers["following"]
    for _turn in range(2):
        page = quick.get(greta, POT)
    assert page.quick and "No longer remind me" in page.text
    greta.post(f"{POT}/follow", data={"stop": "1", "csrf_token": TOKEN.findall(page.text)[0]})
    told, after = quick.get(greta, POT), quick.get(greta, POT)
    assert "You no longer follow this." in told.text and "You no longer follow this." not in after.text
    assert not told.quick and not after.quick
    assert "Remind me 48 h before it closes" in after.text
    assert "You no longer follow this." not in quick.get(browsers["free"], POT).text


@ONCE
def test_an_ended_session_is_answered_from_nothing(
    readers: dict[str, User], browsers: dict[str, FlaskClient], quick: Quick
) -> None:
    browser = browsers["free"]
    for _turn in range(2):
        assert "Čeněk" in quick.get(browser, "/").text
    end_sessions(readers["free"].id, now=quick.now)
    db.session.commit()
    page = quick.get(browser, "/")
    assert not page.quick and "Čeněk" not in page.text


@ONCE
def test_what_is_said_once_or_names_its_reader_is_not_kept(
    app: Flask, readers: dict[str, User], browsers: dict[str, FlaskClient], quick: Quick
) -> None:
    view = app.view_functions["web.how"]

    def told() -> Any:
        keep_for_readers()
        flash("Only for the first.")
        return view()

    def named() -> Any:
        keep_for_readers()
        return render_template_string("<p>{{ current_user.email }} {{ own('name', current_user.name) }}</p>")

    for page in (told, named):
        page.access = "public"  # type: ignore[attr-defined]
        app.view_functions["web.how"] = page
        try:
            seen = [quick.get(browsers[name], "/help/how-it-works") for name in ("free", "free too")]
        finally:
            app.view_functions["web.how"] = view
        assert not any(each.quick or ANY in each.data for each in seen)
    assert (readers["free"].email in seen[0].text, readers["free"].email in seen[1].text) == (True, False)
    assert len(quick.pages) == 0
