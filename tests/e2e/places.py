"""Which pages there are, and as whom to look at each."""

from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse

from flask import Flask

from c2b import seed
from c2b.core.access import Role
from tests.e2e.conftest import StateOf
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


def places(site: Site, state_of: StateOf, *, every: bool, part: int, parts: int) -> list[Place]:
    """This share (of `parts`) of all pages: of each the fullest of its examples, or every example."""
    found = []
    asking = HTTPConnection("127.0.0.1", site.port)
    pages = sorted(site.ask(lambda: list(_pages(site.app))), key=str)
    for endpoint, who, addresses in pages[part::parts]:
        cookies = _cookies(state_of, who)
        sizes = [(_size(asking, address, cookies), Place(endpoint, address, who)) for address in addresses]
        there = [(size, place) for size, place in sizes if size]
        if there and not every:
            there = [max(there, key=lambda one: one[0])]
        found += [place for _size, place in there]
    asking.close()
    return found


def _cookies(state_of: StateOf, who: str | None) -> str:
    return "; ".join(f"{one['name']}={one['value']}" for one in state_of(who)["cookies"]) if who else ""


def _size(asking: HTTPConnection, address: str, cookies: str) -> int:
    """How long a page is that a browser can look at; 0 for everything else."""
    asking.request("GET", address, headers={"Cookie": cookies, "Accept-Language": "en"})
    answer = asking.getresponse()
    size = len(answer.read())
    html = answer.headers.get_content_type() == "text/html"
    return size if answer.status == 200 and html and not _is_framed(answer) else 0


def _is_framed(answer: HTTPResponse) -> bool:
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
