"""Look whether the data keeps every promise; each broken one is written into the log and shown to operators."""

from datetime import datetime, timedelta

import structlog

from c2b.core.checks import CHECKS, broken_promises

EVERY = timedelta(minutes=10)

log = structlog.get_logger()


def run(now: datetime) -> dict[str, int]:
    """How many promises were looked at, and how many sentences tell of a broken one."""
    problems = broken_promises()
    for problem in problems:
        log.error("a promise is broken", problem=problem)
    return {"checked": len(CHECKS), "failed": len(problems)}
