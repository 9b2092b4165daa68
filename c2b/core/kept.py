"""What many requests share, kept in the process: bounded; what is old is made anew by one request while others go on.

Nothing here is the truth: what decides is read in the transaction that decides.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from flask import current_app

V = TypeVar("V")
MOMENT, WHILE = (
    0.5,
    10.0,
)  # seconds that shared answers are kept: what changes as people join; counts of everything
MOST_SHARED = 2000
LONGEST = 5.0  # seconds that the old one is still shown, however long it takes to make it anew


class Kept(Generic[V]):
    """At most so much of something by key; with `seconds`, each is asked for again once it is that old.

    Without `seconds` the key must name everything that the value shows. With `seconds=0` nothing is kept.
    """

    def __init__(
        self, most: int, seconds: float | None = None, weigh: Callable[[V], int] = lambda _v: 1
    ) -> None:
        self.most, self.seconds, self.weigh = most, seconds, weigh
        self._all: OrderedDict[Hashable, tuple[V, float, float]] = (
            OrderedDict()
        )  # value, made at, to renew at
        self._weight = 0
        self._lock = Lock()

    def get(self, key: Hashable) -> V | None:
        """What is kept; None where there is nothing, or where it is this caller's turn to make it anew."""
        with self._lock:
            found = self._all.get(key)
            if found is None:
                return None
            self._all.move_to_end(key)
            if self.seconds is None:
                return found[0]
            value, made, renew = found
            now = time.monotonic()
            if now < renew:
                return value
            if now - made > self.seconds + LONGEST:
                self._drop(key)
            else:  # whoever asks meanwhile gets the old one
                self._all[key] = (value, made, now + self.seconds)
            return None

    def put(self, key: Hashable, value: V) -> None:
        """Keep this; what was asked for longest ago makes room."""
        weight = self.weigh(value)
        if self.seconds == 0 or weight > self.most:
            return
        now = time.monotonic()
        with self._lock:
            self._drop(key)
            self._all[key] = (value, now, now + (self.seconds or 0.0))
            self._weight += weight
            while self._weight > self.most:
                self._drop(next(iter(self._all)))

    def of(self, key: Hashable, make: Callable[[], V]) -> V:
        """What is kept, else what `make` makes, which is kept from now on."""
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._all.clear()
            self._weight = 0

    def __len__(self) -> int:
        return len(self._all)

    def _drop(self, key: Hashable) -> None:
        gone = self._all.pop(key, None)
        if gone is not None:
            self._weight -= self.weigh(gone[0])


def shared(key: Hashable, make: Callable[[], V], seconds: float = MOMENT) -> V:
    """What `make` found for anybody in the last moment; plain values only, no records. Tests keep nothing."""
    everything = current_app.extensions.setdefault("shared", {})
    if seconds not in everything:
        everything[seconds] = Kept(MOST_SHARED, 0.0 if current_app.testing else seconds)
    found: Kept[tuple[V]] = everything[seconds]
    return found.of(key, lambda: (make(),))[0]
