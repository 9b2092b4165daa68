"""How fast pages feel on a slow phone (`make bench ONLY=phone`): LCP, CLS and the longest event, never asserted.

390 px, two device pixels each, 1.6 Mbit/s with 150 ms, a processor four times slower; the median of five loads.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e import chrome, steps
from tests.e2e.people import sign_in
from tests.e2e.site import Site, running, seeded

LOADS = 5
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
MEASURE = """() => {
  window.measured = {lcp: 0, cls: 0, event: 0}
  const on = (type, take, more) => new PerformanceObserver((list) => list.getEntries().forEach(take))
    .observe({type, buffered: true, ...more})
  on('largest-contentful-paint', (one) => { measured.lcp = one.startTime })
  on('layout-shift', (one) => { if (!one.hadRecentInput) measured.cls += one.value })
  on('event', (one) => { measured.event = Math.max(measured.event, one.duration) }, {durationThreshold: 16})
}"""
Act = Callable[[Page], None]


def drag(page: Page) -> None:
    """The slider of the price, there and back."""
    box = page.locator("input[type=range]").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(30):
        page.mouse.move(box["x"] + box["width"] * (0.2 + step % 15 / 25), box["y"] + box["height"] / 2)
    page.mouse.up()


def walk(page: Page) -> None:
    """Down and up the rows, thirty times."""
    for step in range(30):
        page.keyboard.press("j" if step % 6 < 3 else "k")


def want(page: Page) -> None:
    """Ten hearts in a row."""
    for button in page.locator("button.want:visible").all()[:10]:
        button.click()


def nothing(_page: Page) -> None:
    """Only loading is measured."""


def look(browser: Browser, site: Site, state: dict[str, Any], address: str, act: Act) -> dict[str, float]:
    """One load of a page, and what is done there, on a slow phone."""
    watch = chrome.Watch(site.address)
    context = chrome.context_for(
        browser, site.address, watch, viewport=chrome.PHONE, device_scale_factor=2, **state
    )
    page = context.new_page()
    page.add_init_script(f"({MEASURE})()")
    phone = context.new_cdp_session(page)
    phone.send("Network.enable")
    phone.send("Network.emulateNetworkConditions", NETWORK)
    phone.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    act(page)
    page.wait_for_timeout(500)
    found: dict[str, float] = page.evaluate("measured")
    context.close()
    return found


def measure(browser: Browser, site: Site) -> None:
    """One line for each page."""
    batch = site.ask(steps.batch_in_review)
    table: list[tuple[str, str | None, str, Act]] = [
        ("front page, ten hearts", "alice", "/", want),
        ("campaign, slider", None, "/c/noise-cancelling-over-ear-headphones-2", drag),
        ("review, J and K", "rita", f"/review/b/{batch}", walk),
        ("overview", "otto", "/ops", nothing),
    ]
    print(f"{'':<24} LCP ms   CLS     longest event ms")
    for words, who, address, act in table:
        watch = chrome.Watch(site.address)
        state = {"storage_state": sign_in(browser, site, watch, who)} if who else {}
        runs = [look(browser, site, state, address, act) for _n in range(LOADS)]
        lcp, cls, event = (median(run[key] for run in runs) for key in ("lcp", "cls", "event"))
        print(f"{words:<24} {lcp:6.0f}   {cls:.3f}   {event:6.0f}", flush=True)


def run(demo: Path | None = None) -> None:
    """Seed a demo (or take this one) and print the table."""
    with (
        tempfile.TemporaryDirectory() as name,
        running(demo or seeded(Path(name)), Path(name) / "site") as site,
        sync_playwright() as playwright,
    ):
        browser = chrome.launch(playwright)
        measure(browser, site)
        browser.close()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--demo", type=Path, help="the folder of a seeded demo; otherwise one is seeded first"
    )
    run(parser.parse_args().demo)
    return 0


if __name__ == "__main__":
    sys.exit(main())
