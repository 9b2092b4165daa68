"""Leases on work."""

from sqlalchemy import update

from c2b.core.claims import Claim, claim, fail, is_held, release, renew
from c2b.core.db import db


def _time_passes(seconds: float) -> None:
    """Claims are timed by the database's clock, so the test moves the leases instead."""
    db.session.execute(update(Claim).values(until=Claim.until - seconds))


def test_what_one_holds_another_does_not_get(app):
    assert claim("work", [1, 2], seconds=60, holder="a") == {1: 1, 2: 1}
    assert claim("work", [1, 2, 3], seconds=60, holder="b") == {3: 1}
    db.session.commit()


def test_a_lease_that_ran_out_is_taken_over_with_a_higher_epoch(app):
    claim("work", [1], seconds=60, holder="a")
    _time_passes(61)
    assert claim("work", [1], seconds=60, holder="b") == {1: 2}
    assert not is_held("work", 1, 1)  # whoever slept through it must not write
    assert is_held("work", 1, 2)
    db.session.commit()


def test_only_the_holder_gives_back(app):
    claim("work", [1], seconds=60, holder="a")
    release("work", [1], holder="b")
    assert claim("work", [1], seconds=60, holder="b") == {}
    release("work", [1], holder="a")
    assert claim("work", [1], seconds=60, holder="b") == {1: 1}
    db.session.commit()


def test_the_epoch_grows_only_when_the_holder_changes(app):
    assert renew("clock", 0, seconds=10, holder="a")
    assert renew("clock", 0, seconds=10, holder="a")
    assert not renew("clock", 0, seconds=10, holder="b")
    assert is_held("clock", 0, 1)
    db.session.commit()


def test_what_failed_rests_and_rests_longer_each_time(app):
    for failures, rest in ((1, 60), (2, 120), (3, 240)):
        claim("work", [1], seconds=60, holder="a")
        fail("work", 1, "boom")
        assert claim("work", [1], seconds=60, holder="b") == {}
        _time_passes(rest - 5)
        assert claim("work", [1], seconds=60, holder="b") == {}
        _time_passes(10)
        assert db.session.get(Claim, ("work", 1), populate_existing=True).failures == failures
    db.session.commit()
