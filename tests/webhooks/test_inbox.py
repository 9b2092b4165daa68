"""The inbox: one row for one event, tried five times, given up in the open, and nobody behind it waits."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex

import pytest
from sqlalchemy import select

from c2b.core.checks import broken_promises
from c2b.core.db import db, transaction
from c2b.core.errors import NotFound
from c2b.payments import inbox
from c2b.payments.inbox import HANDLERS, NotYet, Told, try_again, work_off
from c2b.payments.models import InboxEvent
from jobs import work_inbox
from jobs.registry import all_jobs
from jobs.trial import would_do
from tests.webhooks.conftest import Provider, events

Tell = Callable[..., bool]


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What events of kind "test" have brought about: their references, in order."""
    seen: list[str] = []

    def handler(told: Told, now: datetime) -> inbox.Effect:
        if told.reference == "bad":
            raise ZeroDivisionError("4000 0000 0000 0002")
        if told.reference == "early":
            raise NotYet("the charge is not known yet")
        if told.reference == "deadly":
            raise Killed
        return lambda: seen.append(told.reference or "")

    monkeypatch.setitem(HANDLERS, "test", handler)
    return seen


def test_an_event_that_is_told_three_times_is_kept_once_and_has_one_effect(
    tell: Tell, effects: list[str], now: datetime
) -> None:
    assert [tell("evt_1", "test", reference="a") for _ in range(3)] == [True, False, False]
    assert work_inbox.run(now)["done"] == 1
    assert not tell("evt_1", "test", reference="a")
    assert work_inbox.run(now + timedelta(days=3))["done"] == 0
    assert effects == ["a"]
    (event,) = events()
    assert event.done_at == now


def test_f50_a_backlog_that_cannot_be_worked_off_yet_starves_nobody(
    tell: Tell, effects: list[str], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two runs' worth of events that must wait each has its turn and goes to the end; then comes who was behind."""
    monkeypatch.setattr(inbox, "AT_ONCE", 5)
    for number in range(10):
        tell(f"evt_{number}", "test", reference="early")
    tell("evt_of_another_sale", "test", reference="b")
    for run in range(3):
        assert effects == []
        work_inbox.run(now + timedelta(seconds=run))
    assert effects == ["b"]


def test_with_names_drawn_at_random_an_event_would_have_two_effects(
    tell: Tell, provider: Provider, effects: list[str], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the unique name is what makes the difference."""
    real = provider.read_event
    monkeypatch.setattr(provider, "read_event", lambda *told: replace(real(*told), id=token_hex(8)))
    assert [tell("evt_1", "test", reference="a") for _ in range(2)] == [True, True]
    work_inbox.run(now)
    assert effects == ["a", "a"]


def test_a_poison_event_is_given_up_after_five_tries_and_stops_no_other(
    tell: Tell, effects: list[str], now: datetime
) -> None:
    for n, reference in enumerate(["a", "bad", "b", "early", "c"]):
        tell(f"evt_{n}", "test", reference=reference)
    work_inbox.run(now)
    assert effects == ["a", "b", "c"]
    for hour in range(1, 60):
        work_inbox.run(now + timedelta(hours=hour))
    _a, bad, _b, early, _c = events()
    assert (bad.tries, bad.error) == (
        5,
        "ZeroDivisionError",
    )  # its kind alone: the words may hold a card number
    assert (early.tries, early.error) == (5, "the charge is not known yet")
    assert bad.dead_at and early.dead_at and not bad.done_at
    assert effects == ["a", "b", "c"]


def test_the_waits_between_tries_grow(tell: Tell, effects: list[str], now: datetime) -> None:
    tell("evt_1", "test", reference="bad")
    seen = []
    at = now
    while (event := events()[0]).dead_at is None:
        seen.append(event.due_at - at)
        at = event.due_at
        work_off(event.id, now=at - timedelta(seconds=1))
        assert events()[0].tries == event.tries
        work_off(event.id, now=at)
    assert seen == [timedelta(0), *inbox.WAITS[:4]]


def test_an_event_that_kills_its_process_is_given_up_as_well(
    tell: Tell, effects: list[str], now: datetime
) -> None:
    tell("evt_1", "test", reference="deadly")
    number = events()[0].id
    for day in range(5):
        with pytest.raises(Killed):
            work_off(number, now=now + timedelta(days=2 * day))
    work_off(number, now=now + timedelta(days=12))
    (event,) = events()
    assert event.dead_at
    assert event.error == "the process ended while it worked on this"


def test_an_operator_lets_a_dead_event_be_tried_again(tell: Tell, effects: list[str], now: datetime) -> None:
    tell("evt_1", "test", reference="bad")
    number = events()[0].id
    for day in range(5):
        work_off(number, now=now + timedelta(days=2 * day))
    with transaction():
        try_again(number, by=1, now=now + timedelta(days=12))
    HANDLERS["test"] = lambda told, _now: lambda: effects.append("mended")  # the fixture puts it back
    assert work_inbox.run(now + timedelta(days=12))["done"] == 1
    assert effects == ["mended"]
    with pytest.raises(NotFound):
        try_again(number, by=1, now=now)


def test_what_an_overtaken_process_wrote_is_rolled_back(
    tell: Tell, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It slept between asking and writing for longer than its turn; another process has done it meanwhile (F-11)."""

    def handler(told: Told, at: datetime) -> inbox.Effect:
        if told.tries == 1:
            work_off(told.number, now=at + timedelta(hours=1))
        return lambda: write(f"try {told.tries}")

    monkeypatch.setitem(HANDLERS, "test", handler)
    tell("evt_1", "test")
    work_off(events()[0].id, now=now)
    assert [event.event_id for event in events()] == ["evt_1", "try 2"]


def test_without_the_fence_both_would_have_an_effect(
    tell: Tell, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the count of tries is what makes the difference."""

    def handler(told: Told, at: datetime) -> inbox.Effect:
        if told.tries == 1:
            work_off(told.number, now=at + timedelta(hours=1))
        return lambda: write(f"try {told.tries}")

    monkeypatch.setitem(HANDLERS, "test", handler)
    monkeypatch.setattr(inbox, "_still_mine", lambda told: InboxEvent.id == told.number)
    tell("evt_1", "test")
    work_off(events()[0].id, now=now)
    assert [event.event_id for event in events()] == ["evt_1", "try 2", "try 1"]


def write(name: str) -> None:
    """An effect that can be seen: a row that is done."""
    at = db.session.scalars(select(InboxEvent.received_at).limit(1)).one()
    values = {
        "provider": "test",
        "kind": "other",
        "body": b"",
        "received_at": at,
        "due_at": at,
        "done_at": at,
    }
    db.session.add(InboxEvent(event_id=name, **values))
    db.session.flush()


def test_a_kind_that_nobody_knows_is_done_and_noted(tell: Tell, now: datetime) -> None:
    tell("evt_1", "customer.smiled")
    work_inbox.run(now)
    (event,) = events()
    assert (event.done_at, event.note) == (now, "nothing to do")


def test_a_trial_of_the_job_changes_nothing(tell: Tell, effects: list[str], now: datetime) -> None:
    tell("evt_1", "test", reference="a")
    plan, _whole = would_do(all_jobs()["work_inbox"], now)
    assert plan == {"work_inbox": [events()[0].id]}
    assert effects == [] and events()[0].tries == 0


def test_what_is_longest_due_comes_first(tell: Tell, effects: list[str], now: datetime) -> None:
    tell("late", "test", at=now + timedelta(minutes=2), reference="late")
    tell("early", "test", at=now, reference="first")
    work_inbox.run(now + timedelta(minutes=5))
    assert effects == ["first", "late"]


@pytest.mark.breaks_promises
def test_an_event_that_is_done_and_given_up_is_found(tell: Tell, now: datetime) -> None:
    tell("evt_1", "other")
    assert broken_promises("I-38") == []
    event = events()[0]
    event.done_at = event.dead_at = now
    db.session.commit()
    assert [
        problem.endswith("the event evt_1 is done and given up") for problem in broken_promises("I-38")
    ] == [True]
