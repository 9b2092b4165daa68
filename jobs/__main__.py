"""`python -m jobs`: the clock alone."""

import signal
import sys
from time import time

from flask import Flask

from c2b import create_app
from c2b.config import BadConfig
from c2b.core.schema import must_be_ready
from jobs import stopping
from jobs.clock import Clock
from jobs.worker import work


def run_clock(app: Flask) -> None:
    """Run the clock until SIGTERM or Ctrl-C; the rows in hand are finished first."""
    clock = Clock(app)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, clock.end)
    clock.run()


def run_worker(app: Flask) -> int:
    """Run a worker until SIGTERM or Ctrl-C; the rows in hand are finished first. The exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return work(app)


def main() -> None:
    """The same as `c2b jobs`, where only Python is at hand."""
    try:
        app = create_app()
        with app.app_context():
            must_be_ready(time())
    except BadConfig as problem:
        sys.exit(f"jobs: {problem}")
    run_clock(app)


if __name__ == "__main__":
    main()
