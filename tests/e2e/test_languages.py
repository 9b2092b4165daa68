"""Each language once: the page says which it is, and none of our own English is left on it."""

import re

from babel import Locale
from playwright.sync_api import Page, expect

from c2b.core.languages import LANGUAGES, PREFIXES
from tests.e2e import steps
from tests.e2e.conftest import OpenAs
from tests.e2e.site import Site

CLOGS = "/c/suede-clogs-with-cork-sole-b"
PAGES = ("/", "/c/celadon-travel-tea-set-for-three-6", "/help")
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


def countries_of_one_name(code: str) -> set[str]:
    """The countries that are called in this language as in English, by the CLDR."""
    theirs = Locale.parse(code, sep="-").territories
    return {name for land, name in Locale("en").territories.items() if theirs.get(land) == name}


def test_a_page_speaks_one_language(site: Site, open_as: OpenAs):
    page = open_as()
    theirs = site.ask(steps.words_of_people)
    left = []
    for address in PAGES:
        english = texts(page, address)
        ours = {text for text in english if not any(text.lstrip(": ") in words for words in theirs)}
        for code in (code for code in LANGUAGES if code != "en"):
            translated = texts(page, PREFIXES[code] + address)
            assert page.locator("html").get_attribute("lang") == code
            same = ours & translated - SAME - countries_of_one_name(code)
            left += [f"{PREFIXES[code]}{address}: {text}" for text in sorted(same)]
    assert not left, "\n".join(left)


def test_joining_works_in_each_language(open_as: OpenAs):
    page = open_as("alice")
    for code, prefix in PREFIXES.items():
        page.goto(prefix + CLOGS)
        page.locator("form[action$='/join'] button[data-cta]").click()
        expect(page).to_have_url(re.compile(f"{prefix}{CLOGS}/joined$"))
        assert page.locator("html").get_attribute("lang") == code
        steps.leave(page)
