"""Every page of the site: axe-core finds nothing, nothing is too wide, and scripts keep to their budget.

Each page is loaded once and looked at in light and dark, on a phone and on a desk, in English or Chinese by turns;
with `--all-combinations` every example of every page in all eight.
"""

import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from c2b.config import ROOT
from tests.e2e import axe, chrome
from tests.e2e.conftest import OpenAs, StateOf
from tests.e2e.places import Place, places
from tests.e2e.site import Site

PARTS = 6  # so that the processes of a run can share the pages
LANGUAGES = {"en": "", "zh-Hans": "/zh-hans"}
SCRIPTS = {"shop": 6_000, "office": 14_000}  # bytes, zipped
NARROWEST = {"width": 320, "height": 640}
ASKED_FOR = """() => [document.querySelector('.bo') ? 'office' : 'shop',
  performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.includes('.js'))]"""


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_are_accessible_fit_and_are_light(
    part: int, site: Site, open_as: OpenAs, state_of: StateOf, request: pytest.FixtureRequest
) -> None:
    every = bool(request.config.getoption("--all-combinations", False))
    windows: dict[str | None, Page] = {}
    wrong = []
    for number, place in enumerate(places(site, state_of, every=every, part=part, parts=PARTS)):
        page = windows.get(place.who) or windows.setdefault(place.who, open_as(place.who))
        for language, views in _views(number + part, every=every):
            _show(page, *views[0])
            page.goto(LANGUAGES[language] + place.address)
            wrong += [f"{_name(place)} {language} {problem}" for problem in _problems(page, views)]
    assert not wrong, "\n".join(wrong)


def _views(number: int, *, every: bool) -> Iterator[tuple[str, list[tuple[Any, Any]]]]:
    """The languages to load a page in, each with the views (scheme, size) to look at."""
    first, second = (chrome.PHONE, chrome.DESK) if number % 4 < 2 else (chrome.DESK, chrome.PHONE)
    if every:
        four = [(scheme, size) for size in (first, second) for scheme in ("light", "dark")]
        yield from ((language, four) for language in LANGUAGES)
    else:
        yield list(LANGUAGES)[number % 2], [("light", first), ("dark", second)]


def _show(page: Page, scheme: Any, size: Any) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


def _problems(page: Page, views: list[tuple[Any, Any]]) -> list[str]:
    axe.prepare(page)
    found = []
    for scheme, size in views:
        _show(page, scheme, size)
        found += [f"{scheme} {size['width']}: {line}" for line in axe.violations(page)]
    kind, scripts = page.evaluate(ASKED_FOR)
    weight = sum(_zipped(urlsplit(name).path) for name in scripts)
    if weight > SCRIPTS[kind]:
        found.append(f"scripts weigh {weight} bytes: {scripts}")
    page.set_viewport_size(NARROWEST)
    if wide := axe.overflow(page):
        found.append(f"320 px wide: {wide}")
    page.set_viewport_size(chrome.PHONE)
    axe.stretch(page)
    if wide := axe.overflow(page):
        found.append(f"390 px wide and every text 40 % longer: {wide}")
    return found


@cache
def _zipped(path: str) -> int:
    return len(gzip.compress((Path(ROOT) / path.lstrip("/")).read_bytes(), 9))


def _name(place: Place) -> str:
    return f"{place.endpoint} {place.address} ({place.who or 'visitor'})"
