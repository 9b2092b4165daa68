"""Rows of size: a pledge among a million others, and what a web worker holds."""

from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from bench import books
from bench.growth import fill
from bench.load import Load, get, raw, send
from bench.people import SignedIn, signed_in
from bench.rows import Failed, Figures, measure, row
from bench.stage import Stage
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db

NEWCOMERS = 3_000  # people who have not joined yet
A_ROUND = 250  # of them come in each round; the first one warms both databases up as well
SIZES = {"thousand": 1_000, "million": 1_000_000}


def _newcomers(app: Flask) -> list[SignedIn]:
    joined = db.session.query(Pledge.id).count()
    return signed_in(app, range(joined + 1, joined + NEWCOMERS + 1))


def _place(_app: Flask) -> tuple[str, str]:
    campaign = db.session.scalars(select(Campaign)).one()
    return campaign.slug, terms_hash(campaign)


def _requests(address: str, people: Iterator[SignedIn], slug: str, terms: str) -> Iterator[bytes]:
    for person in people:
        typed = {
            "csrf_token": person.token, "max": "259", "max_other": "259", "quantity": 1, "tolerance": 0, "region": "CN",
            "card": person.user_id, "address": "", "request_key": "bench", "terms": terms,
        }  # fmt: skip
        body = urlencode(typed).encode()
        yield raw("POST", f"{address}/c/{slug}/join", cookie=person.cookie, body=body)


def _one_after_another(stage: Stage, name: str) -> Load:
    pledges = SIZES[name]

    def crowded(app: Flask) -> None:
        # Nobody's pledge is in the diary: it would double the filling, and no pledge reads it.
        fill(app, people=pledges + NEWCOMERS, campaigns=1, pledges=pledges, threshold=500, diary=False)

    url = stage.databases.filled_with(f"pledges_{name}", crowded)
    server = stage.server(url)
    people = stage.keep(f"newcomers {name}", lambda: iter(stage.ask(url, _newcomers)))
    slug, terms = stage.keep(f"place {name}", lambda: stage.ask(url, _place))
    requests = _requests(server.address, islice(people, A_ROUND), slug, terms)
    seen = send(server.address, requests, connections=2, seconds=stage.seconds)
    if not seen.answered:
        raise Failed(f"nobody is left to join: {NEWCOMERS // A_ROUND} rounds at most")
    if seen.answered != seen.of(302, 303):
        raise Failed(f"a pledge among {pledges} got {seen.statuses}")
    books.must_balance(url, 1, least=pledges, most=pledges + NEWCOMERS)
    return seen


@measure("pledge")
def among_a_thousand(stage: Stage) -> Figures:
    """Two people at a time join a campaign of a thousand."""
    return {"p50": _one_after_another(stage, "thousand").p50}


@measure("pledge")
def among_a_million(stage: Stage) -> Figures:
    """The same with a campaign of a million."""
    return {"p50": _one_after_another(stage, "million").p50}


@measure("pledge", once=True)
def web_memory(stage: Stage) -> Figures:
    """What the larger worker holds after both have answered 64 people at a time for a while."""
    url = stage.database("memory", lambda app: fill(app, people=200, campaigns=200, pledges=2_000))
    server = stage.server(url)
    slug = books.query(url, "SELECT slug FROM campaign WHERE id = 1")[0]["slug"]
    for path in ("/", f"/c/{slug}"):
        get(server.url(path), connections=64, seconds=stage.seconds)
    return {"mb": server.memory()}


row(
    "pledge", "pledge p50 among 1,000,000 : among 1,000", "among_a_million.p50", "among_a_thousand.p50",
    at_most=1.25, stretch=1.1,
)  # fmt: skip
row("pledge", "memory of a web worker at 64 threads, MB", "web_memory.mb", at_most=150, stretch=100)
