"""The system's Chromium, and what went wrong on the pages that it showed."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    Response,
    expect,
)

# The one without windows costs a third of the others, which draw a frame and tabs around each page.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]
PATIENCE = float(os.environ.get("E2E_PATIENCE", "120")) * 1000  # milliseconds, for a page of a busy machine
expect.set_options(timeout=PATIENCE)
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
# The browser tells of broken policies by an event; it is heard from the first line of each page on.
LISTEN = """addEventListener('securitypolicyviolation', (broken) =>
    console.error('policy', broken.violatedDirective, broken.blockedURI, broken.sourceFile, broken.lineNumber))"""


class NoChromium(Exception):
    """There is no Chromium on this machine; the message says what to install."""


def chromium() -> str:
    """Where Chromium is (NoChromium)."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise NoChromium("install it: apt-get install chromium-headless-shell fonts-noto-cjk")


def launch(playwright: Playwright) -> Browser:
    """A browser without a window that asks nobody but the site."""
    return playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)


class Watch:
    """Collects what must not happen on any page: errors, broken policies, requests that leave the site."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.found: list[str] = []
        self.expected: set[int] = set()

    def over(self, context: BrowserContext) -> None:
        """Watch every page of this context."""
        context.add_init_script(LISTEN)
        context.on("page", self._page)
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)

    def may_answer(self, *codes: int) -> None:
        """This test asks for pages that answer so (404 for instance)."""
        self.expected.update(codes)

    def _page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(f"{_path(page.url)}: {error}"))

    def _request(self, request: Request) -> None:
        if (
            urlsplit(request.url).scheme in ("http", "https", "ws")
            and urlsplit(request.url).netloc != self.host
        ):
            self.found.append(f"asked another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.found.append(f"{response.request.method} {_path(response.url)} answered {response.status}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            where = message.page.url if message.page else message.location["url"]
            self.found.append(f"{_path(where)}: {message.text}")


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def context_for(browser: Browser, address: str, watch: Watch, **more: Any) -> BrowserContext:
    """A window of its own, watched: English, in the site's zone, without motion."""
    wanted: dict[str, Any] = {
        "base_url": address,
        "locale": "en-GB",
        "timezone_id": "Asia/Shanghai",
        "viewport": DESK,
        "reduced_motion": "reduce",
    }
    context = browser.new_context(**(wanted | more))
    context.set_default_timeout(PATIENCE)
    watch.over(context)
    return context


def save(page: Page, path: Path) -> None:
    """A picture of the whole page, if it can be had."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(Error):
        page.screenshot(path=path, full_page=True)
