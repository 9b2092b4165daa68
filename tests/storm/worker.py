"""One worker of a storm: `python -m tests.storm.worker DATABASE_URL BOOK CLOCK_FILE`.

It runs the jobs that move money, again and again, by the clock that the storm writes into a file, until it is killed.
Any line on its output is the most memory that it has used so far, in MB.
"""

import re
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from c2b import create_app
from c2b.core.db import db
from jobs.registry import all_jobs
from tests.clockwork import MONEY
from tests.conftest import config_for


def run_all(clock: Path) -> bool:
    """Each job once, and whether any did something; one that loses the database starts again in the next turn."""
    busy = False
    now = datetime.fromisoformat(clock.read_text())
    for name in MONEY:
        try:
            busy = any(all_jobs()[name].run(now).values()) or busy
            db.session.remove()
        except DBAPIError:
            time.sleep(0.2)
            with suppress(DBAPIError):  # giving a connection back speaks to the server too
                db.session.remove()
    return busy


def most_memory() -> int:
    """The most that this process has used, in MB; getrusage would count what its parent used when it was forked."""
    return int(re.findall(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[0]) // 1024


def main() -> None:
    """Work until killed."""
    url, book, clock = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(50)
    )  # thousands of answers are lost
    app = create_app(replace(config_for(url, Path(book).parent), sandbox_book=book))
    with app.app_context():
        while True:
            busy = run_all(clock)
            print(most_memory(), flush=True)
            time.sleep(0.05 if busy else 1)  # looking costs as much as there are pledges


if __name__ == "__main__":
    main()
