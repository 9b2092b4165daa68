"""What every answer carries: headers that keep browsers from doing what no page of ours needs."""

from functools import cache

from flask import Flask, Response, current_app, g, request
from flask_login import current_user

from c2b.core.clock import read_demo_clock
from c2b.core.db import begin_read_only

NO_DATABASE = (
    None, "static", "stylesheet", "web.offline", "web.manifest", "web.service_worker", "web.favicon", "web.robots",
    "web.status",
)  # fmt: skip

CONTENT = (
    "default-src 'self'; img-src 'self' blob:; style-src 'self'; style-src-attr 'unsafe-inline'; script-src 'self';"
    " object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
# Where a form of ours may end: who joins without a saved card is led on to the provider's page.
PROVIDERS = {"stripe": " https://checkout.stripe.com"}


def register(app: Flask) -> None:
    """Install what runs before and after every request."""
    app.before_request(_begin)
    app.after_request(_protect)


def _begin() -> None:
    """Readers take no write lock; a demo site learns its clock."""
    if request.endpoint in NO_DATABASE:
        return
    if request.method in ("GET", "HEAD"):
        begin_read_only()
    if current_app.config["C2B"].demo:
        read_demo_clock()


@cache
def _same_for_all(gateway: str, production: bool) -> tuple[tuple[str, str], ...]:
    """What every answer of this site says, where it says nothing else of its own."""
    always = (
        ("Content-Security-Policy", CONTENT + PROVIDERS.get(gateway, "")),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    )
    https = (("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),) if production else ()
    return always + https


def _protect(response: Response) -> Response:
    headers, config = response.headers, current_app.config["C2B"]
    own = {name.lower() for name in headers.keys()}  # noqa: SIM118  # without it each one is a pair
    for name, value in _same_for_all(config.gateway, config.production):
        if name.lower() not in own:
            headers.add(name, value)
    if request.endpoint not in NO_DATABASE and "Cache-Control" not in headers:
        # Whoever was not asked for is not asked for now: the database may be what failed.
        signed_in = "_login_user" in g and current_user.is_authenticated
        headers["Cache-Control"] = "no-store" if signed_in else "private, no-cache"
    return response
