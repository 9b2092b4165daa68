"""All processes together ask no faster than the provider allows, and leave it alone while it is down."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from c2b.config import Config
from c2b.core.claims import database_time
from c2b.core.db import db, transaction
from c2b.payments import pace
from c2b.payments.gateway import Asked, Outcome, gateway, send
from c2b.payments.models import ProviderPace
from c2b.payments.pace import (
    LONGEST_QUEUE,
    PATIENCE,
    PAUSE,
    NotNow,
    is_watched,
    paced,
    rate_of,
    reserve,
    seconds_to_wait,
    slow_down,
)
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from tests.payments.asking import asked
from tests.payments.peers import running_server

GOOD = Outcome(S.SUCCEEDED, "r")
SILENCE = Outcome(S.UNKNOWN, code="NoAnswer")
BUSY = Outcome(S.UNKNOWN, code="TooMany", retry_after=20)
ELSE = Outcome(S.UNKNOWN, code="wrong_answer")


def row() -> Any:
    """The provider's row as it is now."""
    with transaction():
        return db.session.execute(
            select(ProviderPace.next_at, ProviderPace.failures, ProviderPace.closed_until)
        ).one()


def ask(*outcomes: Outcome | None, n: int | None = None, rate: float = 0) -> list[Outcome | str | None]:
    """What a batch of requests is told, one after the other; "not now" where it was not sent."""
    told: list[Outcome | str | None] = []
    with paced("it", n or len(outcomes), rate=rate) as turns:
        for outcome in outcomes:
            try:
                told.append(turns.take(lambda outcome=outcome: outcome))  # type: ignore[misc]
            except NotNow:
                told.append("not now")
    return told


def let_pass(seconds: float) -> None:
    """As if it were later: all moments are moved into the past."""
    with transaction():
        db.session.execute(
            update(ProviderPace).values(
                next_at=ProviderPace.next_at - seconds, closed_until=ProviderPace.closed_until - seconds
            )
        )


def test_turns_are_handed_out_one_after_the_other(app: Flask) -> None:
    waits = [reserve("it", 10, rate=1) for _ in range(3)]
    assert waits[0] == 0
    assert waits == sorted(waits)
    assert 8 < waits[1] <= 10
    assert 18 < waits[2] <= 20
    assert reserve("another", 1, rate=1) == 0


def test_turns_that_nobody_took_are_not_saved_up(app: Flask) -> None:
    reserve("it", 1, rate=1)
    let_pass(3600)
    assert reserve("it", 10, rate=1) == 0
    assert 8 < reserve("it", 1, rate=1) <= 10


def test_several_processes_keep_the_limit_together(app: Flask, tmp_path: Path) -> None:
    """Every moment that one of them had reserved is a turn of its own, and all requests are in the server's book."""
    times, answers, keys = _race(app, tmp_path, careless=False)
    assert len(times) == answers == len(keys) == PROCESSES * BATCHES * SIZE
    assert _closest(times) > 0.999 / RATE


def test_without_a_look_at_what_is_reserved_they_would_not(app: Flask, tmp_path: Path) -> None:
    """The twin of the test above."""
    times, answers, keys = _race(app, tmp_path, careless=True)
    assert len(times) == answers == len(keys)
    assert _closest(times) < 0.999 / RATE


PROCESSES, BATCHES, SIZE, RATE = 3, 2, 10, 20


def _closest(times: list[float]) -> float:
    return min(later - earlier for earlier, later in pairwise(sorted(times)))


def _race(app: Flask, folder: Path, *, careless: bool) -> tuple[list[float], int, set[str]]:
    db.session.rollback()
    forks: Any = multiprocessing.get_context("fork")
    said, start = forks.Queue(), forks.Barrier(PROCESSES)
    with running_server(folder) as (server, address):
        app.config["C2B"] = replace(
            app.config["C2B"], gateway="sandbox_server", sandbox_url=address, provider_rate=float(RATE)
        )
        gateway()  # the shop's account is opened
        askers = [
            forks.Process(target=_one_asker, args=(app, str(n), said, start, careless))
            for n in range(PROCESSES)
        ]
        for asker in askers:
            asker.start()
        heard = [said.get(timeout=120) for _ in askers]
        for asker in askers:
            asker.join()
        (account,) = {str(found["account"]) for found in server.book.read("select account from request")}
        keys = server.sandbox(account).keys()
    return [moment for times, _ in heard for moment in times], sum(answers for _, answers in heard), keys


def _one_asker(app: Flask, name: str, said: Any, start: Any, careless: bool) -> None:
    """A process of its own asks as a drain does; it says which moments it had reserved, and how many answers it got."""
    reserved, write = [], pace._write

    def watched_write(provider: str, **values: float) -> None:
        reserved.append(values["next_at"])
        write(provider, **values)

    def reserve_carelessly(provider: str, n: int, rate: float, now: float) -> float:
        watched_write(provider, next_at=now + n / rate)
        return 0.0

    def one(request: Asked) -> bool:
        return turns.take(lambda: send(provider, request)).state == S.SUCCEEDED

    pace._write = watched_write
    if careless:
        pace._reserve = reserve_carelessly
    answers = 0
    with app.app_context():
        db.engine.dispose(close=False)  # the parent's connections are left alone
        provider = gateway()
        start.wait(60)
        for batch in range(BATCHES):
            keys = [f"authorise-{name}-{batch}-{n}" for n in range(SIZE)]
            requests = [asked(Purpose.AUTHORISE, key, token="tok_ok", subject=key) for key in keys]
            with pace.paced(provider.name, SIZE) as turns, ThreadPoolExecutor(8) as pool:
                answers += sum(pool.map(one, requests))
        db.session.remove()
    said.put(([end - n / RATE for end in reserved for n in range(1, SIZE + 1)], answers))


def test_who_would_wait_too_long_takes_no_turn(app: Flask) -> None:
    reserve("it", int(LONGEST_QUEUE) + 2, rate=1)
    before = row().next_at
    assert ask(GOOD, rate=1) == ["not now"]
    assert row().next_at == before


def test_five_silences_in_a_row_close_the_door(app: Flask) -> None:
    assert ask(SILENCE, SILENCE, GOOD, SILENCE, SILENCE) == [SILENCE, SILENCE, GOOD, SILENCE, SILENCE]
    assert row().failures == 2
    assert ask(*[SILENCE] * 5) == [SILENCE] * 3 + ["not now"] * 2
    assert row().closed_until > 0
    assert ask(GOOD) == ["not now"]


@pytest.mark.parametrize(
    "answer", [GOOD, ELSE, None, Outcome(S.FAILED, code="declined"), Outcome(S.UNKNOWN, code="KeyReused")]
)
def test_any_answer_is_an_answer(app: Flask, answer: Outcome | None) -> None:
    """Also one that is wrong, or that says that nothing was found."""
    silences = [SILENCE] * (PATIENCE - 1)
    assert "not now" not in ask(*silences, answer, *silences)
    assert row().closed_until == 0


def test_a_probe_opens_the_door_again(app: Flask) -> None:
    ask(*[SILENCE] * PATIENCE)
    let_pass(PAUSE + 1)
    assert ask(GOOD, GOOD) == [GOOD, "not now"]
    assert (row().failures, row().closed_until) == (0, 0)
    assert ask(GOOD, GOOD) == [GOOD, GOOD]


def test_each_probe_that_fails_doubles_the_pause_up_to_ten_minutes(app: Flask) -> None:
    ask(*[SILENCE] * PATIENCE)
    pauses = []
    for _ in range(7):
        with transaction():
            now = database_time()
        pauses.append(round((row().closed_until - now) / 10) * 10)
        let_pass(pauses[-1] + 10)
        assert ask(SILENCE, SILENCE) == [SILENCE, "not now"]
    assert pauses == [30, 60, 120, 240, 480, 600, 600]


def test_only_one_process_probes(app: Flask) -> None:
    """The others find the door closed while the probe is under way."""
    ask(*[SILENCE] * PATIENCE)
    let_pass(PAUSE + 1)
    with paced("it", 3, rate=0) as turns:
        assert ask(GOOD) == ["not now"]
        assert turns.take(lambda: GOOD) == GOOD
    assert ask(GOOD) == [GOOD]


def test_too_many_requests_stop_the_batch_and_all_that_come_after(app: Flask) -> None:
    assert ask(GOOD, BUSY, GOOD, rate=100) == [GOOD, BUSY, "not now"]
    assert row().closed_until == 0
    assert 15 < reserve("it", 1, rate=100) <= 20


def test_a_provider_that_asks_for_a_long_pause_is_left_alone(app: Flask) -> None:
    slow_down("it", 3600)
    assert ask(GOOD, rate=100) == ["not now"]
    slow_down("it", 1)
    assert reserve("it", 1, rate=1) > 3000


def test_how_long_to_wait_can_be_read_without_taking_a_turn(
    app: Flask, settings: Callable[..., Config]
) -> None:
    assert seconds_to_wait("it") == 0
    settings(provider_rate=1.0)
    assert seconds_to_wait("it") == 0
    reserve("it", 10, rate=1)
    for _ in range(2):
        assert 8 < seconds_to_wait("it") <= 10
    let_pass(10)
    ask(*[SILENCE] * PATIENCE)
    assert 10 < seconds_to_wait("it") <= PAUSE


def test_the_sandbox_in_this_process_needs_no_turns(app: Flask) -> None:
    """So that a test whose answers are lost, or a replay, is never told to wait."""
    with paced("sandbox", 9) as turns:
        assert [turns.take(lambda: SILENCE) for _ in range(9)] == [SILENCE] * 9
    assert db.session.scalars(select(ProviderPace)).all() == []


@pytest.fixture
def settings(app: Flask) -> Callable[..., Config]:
    """Change settings of this test's application."""

    def change(**values: Any) -> Config:
        app.config["C2B"] = replace(app.config["C2B"], **values)
        return app.config["C2B"]  # type: ignore[no-any-return]

    return change


def test_the_usual_rate_is_what_providers_take(app: Flask, settings: Callable[..., Config]) -> None:
    assert (rate_of(settings()), is_watched(settings())) == (0, False)
    assert (rate_of(settings(provider_rate=3.0)), is_watched(settings())) == (3, True)
    assert is_watched(settings(provider_rate=0.0)) is False
    for name in ("stripe", "sandbox_server"):
        assert (rate_of(settings(gateway=name, provider_rate=None)), is_watched(settings())) == (25, True)
        assert (rate_of(settings(provider_rate=0.0)), is_watched(settings())) == (0, True)
