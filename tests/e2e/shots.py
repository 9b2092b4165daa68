"""Pictures of the key pages, as people see them, into var/shots/: `make shots`.

ARGS: `--demo FOLDER` copies a demo that is there already; otherwise one is seeded first.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from c2b.config import ROOT
from tests.e2e import chrome, steps
from tests.e2e.people import sign_in
from tests.e2e.site import Site, running, seeded

FOLDER = ROOT / "var" / "shots"
SIZES = (chrome.PHONE, chrome.DESK)
SCHEMES = ("light", "dark")


def pages(site: Site) -> list[tuple[str, str | None, str]]:
    """The ten key pages: name, who looks, address."""
    batch = site.ask(steps.batch_in_review)
    return [
        ("home", None, "/"),
        ("campaign", None, "/c/enamelled-cast-iron-pot-22-cm-1"),
        ("joined", "alice", "/me/joined"),
        ("order", "alice", site.ask(steps.an_order_of_alice)),
        ("wish", "alice", "/w/new"),
        ("demand", "mo", "/sell/demand"),
        ("offer", "mo", "/sell/a/42"),
        ("review", "rita", f"/review/b/{batch}"),
        ("schedule", "otto", "/schedule"),
        ("overview", "otto", "/ops"),
    ]


def take(browser: Browser, site: Site) -> list[str]:
    """Every page in each size and scheme; what went wrong on the way."""
    watch = chrome.Watch(site.address)
    cookies = {who: sign_in(browser, site, watch, who) for who in ("alice", "mo", "rita", "otto")}
    for name, who, address in pages(site):
        for size in SIZES:
            state = {"storage_state": cookies[who]} if who else {}
            context = chrome.context_for(browser, site.address, watch, viewport=size, **state)
            page = context.new_page()
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.goto(address)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=FOLDER / f"{name}-{size['width']}-{scheme}.png")
            context.close()
    return watch.found


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, help="the folder of a seeded demo")
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        demo = asked.demo or seeded(Path(name))
        with running(demo, Path(name) / "site") as site:
            browser = chrome.launch(playwright)
            found = take(browser, site)
            browser.close()
    print("\n".join([*found, f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}/"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
