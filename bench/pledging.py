"""Rows of pledging: many people join at once, over HTTP, each signed in, with a token and a card."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from bench import books
from bench.cluster import job_processes
from bench.growth import fill
from bench.load import Load, each, pgbench, raw, send
from bench.people import SignedIn, signed_in
from bench.raw_sqlite import Raw, write
from bench.rows import Failed, Figures, measure, row
from bench.stage import Stage
from bench.statements import for_pgbench, for_sqlite
from c2b.campaigns.models import Campaign
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db

PEOPLE, CAMPAIGNS, MANY = 2_000, 400, 10_000
PRICE = "259"
Place = tuple[int, str, str]  # campaign, slug, terms


def few(app: Flask) -> None:
    """Campaigns that are hot one after another: each is joined by everybody."""
    fill(app, people=PEOPLE, campaigns=CAMPAIGNS, threshold=500)


def many(app: Flask) -> None:
    """Campaigns that are joined by a few each."""
    fill(app, people=PEOPLE, campaigns=MANY, threshold=500)


def untouched(app: Flask) -> None:
    """Campaigns for pgbench, which tips none."""
    fill(app, people=20_000, campaigns=30, threshold=900_000)


def _places(_app: Flask) -> list[Place]:
    found = db.session.scalars(select(Campaign).order_by(Campaign.id))
    return [(campaign.id, campaign.slug, terms_hash(campaign)) for campaign in found]


def _people(app: Flask) -> list[SignedIn]:
    return signed_in(app, range(1, PEOPLE + 1))


class Crowd:
    """Who pledges where next: every person once for each campaign."""

    def __init__(self, stage: Stage, url: str, *, spread: bool) -> None:
        self.people: list[SignedIn] = stage.ask(url, _people)
        self.places: list[Place] = stage.ask(url, _places)
        self.pairs = self._spread() if spread else self._hot()

    def _hot(self) -> Iterator[tuple[SignedIn, Place]]:
        return ((person, place) for place in self.places for person in self.people)

    def _spread(self) -> Iterator[tuple[SignedIn, Place]]:
        count = len(self.places)
        for turn in range(count):
            for n, person in enumerate(self.people):
                at = turn * len(self.people) + n
                at += at // count  # a place further each time round: no pair comes twice
                yield person, self.places[at % count]


def requests(address: str, pairs: list[tuple[SignedIn, Place]], path: str = "/c/{}/join") -> Iterator[bytes]:
    """The forms as browsers send them."""
    for person, (id_, slug, terms) in pairs:
        typed = {
            "csrf_token": person.token, "max": PRICE, "max_other": PRICE, "quantity": 1, "tolerance": 0, "region": "CN",
            "card": person.user_id, "address": "", "request_key": f"bench{id_}", "terms": terms,
        }  # fmt: skip
        url = address + path.format(slug)
        yield raw("POST", url, cookie=person.cookie, body=urlencode(typed).encode())


def load(
    stage: Stage, name: str, fill_: Any, *, clients: int = 128, spread: bool = False, **settings: str
) -> Load:
    """So many clients pledge for some seconds; then the books must agree with what they were told."""
    url = stage.database(name, fill_)
    server = stage.server(url, **settings)
    crowd = stage.keep(f"{name} {stage.kind}", lambda: Crowd(stage, url, spread=spread))
    pairs = list(islice(crowd.pairs, int(stage.seconds * 4_000) + 500))
    if len(pairs) < stage.seconds * 4_000:
        raise Failed(f"{name}: everybody has joined everything; fewer rounds, or shorter ones")
    before = _count(url)
    seen = send(server.url("/"), requests(server.url(""), pairs), connections=clients, seconds=stage.seconds)
    if seen.broken or seen.timeouts:
        raise Failed(f"{name}: {seen.broken} broken connections, {seen.timeouts} without an answer")
    good, busy = seen.of(302, 303), seen.statuses.get("503", 0)
    if seen.answered != good + busy or seen.statuses.get("503 bare"):
        raise Failed(f"{name}: answers that must not be: {seen.statuses}")
    written = _count(url) - before
    if not good <= written <= seen.sent:
        raise Failed(f"{name}: {written} pledges were written, {good} acknowledged of {seen.sent}")
    for id_ in {id_ for _person, (id_, _slug, _terms) in pairs[:: max(1, len(pairs) // 20)]}:
        books.must_balance(url, id_, least=0, most=PEOPLE)
    return seen


def _count(url: str) -> int:
    return int(books.query(url, "SELECT count(*) AS n FROM pledge")[0]["n"])


def figures(seen: Load) -> Figures:
    """Pledges in a second, and how long they took."""
    good = seen.of(302, 303)
    return {
        "rate": good / seen.seconds if seen.seconds else 0.0,
        "p50": seen.p50,
        "p99": seen.p99,
        "tail": seen.p99 / seen.p50 if seen.p50 else 0.0,
        "busy": float(seen.statuses.get("503", 0)),
    }


@measure("pledge")
def pledge_hot(stage: Stage) -> Figures:
    return figures(load(stage, "pledge_hot", few))


@measure("pledge", kinds=("postgresql",))
def pgbench8(stage: Stage) -> Figures:
    return _pgbench(stage, 8)


@measure("pledge", kinds=("postgresql",))
def pgbench32(stage: Stage) -> Figures:
    return _pgbench(stage, 32)


@measure("pledge", kinds=("sqlite",))
def raw_sqlite(stage: Stage) -> Figures:
    url = stage.database("raw_sqlite", untouched)
    numbers: dict[str, int] = stage.keep("raw numbers", dict)
    raw_: Raw = stage.keep("raw", lambda: _raw(stage, url))
    seen, numbers["next"] = write(raw_, first=numbers.get("next", 0), processes=8, seconds=stage.seconds)
    return {"rate": seen.rate, "p50": seen.p50, "p99": seen.p99}


def _raw(stage: Stage, url: str) -> Raw:
    terms = {id_: terms for id_, _slug, terms in stage.ask(url, _places)}
    return Raw(url.removeprefix("sqlite:///"), for_sqlite(), people=20_000, terms=terms)


@measure("pledge")
def null_handler(stage: Stage) -> Figures:
    url = stage.database("pledge_hot", few)
    server = stage.server(url, app="bench.null_app:app", threads=4)
    crowd = stage.keep(f"null {stage.kind}", lambda: Crowd(stage, url, spread=False))
    pairs = list(islice(crowd._hot(), int(stage.seconds * 8_000) + 500))
    sent = requests(server.url(""), pairs, "/null/{}")
    seen = send(server.url("/"), sent, connections=128, seconds=stage.seconds)
    if seen.answered != seen.of(302, 303):
        raise Failed(f"the null handler answers {seen.statuses}")
    return {"rate": seen.rate, "p50": seen.p50}


@measure("pledge")
def pledge_plain(stage: Stage) -> Figures:
    return figures(load(stage, "pledge_plain", few, C2B_COMBINE="0"))


@measure("pledge")
def pledge_spread(stage: Stage) -> Figures:
    return figures(load(stage, "pledge_spread", many, spread=True))


@measure("pledge")
def pledge_512(stage: Stage) -> Figures:
    return figures(load(stage, "pledge_hot", few, clients=512))


@measure("pledge", once=True)
def pledge_killed(stage: Stage) -> Figures:
    """A worker is killed while it writes; everybody asks again until there is an answer."""
    url = stage.database("pledge_killed", few)
    server = stage.server(url)
    crowd = stage.keep(f"killed {stage.kind}", lambda: Crowd(stage, url, spread=False))
    pairs = list(islice(crowd.pairs, PEOPLE))

    def then(n: int) -> None:
        if n == PEOPLE // 3:
            server.kill_worker()

    sent = list(requests(server.url(""), pairs))
    answers = each(server.address, sent, connections=128, retry=True, then=then)
    wrong = [answer for answer in answers if answer.status not in (302, 303)]
    if wrong:
        raise Failed(f"{len(wrong)} of {len(answers)} got no good answer, such as {wrong[0]}")
    books.must_balance(url, pairs[0][1][0], least=PEOPLE, most=PEOPLE)
    return {"again": float(sum(answer.tries > 1 for answer in answers))}


@measure("pledge", kinds=("postgresql",))
def pledge_cluster(stage: Stage) -> Figures:
    """As hot as before, with two job workers and two clocks at work on the same database."""
    url = stage.database("pledge_cluster", few)
    with job_processes(url, stage.folder):
        return figures(load(stage, "pledge_cluster", few))


# The database alone


def _terms(app: Flask) -> None:
    db.session.execute(db.text("CREATE SEQUENCE bench_s MINVALUE 0"))
    db.session.execute(db.text("CREATE TABLE bench_terms (id bigint PRIMARY KEY, terms text)"))
    for id_, _slug, terms in _places(app):
        values = {"id": id_, "terms": terms}
        db.session.execute(db.text("INSERT INTO bench_terms VALUES (:id, :terms)"), values)
    db.session.commit()


def _pgbench(stage: Stage, clients: int) -> Figures:
    url = stage.database("pgbench", untouched)
    stage.keep(f"terms {stage.kind}", lambda: stage.ask(url, _terms))
    seen = pgbench(stage.postgres, url, for_pgbench(), clients=clients, seconds=stage.seconds, people=20_000)
    return {"rate": seen.rate, "p50": seen.p50, "p99": seen.p99}


row("pledge", "hot pledges, 128 clients : pgbench, 8 clients", "pledge_hot.rate", "pgbench8.rate",
    at_least=1.0, stretch=1.4, kinds=("postgresql",))  # fmt: skip
row("pledge", "hot pledges, 128 clients : raw sqlite3, 8 processes", "pledge_hot.rate", "raw_sqlite.rate",
    at_least=1.0, stretch=1.4, kinds=("sqlite",))  # fmt: skip
row("pledge", "hot pledges : pgbench, 32 clients", "pledge_hot.rate", "pgbench32.rate",
    at_least=2, stretch=3, kinds=("postgresql",))  # fmt: skip
row("pledge", "hot pledges : null handler", "pledge_hot.rate", "null_handler.rate", at_least=0.4, stretch=0.6)
row(
    "pledge",
    "hot pledges : one transaction each",
    "pledge_hot.rate",
    "pledge_plain.rate",
    at_least=4,
    stretch=5,
)
row(
    "pledge",
    "spread over 10,000 campaigns : hot",
    "pledge_spread.rate",
    "pledge_hot.rate",
    at_least=0.9,
    stretch=1,
)
row("pledge", "hot, two job workers and two clocks beside : hot", "pledge_cluster.rate", "pledge_hot.rate",
    kinds=("postgresql",))  # fmt: skip
row("pledge", "SQLite FULL : PostgreSQL, same app", "pledge_hot.rate", "pledge_hot.rate@postgresql",
    at_least=0.8, stretch=1, kinds=("sqlite",))  # fmt: skip
row("pledge", "512 clients, p99 : p50", "pledge_512.tail", None, at_least=None, stretch=None, at_most=2)
