"""Which jobs there are, how often each runs, and in which order they follow one another."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import jobs

# A campaign's way: what an earlier job leaves, a later one finds in the same pass. Mail and records come last.
ORDER = (
    "close_campaigns",
    "tell_tipped",
    "tell_followers",
    "open_batches",
    "join_batches",
    "submit_offers",
    "run_pipeline",
    "lapse_offers",
    "award_batches",
    "deliver_sandbox_events",
    "work_inbox",
    "look_up_attempts",
    "charge_launches",
    "retry_cards",
    "settle_launches",
    "finish_launches",
    "remedies_due",
    "unwind_campaigns",
    "send_refunds",
    "answer_banks",
    "issue_vouchers",
    "track_parcels",
    "deliver_orders",
    "expire_vouchers",
    "tell_late_orders",
    "ask_for_reviews",
    "plan_payouts",
    "send_payouts",
    "remind_closing",
    "remind_stages",
    "remind_cards",
    "refresh_heat",
    "do_work",
    "send_mail",
    "forget_tries",
    "reconcile",
    "check_promises",
    "prune_runs",
)

# These look after the records; they need no second pass.
HOUSEKEEPING = ("forget_tries", "reconcile", "check_promises", "prune_runs")

# What these do follows from the time alone and has no way back: they wait while the clock cannot be believed (P-9).
NO_WAY_BACK = frozenset(
    {
        "close_campaigns", "open_batches", "run_pipeline", "lapse_offers", "award_batches", "settle_launches",
        "finish_launches", "remedies_due", "unwind_campaigns", "deliver_orders", "expire_vouchers", "plan_payouts",
        "send_payouts",
    }
)  # fmt: skip

# These take their rows in parts: as many workers as there are may be at one of them at once.
SHARED = frozenset(
    {
        "charge_launches",
        "close_campaigns",
        "do_work",
        "look_up_attempts",
        "send_mail",
        "send_refunds",
        "work_inbox",
    }
)

Run = Callable[[datetime], dict[str, int]]
Due = Callable[[datetime], list[int]]


@dataclass(frozen=True)
class Job:
    """One file of this folder: `run(now)` and how often (`EVERY`), or when each day (`AT`, "03:30" site time)."""

    name: str
    words: str
    run: Run
    every: timedelta | None = None
    at: str | None = None
    due: Due | None = None  # which rows it would take now, where the job can say so itself

    @property
    def rhythm(self) -> str:
        """How often it runs, in words for operators of the command line."""
        if self.every is None:
            return f"daily at {self.at}"
        seconds = int(self.every.total_seconds())
        for size, word in ((86_400, "d"), (3600, "h"), (60, "min")):
            if seconds % size == 0:
                return f"every {seconds // size} {word}"
        return f"every {seconds} s"


@cache
def all_jobs() -> dict[str, Job]:
    """Every job by name, in the order of ORDER; one that is not named there comes last."""
    found = [job for info in pkgutil.iter_modules(jobs.__path__) if (job := _read(info.name))]
    places = {name: place for place, name in enumerate(ORDER)}
    found.sort(key=lambda job: (places.get(job.name, len(ORDER)), job.name))
    return {job.name: job for job in found}


def _read(name: str) -> Job | None:
    if name.startswith("_"):
        return None
    module = importlib.import_module(f"jobs.{name}")
    every, at = getattr(module, "EVERY", None), getattr(module, "AT", None)
    if every is None and at is None:
        return None  # part of the machinery
    words = (module.__doc__ or "").strip().partition("\n")[0]
    return Job(name, words, module.run, every, at, getattr(module, "due", None))
