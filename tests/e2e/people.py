"""Signing in as one of the demo's people."""

from playwright.sync_api import Browser, StorageState

from c2b.seed import PASSWORD
from tests.e2e import chrome
from tests.e2e.site import Site


def sign_in(browser: Browser, site: Site, watch: chrome.Watch, who: str) -> StorageState:
    """Through the form, once; the cookies that a window needs from then on."""
    context = chrome.context_for(browser, site.address, watch)
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("input[type=email]").fill(f"{who}@muster.example")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("form:has(input[type=password]) button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    state = context.storage_state()
    context.close()
    return state
