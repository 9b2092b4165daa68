"""Promises that the data must keep. A feature's checks.py states them, one generator each."""

from collections.abc import Callable, Iterator

Check = Callable[[], Iterator[str]]
CHECKS: dict[str, Check] = {}


def check(promise: str) -> Callable[[Check], Check]:
    """Register a promise under its number (I-10) and words; the generator yields one sentence per broken one."""

    def register(function: Check) -> Check:
        if promise in CHECKS:
            raise ValueError(f"there is a check {promise!r} already")
        CHECKS[promise] = function
        return function

    return register


def broken_promises(only: str | None = None) -> list[str]:
    """Every broken promise, as "I-10 …: what is wrong"; empty when the data is sound."""
    return [
        f"{promise}: {problem}"
        for promise, function in CHECKS.items()
        if only is None or promise.split()[0] == only
        for problem in function()
    ]
