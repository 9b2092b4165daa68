"""Somebody who has never been here, on a phone: finds something, sees what joining means for the money, joins,
passes it on and leaves again. No time is asserted; that few pages are needed stands for it."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.e2e import chrome, steps
from tests.e2e.conftest import OpenAs
from tests.e2e.site import Site

LAMP = "Articulated desk lamp"
MOST_PAGES = 16  # with the two that a mail program would show


def test_a_newcomer_on_a_phone_finds_joins_shares_and_leaves(site: Site, open_as: OpenAs):
    page = open_as(viewport=chrome.PHONE, has_touch=True)
    pages: list[str] = []
    page.on("framenavigated", lambda frame: pages.append(frame.url))

    page.goto("/")
    page.get_by_role("navigation", name="Quick").get_by_role("link", name="Search").click()
    search = page.locator("main input[name=q]")
    search.fill("desk lamp")
    search.press("Enter")
    page.locator("main").get_by_role("link", name=re.compile(LAMP)).first.click()
    steps.heading(page, re.compile(LAMP))
    campaign = urlsplit(page.url).path
    box = page.locator("form[action$='/join']")
    expect(box).to_contain_text("Your card is saved today and charged only after launch.")
    expect(box.locator("#say")).to_contain_text("You count")

    steps.join_as_newcomer(page, site, "Nova")
    expect(page.locator("main")).to_contain_text("At most in all")
    expect(page.locator("main")).to_contain_text("Nothing is charged now")
    link = urlsplit(page.locator("input[data-share-link]").input_value()).path
    friend = open_as(viewport=chrome.PHONE)
    friend.goto(link)
    steps.heading(friend, re.compile(LAMP))

    steps.leave(page)
    expect(page).not_to_have_url(re.compile("/joined$"))
    page.goto(campaign)
    expect(page.locator("form[action$='/join'] button[data-cta]")).to_be_visible()
    assert len(pages) <= MOST_PAGES, pages
