"""Chunks on their way to a provider: asked in order, told apart, and stopped together."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from c2b.core.db import db, transaction
from c2b.payments import askers
from c2b.payments.askers import Askers
from c2b.payments.gateway import Outcome
from c2b.payments.pace import PATIENCE, seconds_to_wait
from c2b.payments.states import AttemptState as S

FAR: Any = SimpleNamespace(name="sandbox_server")
SILENCE = Outcome(S.UNKNOWN, code="NoAnswer")


@pytest.fixture
def threads(app: Flask) -> Iterator[Callable[..., Askers]]:
    """Askers of a provider at a distance."""
    app.config["C2B"] = replace(app.config["C2B"], gateway="sandbox_server", provider_rate=0.0)
    with Askers(FAR) as made:
        yield made  # type: ignore[misc]


def test_answers_come_by_chunks_and_in_the_order_in_which_they_were_asked_for(threads: Askers) -> None:
    for start in (0, 30, 60):
        threads.put(range(start, start + 30), lambda n: n * n)  # type: ignore[arg-type]
    assert len(threads) == 3
    for start in (0, 30, 60):
        assert threads.take() == [(n, n * n) for n in range(start, start + 30)]
    assert len(threads) == 0


def test_the_next_chunk_is_not_asked_about_once_the_one_before_was_told_to_stop(
    threads: Askers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(askers, "THREADS", 1)
    for start in (0, 20):
        threads.put(range(start, start + 20), lambda _n: SILENCE)  # type: ignore[arg-type]
    assert len(threads.take()) == PATIENCE
    assert threads.take() == []
    assert 20 < seconds_to_wait(FAR.name) <= 30


def test_what_fails_in_a_thread_fails_in_the_process_that_waits(threads: Askers) -> None:
    def fail(_n: object) -> None:
        raise ZeroDivisionError

    threads.put([1], fail)  # type: ignore[list-item]
    with pytest.raises(ZeroDivisionError):
        threads.take()


def test_nothing_is_handed_in_from_within_a_transaction(threads: Askers) -> None:
    with transaction():
        db.session.connection()
        with pytest.raises(RuntimeError, match="inside a database transaction"):
            threads.put([1], lambda n: n)  # type: ignore[list-item]


def test_what_is_left_when_the_askers_end_is_never_asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.config["C2B"] = replace(app.config["C2B"], gateway="sandbox_server", provider_rate=1.0)
    monkeypatch.setattr(askers, "THREADS", 2)
    asked: list[int] = []
    with Askers(FAR) as made:
        made.put(range(100), asked.append)  # type: ignore[arg-type]
    assert len(asked) <= 2
