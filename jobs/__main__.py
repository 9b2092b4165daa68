"""`python -m jobs`: the clock alone."""

import signal

from flask import Flask

from jobs.clock import Clock


def run_clock(app: Flask) -> None:
    """Run the clock until SIGTERM or Ctrl-C; the rows in hand are finished first."""
    clock = Clock(app)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, clock.end)
    clock.run()


if __name__ == "__main__":
    import sys

    from c2b.cli import main

    sys.argv[1:] = ["jobs", *sys.argv[1:]]
    main()
