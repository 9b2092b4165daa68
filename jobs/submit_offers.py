"""Give merchants' own campaigns their offer, and hand it in when the campaign has tipped."""

from datetime import datetime, timedelta

from c2b.pipeline.offers import (
    campaigns_to_give_own_offer,
    give_own_offer,
    offers_to_submit,
    submit_own_offer,
)
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    given = each(campaigns_to_give_own_offer(now), give_own_offer, now=now)
    handed_in = each(offers_to_submit(now), submit_own_offer, now=now)
    return {name: given[name] + handed_in[name] for name in given}
