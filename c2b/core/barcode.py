"""Code 128 bar codes as SVG, for labels that a carrier's or a sample room's scanner reads."""

from markupsafe import Markup

# The widths of bar, gap, bar, gap, bar, gap of each of the 107 signs; the last one, stop, has a bar more.
TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
SIGNS = TABLE.split()
START_B, STOP = 104, 106
QUIET = 10  # modules of white on either side


def signs_of(text: str) -> list[int]:
    """The signs that stand for the text (printable ASCII), with start, check sign and stop."""
    if not text or not all(" " <= character <= "~" for character in text):
        raise ValueError("a bar code takes printable ASCII")
    values = [ord(character) - 32 for character in text]
    check = (START_B + sum(at * value for at, value in enumerate(values, 1))) % 103
    return [START_B, *values, check, STOP]


def barcode(text: str) -> Markup:
    """The text as bars, to be stretched to any height."""
    x, bars = QUIET, []
    for sign in signs_of(text):
        for at, wide in enumerate(map(int, SIGNS[sign])):
            if at % 2 == 0:
                bars.append(f"M{x} 0h{wide}v40h-{wide}z")
            x += wide
    drawn = f'<path d="{"".join(bars)}"/></svg>'
    box = f'<svg viewBox="0 0 {x + QUIET} 40" preserveAspectRatio="none" aria-hidden="true">'
    return Markup(box + drawn)  # noqa: S704  # numbers made here, not text that anybody typed
