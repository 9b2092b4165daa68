"""Celery over Redis, where C2B_BROKER_URL names one: it wakes a worker for each run that waits, on whichever machine.

A message is a hint and nothing more. The run itself is a row, which one process takes; so a message that is lost,
doubled or late does no harm: the clock carries out by itself what nobody has taken for a while.
"""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from c2b.config import BadConfig, Config
from c2b.core.runs import Waiting
from jobs import stopping

QUEUE = "c2b"
TASK = "c2b.run"
SOON = 2.0  # seconds that the clock gives the broker to take a message

Act = Callable[[Waiting], Any]


def sender(config: Config) -> Act | None:
    """What tells a worker of a run that waits, and raises where the broker is away; None where there is none."""
    if not config.broker_url:
        return None
    app = _celery(config)
    # One try, and a short one: the clock does not wait for a broker.
    app.conf.broker_transport_options = {
        "socket_timeout": SOON,
        "socket_connect_timeout": SOON,
        "max_retries": 1,
    }

    def send(run: Waiting) -> None:
        app.send_task(TASK, [run.id, run.name, run.is_due], queue=QUEUE, retry=False, ignore_result=True)

    return send


def listen(config: Config, act: Act, threads: int) -> int:
    """Do `act` for each run that the broker tells of, until SIGTERM or Ctrl-C; the exit code."""
    from celery.platforms import SecurityWarning
    from celery.signals import worker_shutting_down
    from kombu.transport.redis import Channel

    warnings.simplefilter(
        "ignore", SecurityWarning
    )  # about root and pickle: our messages are JSON, three plain values

    app = _celery(config)

    # What a worker has fetched is neither noted at the broker nor given back to it: with a broker that dies at that
    # moment the transport would fail at a connection that is closed already, and the worker would end of it.
    Channel.do_restore = False
    app.conf.broker_transport_options = {"ack_emulation": False}

    @app.task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator]
    def run(run_id: int, name: str, is_due: bool) -> None:
        act(Waiting(run_id, name, is_due))

    def end(**_more: object) -> None:
        stopping.set()

    worker_shutting_down.connect(end)
    worker = app.Worker(
        pool="threads", concurrency=threads, queues=[QUEUE], quiet=True,
        without_gossip=True, without_mingle=True, without_heartbeat=True,
    )  # fmt: skip
    if not stopping.is_set():  # told to end before there was anything to end
        worker.start()
    return int(worker.exitcode or 0)


def _celery(config: Config) -> Any:
    if find_spec("celery") is None or find_spec("redis") is None:
        raise BadConfig("C2B_BROKER_URL: needs more packages; expected: pip install 'c2b[celery,redis]'")
    from celery import Celery

    app = Celery("c2b", broker=config.broker_url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        broker_connection_max_retries=None,  # a worker waits for its broker as long as it takes
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_redirect_stdouts=False,
    )
    return app
