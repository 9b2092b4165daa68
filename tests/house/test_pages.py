"""Every address is browsed as every role: never a 500, valid HTML, one h1, no id twice, every form guarded.

No page asks the database the same thing for each of its rows, and what anybody may keep is the same for everybody.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import html5lib
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from c2b import seed
from c2b.accounts.models import User
from c2b.accounts.queries import user_by_email
from c2b.campaigns.models import Campaign
from c2b.core.clock import utcnow
from c2b.core.db import db
from tests.conftest import Browser
from tests.house.reading import Public, repeated, statements
from tests.kept_pages import Quick

ROLES = {"visitor": None, "alice": "alice", "mo": "mo", "rita": "rita", "otto": "otto"}
SKIPPED = ("static", "stylesheet", "language.choose")
FORGIVEN = {"unknown-attribute"}  # html5lib is older than some of HTML


@pytest.fixture(params=["sqlite"])
def database(request):
    """Pages are the same on both; what they read is tested on both elsewhere."""
    return request.param


@pytest.fixture
def demo(app) -> Flask:
    """The demo site, with something in every queue."""
    seed.seed(utcnow())
    return app


def addresses(app: Flask) -> Iterator[str]:
    """One address of every page: parameters are filled with every value that the demo has (the first few)."""
    values = seed.examples()
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in SKIPPED:
            continue
        if not rule.arguments:
            yield adapter.build(rule.endpoint)
        for example in values.get(rule.endpoint, []):
            yield adapter.build(rule.endpoint, example)


def test_every_page_as_every_role(demo, sign_in):
    missing = [
        rule.endpoint
        for rule in demo.url_map.iter_rules()
        if rule.arguments and "GET" in (rule.methods or ())
        and rule.endpoint not in seed.examples() and rule.endpoint not in SKIPPED
    ]  # fmt: skip
    assert missing == [], "seed.examples() gives no value for these pages"
    wrong, public = [], Public()
    for name, account in ROLES.items():
        client = demo.test_client()
        if account:
            sign_in(client, db.session.scalar(select(User).where(User.email == f"{account}@muster.example")))
        db.session.remove()
        for address in addresses(demo):
            with statements() as sent:
                answer = client.get(address)
            db.session.remove()
            found = [*repeated(sent), *public.problems(address, answer)]
            wrong += [f"{name} {address}: {problem}" for problem in found]
            if answer.status_code >= 500:
                wrong.append(f"{name} {address}: {answer.status_code}")
            elif answer.mimetype == "text/html" and answer.status_code < 300:
                wrong += [f"{name} {address}: {problem}" for problem in problems(answer.text)]
    assert wrong == []
    assert differing(demo, sign_in) == []


def differing(demo: Flask, sign_in: Callable[[FlaskClient, User], None]) -> list[str]:
    """Where a page that is kept is not what its reader would see alone: the lists, and a campaign in every state."""
    slugs = dict(db.session.execute(select(Campaign.state, Campaign.slug)).all())
    readers = {name: f"{name}@muster.example" for name in ("alice", "yuki", "mo", "rita", "otto")}
    people = {name: user_by_email(email) for name, email in readers.items()}
    demo.test_client_class = Browser
    browsers = {"visitor": demo.test_client()} | {name: demo.test_client() for name in people}
    for name, person in people.items():
        sign_in(browsers[name], person)
        browsers[name].get("/help")
    paths = ["/", "/es/k/home", *(f"/c/{slug}" for slug in slugs.values())]
    with time_machine.travel(datetime.now(UTC), tick=False), Quick(demo) as quick:
        found = [f"{name} {path}" for path in paths for name in quick.differing(browsers, path)]
    assert {"visitor", "alice", "yuki", "mo"} == quick.served  # our own team gets pages of its own
    return found


def problems(html: str) -> list[str]:
    """What is wrong with a page's markup."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = parser.parse(html)
    found = [f"line {at[0]}: {code} {data}" for at, code, data in parser.errors if code not in FORGIVEN]
    headings = len(tree.findall(".//h1"))
    if headings != 1:
        found.append(f"{headings} h1")
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    found += [f"id {name} {times} times" for name, times in ids.items() if times > 1]
    for form in tree.iter("form"):
        fields = [field.get("name") or "" for field in form.iter("input")]
        post = (form.get("method") or "get").lower() == "post"
        if post and not any(name.endswith("csrf_token") for name in fields):
            found.append(f"unguarded form to {form.get('action')}")
    labelled = {label.get("for") for label in tree.iter("label")}
    for field in (*tree.iter("input"), *tree.iter("select"), *tree.iter("textarea")):
        named = field.get("id") in labelled or field.get("aria-label") or field.get("aria-labelledby")
        if field.get("type") not in ("hidden", "submit") and not named and not _inside_label(tree, field):
            found.append(f"unlabelled field {field.get('name')}")
    found += [
        f"picture without alt: {image.get('src')}" for image in tree.iter("img") if image.get("alt") is None
    ]
    return found


def _inside_label(tree, field) -> bool:
    return any(field in list(label.iter()) for label in tree.iter("label"))
