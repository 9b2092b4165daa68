"""Requests that come together are written together: one of them writes for all who wait, in one transaction.

The first that comes leads: it takes everything that waits, writes it, hands out the answers and passes the lead to the
next that waits. Nobody waits for a timer: alone it is one transaction, and the busier it is the less each one costs.
While the writer waits for a lock, others come: it may take those along whom the lock serves too. Every answer is given
after the commit that holds it. Nothing here knows what is written.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from c2b.core.errors import TooBusy

MOST_TOGETHER = 256  # in one transaction
MOST_WAITING = 1024  # whoever comes then is sent away at once
PATIENCE = 8.0  # seconds until somebody who still waits is sent away

W = TypeVar("W")
A = TypeVar("A")
Fits = Callable[[W], bool]
More = Callable[[Fits[W]], list[W]]  # who came meanwhile and fits: the writer answers them behind the others
Write = Callable[[Sequence[W], More[W]], Sequence[A]]


class _Waiting(Generic[W, A]):
    """One request, until it has its answer."""

    __slots__ = ("answer", "error", "gate", "leads", "until", "wanted")

    def __init__(self, wanted: W, until: float) -> None:
        self.wanted, self.until = wanted, until
        self.answer: A | None = None
        self.error: Exception | None = None
        self.leads = False
        self.gate = Lock()  # open when there is an answer, or when this one is to lead
        self.gate.acquire()


class Combiner(Generic[W, A]):
    """Where the requests of one process meet; make it after the process was forked."""

    def __init__(self, write: Write[W, A], *, patience: float = PATIENCE) -> None:
        self._write, self._patience = write, patience
        self._waiting: deque[_Waiting[W, A]] = deque()
        self._led = False
        self._lock = Lock()

    def ask(self, wanted: W) -> A:
        """The answer, once it is committed; what writing it alone raised, or TooBusy where it took too long."""
        mine = _Waiting[W, A](wanted, time.monotonic() + self._patience)
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise TooBusy
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if leads or self._wait(mine):
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        if mine.answer is None:  # who wrote for us was killed, and nothing was committed
            raise TooBusy
        return mine.answer

    def _wait(self, mine: _Waiting[W, A]) -> bool:
        """Until there is an answer (False), or this one is to lead (True)."""
        if mine.gate.acquire(timeout=self._patience):
            return mine.leads
        with self._lock:
            if mine.leads:
                return True
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise TooBusy
        if mine.gate.acquire(timeout=self._patience):  # it is being written: its end is near
            return False
        raise TooBusy(may_be_done=True)

    def _lead(self, mine: _Waiting[W, A]) -> None:
        time.sleep(0)  # who is nearly here comes first: with a lock held, we would wait for turns of theirs
        together: list[_Waiting[W, A]] = []
        self._take(together, lambda _wanted: True)
        try:
            self._answer(together)
        finally:
            self._pass_on()
            for one in together:
                if one is not mine:
                    one.gate.release()

    def _take(self, together: list[_Waiting[W, A]], fits: Fits[W]) -> list[W]:
        """Move those who wait and fit behind those who are together already."""
        with self._lock:
            room = MOST_TOGETHER - len(together)
            taken = [one for one in self._waiting if fits(one.wanted)][:room]
            for one in taken:
                self._waiting.remove(one)
        together.extend(taken)
        return [one.wanted for one in taken]

    def _pass_on(self) -> None:
        with self._lock:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].leads = True
                self._waiting[0].gate.release()

    def _answer(self, together: list[_Waiting[W, A]]) -> None:
        try:
            answers = self._write([one.wanted for one in together], lambda fits: self._take(together, fits))
        except Exception:
            for one in together:
                self._answer_alone(one)
        else:
            for one, answer in zip(together, answers, strict=True):
                one.answer = answer

    def _answer_alone(self, one: _Waiting[W, A]) -> None:
        """Once more, so that one bad row fails one request; not for those whose time is over."""
        if time.monotonic() > one.until:
            one.error = TooBusy()
            return
        try:
            [one.answer] = self._write([one.wanted], lambda _fits: [])
        except Exception as error:
            one.error = error
