"""Threads that ask the provider, and chunks of requests that are on their way.

A drain keeps its askers for all that it asks. What is handed in was committed before; while the threads ask about one
chunk, the process that owns them writes the answers of the one before down and begins the next. The threads have
no session and no transaction: only the owner speaks with the database, so outcomes are written in chunks by one writer.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any

from c2b.core.db import must_be_outside_transaction
from c2b.payments.gateway import Gateway
from c2b.payments.pace import NotNow, Turns, note_turns, take_turns
from c2b.payments.requests import Request

THREADS = 16  # at 20 ms each they make 800 requests in a second, about what one process can write down
AHEAD = 2  # chunks on their way: one that is being asked about, and one so that no thread is ever idle

Call = Callable[[Request], Any]
Found = list[tuple[Request, Any]]


@dataclass
class _Chunk:
    """Requests that were handed in together, and what came of each so far."""

    asked: Sequence[Request]
    call: Call
    turns: Turns
    before: "_Chunk | None" = None  # that is still on its way: where it is told to stop, so is this one
    found: dict[int, Any] = field(default_factory=dict)  # by the place in `asked`
    left: int = 0
    problem: BaseException | None = None
    over: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def ask(self, place: int) -> None:
        """Ask about one of them when its turn comes; one without a turn is left out."""
        if self.before is not None and self.before.turns.ended:
            self.turns.end()
        try:
            self.found[place] = self.turns.take(lambda: self.call(self.asked[place]))
        except NotNow:
            pass
        except BaseException as problem:  # raised again in the thread that waits
            self.problem = problem
        finally:
            with self.lock:
                self.left -= 1
                if not self.left:
                    self.over.set()


class Askers:
    """Asks one provider, at the pace that all processes keep together; to be closed by whoever opened it."""

    def __init__(self, provider: Gateway) -> None:
        self.provider = provider
        self._chunks: deque[_Chunk] = deque()
        self._waiting: SimpleQueue[tuple[_Chunk, int] | None] = SimpleQueue()
        self._threads: list[Thread] = []

    def __len__(self) -> int:
        """How many chunks were handed in and not taken out."""
        return len(self._chunks)

    def put(self, asked: Sequence[Request], call: Call) -> None:
        """Have these asked, in their order; no transaction may be open."""
        must_be_outside_transaction()
        if not asked:
            return
        turns = take_turns(self.provider.name, len(asked))
        chunk = _Chunk(asked, call, turns, self._chunks[-1] if self._chunks else None, left=len(asked))
        self._chunks.append(chunk)
        if getattr(self.provider, "at_hand", False):  # in this process: there is no answer to wait for
            for place in range(len(asked)):
                chunk.ask(place)
            return
        for place in range(len(asked)):
            self._waiting.put((chunk, place))
        while len(self._threads) < min(THREADS, len(asked)):
            self._threads.append(Thread(target=self._work, name="asker", daemon=True))
            self._threads[-1].start()

    def take(self) -> Found:
        """What came of the oldest chunk, once all of it was asked; those whose turn did not come are left out."""
        must_be_outside_transaction()
        chunk = self._chunks.popleft()
        chunk.over.wait()
        for later in self._chunks:
            if later.before is chunk:
                later.before = None
                if chunk.turns.ended:
                    later.turns.end()
        note_turns(self.provider.name, chunk.turns)
        if chunk.problem is not None:
            raise chunk.problem
        return [(chunk.asked[place], found) for place, found in sorted(chunk.found.items())]

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            chunk, place = item
            chunk.ask(place)

    def __enter__(self) -> "Askers":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _problem: BaseException | None, _at: TracebackType | None
    ) -> None:
        """What was not sent yet stays unsent, and is found by its state."""
        for chunk in self._chunks:
            chunk.turns.end()
        for _thread in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
