"""The list of what I joined knows of a failed card, and of money that is held."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import time_machine
from flask import Flask
from flask.testing import FlaskClient

from c2b.accounts.models import User
from c2b.campaigns.hooks import money_of
from c2b.core.db import db
from c2b.orders.queries import to_mend
from c2b.pipeline.models import Launch
from tests.kept_pages import Quick
from tests.orders.conftest import pledges_of, run_jobs


def test_a_failed_card_has_a_line_and_a_way_to_put_it_right_until_the_window_ends(
    launch: Callable[..., Launch], now: datetime
) -> None:
    it = launch([(2, "ok"), (1, "declined")])
    run_jobs(now)
    good, bad = (pledge.id for pledge in pledges_of(it))

    assert to_mend([good, bad]) == [bad]
    said = money_of([good, bad], now)
    assert said[bad].path == f"/me/pay/{bad}"
    assert "held" in said[good].sentence and f"{it.unit_price * 2 // 100:,}" in said[good].sentence

    run_jobs(now + timedelta(hours=97))
    assert to_mend([good, bad]) == []
    assert money_of([good, bad], now + timedelta(hours=97)) == {}


def test_the_campaign_page_warns_whose_card_failed_and_nobody_else(
    app: Flask, client: FlaskClient, sign_in: Any, launch: Callable[..., Launch], now: datetime
) -> None:
    it = launch([(2, "ok"), (1, "declined")])
    run_jobs(now)
    good, bad = pledges_of(it)
    people, url, path = [good.shopper_id, bad.shopper_id], f"/c/{it.campaign.slug}", f"/me/pay/{bad.id}"
    with time_machine.travel(now, tick=False), Quick(app) as quick:
        for _turn in range(2):
            for n, id_ in enumerate(people):
                browser = app.test_client()
                sign_in(browser, db.session.get_one(User, id_))
                page = quick.get(browser, url)
                assert "You joined" in page.text
                assert (path in page.text, "Your card failed" in page.text) == (n == 1, n == 1)
