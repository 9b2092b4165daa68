"""How a code looks: as people read it, and as a phone reads it."""

import segno
from flask import url_for
from markupsafe import Markup


def spaced(code: str) -> str:
    """As people read it: ABCDE-23456."""
    return f"{code[:5]}-{code[5:]}"


def drawn(code: str) -> Markup:
    """A QR code that opens the till's page with this code filled in; what follows the # is never sent."""
    address = url_for("orders.redeem_code", _external=True, _anchor=code)
    svg = segno.make(address, error="m", micro=False).svg_inline(
        scale=4, border=2, omitsize=True, svgclass=None, lineclass=None
    )
    return Markup(svg)  # noqa: S704  # drawn here, not typed by anybody
