"""A clock or a worker as a process of its own, in a hurry: `python -m tests.cluster.one_process clock|worker`.

The settings come from the environment as they do in life; leases are short, and the jobs of a sale
run every two seconds.
"""

import sys
from dataclasses import replace
from datetime import timedelta

import jobs.clock
import jobs.handing
import jobs.running
import jobs.worker
from c2b import create_app
from c2b.core.logs import configure
from jobs.__main__ import run_clock, run_worker
from jobs.registry import Job, all_jobs

TTL = 3.0
WAY = (
    "close_campaigns", "tell_tipped", "run_pipeline", "look_up_attempts", "charge_launches", "retry_cards",
    "settle_launches",
)  # fmt: skip


def in_a_hurry() -> dict[str, Job]:
    known = all_jobs()
    return {name: replace(known[name], every=timedelta(seconds=2)) for name in WAY}


def main() -> int:
    jobs.clock.all_jobs = jobs.running.all_jobs = in_a_hurry  # type: ignore[assignment]  # a shorter list
    jobs.clock.Clock.__init__.__kwdefaults__["ttl"] = TTL
    jobs.worker.TTL, jobs.handing.PATIENCE = TTL, 4.0
    configure("info")
    app = create_app()
    if sys.argv[1] == "worker":
        return run_worker(app)
    run_clock(app)
    return 0


if __name__ == "__main__":
    sys.exit(main())
