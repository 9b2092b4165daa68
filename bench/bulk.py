"""Rows of the bulk jobs: closing, charging, mail, the memory of a worker, replay.

They are small by default, so that a round takes under a minute; `BULK=100000 make bench ONLY=bulk` charges as many
pledges as that, closes a tenth as many campaigns, and lets the storm and the replay have as many pledges.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from bench import books, long_runs  # noqa: F401  # its rows come with these
from bench.growth import fill
from bench.one_by_one import close_campaign
from bench.rows import Failed, Figures, measure, row
from bench.stage import Stage
from c2b.campaigns.models import Campaign
from c2b.campaigns.operations import close_campaigns
from c2b.campaigns.states import CampaignState
from c2b.config import ROOT
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.mailing.composing import compose
from c2b.mailing.mail import Mail
from c2b.orders.charging import charge_launch
from c2b.orders.models import Order
from c2b.payments.askers import THREADS
from jobs import by_set, each
from tests.storm import world

FULL = int(os.environ.get("BULK", "0"))  # pledges, where the full size is asked for
LATENCY = 0.02  # seconds, of the provider
LIMIT = 100.0  # requests in a second that it takes
OPENED = datetime(2025, 5, 20, 6, 0, tzinfo=UTC)

# closing ------------------------------------------------------------------------------------------

SET, SINGLE = (FULL // 10 or 1500), (FULL // 200 or 50)  # campaigns in a round


def _many(app: Flask) -> None:
    campaigns = 6 * (SET + SINGLE)
    fill(app, people=3000, campaigns=campaigns, pledges=2 * campaigns, threshold=500_000)


def _time_is_up(stage: Stage, number: int) -> tuple[str, list[int]]:
    """The next campaigns are over, and nobody has closed them."""
    url = stage.database("many_campaigns", _many)
    waiting = select(Campaign.id).where(Campaign.state == CampaignState.OPEN).order_by(func.random())

    def end(_app: Flask) -> list[int]:
        with transaction():
            ids = list(db.session.scalars(waiting.limit(number)))
            yesterday = utcnow() - timedelta(days=1)
            db.session.execute(update(Campaign).where(Campaign.id.in_(ids)).values(closes_at=yesterday))
        return sorted(ids)

    return url, stage.ask(url, end)


def _closed(stage: Stage, number: int, *, by_sets: bool) -> Figures:
    url, ids = _time_is_up(stage, number)

    def close(_app: Flask) -> float:
        now, operation = utcnow(), close_campaigns if by_sets else close_campaign
        (by_set if by_sets else each)(ids[:10], operation, now=now)  # statements are compiled
        began = time.monotonic()
        done = (by_set if by_sets else each)(ids[10:], operation, now=now)["done"]
        if done != len(ids) - 10:
            raise Failed(f"{done} of {len(ids) - 10} campaigns were closed")
        return done / (time.monotonic() - began)

    return {"rate": stage.ask(url, close)}


@measure("bulk")
def closing_by_set(stage: Stage) -> Figures:
    """Campaigns whose time is up, closed in sets as the job does."""
    return _closed(stage, SET, by_sets=True)


@measure("bulk")
def closing_one_by_one(stage: Stage) -> Figures:
    """The same, each in a transaction of its own."""
    return _closed(stage, SINGLE, by_sets=False)


# charging -----------------------------------------------------------------------------------------


@contextmanager
def _provider() -> Iterator[str]:
    peer = subprocess.Popen(
        [sys.executable, "-m", "bench.peer", "--latency", str(LATENCY)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert peer.stdout is not None
        yield f"127.0.0.1:{peer.stdout.readline().split()[-1]}"
    finally:
        peer.kill()
        peer.communicate()


def _build(pledges: int) -> None:
    cards, world.CARDS = world.CARDS, {}  # all of them work
    try:
        world.build(pledges, OPENED, 1)
    finally:
        world.CARDS = cards


def _charge(stage: Stage, pledges: int, rate: float) -> float:
    """Requests in a second: each pledge is held and then charged."""
    name = f"launch_{pledges}"
    stage.databases.filled_with(name, lambda _app: _build(pledges))
    url = stage.databases.copy_of(name, f"{name}_charged")

    def charge(app: Flask) -> float:
        app.config["C2B"] = replace(
            app.config["C2B"], gateway="sandbox_server", sandbox_url=f"http://{address}", provider_rate=rate
        )
        began = time.monotonic()
        charge_launch(1, now=OPENED)
        took = time.monotonic() - began
        orders, total = db.session.execute(select(func.count(), func.sum(Order.total))).one()
        _must_agree(address, orders, int(total or 0), pledges)
        return 2 * pledges / took

    with _provider() as address:
        found: float = stage.ask(url, charge)
    books.must_keep_promises(url, stage.folder)
    return found


def _must_agree(address: str, orders: int, total: int, pledges: int) -> None:
    asked = http.client.HTTPConnection(address)
    asked.request("GET", "/book")
    theirs = json.loads(asked.getresponse().read())
    asked.close()
    if theirs != {"charges": pledges, "amount": total, "repeated": 0} or orders != pledges:
        raise Failed(f"{pledges} pledges became {orders} orders for {total}, the provider says {theirs}")


@measure("bulk")
def charging_limit(stage: Stage) -> Figures:
    """Charging at a provider that takes 100 requests in a second."""
    rate = _charge(stage, FULL or 1000, LIMIT)
    return {"rate": rate, "of_limit": rate / LIMIT}


@measure("bulk")
def charging_ideal(stage: Stage) -> Figures:
    """Charging at a provider that takes as many as it gets, each in 20 ms."""
    rate = _charge(stage, FULL or 2000, 0)
    return {"rate": rate, "of_ideal": rate * LATENCY / THREADS}


# mail ---------------------------------------------------------------------------------------------

SENDER = "Muster <hello@muster.example>"
POLICY = default.clone(max_line_length=998)
TEXT = "Enough people have joined “Cast-iron pot 珐琅铸铁锅”.\n\nhttps://muster.example/zh-hans/c/pot\n\n" * 8
MAIL = Mail(
    to="ming@example.org",
    name="小明 Ming",
    subject="已成团：珐琅铸铁锅 & lid",
    text=TEXT,
    html="<p style='margin:0 0 14px'>" + "</p><p>".join([TEXT] * 8) + "</p>",
    message_id="<0123456789abcdef0123456789abcdef@muster.example>",
    language="zh-Hans",
    unsubscribe="https://muster.example/u/" + "t" * 80,
)


def _plainly(mail: Mail, _sender: str) -> bytes:
    message = EmailMessage(POLICY)
    message["From"] = Address("Muster", addr_spec="hello@muster.example")
    message["To"] = Address(mail.name, addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Message-ID"] = mail.message_id
    message["Date"] = formatdate()
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    for header, value in mail.unsubscribing.items():
        message[header] = value
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


def _composed(how: Any, times: int) -> float:
    """Microseconds for each, of this process's own time."""
    how(MAIL, SENDER)
    began = time.thread_time()
    for number in range(times):
        how(replace(MAIL, subject=f"{MAIL.subject} {number}"), SENDER)
    return (time.thread_time() - began) / times * 1e6


@measure("bulk")
def mail_composed(_stage: Stage) -> Figures:
    """A mail from its words to the bytes that travel."""
    return {"us": _composed(compose, 2000)}


@measure("bulk")
def mail_email_message(_stage: Stage) -> Figures:
    """The same mail by the standard library."""
    return {"us": _composed(_plainly, 100)}


row(
    "bulk",
    "closing by set : one by one",
    "closing_by_set.rate",
    "closing_one_by_one.rate",
    at_least=30,
    stretch=70,
)
row("bulk", "charging: of the request limit, 100/s", "charging_limit.of_limit", at_least=0.95, stretch=0.98)
row(
    "bulk",
    f"charging: of ideal with 20 ms, {THREADS} threads",
    "charging_ideal.of_ideal",
    at_least=0.7,
    stretch=0.9,
)
row(
    "bulk",
    "building a mail : EmailMessage",
    "mail_composed.us",
    "mail_email_message.us",
    at_most=0.1,
    stretch=0.05,
)
