"""A mail in a frame: no script, no form, nothing from elsewhere; its links open in the whole window."""

from flask import Response

FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self';"
    " sandbox allow-top-navigation-by-user-activation"
)


def framed(html: str) -> Response:
    """The HTML of a mail as a page of its own."""
    page = html.replace("<head>", '<head><base target="_top">', 1)
    return Response(
        page,
        headers={"Content-Security-Policy": FRAMED, "X-Frame-Options": "SAMEORIGIN"},
        mimetype="text/html",
    )
