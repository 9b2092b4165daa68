"""A job that takes long says how far it is: in its run's row, on the operators' pages, on the terminal."""

import io
from datetime import timedelta

import pytest

from c2b.core import progress, runs
from c2b.core.clock import utcnow
from c2b.core.db import db, transaction
from c2b.core.progress import Progress, advance, expect, told
from jobs import by_set, each
from jobs._progress import into_record, line_of, on_terminal


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Nothing is too short to be spoken of."""
    monkeypatch.setattr(progress, "AFTER", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)


def test_rows_are_told_of_between_their_transactions(make, now):
    ids = [make.user().id for _ in range(5)]
    db.session.rollback()
    seen = []

    def look(progress):
        seen.append((progress.done, progress.whole, db.session().in_transaction()))

    with told(look):
        each(ids, lambda id_, now: None, now=now, work="one by one")
        by_set(ids, lambda ids, now: None, now=now, size=3, work="by set")
    each(ids, lambda id_, now: None, now=now, work="nobody listens")
    assert seen == [(1, 5, False), (2, 5, False), (3, 5, False), (4, 5, False), (5, 5, False), (8, 10, False),
                    (10, 10, False)]  # fmt: skip


def test_short_jobs_are_not_spoken_of_and_long_ones_once_in_a_while(monkeypatch):
    monkeypatch.setattr(progress, "AFTER", 2.0)
    monkeypatch.setattr(progress, "EVERY", 1.0)
    moments = iter([0.0, 1.9, 2.0, 2.5, 3.0])
    monkeypatch.setattr(progress, "monotonic", lambda: next(moments))
    seen = []
    with told(lambda it: seen.append(it.done)) as it:
        it.began = progress.monotonic()
        for _ in range(4):
            advance()
    assert seen == [2, 4]


def test_operators_see_how_far_every_process_is(make, app, client, sign_in):
    now = utcnow()
    with transaction():
        first, second, silent = [
            runs.begin("close_campaigns", due_at=now + timedelta(seconds=n), now=now, process=f"p{n}")
            for n in range(3)
        ]
    for run, done in ((first, 40), (second, 1200)):
        with told(into_record(run)):
            expect("rows", 5000)
            advance(done)
    assert [(run.id, run.done, run.whole) for run in runs.under_way(now)] == [
        (first, 40, 5000),
        (second, 1200, 5000),
    ]
    assert runs.under_way(now + timedelta(hours=1)) == []
    assert [run.heard_at >= now for run in runs.under_way(now)] == [True, True]
    db.session.rollback()
    sign_in(client, make.operator())
    for page in ("/ops", "/ops/jobs/close_campaigns"):
        text = client.get(page).text
        assert "40 of 5,000" in text
        assert "1,200 of 5,000" in text
    with transaction():
        runs.finish(first, {"done": 5000}, now=now)
        runs.finish(second, {"done": 1}, now=now)
        runs.finish(silent, {}, now=now)
    assert runs.under_way(now) == []


def test_a_terminal_has_one_line_and_a_file_has_a_few(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    it = Progress(done=40, parts={"rows": 5000})
    monkeypatch.setattr(Progress, "rate", property(lambda self: 10.0))
    assert line_of("close_campaigns", it) == "close_campaigns: 40 of 5,000  10/s  8 min left"
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        with on_terminal("job", stream):
            expect("rows", 3)
            for _ in range(3):
                advance()
    assert terminal.getvalue().count("\r") == 3
    assert terminal.getvalue().endswith("job: 3 of 3  10/s  0 s left\n")
    assert file.getvalue().count("\n") == 1
