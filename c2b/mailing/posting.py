"""Mail on its way out: threads that hand it over, several at once where the transport can be asked by several."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from c2b.mailing.mail import Mail, Transport

Come = list[tuple[int, Exception | None]]  # notice, and what went wrong


def hand_over(
    mails: Sequence[tuple[int, Mail]], transport: Transport, stop: Callable[[], bool]
) -> Iterator[Come]:
    """Hand these over, and say what came of them as soon as it has; `stop` is asked before each.

    Whoever reads it may write it down meanwhile: the threads have no session.
    """
    threads = min(getattr(transport, "at_once", 1), len(mails))
    if threads > 1:
        yield from _side_by_side(mails, transport, stop, threads)
        return
    with _line(transport) as send:
        for id_, mail in mails:
            if stop():
                return
            yield [(id_, _tried(send, mail))]


def _line(transport: Transport) -> Any:
    line = getattr(transport, "line", None)
    return line() if line is not None else nullcontext(transport.send)


def _tried(send: Callable[[Mail], None], mail: Mail) -> Exception | None:
    try:
        send(mail)
    except Exception as problem:  # one bad mail stops no other
        return problem
    return None


def _next(waiting: SimpleQueue[tuple[int, Mail]]) -> tuple[int, Mail] | None:
    try:
        return waiting.get_nowait()
    except Empty:
        return None


def _side_by_side(
    mails: Sequence[tuple[int, Mail]], transport: Transport, stop: Callable[[], bool], threads: int
) -> Iterator[Come]:
    waiting: SimpleQueue[tuple[int, Mail]] = SimpleQueue()
    come: SimpleQueue[tuple[int, Exception | None] | None] = SimpleQueue()
    for item in mails:
        waiting.put(item)

    def work() -> None:
        try:
            with _line(transport) as send:
                while not stop() and (item := _next(waiting)) is not None:
                    come.put((item[0], _tried(send, item[1])))
        finally:
            come.put(None)

    for _n in range(threads):
        Thread(target=work, name="mail", daemon=True).start()
    while threads:
        some = [come.get()]
        while not come.empty():
            some.append(come.get())
        threads -= some.count(None)
        found = [one for one in some if one is not None]
        if found:
            yield found
