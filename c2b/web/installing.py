"""The site on a home screen: manifest, service worker, and the page for when there is no connection."""

import json
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from c2b.core.access import public
from c2b.core.languages import PREFIXES
from c2b.web.assets import asset_url, stylesheet_url
from c2b.web.filters import lang
from c2b.web.language import without_prefix

ICONS = (("img/icon-192.png", "192x192", "any"), ("img/icon-512.png", "512x512", "any"),
         ("img/icon-maskable-512.png", "512x512", "maskable"))  # fmt: skip


@public
def manifest() -> ResponseReturnValue:
    """What a browser needs to put the site on a home screen, in the language of the address."""
    config = current_app.config["C2B"]
    answer = {
        "name": config.site_name,
        "short_name": config.site_name,
        "description": _("People say what they want and what they would pay. Merchants answer."),
        "lang": lang(),
        "id": "/",
        "start_url": url_for("web.home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbf8f3",
        "theme_color": "#fbf8f3",
        "icons": [
            {"src": asset_url(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
    }
    response = Response(json.dumps(answer), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@public
def service_worker() -> ResponseReturnValue:
    """The script that answers without a connection; it must stand at the root to see every page."""
    script = Path(str(current_app.static_folder), "js", "worker.js").read_bytes()
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@public
def offline() -> ResponseReturnValue:
    """What the service worker shows while there is no connection."""
    return render_template("web/offline.html")


def worker_url() -> str:
    """The address of the service worker; it names the version that it keeps and the pages to show offline.

    It is the same in every language: another address would be another worker, and a browser that goes from one language
    to the next would put a new one in the place of the one that is just answering.
    """
    version = stylesheet_url().rsplit(".", 2)[1]
    page = without_prefix(url_for("web.offline"))
    query = urlencode([("v", version), *(("offline", prefix + page) for prefix in PREFIXES.values())])
    return f"{without_prefix(url_for('web.service_worker'))}?{query}"


def hint_at_stylesheet(response: Response) -> Response:
    """A page tells its stylesheet before its first byte is read."""
    bare = "default-src 'none'" in response.headers.get("Content-Security-Policy", "")  # a mail in its frame
    if (
        response.mimetype == "text/html"
        and response.status_code == 200
        and request.method == "GET"
        and not bare
    ):
        response.headers.add("Link", f"<{stylesheet_url()}>; rel=preload; as=style")
    return response


def register(app: Flask) -> None:
    """Connect them."""
    app.add_url_rule("/manifest.webmanifest", endpoint="web.manifest", view_func=manifest)
    app.add_url_rule("/sw.js", endpoint="web.service_worker", view_func=service_worker)
    app.add_url_rule("/offline", endpoint="web.offline", view_func=offline)
    app.after_request(hint_at_stylesheet)
    app.jinja_env.globals.update(worker_url=worker_url)
