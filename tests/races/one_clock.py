"""One clock as a process of its own: `python -m tests.races.one_clock DATABASE_URL [unguarded]`."""

import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

import jobs.clock
import jobs.running
from c2b import create_app
from jobs.registry import Job
from tests.conftest import config_for


def tick(now: datetime) -> dict[str, int]:
    return {"done": 1}


def only_a_tick() -> dict[str, Job]:
    return {"tick": Job("tick", "Nothing but a beat.", tick, every=timedelta(seconds=1))}


def main() -> None:
    jobs.clock.all_jobs = jobs.running.all_jobs = only_a_tick  # type: ignore[assignment]  # a shorter list
    if "unguarded" in sys.argv:
        jobs.clock.renew = lambda *args, **more: True  # type: ignore[assignment]  # the lease asks nobody
    clock = jobs.clock.Clock(create_app(config_for(sys.argv[1], Path())), ttl=3)
    signal.signal(signal.SIGTERM, clock.end)
    clock.run()


if __name__ == "__main__":
    main()
