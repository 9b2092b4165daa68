"""What axe-core and a measuring tape find on a page."""

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => {
  const result = await axe.run(document, {runOnly: tags, resultTypes: ['violations'], iframes: false, preload: false})
  return result.violations.map((broken) => {
    const node = broken.nodes[0], why = [...node.any, ...node.all, ...node.none][0]?.message || broken.help
    return `${broken.id} ×${broken.nodes.length}: ${node.target.join(' ')} | ${why}`
  })
}"""
# Colours are those at the end of every transition.
STILL = """() => {
  const still = new CSSStyleSheet()
  still.replaceSync('*, *::before, *::after { transition: none !important; animation: none !important }')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still]
}"""
# Every word on the page as long as in a wordy language: two fifths longer, as C2B_PSEUDO makes sentences.
STRETCH = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const node = walk.currentNode, length = node.data.trim().length
    if (!/[a-z]/i.test(node.data) || node.parentElement.matches('script, style')) continue
    const more = Math.ceil(length * 0.4), end = node.data.trimEnd().length
    node.insertData(end, length <= 12 ? 'é'.repeat(more) : ' ñéw'.repeat(more).slice(0, more))
  }
}"""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= width) return ''
  const out = [...document.querySelectorAll('body *')].filter((element) => {
    const box = element.getBoundingClientRect()
    return box.width && box.right > width + 1 && getComputedStyle(element).position !== 'fixed'
  })
  const name = (element) => [element.localName, ...element.id ? ['#' + element.id] : [],
    ...[...element.classList].map((one) => '.' + one)].join('')
  return `${document.documentElement.scrollWidth} px: ` + out.slice(0, 4).map(name).join(', ')
}"""


@cache
def source() -> str:
    """The text of axe-core."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def prepare(page: Page) -> None:
    """Bring axe-core into the page and stop what moves; once for each address."""
    page.evaluate(source())
    page.evaluate(STILL)


def violations(page: Page) -> list[str]:
    """One line for each rule that the page breaks as it is shown now."""
    found: list[str] = page.evaluate(RUN, TAGS)
    return found


def stretch(page: Page) -> None:
    """Make every text on the page 40 % longer; the last thing to do with a page."""
    page.evaluate(STRETCH)


def overflow(page: Page) -> str:
    """How wide the page is and what is too wide, if it must be scrolled sideways."""
    found: str = page.evaluate(TOO_WIDE)
    return found
