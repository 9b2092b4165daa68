"""The keyboard alone is enough, and the focus is seen at every press."""

import re

from playwright.sync_api import expect

from tests.e2e import keys, steps
from tests.e2e.conftest import OpenAs
from tests.e2e.site import Site

BACKPACK = "/c/roll-top-commuter-backpack-20-l-9"


def test_a_shopper_joins_at_the_price_of_the_next_tier(open_as: OpenAs):
    page = open_as("alice")
    page.goto(BACKPACK)
    keys.go_to(page, "input[name=max]")
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[name=max]:checked")).to_have_value("279")
    keys.go_to(page, "form[action$='/join'] button[data-cta]")
    page.keyboard.press("Enter")
    steps.heading(page, "You joined")


def test_a_merchant_says_that_a_sample_is_sent(open_as: OpenAs):
    page = open_as("mo")
    page.goto("/sell/a")
    name = page.locator("main a", has_text="Fig candle").first
    address = name.get_attribute("href")
    keys.follow(page, f"main a[href='{address}']")
    keys.write(page, "input[name=carrier]", "SF Express")
    keys.write(page, "input[name=tracking]", "SF2501234567")
    keys.follow(page, "main form:has(input[name=tracking]) button")
    expect(page.locator("main")).to_contain_text("on its way")


def test_an_operator_gives_a_launch_its_date(open_as: OpenAs):
    page = open_as("otto")
    page.goto("/schedule")
    place = page.get_by_role("link", name=re.compile("^Place ?: Foldable city backpack"))
    address = place.get_attribute("href")
    keys.follow(page, f"main a[href='{address}']")
    keys.follow(page, "main .put")
    expect(place).to_have_count(0)
    keys.follow(page, "main .note-ok form button")  # Undo
    expect(place).to_have_count(1)


def test_a_reviewer_clears_ten_offers(site: Site, open_as: OpenAs):
    number = site.ask(lambda: steps.ten_offers_to_review("rita"))
    page = open_as("rita")
    page.goto(f"/review/b/{number}")
    rows = page.locator("[data-row]")
    expect(rows.nth(9)).to_be_visible()
    staged = page.locator("#staged")
    acts = ["p", "p", "1w", "p", "2r", "p", "p", "1w", "p", "p"]
    for count, letters in enumerate(acts, 1):
        expect(page.locator("[data-row][aria-selected=true]")).to_have_count(1)
        row = page.locator("[data-row][aria-selected=true]").get_attribute("data-row")
        expect(page.locator(f"#verdict[data-offer='{row}']")).to_have_count(1)
        for letter in letters:
            page.keyboard.press(letter)
        expect(staged).to_contain_text(re.compile(rf"\b{count} verdicts? not sent yet"))
    page.keyboard.press("u")
    expect(staged).to_contain_text("9 verdicts not sent yet")
    page.keyboard.press("k")
    page.keyboard.press("j")
    row = page.locator("[data-row][aria-selected=true]").get_attribute("data-row")
    expect(page.locator(f"#verdict[data-offer='{row}']")).to_have_count(1)
    page.keyboard.press("p")
    expect(staged).to_contain_text("10 verdicts not sent yet")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("/review/send"))
    page.keyboard.press("s")
    steps.heading(page, "10 verdicts sent")
