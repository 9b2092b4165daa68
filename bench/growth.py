"""A database grown large: `python -m bench.growth --url … --campaigns 100000 --pledges 1000000`, in minutes.

People with a confirmed address, a card and a place to send to; campaigns with titles in English and Chinese and the
search tokens that the product makes of them; pledges (few campaigns have most of them), with the diary, the notices,
the demand curve and the counters that agree, so that `c2b check` finds every promise kept. Rows are made here and go
in by COPY (PostgreSQL) or one prepared statement (SQLite). Numbers begin after those that are there: in an empty
database campaigns and people are 1…n, and person i has card i and address i.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Column, func, select

from bench.wording import wish
from c2b import create_app
from c2b.accounts.models import Address, User
from c2b.campaigns.models import Campaign, DemandPoint, Pledge, PriceTier
from c2b.campaigns.search import search_text
from c2b.campaigns.slugs import slug_for
from c2b.campaigns.terms import terms_hash
from c2b.config import load
from c2b.core.clock import utcnow
from c2b.core.db import db, is_sqlite
from c2b.core.events import Event
from c2b.core.outbox import Notice
from c2b.demand.heat import heat, heat_score
from c2b.payments.models import Mandate

LIST_PRICE, EXPECTED = 39900, 25900
CEILINGS = (
    EXPECTED,
    EXPECTED - 3000,
    EXPECTED + 4000,
    LIST_PRICE,
)  # the second one counts only once it is cheaper
CHUNK = 50_000
DAY = timedelta(days=1)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much of everything. `over` is the share of campaigns that have ended without enough."""

    people: int = 20_000
    campaigns: int = 100
    pledges: int = 0
    threshold: int = 500
    over: float = 0.0
    diary: bool = True  # a line and a notice for each pledge; without them check I-12 does not apply


@dataclass
class Grown:
    """One campaign while it is made, before it is a row."""

    id: int
    title: str
    summary: str
    category: str
    threshold: int
    count: int  # of its pledges
    opened_at: datetime
    closes_at: datetime
    first_shopper: int
    over: bool
    currency = "CNY"
    basis, capacity, close_rule, allocation, fulfilment = "units", None, "deadline", "first_come", "shipped"
    options: Sequence[Any] = ()
    regions: Sequence[str] = ()

    @property
    def tiers(self) -> list[PriceTier]:
        """Two: as is wished for, and cheaper for three times as many."""
        return [
            PriceTier(from_quantity=self.threshold, unit_price=EXPECTED),
            PriceTier(from_quantity=3 * self.threshold, unit_price=EXPECTED - 3000),
        ]

    def pledges(self) -> Iterator[tuple[int, int, int, int]]:
        """(number, quantity, tolerance, ceiling) of each."""
        for number in range(self.count):
            yield number, 1 + (number % 5 == 0), int(number % 7 == 0), CEILINGS[number % len(CEILINGS)]


def fill(
    _app: Flask, size: Size | None = None, *, now: datetime | None = None, say: Say | None = None, **of: Any
) -> None:
    """Grow the application's database by this much and commit; `fill(app, people=1000, campaigns=10)` does too."""
    size, now, say = size or Size(**of), now or utcnow(), say or (lambda _words: None)
    people, first = _next(User), _next(Campaign)
    mandates = _next(Mandate)
    addresses, pledges = _next(Address), _next(Pledge)
    db.session.rollback()
    writer = Writer()
    _people(writer, size, people, mandates, addresses, now)
    say(f"{size.people:,} people")
    campaigns = _campaigns(size, first, now)
    _write_campaigns(writer, campaigns, people, now)
    say(f"{size.campaigns:,} campaigns")
    _write_pledges(writer, campaigns, size, pledges, (people, mandates, addresses), now)
    say(f"{size.pledges:,} pledges")
    writer.end()


def _next(model: Any) -> int:
    return int(db.session.scalar(select(func.max(model.id))) or 0) + 1


class Writer:
    """Rows into tables, as quickly as the database takes them; nothing is checked on the way in."""

    def __init__(self) -> None:
        self.connection: Any = db.engine.raw_connection()
        self.raw = self.connection.driver_connection
        self.sqlite = is_sqlite()
        db.session.rollback()
        self.tables: set[Any] = set()
        if self.sqlite:
            self.raw.execute("PRAGMA foreign_keys=OFF")
            self.raw.execute("PRAGMA cache_size=-400000")
            self.raw.execute("BEGIN IMMEDIATE")
        else:
            self.raw.execute("SET TIME ZONE 'UTC'")
            self.raw.execute("SET session_replication_role = replica")  # no check of each foreign key

    def write(self, model: Any, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows; columns that are not named have the model's defaults."""
        table = model.__table__
        self.tables.add(table)
        more = {
            column.name: _default(column) for column in table.columns
            if column.name not in names and column.default is not None and not column.default.is_sequence
        }  # fmt: skip
        columns = ", ".join(f'"{name}"' for name in (*names, *more))
        rest = tuple(more.values())
        if self.sqlite:
            marks = ", ".join("?" * (len(names) + len(more)))
            self.raw.executemany(
                f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', ((*row, *rest) for row in rows)
            )
            return
        with self.raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row((*row, *rest))

    def end(self) -> None:
        """Commit, and let the databases number on from here and know what is there."""
        if not self.sqlite:
            self.raw.execute("SET session_replication_role = origin")
            for table in self.tables:
                if "id" in table.columns:
                    self.raw.execute(
                        f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'),"
                        f' (SELECT max(id) FROM "{table.name}"))'
                    )
        self.raw.commit()
        if self.sqlite:
            self.raw.execute("PRAGMA foreign_keys=ON")
        self.raw.execute("ANALYZE")
        self.raw.commit()
        self.connection.close()


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    if default.is_callable:
        return json.dumps(default.arg(None))
    return str(default.arg) if isinstance(default.arg, str) else default.arg


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _people(writer: Writer, size: Size, first: int, mandates: int, addresses: int, now: datetime) -> None:
    long_ago = _text(now - 100 * DAY)
    numbers = range(size.people)
    writer.write(
        User, ("id", "email", "name", "email_confirmed_at", "created_at", "locale"),
        ((first + n, f"shopper-{first + n}@muster.example", f"Shopper {first + n}", long_ago, long_ago,
          "zh-Hans" if n % 2 else "en") for n in numbers),
    )  # fmt: skip
    writer.write(
        Mandate, ("id", "user_id", "gateway", "token", "label", "fingerprint", "created_at"),
        ((mandates + n, first + n, "sandbox", f"tok_ok_{first + n}", "Visa ending 4242", f"grown-{first + n}",
          long_ago) for n in numbers),
    )  # fmt: skip
    writer.write(
        Address, ("id", "user_id", "name", "phone", "region", "city", "line", "created_at"),
        ((addresses + n, first + n, f"Shopper {first + n}", "13800000000", "CN", "上海", f"南京路 {n} 号", long_ago)
         for n in numbers),
    )  # fmt: skip


def shares(campaigns: int, pledges: int) -> list[int]:
    """How many pledges each campaign has: the n-th most wanted one has 1/√n of the first one's, mixed up."""
    if not campaigns:
        return []
    weights = [1 / (number * 7919 % campaigns + 1) ** 0.5 for number in range(campaigns)]
    whole, seen, given, counts = sum(weights), 0.0, 0, []
    for weight in weights:
        seen += weight
        upto = round(pledges * seen / whole)
        counts.append(upto - given)
        given = upto
    return counts


def _campaigns(size: Size, first: int, now: datetime) -> list[Grown]:
    made = []
    for number, count in enumerate(shares(size.campaigns, size.pledges)):
        title, summary, category = wish(first + number)
        over = number % 100 < 100 * size.over
        age = timedelta(days=3 + number % 11, minutes=number % 1440)
        opened = now - age - (20 * DAY if over else timedelta())
        closes = opened + 14 * DAY if over else now + timedelta(days=3 + number % 20, minutes=number % 1440)
        threshold = max(size.threshold, 2 * count) if over else size.threshold
        made.append(
            Grown(
                first + number, title, summary, str(category), threshold, min(count, size.people), opened,
                closes.replace(microsecond=0), number * 7919 % max(size.people, 1), over,
            )
        )  # fmt: skip
    return made


CAMPAIGN = (
    "id", "slug", "title", "summary", "category", "origin", "starter_id", "list_price", "expected_price",
    "threshold", "created_at", "opened_at", "closes_at", "closed_at", "tipped_at", "state", "state_since", "people",
    "units", "counted_people", "counted_units", "joined_last_day", "last_joined_at", "heat", "heat_score",
    "search_text", "pictures", "options", "regions",
)  # fmt: skip


def _state(one: Grown, counted: int) -> str:
    return "expired" if one.over else "tipped" if counted >= one.threshold else "open"


def _row(one: Grown, starter: int, now: datetime) -> tuple[Any, ...]:
    units = counted = counted_units = 0
    for _number, quantity, _tolerance, ceiling in one.pledges():
        units += quantity
        counted += ceiling >= EXPECTED
        counted_units += quantity * (ceiling >= EXPECTED)
    lately = sum(1 for n in range(one.count) if _placed(one, n, now) > now - DAY)
    warmth = {
        "have": counted_units,
        "need": one.threshold,
        "joined_last_day": lately,
        "joined_day_before": lately,
    }
    state = _state(one, counted_units)
    opened, closes = _text(one.opened_at), _text(one.closes_at)
    return (
        one.id, slug_for(one.title, one.id), one.title, one.summary, one.category, "shopper", starter,
        LIST_PRICE, EXPECTED, one.threshold, opened, opened, closes, closes if one.over else None,
        _text(now) if state == "tipped" else None, state, closes if one.over else opened, one.count, units,
        counted, counted_units, lately, _text(_placed(one, one.count - 1, now)) if one.count else None,
        heat(**warmth), heat_score(**warmth), search_text(one.title, one.summary), "[]", "[]", "[]",
    )  # fmt: skip


def _placed(one: Grown, number: int, now: datetime) -> datetime:
    """Evenly over the time that it is or was open."""
    return one.opened_at + (min(now, one.closes_at) - one.opened_at) * ((number + 1) / (one.count + 1))


def _write_campaigns(writer: Writer, campaigns: Sequence[Grown], people: int, now: datetime) -> None:
    rows = [_row(one, people + one.first_shopper, now) for one in campaigns]
    writer.write(Campaign, CAMPAIGN, rows)
    writer.write(
        PriceTier, ("campaign_id", "from_quantity", "unit_price"),
        ((one.id, tier.from_quantity, tier.unit_price) for one in campaigns for tier in one.tiers),
    )  # fmt: skip
    state = CAMPAIGN.index("state")
    lines = []
    for one, row in zip(campaigns, rows, strict=True):
        opened = ("campaign", one.id, "campaign.open", None, _text(one.opened_at), "{}")
        lines += (
            [opened]
            if row[state] == "open"
            else [opened, (*opened[:2], f"campaign.{row[state]}", *opened[3:])]
        )
    writer.write(Event, EVENT, lines)
    writer.write(DemandPoint, ("campaign_id", "ceiling", "units", "tolerance", "people"), _points(campaigns))


EVENT = ("subject", "subject_id", "kind", "by", "at", "data")
PLEDGE = (
    "id", "campaign_id", "shopper_id", "quantity", "tolerance", "ceiling", "counts", "options", "region",
    "address_id", "mandate_id", "terms", "request_key", "placed_at", "state", "state_since",
)  # fmt: skip
NOTICE = (
    "key", "kind", "user_id", "data", "created_at", "due_at", "sent_at", "read_at", "way", "delivery",
)  # fmt: skip


def _points(campaigns: Iterable[Grown]) -> Iterator[tuple[int, ...]]:
    """The demand curve of what is not over: its pledges have been let go, and it stands still."""
    for one in campaigns:
        sums: dict[int, Counter[str]] = {}
        for _number, quantity, tolerance, ceiling in one.pledges():
            sums.setdefault(ceiling, Counter()).update(units=quantity, tolerance=tolerance, people=1)
        for ceiling, of in sums.items():
            yield one.id, ceiling, of["units"], of["tolerance"], of["people"]


def _write_pledges(
    writer: Writer,
    campaigns: Sequence[Grown],
    size: Size,
    number: int,
    firsts: tuple[int, int, int],
    now: datetime,
) -> None:
    chunk: list[tuple[Any, ...]] = []
    about: dict[int, Grown] = {}
    for one in campaigns:
        about[one.id] = one
        rows = list(_pledge_rows(one, number, size.people, firsts, now))
        number += len(rows)
        chunk += rows
        if len(chunk) >= CHUNK:
            _write_chunk(writer, chunk, about, size)
            chunk, about = [], {}
    _write_chunk(writer, chunk, about, size)


def _pledge_rows(
    one: Grown, first: int, people: int, firsts: tuple[int, int, int], now: datetime
) -> Iterator[tuple[Any, ...]]:
    terms = terms_hash(one)
    state = "released" if one.over else "active"
    for number, quantity, tolerance, ceiling in one.pledges():
        who = (one.first_shopper + number) % people
        shopper, mandate, address = (base + who for base in firsts)
        placed = _text(_placed(one, number, now))
        since = _text(one.closes_at) if one.over else placed
        yield (
            first + number, one.id, shopper, quantity, tolerance, ceiling, ceiling >= EXPECTED, "{}", "CN",
            address, mandate, terms, f"grown:{first + number}", placed, state, since,
        )  # fmt: skip


def _write_chunk(
    writer: Writer, rows: Sequence[tuple[Any, ...]], about: dict[int, Grown], size: Size
) -> None:
    writer.write(Pledge, PLEDGE, rows)
    if not size.diary:
        return
    writer.write(Event, EVENT, _lines(rows))
    writer.write(Notice, NOTICE, (_notice(row, about[row[1]]) for row in rows))


def _lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        data = f'{{"quantity": {row[3]}, "ceiling": {row[5]}, "tolerance": {row[4]}}}'
        yield "pledge", row[0], "pledge.placed", row[2], row[13], data
        if row[14] == "released":
            yield "pledge", row[0], "pledge.released", None, row[15], "{}"


def _notice(row: tuple[Any, ...], one: Grown) -> tuple[Any, ...]:
    data = {
        "title": one.title, "path": f"/c/{slug_for(one.title, one.id)}", "currency": "CNY", "tipped": False,
        "closes_at": one.closes_at.isoformat(), "quantity": row[3], "ceiling": row[5],
    }  # fmt: skip
    placed = row[13]
    return (
        f"pledge_placed:{row[0]}", "pledge_placed", row[2], json.dumps(data, ensure_ascii=False), placed, placed,
        placed, placed if row[0] % 2 else None, "at_once", "sent",
    )  # fmt: skip


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--url", help="a migrated database; otherwise the one of C2B_DATABASE_URL")
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--campaigns", type=int, default=100_000)
    parser.add_argument("--pledges", type=int, default=1_000_000)
    parser.add_argument("--over", type=float, default=0.3, help="the share of campaigns that have ended")
    asked = parser.parse_args()
    app = create_app(load(**({"database_url": asked.url} if asked.url else {})))
    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {words}", flush=True)

    size = Size(people=asked.people, campaigns=asked.campaigns, pledges=asked.pledges, over=asked.over)
    with app.app_context():
        fill(app, size, say=say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
