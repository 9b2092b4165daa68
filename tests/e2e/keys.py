"""Going about with the keyboard alone, and seeing at each press where one is."""

from playwright.sync_api import Page

FOCUSED = """() => {
  const at = document.activeElement
  const near = [at, at.closest('label'), at.nextElementSibling, at.parentElement].filter(Boolean)
  const seen = near.some((one) => {
    const style = getComputedStyle(one)
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'
  })
  const boxes = near.map((one) => one.getBoundingClientRect()).filter((box) => box.width > 2 && box.height > 2)
  const inside = boxes.some((box) => box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth)
  const name = `${at.localName}#${at.id}.${at.className} ${(at.innerText || at.name || '').slice(0, 40)}`
  return [at === document.body ? '' : name, seen, inside]
}"""


def go_to(page: Page, selector: str, *, most: int = 150, key: str = "Tab") -> None:
    """Press Tab until this has the focus; wherever it goes, the focus must be seen."""
    passed = []
    for _n in range(most):
        page.keyboard.press(key)
        name, seen, inside = page.evaluate(FOCUSED)
        assert not name or (seen and inside), f"the focus cannot be seen on {name}"
        passed.append(name)
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} was not reached by {key}: {passed}")


def follow(page: Page, selector: str, **more: int) -> None:
    """Go to a link or button and press Enter."""
    go_to(page, selector, **more)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page: Page, selector: str, words: str) -> None:
    """Go to a field and type."""
    go_to(page, selector)
    page.keyboard.press("Control+A")
    page.keyboard.type(words)
