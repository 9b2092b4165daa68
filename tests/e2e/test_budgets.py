"""What pages may weigh, and that nothing jumps: the budgets that no change may overdraw."""

import gzip
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response

from c2b.config import ROOT
from c2b.web.assets import build_assets
from tests.e2e import chrome, steps
from tests.e2e.conftest import OpenAs
from tests.e2e.site import Site

POT = "/c/enamelled-cast-iron-pot-22-cm-1"
# 14,000 bytes in Brotli, which squeezes this stylesheet an eighth smaller than gzip does.
STYLES_ZIPPED = 16_000
JUMPS = """() => new Promise((done) => {
  let sum = 0
  new PerformanceObserver((list) => list.getEntries().forEach((one) => { if (!one.hadRecentInput) sum += one.value }))
    .observe({type: 'layout-shift', buffered: true})
  scrollTo(0, document.body.scrollHeight)
  setTimeout(() => done(sum), 400)
})"""


def test_the_stylesheet_keeps_to_its_budget():
    assert len(build_assets(ROOT / "static").css_gzip) <= STYLES_ZIPPED


@pytest.mark.parametrize(
    ("who", "address", "zipped", "nodes"),
    [
        (None, "/", 12_000, 900),
        ("alice", "/", 12_000, 900),
        (None, POT, 16_000, None),
        ("rita", "/review/b/{batch}", 25_000, 2_500),
        ("rita", "/review/b/{batch}?view=all", 25_000, 2_500),
    ],
)
def test_a_page_keeps_to_its_budget(who, address, zipped, nodes, site: Site, open_as: OpenAs):
    page = open_as(who, viewport=chrome.PHONE)
    answer = page.goto(address.format(batch=site.ask(steps.batch_in_review)))
    assert answer
    assert len(gzip.compress(answer.body(), 6)) <= zipped
    assert nodes is None or page.locator("*").count() <= nodes
    assert page.evaluate(JUMPS) <= 0.02
    assert page.locator("script[src]:not([type=module]):not([defer]):not([async])").count() == 0


@pytest.mark.parametrize("address", ["/", POT])
def test_pictures_before_scrolling_are_light_on_a_phone(address, open_as: OpenAs):
    page = open_as(viewport=chrome.PHONE, device_scale_factor=2)
    weights: dict[str, int] = {}

    def weigh(answer: Response) -> None:
        if answer.request.resource_type == "image":
            weights[urlsplit(answer.url).path] = int(answer.headers.get("content-length", 0))

    page.on("response", weigh)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    shown = _in_view(page)
    assert shown
    assert sum(weights[path] for path in shown) <= 90_000, weights
    assert {path: weight for path, weight in weights.items() if weight > 30_000 and "/480/" in path} == {}


def _in_view(page: Page) -> list[str]:
    """The paths of the pictures that a person sees without scrolling."""
    found: list[str] = page.evaluate(
        """() => [...document.images].filter((one) => one.getBoundingClientRect().top < innerHeight && one.currentSrc)
          .map((one) => new URL(one.currentSrc).pathname)"""
    )
    return sorted(set(found))


TEXT = ("ink", "ink-2", "ink-3", "brand-ink", "ok", "warn", "bad", "info", "vote")
STATUS = ("brand", "ok", "warn", "bad", "info", "vote")
DATA = ("line-strong", "d1", "d2", "d3", "d4", "d5")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_can_be_told_from_its_ground(scheme):
    css = (ROOT / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    colours = _tokens(css.split("@media screen and (prefers-color-scheme")[0])
    if scheme == "dark":
        colours |= _tokens(css.split(":root[data-theme=dark]")[1].split("}")[0])
    pairs = [(text, ground, 4.5) for text in TEXT for ground in ("paper", "surface", "sunken")]
    pairs += [("brand-ink" if kind == "brand" else kind, f"{kind}-tint", 4.5) for kind in STATUS]
    pairs += [("on-brand", ground, 4.5) for ground in ("brand", "brand-hover")]
    pairs += [(text, "mute-tint", 4.5) for text in ("ink", "ink-2", "ink-3")]
    pairs += [(data, ground, 3) for data in DATA for ground in ("surface", "paper")]
    poor = [(a, b) for a, b, least in pairs if _contrast(colours[a], colours[b]) < least]
    assert poor == []


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{6})", block))


def _contrast(first: str, second: str) -> float:
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
