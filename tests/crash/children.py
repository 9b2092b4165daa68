"""A process that may die: forked, watched, and never trusted to say goodbye."""

import gc
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: killed, or with a value, or with an error of its own (its words)."""

    killed: bool
    value: Any = None
    error: str | None = None


def in_child(work: Callable[[], Any], log: Path) -> Ended:
    """Do this in a forked child and wait for its end; what it prints goes to `log`."""
    reading, writing = os.pipe()
    gc.freeze()  # a child that collects garbage would copy our memory page by page
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(work, writing, log)
    gc.unfreeze()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        killed = os.WTERMSIG(status) == signal.SIGKILL
        return Ended(killed, error=None if killed else f"ended by signal {os.WTERMSIG(status)}")
    good, value = pickle.loads(said) if said else (False, f"ended with {os.WEXITSTATUS(status)}")
    return Ended(False, value) if good else Ended(False, error=str(value))


def _be_the_child(work: Callable[[], Any], writing: int, log: Path) -> None:
    try:
        with log.open("w") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        said = pickle.dumps((True, work()))
    except BaseException:
        said = pickle.dumps((False, traceback.format_exc()))
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(said)
        sys.stdout.flush()
    finally:
        os._exit(0)  # nothing that was inherited is closed or flushed twice
