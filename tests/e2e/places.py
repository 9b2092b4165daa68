"""Which pages there are, and as whom to look at each."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from c2b import seed
from c2b.accounts.models import User
from c2b.core.access import Role
from c2b.core.db import db
from tests.e2e.site import Site
from tests.house.test_pages import SKIPPED

LOOKS = {Role.SHOPPER: "alice", Role.MERCHANT: "mo", Role.REVIEWER: "rita", Role.OPERATOR: "otto"}
# Pages that visitors may open and that look otherwise to those who have an account.
ALSO_SIGNED_IN = {"web.home": "alice", "campaigns.show": "alice"}


@dataclass(frozen=True, slots=True)
class Place:
    """One page: where it is and who may look at it."""

    endpoint: str
    address: str
    who: str | None


def places(site: Site, *, every: bool = False, part: int = 0, parts: int = 1) -> list[Place]:
    """One place for each page, the fullest of its examples (or every example); of `parts` shares, this one."""
    found: dict[tuple[str, str | None], list[tuple[int, Place]]] = {}
    for number, (endpoint, who, addresses) in enumerate(
        sorted(site.ask(lambda: list(_pages(site.app))), key=str)
    ):
        if number % parts != part:
            continue
        client = site.ask(lambda who=who: _client(site.app, who))  # type: ignore[misc]
        for address in addresses:
            answer = client.get(address)
            if answer.status_code == 200 and answer.mimetype == "text/html" and not _is_framed(answer):
                size = (len(answer.data), Place(endpoint, address, who))
                found.setdefault((endpoint, who), []).append(size)
    if every:
        return [place for sizes in found.values() for _size, place in sizes]
    return [max(sizes, key=lambda size: size[0])[1] for sizes in found.values()]


def _is_framed(answer: TestResponse) -> bool:
    """Whether this is a mail shown in a frame, where no script runs, axe-core's neither."""
    return "sandbox" in answer.headers.get("Content-Security-Policy", "")


def _pages(app: Flask) -> Iterator[tuple[str, str | None, list[str]]]:
    """Each endpoint that answers GET, by whom to look, with the addresses of its examples."""
    examples = seed.examples()
    adapter = app.url_map.bind("localhost")
    addresses: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in SKIPPED:
            arguments = examples.get(rule.endpoint, []) if rule.arguments else [{}]
            built = addresses.setdefault(rule.endpoint, [])
            built += [adapter.build(rule.endpoint, values) for values in arguments]
    for endpoint, built in addresses.items():
        access = getattr(app.view_functions[endpoint], "access", "public")
        whos = [None] if access == "public" else [LOOKS[role] for role in access]
        yield endpoint, whos[0], built
        if endpoint in ALSO_SIGNED_IN:
            yield endpoint, ALSO_SIGNED_IN[endpoint], built


def _client(app: Flask, who: str | None) -> FlaskClient:
    client = app.test_client()
    if who:
        user = db.session.scalars(select(User).where(User.email == f"{who}@muster.example")).one()
        with client.session_transaction() as session:
            session["_user_id"] = user.get_id()
            session["_fresh"] = True
    return client
