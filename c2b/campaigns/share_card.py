"""The picture that a shared link shows: photo, price, how many want it, drawn with the fonts that the system has.

Without any font the drawing library's own is used; it knows no Chinese, so such a title is then left out.
"""

import io
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

WIDTH, HEIGHT = 1200, 630
PHOTO = 630
LEFT, RIGHT = PHOTO + 56, WIDTH - 48
PAPER, INK, SOFT, BRAND, TRACK = "#fbf8f3", "#231a14", "#6b5c50", "#b03408", "#efe4d6"
HEAT = ("#f0b94d", "#e8772e", "#b0173f")
FONTS = Path("/usr/share/fonts")
LATIN = ("**/Inter-{}.otf", "**/Inter-{}.ttf", "**/LiberationSans-{}.ttf", "**/DejaVuSans-{}.ttf")
CHINESE = ("**/NotoSansCJK-{}.ttc", "**/NotoSansCJK*-{}.otf")
FACES = {"zh-Hans": 2, "zh-Hant": 3}  # of the one file that holds them all; 0 is Japanese
CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on the picture, in words that are ready to be read."""

    title: str
    price: str
    price_note: str
    count: str
    line: str
    percent: int
    site: str
    language: str = "en"


@cache
def _file(patterns: tuple[str, ...], weight: str) -> str | None:
    found = (path for pattern in patterns for path in sorted(FONTS.glob(pattern.format(weight))))
    return next((str(path) for path in found), None)


def can_write(text: str) -> bool:
    """Whether a font of this machine has these characters."""
    return not CJK.search(text) or _file(CHINESE, "Bold") is not None


@lru_cache(maxsize=64)
def _font(text_is_cjk: bool, weight: str, size: int, language: str) -> Font:
    path = _file(CHINESE if text_is_cjk else LATIN, weight)
    if path is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(path, size, index=FACES.get(language, 2) if text_is_cjk else 0)


def draw(card: Card, photo: bytes | None) -> bytes:
    """The picture as PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    if photo is not None:
        with Image.open(io.BytesIO(photo)) as opened:
            image.paste(ImageOps.fit(opened.convert("RGB"), (PHOTO, PHOTO), Image.Resampling.LANCZOS), (0, 0))
    pen = ImageDraw.Draw(image)
    below = _title(pen, card)
    pen.text((LEFT, below + 26), card.price_note, SOFT, _of(card, card.price_note, "Regular", 27))
    pen.text((LEFT, below + 62), card.price, BRAND, _of(card, card.price, "Bold", 84))
    _bar(image, below + 196, card.percent)
    pen.text((LEFT, below + 226), card.count, INK, _fitted(pen, card, card.count, "Bold", 32))
    pen.text((LEFT, below + 270), card.line, SOFT, _fitted(pen, card, card.line, "Regular", 27))
    pen.text((LEFT, HEIGHT - 66), card.site, BRAND, _of(card, card.site, "Bold", 30))
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _of(card: Card, text: str, weight: str, size: int) -> Font:
    return _font(bool(CJK.search(text)), weight, size, card.language)


def _fitted(pen: ImageDraw.ImageDraw, card: Card, text: str, weight: str, size: int) -> Font:
    """The largest font up to `size` in which the text stands on one line."""
    while size > 16 and pen.textlength(text, _of(card, text, weight, size)) > RIGHT - LEFT:
        size -= 1
    return _of(card, text, weight, size)


def _title(pen: ImageDraw.ImageDraw, card: Card) -> int:
    """At most three lines of title; returns where they end."""
    if not can_write(card.title):
        return 90
    font = _of(card, card.title, "Bold", 46)
    lines = _lines(pen, card.title, font)
    for number, line in enumerate(lines):
        pen.text((LEFT, 52 + 58 * number), line, INK, font)
    return 52 + 58 * len(lines)


def _lines(pen: ImageDraw.ImageDraw, text: str, font: Font, most: int = 3) -> list[str]:
    """The text in lines that fit; Chinese breaks anywhere, words at blanks; too much ends in dots."""
    pieces = re.findall(r"[\u2e80-\uffef]|\s+|[^\s\u2e80-\uffef]+", text)
    lines = [""]
    for piece in pieces:
        if lines[-1] and pen.textlength(lines[-1] + piece.rstrip(), font) > RIGHT - LEFT:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    lines = [line.rstrip() for line in lines]
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(pen, f"{lines[most - 1]}…", font)]
    return [_cut(pen, line, font) for line in lines]


def _cut(pen: ImageDraw.ImageDraw, line: str, font: Font) -> str:
    while len(line) > 2 and pen.textlength(line, font) > RIGHT - LEFT:
        line = f"{line[:-2]}…"
    return line


def _bar(image: Image.Image, top: int, percent: int) -> None:
    """How far it is, from honey to crimson."""
    high, wide = 16, RIGHT - LEFT
    mask = Image.new("L", (wide * 2, high * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, wide * 2 - 1, high * 2 - 1), high, fill=255)
    done = wide * max(0, min(100, percent)) // 100
    bar = Image.new("RGB", (wide, high), TRACK)
    for x in range(done):
        bar.paste(_mixed(x / wide), (x, 0, x + 1, high))
    image.paste(bar, (LEFT, top), mask.resize((wide, high)))


def _mixed(share: float) -> tuple[int, int, int]:
    low, high = (HEAT[0], HEAT[1]) if share < 0.5 else (HEAT[1], HEAT[2])
    part = share * 2 % 1
    pairs = [(int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5)]
    red, green, blue = (round(a + (b - a) * part) for a, b in pairs)
    return red, green, blue
