"""Requests that come together: who leads, who is written with whom, and what becomes of those who cannot be served."""

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any

import pytest

from c2b.campaigns import combining
from c2b.campaigns.combining import Combiner
from c2b.core.errors import TooBusy


class Book:
    """Writes down what it is given; it can be held at its first batch."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.held, self.go_on = Event(), Event()
        self.go_on.set()

    def write(self, wanted: Sequence[Any], more: Any) -> list[Any]:
        self.batches.append(list(wanted))
        self.held.set()
        self.go_on.wait(30)
        wanted = [*wanted, *more(lambda one: str(one).endswith(" too"))]
        if "deadly" in wanted:
            raise SystemExit
        if "bad" in wanted:
            raise ValueError("a bad row")
        return [f"answer to {one}" for one in wanted]


class Crowd:
    """Some who ask at once, each in a thread of its own."""

    def __init__(self, combiner: Combiner[Any, Any]) -> None:
        self.combiner, self.threads = combiner, list[Thread]()
        self.answers: dict[Any, Any] = {}

    def ask(self, *all_wanted: Any) -> None:
        """Begin to ask, and return once everyone waits (or leads)."""
        for wanted in all_wanted:
            before = len(self.combiner._waiting)
            self.threads.append(Thread(target=self._one, args=(wanted,), daemon=True))
            self.threads[-1].start()
            until(lambda before=before: len(self.combiner._waiting) > before or self.combiner._led)

    def _one(self, wanted: Any) -> None:
        try:
            self.answers[wanted] = self.combiner.ask(wanted)
        except (ValueError, TooBusy) as no:
            self.answers[wanted] = no
        except SystemExit:
            self.answers[wanted] = "killed"

    def end(self) -> dict[Any, Any]:
        for thread in self.threads:
            thread.join(30)
        return self.answers


def until(true: Callable[[], bool]) -> None:
    """Give the others time."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def crowd_behind_a_writer(book: Book, first: Any, *others: Any, **more: Any) -> Crowd:
    """One is being written, held at it, and the others wait behind."""
    combiner = Combiner[Any, Any](book.write, **more)
    crowd = Crowd(combiner)
    book.go_on.clear()
    crowd.ask(first)
    assert book.held.wait(30)
    for number, one in enumerate(others, start=1):
        crowd.ask(one)
        until(lambda number=number: len(combiner._waiting) == number)
    return crowd


def test_alone_it_is_one_transaction_and_those_who_come_meanwhile_are_written_together() -> None:
    book = Book()
    crowd = crowd_behind_a_writer(book, 1, 2, 3, 4)
    book.go_on.set()
    assert crowd.end() == {n: f"answer to {n}" for n in (1, 2, 3, 4)}
    assert book.batches == [[1], [2, 3, 4]]
    assert crowd.combiner.ask(5) == "answer to 5"


def test_no_more_than_the_cap_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combining, "MOST_TOGETHER", 2)
    book = Book()
    crowd = crowd_behind_a_writer(book, 1, 2, 3, 4)
    book.go_on.set()
    crowd.end()
    assert book.batches == [[1], [2, 3], [4]]


def test_who_comes_before_the_lock_is_held_is_written_too_where_the_lock_serves_them() -> None:
    book = Book()
    crowd = crowd_behind_a_writer(book, 1, 2, "me too", 3, "and me too")
    book.go_on.set()
    assert crowd.end() == {n: f"answer to {n}" for n in (1, 2, 3, "me too", "and me too")}
    assert book.batches == [[1], [2, 3]]


def test_one_bad_row_among_those_who_came_late_fails_one_request() -> None:
    book = Book()
    crowd = crowd_behind_a_writer(book, "bad", "me too", "deadly")
    book.go_on.set()
    answers = crowd.end()
    assert str(answers.pop("bad")) == "a bad row"
    assert answers == {"me too": "answer to me too", "deadly": "killed"}
    assert book.batches == [["bad"], ["bad"], ["me too"], ["deadly"]]


def test_one_bad_row_fails_fails_one_request() -> None:
    book = Book()
    crowd = crowd_behind_a_writer(book, 1, 2, "bad", 3)
    book.go_on.set()
    answers = crowd.end()
    assert str(answers.pop("bad")) == "a bad row"
    assert answers == {n: f"answer to {n}" for n in (1, 2, 3)}
    assert book.batches == [[1], [2, "bad", 3], [2], ["bad"], [3]]


def test_who_waits_too_long_is_sent_away_and_never_written() -> None:
    book = Book()
    crowd = crowd_behind_a_writer(book, 1, 2, patience=0.05)
    until(lambda: 2 in crowd.answers)
    assert isinstance(crowd.answers[2], TooBusy)
    assert not crowd.answers[2].may_be_done
    book.go_on.set()
    crowd.end()
    assert book.batches == [[1]]


def test_who_is_being_written_for_too_long_hears_that_nobody_knows() -> None:
    book = Book()
    crowd = crowd_behind_a_writer(book, 1, 2, 3, patience=0.3)
    book.held.clear()
    book.go_on.set()
    assert book.held.wait(30)
    book.go_on.clear()  # held again, at the second batch (or it was too quick: then they have answers)
    until(lambda: len(crowd.answers) >= 2)
    book.go_on.set()
    answers = crowd.end()
    assert all(answer == f"answer to {n}" or answer.may_be_done for n, answer in answers.items())


def test_a_queue_that_is_too_long_takes_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combining, "MOST_WAITING", 2)
    book = Book()
    crowd = crowd_behind_a_writer(book, 1, 2, 3)
    with pytest.raises(TooBusy):
        crowd.combiner.ask(4)
    book.go_on.set()
    crowd.end()
    assert book.batches == [[1], [2, 3]]


def test_a_leader_that_is_killed_passes_the_lead_on() -> None:
    book = Book()
    crowd = crowd_behind_a_writer(book, "deadly", 2, 3)
    book.go_on.set()
    answers = crowd.end()
    assert answers == {"deadly": "killed", 2: "answer to 2", 3: "answer to 3"}
