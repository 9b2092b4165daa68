"""What a screen reader hears: names of the main controls, and what is said when something changes."""

import re

from playwright.sync_api import expect

from tests.e2e import steps
from tests.e2e.conftest import OpenAs
from tests.e2e.site import Site


def test_the_front_page_names_its_parts(open_as: OpenAs):
    page = open_as("alice")
    page.goto("/")
    for role, name in [
        ("navigation", "Main"),
        ("navigation", re.compile("[Cc]ategor")),
        ("link", re.compile("^Notices")),
        ("link", "Start a wish"),
    ]:
        expect(page.get_by_role(role, name=name).first).to_be_attached()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    wants = page.locator("main form[data-want] button")
    heard = wants.evaluate_all(
        "(all) => all.map((one) => [one.innerText.trim() || one.ariaLabel, one.ariaPressed])"
    )
    assert heard
    assert all(name and pressed in ("true", "false") for name, pressed in heard)


def test_the_pledge_box_says_what_each_control_does(open_as: OpenAs):
    page = open_as("alice")
    page.goto("/c/celadon-travel-tea-set-for-three-6")
    box = page.locator("form[action$='/join']")
    expect(box.get_by_role("group", name="The most you would pay")).to_be_visible()
    expect(box.get_by_role("slider", name="The most you would pay")).to_be_visible()
    expect(box.get_by_role("radio").last).to_have_accessible_name(re.compile("^Other"))
    expect(box.locator("input[name=max_other]")).to_have_accessible_name(re.compile("Amount"))
    expect(box.locator("input[name=quantity]")).to_have_accessible_name("Quantity")
    expect(box.locator("button[data-cta]")).to_have_accessible_name(re.compile(r"^Join at up to ¥\d+"))
    said = box.locator("#say")
    expect(said).to_have_attribute("aria-live", "polite")
    before = said.inner_text()
    box.locator("label:has(input[name=max])").nth(1).click()
    expect(said).not_to_have_text(before)


def test_reviewing_is_said_aloud(site: Site, open_as: OpenAs):
    page = open_as("rob")
    number = site.ask(steps.batch_in_review)
    page.goto(f"/review/b/{number}")
    expect(page.get_by_role("table", name=re.compile(f"Offers of batch {number}"))).to_be_visible()
    expect(page.get_by_role("complementary", name="Details of the selected offer")).to_be_visible()
    for name in ("Pass", "Wait", "Reject"):
        expect(page.get_by_role("button", name=re.compile(f"^{name}")).first).to_be_attached()
    page.keyboard.press("w")
    expect(page.locator("#said")).to_have_text("Choose a reason with 1 to 6, or write one.")
    expect(page.locator("#said")).to_have_role("status")
