"""Rows of browsing: the page of wishes and a campaign's page, for visitors and signed in, and Chinese search.

Whoever is signed in is one of 200 people, so that what is kept for one person is hardly ever asked for again in time.
"Uncached" keeps nothing at all between requests (see uncached_app.py). Search and the page that it is held against run
on 100,000 campaigns, without anything kept, one of 150 searches after the other.
"""

from itertools import cycle, islice
from urllib.parse import quote

from flask import Flask
from sqlalchemy import select

from bench.growth import fill
from bench.load import Load, get, raw, send
from bench.people import SignedIn, signed_in
from bench.rows import Failed, Figures, measure, row
from bench.stage import Stage
from bench.wording import KINDS, MADE, THINGS
from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core.db import db

PEOPLE, AT_ONCE = 200, 64
MOST = 30_000  # requests in one run; more than any machine answers in its seconds
LARGE = 100_000
FEW = 4  # connections: search is held against the page of wishes by how long one of them takes
UNCACHED = "bench.uncached_app:app"
OSCAR = 113 / 8545  # its catalogue, where hello did 8,545/s


def site(stage: Stage) -> str:
    """A site of an ordinary size."""
    return stage.database("browsing", lambda app: fill(app, people=2_000, campaigns=300, pledges=6_000))


def large_site(stage: Stage) -> str:
    """A site with 100,000 campaigns."""
    return stage.database("browsing_large", lambda app: fill(app, people=2_000, campaigns=LARGE, pledges=0))


def hottest(stage: Stage, url: str) -> str:
    """The address of the campaign that most people are in."""

    def ask(_app: Flask) -> str:
        found = db.session.query(Campaign.slug).order_by(Campaign.people.desc(), Campaign.id).first()
        assert found
        return f"/c/{found[0]}"

    return stage.keep(f"hottest {stage.kind}", lambda: stage.ask(url, ask))


def people(stage: Stage, url: str) -> list[SignedIn]:
    """Sessions of people who read English; others would be led to the page in their language."""

    def ask(app: Flask) -> list[SignedIn]:
        found = select(User.id).where(User.locale == "en").order_by(User.id).limit(PEOPLE)
        return signed_in(app, db.session.scalars(found).all())

    return stage.keep(f"people {stage.kind}", lambda: stage.ask(url, ask))


def good(seen: Load, *, statuses: bool = False) -> Figures:
    """The figures of a run in which everything was answered as it should be."""
    answered = seen.of(200) == seen.answered if statuses else not seen.wrong
    if not answered or seen.broken or seen.timeouts or not seen.answered:
        raise Failed(f"pages were not answered: {seen.statuses or seen}")
    return {"rate": seen.rate, "p50": seen.p50, "p95": seen.p95, "p99": seen.p99}


def warm(address: str) -> None:
    """Ask until both processes answer at once: their first answers are slow."""
    for _second in range(20):
        if get(address, connections=8, seconds=1).answered > 20:
            return


def visitors(stage: Stage, path: str, app: str = "wsgi:app") -> Figures:
    """A page for people who are not signed in and have no cookie."""
    address = stage.server(site(stage), app).url(path)
    warm(address)
    return good(get(address, connections=AT_ONCE, seconds=stage.seconds))


def members(stage: Stage, path: str) -> Figures:
    """A page for people who are signed in, one after the other."""
    url = site(stage)
    address = stage.server(url).url(path)
    warm(address)
    requests = [raw("GET", address, cookie=person.cookie) for person in people(stage, url)]
    send(address, islice(cycle(requests), 200), connections=AT_ONCE, seconds=2)
    return good(
        send(address, islice(cycle(requests), MOST), connections=AT_ONCE, seconds=stage.seconds),
        statuses=True,
    )


def searches(address: str, count: int) -> list[bytes]:
    """Requests for what Chinese titles say: two words each, which some of the campaigns have."""
    words = [f"{made[1]}{thing[1]}" for made in MADE for thing in THINGS] + [kind[1] for kind in KINDS]
    return [raw("GET", f"{address}?q={quote(each)}") for each in islice(cycle(words[::3]), count)]


@measure("pages")
def wishes_anonymous(stage: Stage) -> Figures:
    """The page of wishes for visitors."""
    return visitors(stage, "/")


@measure("pages")
def wishes_signed_in(stage: Stage) -> Figures:
    """The page of wishes for people with an account."""
    return members(stage, "/")


@measure("pages")
def wishes_uncached(stage: Stage) -> Figures:
    """The page of wishes, read and written anew each time."""
    return visitors(stage, "/", UNCACHED)


@measure("pages")
def campaign_anonymous(stage: Stage) -> Figures:
    """A campaign's page for visitors; each gets a session and a token of their own."""
    return visitors(stage, hottest(stage, site(stage)))


@measure("pages")
def campaign_signed_in(stage: Stage) -> Figures:
    """A campaign's page for people with an account, who can join it."""
    return members(stage, hottest(stage, site(stage)))


@measure("pages")
def wishes_large(stage: Stage) -> Figures:
    """The page of wishes among 100,000 campaigns, nothing kept."""
    address = stage.server(large_site(stage), UNCACHED).url("/")
    requests = [raw("GET", f"{address}?sort={sort}") for sort in ("hot", "new", "ending", "near")]
    return good(
        send(address, islice(cycle(requests), MOST), connections=FEW, seconds=stage.seconds), statuses=True
    )


@measure("pages")
def search_chinese(stage: Stage) -> Figures:
    """Chinese search among as many, nothing kept."""
    address = stage.server(large_site(stage), UNCACHED).url("/search")
    return good(send(address, searches(address, MOST), connections=FEW, seconds=stage.seconds), statuses=True)


row(
    "pages",
    "page of wishes, anonymous : hello",
    "wishes_anonymous.rate",
    "hello.rate",
    at_least=0.7,
    stretch=2,
)
row(
    "pages",
    "page of wishes, signed in : hello",
    "wishes_signed_in.rate",
    "hello.rate",
    at_least=0.2,
    stretch=0.4,
)
row(
    "pages", "page of wishes, uncached : Oscar's catalogue", "wishes_uncached.rate", "hello.rate",
    times=OSCAR, at_least=4, stretch=6,
)  # fmt: skip
row(
    "pages",
    "campaign page, anonymous : hello",
    "campaign_anonymous.rate",
    "hello.rate",
    at_least=0.7,
    stretch=2,
)
row(
    "pages",
    "campaign page, signed in : hello",
    "campaign_signed_in.rate",
    "hello.rate",
    at_least=0.2,
    stretch=0.4,
)
row(
    "pages", "Chinese search over 100,000 campaigns, p95 : page of wishes p95", "search_chinese.p95",
    "wishes_large.p95", at_most=1.5, stretch=1,
)  # fmt: skip
