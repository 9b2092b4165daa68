"""Every page of the site: axe-core finds nothing, nothing is too wide, and scripts keep to their budget.

Each page is looked at in light and dark, on a phone and on a desk, in English or Chinese by turns; with
`--all-combinations` every example of every page in all eight.
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
from tests.e2e.conftest import OpenAs
from tests.e2e.places import Place, places
from tests.e2e.site import Site

PARTS = 8  # so that the processes of a run can share the pages
LANGUAGES = {"en": "", "zh-Hans": "/zh-hans"}
SCRIPTS = {"shop": 6_000, "office": 14_000}  # bytes, zipped
NARROWEST = {"width": 320, "height": 640}
ASKED_FOR = """() => [document.querySelector('.bo') ? 'office' : 'shop',
  performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.includes('.js'))]"""


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_are_accessible_fit_and_are_light(
    part: int, site: Site, open_as: OpenAs, request: pytest.FixtureRequest
) -> None:
    every = bool(request.config.getoption("--all-combinations", False))
    windows: dict[str | None, Page] = {}
    wrong = []
    for number, place in enumerate(places(site, every=every, part=part, parts=PARTS)):
        page = windows.get(place.who) or windows.setdefault(place.who, open_as(place.who))
        for language, views in _views(number + part, every=every):
            page.set_viewport_size(views[0][1])
            page.emulate_media(color_scheme=views[0][0], reduced_motion="reduce")
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


def _problems(page: Page, views: list[tuple[Any, Any]]) -> list[str]:
    axe.prepare(page)
    found = []
    for scheme, size in views:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme} {size['width']}: {line}" for line in axe.violations(page)]
    page.set_viewport_size(NARROWEST)
    if wide := axe.overflow(page):
        found.append(f"320 px wide: {wide}")
    kind, scripts = page.evaluate(ASKED_FOR)
    weight = sum(_zipped(urlsplit(name).path) for name in scripts)
    if weight > SCRIPTS[kind]:
        found.append(f"scripts weigh {weight} bytes: {scripts}")
    return found


@cache
def _zipped(path: str) -> int:
    return len(gzip.compress((Path(ROOT) / path.lstrip("/")).read_bytes(), 9))


def _name(place: Place) -> str:
    return f"{place.endpoint} {place.address} ({place.who or 'visitor'})"


@pytest.fixture(scope="module")
def long_words(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with every sentence of ours 40 % longer."""
    from tests.e2e.site import running

    with running(demo, tmp_path_factory.mktemp("long"), C2B_PSEUDO="1") as site:
        yield site


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_hold_words_that_are_longer(part: int, long_words: Site, open_as: OpenAs) -> None:
    windows: dict[str | None, Page] = {}
    wrong = []
    for place in places(long_words, part=part, parts=PARTS):
        page = windows.get(place.who) or windows.setdefault(
            place.who, open_as(place.who, viewport=chrome.PHONE)
        )
        page.goto(place.address)
        if wide := axe.overflow(page):
            wrong.append(f"{_name(place)}: {wide}")
    assert not wrong, "\n".join(wrong)
