"""Long work: it goes on where a dead process stopped, stops where it is told, and is its owner's alone."""

import pytest
from sqlalchemy import select, update

from c2b.core import storage
from c2b.core import work as works
from c2b.core.claims import Claim
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.outbox import Notice
from c2b.core.work import FILES_KEPT, HANDLERS, Known, Work, WorkState, ask_for_work, cancel_work
from jobs import do_work, prune_runs


@pytest.fixture
def kind(monkeypatch):
    """A kind of work for one test: `kind(handler)`."""

    def register(handler, can_stop=True):
        monkeypatch.setitem(HANDLERS, "test_work", Known(handler, "Import of offers", can_stop))

    monkeypatch.setattr(do_work, "AT_WORK", {})
    return register


@pytest.fixture
def ask(kind, make, now):
    def of(user=None, **args):
        owner = user or make.shopper()
        with transaction():
            return ask_for_work("test_work", owner.id, now=now, back="/sell/a", **args).id

    return of


def found(work_id):
    db.session.expire_all()
    return db.session.get(Work, work_id)


def test_it_counts_keeps_problems_and_a_file_and_tells_the_person(client, kind, ask, make, sign_in, now):
    def handler(work, _now):
        work.expect(3)
        for n in range(work.done, 3):
            if n == 1:
                work.problem(2, "=Not a price", "Pot")
            work.advance()
            yield
        work.keep_result(b"a,b", "Töpfe.csv")

    kind(handler)
    owner = make.shopper()
    work_id = ask(owner, columns=["title"])
    sign_in(client, owner)
    assert "Waiting for its turn" in client.get(f"/work/{work_id}").text
    assert do_work.due(now) == [work_id]
    assert do_work.run(now)["done"] == 1
    work = found(work_id)
    assert (work.state, work.done, work.failed, work.total) == (WorkState.DONE, 3, 1, 3)
    assert do_work.run(now)["done"] == 0
    page = client.get(f"/work/{work_id}").text
    assert "3 of 3 done, 1 failed" in page
    assert "Not a price" in page
    assert client.get(f"/work/{work_id}.json").json["over"] is True
    assert client.get(f"/work/{work_id}/file").data == b"a,b"
    assert "'=Not a price,Pot" in client.get(f"/work/{work_id}/problems.csv").text
    assert "Import of offers" in client.get("/me/work").text
    (notice,) = db.session.scalars(select(Notice).where(Notice.kind == "work_finished"))
    assert (notice.data["done"], notice.data["failed"]) == (2, 1)
    name = work.result_ref
    prune_runs.run(now + FILES_KEPT * 3)
    assert not storage.exists(name)
    assert client.get(f"/work/{work_id}/file").status_code == 404


def test_after_a_crash_another_process_goes_on_where_it_was(kind, ask, now, monkeypatch):
    seen = []

    def handler(work, _now):
        work.expect(4)
        for n in range(work.done, 4):
            seen.append(n)
            if n == 2 and len(seen) == 3:
                raise KeyboardInterrupt  # the process dies within the third part
            work.advance()
            yield

    kind(handler)
    work_id = ask()
    with pytest.raises(KeyboardInterrupt):
        do_work.run(now)
    do_work.AT_WORK.clear()
    db.session.rollback()
    assert (found(work_id).state, found(work_id).done) == (WorkState.RUNNING, 2)
    do_work.run(now)
    assert found(work_id).state == WorkState.RUNNING, "the dead process's lease still holds"
    with transaction():
        db.session.execute(update(Claim).values(until=0.0))
    do_work.run(now)
    assert found(work_id).state == WorkState.DONE
    assert seen == [0, 1, 2, 2, 3]


def test_a_process_that_lost_its_lease_commits_nothing_more(kind, ask, now):
    def handler(work, _now):
        work.advance()
        yield
        db.session.execute(update(Claim).values(epoch=Claim.epoch + 1, holder="another"))
        work.advance()
        yield

    kind(handler)
    work_id = ask()
    do_work.run(now)
    assert found(work_id).done == 1


def test_it_is_stopped_between_two_parts_and_at_once_while_it_waits(kind, ask, client, make, sign_in, now):
    def handler(work, _now):
        for _n in range(5):
            work.advance()
            yield
            if work.done == 2:
                with transaction():
                    cancel_work(work.id, by=work.user_id, now=now)

    kind(handler)
    owner = make.shopper()
    running, waiting = ask(owner), ask(owner)
    sign_in(client, owner)
    assert client.post(f"/work/{waiting}/cancel").status_code == 302
    do_work.run(now)
    assert (found(running).state, found(running).done) == (WorkState.CANCELLED, 3)
    assert (found(waiting).state, found(waiting).done) == (WorkState.CANCELLED, 0)
    assert client.post(f"/work/{running}/cancel").status_code == 409
    assert db.session.scalars(select(Notice)).all() == []
    kind(handler, can_stop=False)
    firm = ask(owner)
    with transaction():
        works.begin(firm, now=now)
    with pytest.raises(Refused):
        cancel_work(firm, by=owner.id, now=now)


def test_a_rules_no_ends_it_and_a_crash_is_tried_three_times(kind, ask, now):
    def refuses(_work, _now):
        raise Refused("There is nothing to export.")
        yield

    kind(refuses)
    first = ask()
    do_work.run(now)
    assert (found(first).state, found(first).message) == (WorkState.FAILED, "There is nothing to export.")

    def crashes(_work, _now):
        raise RuntimeError("boom")
        yield

    kind(crashes)
    second = ask()
    for tries in (1, 2, 3):
        do_work.run(now)
        assert found(second).tries == tries
        with transaction():
            db.session.execute(update(Claim).values(until=0.0))
    assert found(second).state == WorkState.FAILED
    assert "boom" not in found(second).message


def test_what_is_not_yours_is_not_found(kind, ask, client, make, sign_in, now):
    def handler(work, _now):
        work.keep_result(b"secret", "a.csv")
        work.problem(1, "wrong")
        yield

    kind(handler)
    work_id = ask()
    do_work.run(now)
    sign_in(client, make.shopper())
    for path in ("", ".json", "/file", "/problems.csv"):
        assert client.get(f"/work/{work_id}{path}").status_code == 404, path
    assert client.post(f"/work/{work_id}/cancel").status_code == 404
    sign_in(client, make.operator())
    assert client.get(f"/work/{work_id}").status_code == 200
    assert client.get(f"/work/{work_id}/file").status_code == 404, (
        "an operator sees how far it is, not what is in it"
    )
