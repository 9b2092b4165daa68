"""One job by hand, or a trial of it, in words for the command line."""

import sys
from collections.abc import Iterator
from datetime import datetime

from jobs._progress import on_terminal
from jobs.registry import Job
from jobs.running import run_job
from jobs.trial import would_do


def say_what_is_due(job: Job, now: datetime) -> Iterator[str]:
    """Lines on what the job would do; nothing is changed."""
    plan, in_one_piece = would_do(job, now)
    for operation, ids in plan.items():
        yield f"{operation}: {len(ids)} due{': ' + ', '.join(map(str, ids)) if ids else ''}"
    if in_one_piece:
        yield "and work that this job does in one piece"
    elif not plan:
        yield "nothing is due"


def run_by_hand(job: Job, now: datetime) -> tuple[str, bool]:
    """Run the job and write the run down: a line on what it did, and whether all went well. Tells how far it is."""
    with on_terminal(job.name, sys.stderr):
        counts = run_job(job, due_at=now, now=now) or {}
    line = ", ".join(f"{count} {word}" for word, count in counts.items())
    return line or "it did not finish; see the log", bool(counts) and not counts.get("failed")
