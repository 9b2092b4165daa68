"""A web process that is killed while it writes for many: nothing is lost or doubled, a retry gets the first answer."""

import json
import subprocess
import sys
from datetime import datetime
from typing import Any

from sqlalchemy import select

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.terms import terms_hash
from c2b.config import ROOT
from c2b.core.db import db
from c2b.payments.models import Mandate
from tests.factories import Make

SHOPPERS, BEFORE_THE_END = 30, 7


def wanted_by_all(make: Make) -> list[dict[str, Any]]:
    """Everybody wants the same two things."""
    campaigns: list[Campaign] = [make.campaign(threshold=20), make.campaign(threshold=500)]
    shoppers = [make.shopper().id for _ in range(SHOPPERS)]
    cards = dict(db.session.execute(select(Mandate.user_id, Mandate.id)).all())
    return [
        {
            "campaign": campaign.id, "shopper_id": shopper, "quantity": 1, "ceiling": campaign.first_price,
            "mandate_id": cards[shopper], "terms": terms_hash(campaign), "request_key": f"{campaign.id}:{shopper}",
        }
        for shopper in shoppers for campaign in campaigns
    ]  # fmt: skip


def start(url: str, now: datetime, wanted: list[dict[str, Any]]) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.races.one_web", url, now.isoformat()],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(json.dumps(wanted) + "\n")
    process.stdin.flush()
    return process


def test_a_kill_under_load_loses_and_doubles_nothing_and_a_retry_gets_the_first_answer(
    make: Make, database_url: str, now: datetime
) -> None:
    wanted = wanted_by_all(make)
    db.session.commit()
    first = start(database_url, now, wanted)
    assert first.stdout
    said = [json.loads(first.stdout.readline()) for _ in range(BEFORE_THE_END)]
    first.kill()
    said += [json.loads(line) for line in first.communicate()[0].splitlines() if line.endswith("]")]
    out, _err = start(database_url, now, wanted).communicate()
    again = {key: (pledge, code) for key, pledge, code in map(json.loads, out.splitlines())}
    assert len(again) == len(wanted)
    assert all(code is None for _pledge, code in again.values())
    assert all(again[key] == (pledge, code) for key, pledge, code in said)
    kept = dict(db.session.execute(select(Pledge.request_key, Pledge.id)).all())
    assert kept == {key: pledge for key, (pledge, _code) in again.items()}
