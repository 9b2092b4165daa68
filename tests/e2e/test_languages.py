"""Each language once: the page says which it is, and none of our own English is left on it."""

import re

import pytest
from playwright.sync_api import Page, expect

from c2b.core.languages import LANGUAGES, PREFIXES
from tests.e2e import steps
from tests.e2e.conftest import OpenAs
from tests.e2e.site import Site

TEA = "/c/celadon-travel-tea-set-for-three-6"
PAGES = ("/", TEA, f"{TEA}#join", "/help")
TEXTS = """() => {
  const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
  const found = []
  while (walk.nextNode()) found.push(walk.currentNode.data.replace(/\\s+/g, ' ').trim())
  document.querySelectorAll('main [aria-label], main [placeholder], main [alt]').forEach((one) =>
    found.push(one.ariaLabel || '', one.placeholder || '', one.alt || ''))
  return found
}"""
# Words that are right in another language too.
SAME = {
    "No",
    "Total",
    "Error",
    "Color",
    "Normal",
    "Muster",
    "QR",
    "CSV",
    "PDF",
    "Atom",
    "Facebook",
    "WhatsApp",
}


def texts(page: Page, address: str) -> set[str]:
    """What is written on a page, where there is a word in it."""
    page.goto(address)
    return {text for text in page.evaluate(TEXTS) if re.search("[A-Za-z]{2}", text) and "@" not in text}


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_a_page_speaks_one_language(code: str, site: Site, open_as: OpenAs):
    page = open_as()
    theirs = site.ask(steps.words_of_people)
    left = {}
    for address in PAGES:
        english = {
            text for text in texts(page, address) if not any(text.lstrip(": ") in words for words in theirs)
        }
        translated = texts(page, PREFIXES[code] + address)
        assert page.locator("html").get_attribute("lang") == code
        same = english & translated - SAME
        if same:
            left[address] = sorted(same)
    assert not left, "\n".join(f"{address}: {words}" for address, words in left.items())


def test_joining_works_in_each_language(own_site: Site, open_as: OpenAs):
    page = open_as("alice")
    for code, prefix in PREFIXES.items():
        page.goto(prefix + TEA)
        page.locator("form[action$='/join'] button[data-cta]").click()
        expect(page).to_have_url(re.compile(f"{prefix}{TEA}/joined$"))
        assert page.locator("html").get_attribute("lang") == code
        steps.leave(page)
