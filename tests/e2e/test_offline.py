"""Without a connection: a page that says so in the language of the address, and what was joined as last seen."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenAs


@pytest.mark.parametrize(("prefix", "code"), [("", "en"), ("/es", "es"), ("/zh-hans", "zh-Hans")])
def test_a_page_says_in_its_language_that_there_is_no_connection(open_as: OpenAs, prefix: str, code: str):
    page = open_as()
    page.goto(f"{prefix}/offline")
    words = page.locator("h1").inner_text()
    page.goto("/")  # the worker that an English page has put there serves every language
    page.wait_for_function("() => navigator.serviceWorker.controller")
    page.context.set_offline(True)
    page.goto(f"{prefix}/help")
    expect(page.locator("html")).to_have_attribute("lang", code)
    expect(page.locator("h1")).to_have_text(words)
    page.context.set_offline(False)


def test_what_was_joined_is_there_as_last_seen(open_as: OpenAs):
    page = open_as("alice")
    page.goto("/")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    page.goto("/me/joined")
    seen = page.locator("main").inner_text()
    page.wait_for_function("() => caches.open('pages').then((kept) => kept.keys()).then((all) => all.length)")
    page.context.set_offline(True)
    page.goto("/help")
    expect(page.locator(".lost")).to_be_visible()  # there is no connection indeed
    page.goto("/me/joined")
    assert page.locator("main").inner_text() == seen
    page.context.set_offline(False)
