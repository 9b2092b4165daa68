"""A race of two tills for one code; its twin looks first and writes later, and must go wrong."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from c2b.config import ROOT
from c2b.core.db import db
from jobs import issue_vouchers
from tests.delivery.conftest import Sold, codes, eve, launch, owner, sold  # noqa: F401  # fixtures

TILLS = 2
Race = Callable[..., list[str]]


@pytest.fixture
def race(database_url: str, now: datetime) -> Iterator[Race]:
    """Give the same code to each till at once; what became of it at each."""
    started: list[subprocess.Popen[str]] = []

    def run(what: dict[str, Any], *, guarded: bool) -> list[str]:
        more = [] if guarded else ["unguarded"]
        command = [sys.executable, "-m", "tests.races.one_till", database_url, now.isoformat(), *more]
        pipes: dict[str, Any] = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
        }
        tills = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(TILLS)]
        started.extend(tills)
        if [_said(till) for till in tills] != ["ready"] * TILLS:
            raise RuntimeError("the processes did not start")  # which proves nothing about the race
        for till in tills:
            assert till.stdin is not None
            till.stdin.write(json.dumps(what) + "\n")
            till.stdin.flush()
        return [str(json.loads(_said(till))) for till in tills]

    yield run
    for till in started:
        till.kill()
        till.communicate()


def _said(till: subprocess.Popen[str]) -> str:
    assert till.stdout is not None
    return till.stdout.readline().strip()


def one_code_at_two_tills(sold: Sold, race: Race, now: datetime, *, guarded: bool) -> None:  # noqa: F811
    [order] = sold(2, fulfilment="voucher")
    issue_vouchers.run(now)
    what = {"code": codes(order)[0].code, "merchant": order.merchant_id, "by": owner(order).id}
    db.session.commit()
    answers = race(what, guarded=guarded)
    assert Counter(answers) == {"taken": 1, "refused: This code was used already.": 1}
    assert [code.state for code in codes(order)] == ["redeemed", "issued"]


def test_one_code_is_taken_by_exactly_one_of_two_tills(sold: Sold, race: Race, now: datetime) -> None:  # noqa: F811
    one_code_at_two_tills(sold, race, now, guarded=True)


@pytest.mark.breaks_promises
def test_without_the_conditional_update_both_tills_take_it(sold: Sold, race: Race, now: datetime) -> None:  # noqa: F811
    with pytest.raises(AssertionError, match="taken"):
        one_code_at_two_tills(sold, race, now, guarded=False)
