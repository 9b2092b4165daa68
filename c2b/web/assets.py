"""The stylesheet and the other static files, each under an address that names its content."""

import gzip
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import brotli
from flask import Flask, Response, current_app, request
from werkzeug.http import parse_accept_header

from c2b.core.access import public

# The order of the cascade: tokens, then elements, then components, then what overrides all of them.
STYLES = (
    "tokens",
    "base",
    "layout",
    "shell",
    "buttons",
    "tags",
    "cards",
    "heat",
    "campaign-card",
    "browse",
    "campaign",
    "ladder",
    "pledge",
    "wishes",
    "people",
    "timeline",
    "content",
    "forms",
    "office",
    "stepper",
    "tables",
    "charts",
    "kpis",
    "console",
    "states",
    "offers",
    "uploads",
    "review",
    "schedule",
    "papers",
    "settings",
    "utilities",
    "modes",
)
FOREVER = "public, max-age=31536000, immutable"
WORDS = (
    ".js",
    ".svg",
    ".css",
    ".txt",
    ".webmanifest",
)  # what is worth compressing; pictures and letters are already
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, mode=brotli.MODE_TEXT),
    "gzip": lambda content: gzip.compress(content, mtime=0),
}


@dataclass
class Assets:
    """The built stylesheet and the fingerprints of the other static files."""

    folder: Path
    css: bytes
    css_hash: str
    css_gzip: bytes
    prefix: str  # how addresses of static files begin
    versions: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    packed: dict[tuple[str, str], bytes] = field(
        default_factory=dict
    )  # by the fingerprinted name and the way

    @property
    def css_name(self) -> str:
        return f"app.{self.css_hash}.css"

    def version(self, name: str) -> str:
        """The fingerprint of one static file, read once; empty if there is no such file."""
        if name not in self.versions:
            path = self.folder / name
            self.versions[name] = fingerprint(path.read_bytes()) if path.is_file() else ""
        return self.versions[name]

    def address(self, name: str) -> str:
        """The address of one static file with its fingerprint, written once: a page has a hundred of them."""
        if name not in self.addresses:
            version = self.version(name)
            self.addresses[name] = f"{self.prefix}/{name}" + (f"?v={version}" if version else "")
        return self.addresses[name]

    def compressed(self, name: str, way: str, content: bytes) -> bytes:
        """The content compressed as well as it can be; once, by the request that asks first."""
        key = (f"{name}?{fingerprint(content)}", way)
        if key not in self.packed:
            self.packed[key] = WAYS[way](content)
        return self.packed[key]


def fingerprint(content: bytes) -> str:
    """Ten hexadecimal digits that change when the content changes."""
    return hashlib.sha256(content).hexdigest()[:10]


def build_assets(static_folder: str | Path, prefix: str = "/static") -> Assets:
    """Join the style files into one, in the order of STYLES; `prefix` is how its address begins."""
    folder = Path(static_folder)
    text = "\n".join((folder / "css" / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)
    css = _version_images(_squeeze(text), folder).encode()
    return Assets(folder, css, fingerprint(css), gzip.compress(css, mtime=0), prefix)


def _squeeze(css: str) -> str:
    without_comments = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    narrow = re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"\s+", " ", without_comments))
    return narrow.replace(";}", "}").replace("}", "}\n").strip() + "\n"


def _version_images(css: str, folder: Path) -> str:
    """Give every picture named in the styles its fingerprint, so that it may be kept for ever too."""

    def versioned(found: re.Match[str]) -> str:
        name = found[1]
        return f"url({name}?v={fingerprint((folder / name).read_bytes())})"

    return re.sub(r"url\((img/[^)?]+)\)", versioned, css)


def asset_url(name: str) -> str:
    """The address of a static file with its fingerprint."""
    return _assets().address(name)


def icon_url(name: str) -> str:
    """The address of one symbol of the icon sprite."""
    return f"{asset_url('icons.svg')}#i-{name}"


def stylesheet_url() -> str:
    """The address of the one stylesheet."""
    return f"{_assets().prefix}/{_assets().css_name}"


def _assets() -> Assets:
    assets: Assets = current_app.extensions["assets"]
    return assets


@public
def stylesheet(digest: str) -> Response:
    """The stylesheet; an old address still gets today's styles, but may not keep them."""
    assets = _assets()
    response = compress(Response(assets.css, mimetype="text/css"), assets.css_name)
    response.headers["Cache-Control"] = FOREVER if digest == assets.css_hash else "no-cache"
    return response


def compress(response: Response, name: str) -> Response:
    """The same file in the smallest form that the browser takes."""
    response.vary.add("Accept-Encoding")
    way = way_of(request.headers.get("Accept-Encoding", ""))
    if way and response.status_code == 200 and request.method == "GET":
        response.direct_passthrough = False
        response.set_data(_assets().compressed(name, way, response.get_data()))
        response.headers["Content-Encoding"] = way
        tag, _weak = response.get_etag()
        if tag:
            response.set_etag(tag, weak=True)  # the same file, in other bytes
    return response


def way_of(header: str) -> str:
    """How the browser wants it compressed, by what it says it takes; empty for not at all."""
    asked = parse_accept_header(header)
    return next((way for way in WAYS if way in dict(asked) and asked.quality(way) > 0), "")


def keep_for_ever(response: Response) -> Response:
    """Compress a static file that is words; let browsers keep what was asked for by its present fingerprint."""
    if request.endpoint == "static" and response.status_code in (200, 206, 304):
        name = str((request.view_args or {}).get("filename", ""))
        asked = request.args.get("v")
        if asked and asked == _assets().version(name):
            response.headers["Cache-Control"] = FOREVER
        if name.endswith(WORDS):
            compress(response, name)
    return response


def register(app: Flask) -> None:
    """Build the stylesheet, serve it, and give templates the three address functions."""
    if app.static_folder is None:
        raise RuntimeError("The app needs a static folder.")
    app.extensions["assets"] = build_assets(app.static_folder, app.static_url_path or "")
    app.add_url_rule(f"{app.static_url_path}/app.<digest>.css", endpoint="stylesheet", view_func=stylesheet)
    app.after_request(keep_for_ever)
    app.jinja_env.globals.update(asset_url=asset_url, icon_url=icon_url, stylesheet_url=stylesheet_url)
