"""Pictures that people handed in, each under an address whose content never changes."""

from flask import Flask, Response

from c2b.core.access import public
from c2b.core.errors import NotFound
from c2b.core.files import PICTURE_REF, content_of
from c2b.web.assets import FOREVER


@public
def picture(ref: str, width: int) -> Response:
    """The picture in the narrowest kept width that is at least `width`."""
    content = content_of(ref, width) if PICTURE_REF.fullmatch(ref) else None
    if content is None:
        raise NotFound
    response = Response(content, mimetype="image/webp")
    response.headers["Cache-Control"] = FOREVER
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def register(app: Flask) -> None:
    """Serve pictures; `picture_url` makes the addresses."""
    app.add_url_rule("/files/<int:width>/<path:ref>", endpoint="web.picture", view_func=picture)
