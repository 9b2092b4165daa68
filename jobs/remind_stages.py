"""Remind whoever has to act in the pipeline, once before it is due, and tell operators what is overdue."""

from datetime import datetime, timedelta

from c2b.pipeline.reminders import offers_to_remind, remind_owner
from c2b.pipeline.samples import remind_sample, samples_to_remind
from jobs import each

EVERY = timedelta(minutes=30)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    samples = each(samples_to_remind(now), remind_sample, now=now)
    offers = each(offers_to_remind(now), remind_owner, now=now)
    return {name: count + samples[name] for name, count in offers.items()}
