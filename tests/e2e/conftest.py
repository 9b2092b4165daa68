"""Browser, site and people for tests that look at pages as people do."""

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from c2b.config import ROOT
from tests.e2e import chrome
from tests.e2e.people import sign_in
from tests.e2e.site import Site, running, seeded

OpenAs = Callable[..., Page]
StateOf = Callable[[str], StorageState]
FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make e2e` and its users may ask for."""
    parser.addoption(
        "--all-combinations", action="store_true", help="axe on each page in all eight combinations"
    )
    parser.addoption("--demo-folder", default=None, help="a seeded demo to copy instead of seeding a new one")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; without one the run says so at its end (or fails, if strict)."""
    try:
        return chrome.chromium()
    except chrome.NoChromium as reason:
        if os.environ.get("C2B_TEST_STRICT") == "1":
            pytest.fail(f"Chromium is needed here: {reason}")
        pytest.skip(f"no Chromium: {reason}")


@pytest.fixture(scope="session")
def demo(chromium: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeded demo, shared by all processes of this run; copied, never used itself."""
    given = request.config.getoption("--demo-folder", None)
    if given:
        return Path(given)
    own = tmp_path_factory.getbasetemp()
    return seeded(own.parent if "workerinput" in dir(request.config) else own)


@pytest.fixture(scope="session")
def site(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The running site of this process: each test changes only what no other looks at, or puts it back."""
    with running(demo, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def own_site(demo: Path, tmp_path: Path) -> Iterator[Site]:
    """A running site of this test's own, for one that lets time pass. To start it costs more than most tests."""
    with running(demo, tmp_path / "site") as site:
        yield site


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium; its driver's event loop must be gone before other tests run, hence no longer than this package."""
    with sync_playwright() as playwright:
        browser = chrome.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in() -> dict[str, StorageState]:
    """The cookies of those who have signed in before; every site has the same key and people."""
    return {}


@pytest.fixture
def watch(site_in_use: Site) -> Iterator[chrome.Watch]:
    """Fails the test at its end when a page had an error, broke the policy, or asked another host."""
    watch = chrome.Watch(site_in_use.address)
    yield watch
    assert not watch.found, "\n".join([*dict.fromkeys(watch.found), site_in_use.said()])


@pytest.fixture
def site_in_use(request: pytest.FixtureRequest) -> Site:
    """The site of this test: its own if it has one."""
    found: Site = request.getfixturevalue("own_site" if "own_site" in request.fixturenames else "site")
    return found


@pytest.fixture
def state_of(
    site_in_use: Site, browser: Browser, watch: chrome.Watch, signed_in: dict[str, StorageState]
) -> StateOf:
    """The cookies of one of the demo's people, who signs in when first asked for."""

    def of(who: str) -> StorageState:
        if who not in signed_in:
            signed_in[who] = sign_in(browser, site_in_use, watch, who)
        return signed_in[who]

    return of


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The fixtures learn whether the test failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def open_as(
    request: pytest.FixtureRequest,
    site_in_use: Site,
    browser: Browser,
    watch: chrome.Watch,
    state_of: StateOf,
) -> Iterator[OpenAs]:
    """A window for one of the demo's people (None for a visitor); options as of a browser's context.

    What the windows show when the test fails is kept below var/e2e/.
    """
    contexts: list[BrowserContext] = []

    def open_one(who: str | None = None, **more: Any) -> Page:
        state = {"storage_state": state_of(who)} if who else {}
        context = chrome.context_for(browser, site_in_use.address, watch, **state, **more)
        contexts.append(context)
        return context.new_page()

    yield open_one
    if request.node.stash.get(FAILED, False):
        for number, context in enumerate(contexts):
            chrome.save(context.pages[0], ROOT / "var" / "e2e" / f"{request.node.name}-{number}.png")
    for context in contexts:
        context.close()
