"""Everything that matters works where no script runs; and the shopper's way on a phone where they do."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import chrome, steps
from tests.e2e.conftest import OpenAs
from tests.e2e.site import Site

BACKPACK = re.compile("^Place ?: Foldable city backpack")


@pytest.mark.parametrize(
    "window", [{"java_script_enabled": False}, {"viewport": chrome.PHONE, "has_touch": True}]
)
def test_a_shopper_browses_joins_for_a_price_of_their_own_changes_it_and_leaves(open_as: OpenAs, window):
    page = open_as("alice", **window)
    steps.find_by_category(page, "home", steps.TEA)
    steps.join_for_other_price(page, "175")
    steps.heading(page, "You joined")
    expect(page.locator("main")).to_contain_text("¥175")
    steps.change_price(page, "182")
    expect(page.locator("main")).to_contain_text("¥182")
    steps.leave(page)
    page.goto("/search?q=celadon")
    page.locator("main").get_by_role("link", name=steps.TEA).first.click()
    expect(page.locator("form[action$='/join']")).to_be_visible()


def test_an_offer_is_refused_mended_and_handed_in_by_forms(open_as: OpenAs, watch, tmp_path):
    watch.may_answer(422)
    page = open_as("mo", java_script_enabled=False)
    page.goto("/sell/a")
    page.locator("main").get_by_role("link", name="Insulated bottle").first.click()
    steps.press(page, "Withdraw the offer")
    page.goto("/sell/demand")
    page.locator("main a[href*='/sell/a/new/insulated-bottle']").first.click()
    page.locator("input[name=title]").fill("")
    steps.press(page, "Save")
    expect(page.locator(".errsum")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    steps.fill_in_offer(
        page, tmp_path, title="Insulated bottle, 600 ml", at_least=300, price=85, list_price=149
    )
    steps.press(page, "Save")
    steps.press(page, "Hand it in")
    expect(page.locator("main")).to_contain_text("Machine review")


def test_a_batch_is_reviewed_by_forms(site: Site, open_as: OpenAs):
    page = open_as("rob", java_script_enabled=False)
    number = site.ask(lambda: steps.ten_offers_to_review("rob"))
    page.goto("/review")
    page.locator(f"main a[href$='/review/b/{number}']").first.click()
    page.locator("[data-row] a").first.click()
    page.get_by_role("button", name=re.compile("^Pass")).first.click()
    staged = page.locator(".stage").inner_text().split()[0]  # with what the demo's reviewer had staged before
    expect(page.locator(".stage")).to_contain_text(re.compile(f"^\\s*{staged} verdicts? not sent yet"))
    steps.press(page, re.compile("Preview and send"))
    steps.press(page, re.compile(f"^Send {staged} verdict"))
    steps.heading(page, re.compile(f"{staged} verdicts? sent"))


def test_a_launch_gets_its_date_by_place(open_as: OpenAs):
    page = open_as("otto", java_script_enabled=False)
    page.goto("/schedule")
    page.get_by_role("link", name=BACKPACK).click()
    page.locator(".put:visible").first.click()
    expect(page.locator("main")).to_contain_text("Foldable city backpack")
    expect(page.get_by_role("link", name=BACKPACK)).to_have_count(0)
    page.locator("main .note").get_by_role("button", name=re.compile("^Undo")).click()
    expect(page.get_by_role("link", name=BACKPACK)).to_have_count(1)
