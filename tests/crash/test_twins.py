"""The same deaths with a guard switched off: if nothing went wrong then, the matrix would prove nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import tests.crash.scenarios  # noqa: F401  # registers them
from c2b.campaigns import pledging
from c2b.core.db import db
from c2b.payments import attempts
from c2b.payments.gateways.sandbox import Sandbox
from tests.conftest import Work
from tests.crash.children import in_child
from tests.crash.matrix import Choice, Matrix, Result
from tests.crash.points import DONE, FOREIGN
from tests.crash.world import SCENARIOS

Twin = Callable[[], AbstractContextManager[Any]]


def keys_mean_nothing() -> AbstractContextManager[Any]:
    """A provider that takes every request for a new one, and cannot be asked about an old one."""
    return patch.multiple(  # type: ignore[return-value]
        Sandbox,
        _known=lambda *_args: None,
        look_up=lambda *_args: None,
        _write=lambda *_args: None,
    )


@contextmanager
def pledges_are_counted_later() -> Iterator[None]:
    """The pledge is committed before the counters are written."""
    real = pledging._count

    def later(_connection: Any, *args: Any) -> None:
        db.session.commit()
        real(db.session.connection(), *args)

    with patch.object(pledging, "_count", later):
        yield


@contextmanager
def answers_are_booked_in_two() -> Iterator[None]:
    """What the provider said is committed before what follows from it."""
    real = attempts.write_outcomes

    def at_once(*args: Any) -> Any:
        news = real(*args)
        db.session.commit()
        return news

    with patch.object(attempts, "write_outcomes", at_once):
        yield


class Few(Choice):
    """The points at which this guard matters."""

    def of(self, labels: list[str], lots: Any, every_call: bool) -> list[int]:
        """Beside every foreign call and around every commit."""
        return [n for n, label in enumerate(labels, 1) if label[0] in (FOREIGN, DONE) or "COMMIT" in label]


@pytest.mark.parametrize(
    ("name", "twin", "words"),
    [
        ("charge: capture", keys_mean_nothing, "that only the provider booked"),
        ("pledge: create", pledges_are_counted_later, "I-10"),
        ("charge: capture", answers_are_booked_in_two, "I-35"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"])
def test_without_its_guard_a_death_does_harm(
    name: str, twin: Twin, words: str, work: Work, now: datetime, tmp_path: Path
) -> None:
    found = Matrix(SCENARIOS[name], work, tmp_path, now, twin).run(Few(every=2, again=0))
    assert found.killed == found.chosen > 0
    assert any(words in violation for violation in found.violations), found.violations[:5]


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_point_that_is_not_reached_is_a_violation(work: Work, now: datetime, tmp_path: Path) -> None:
    class TooMany(Choice):
        def of(self, labels: list[str], lots: Any, every_call: bool) -> list[int]:
            labels += ["never"]
            return [len(labels)]

    found: Result = Matrix(SCENARIOS["pledge: create"], work, tmp_path, now).run(TooMany())
    assert (found.chosen, found.killed) == (1, 0)
    assert "without reaching this point" in found.violations[0]


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    ended = in_child(lambda: 1 // 0, tmp_path / "log")
    assert (ended.killed, "ZeroDivisionError" in str(ended.error)) == (False, True)
