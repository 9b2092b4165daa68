"""What happens when is told in the order in which it happens."""

from datetime import datetime, timedelta
from types import SimpleNamespace

from flask import Flask, render_template

from c2b.campaigns.states import CampaignState


def test_dates_of_the_batch_stand_before_the_closing_time_where_they_come_before_it(
    app: Flask, now: datetime
) -> None:
    day = timedelta(days=1)
    dates = [("Sign-up", now - day, ""), ("Best offer", now + day, ""), ("Launches begin", now + 3 * day, "")]
    tipped = SimpleNamespace(
        state=CampaignState.TIPPED,
        opened_at=now - 9 * day,
        tipped_at=now - 5 * day,
        closed_at=None,
        closes_at=now + 2 * day,
    )
    with app.test_request_context():
        html = render_template("campaigns/_when.html", campaign=tipped, parts={"dates": dates}, now=now)
    told = [
        "Opened",
        "Deal is on",
        "Merchants compete",
        "Sign-up",
        "Best offer",
        "Closes",
        "Launches begin",
        "Launch:",
    ]
    places = [html.index(f"<b>{words}") for words in told]
    assert places == sorted(places)
