"""Let every stage that decides by itself judge what it can, and drop offers whose campaign is gone."""

from datetime import datetime, timedelta

from c2b.pipeline.engine import due_for_machine, judge_by_machine
from c2b.pipeline.reminders import drop_offer, offers_to_drop
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    dropped = each(offers_to_drop(now), drop_offer, now=now)
    judged = each(due_for_machine(now), judge_by_machine, now=now)
    return {name: count + dropped[name] for name, count in judged.items()}
