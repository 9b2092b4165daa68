"""What must hold of cards and requests for money, in our rows and in the provider's book."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from flask import current_app
from sqlalchemy import and_, func, or_, select

from c2b.core.checks import check
from c2b.core.db import db
from c2b.core.events import Event
from c2b.core.runs import Run
from c2b.payments import windows
from c2b.payments.attempts import FINAL, IN_FLIGHT, UNANSWERED
from c2b.payments.gateways.sandbox import Sandbox, book_of
from c2b.payments.models import Attempt, InboxEvent, Mandate, ProviderAccount
from c2b.payments.states import AttemptState, Purpose


def provider_book() -> Sandbox | None:
    """The sandbox with its book, if that is the provider and this database has an account there."""
    config = current_app.config["C2B"]
    if config.gateway != "sandbox":
        return None
    account = db.session.scalar(select(ProviderAccount.account).where(ProviderAccount.gateway == "sandbox"))
    return Sandbox(book_of(config), account) if account else None


@check("I-20 nobody is charged twice, and the provider's book says the same as ours")
def charged_once() -> Iterator[str]:
    """Captures in our rows, one per pledge, each with its twin in the provider's book."""
    rows = db.session.execute(
        select(Attempt.pledge_id, Attempt.amount, Attempt.currency, Attempt.state).where(
            Attempt.purpose == Purpose.CAPTURE
        )
    ).all()
    ours = Counter(row.pledge_id for row in rows if row.state == AttemptState.SUCCEEDED)
    for pledge_id, times in ours.items():
        if times > 1:
            yield f"pledge {pledge_id} was captured {times} times"
    book = provider_book()
    charged = [hold for hold in book.holds() if hold["captured"]] if book else []
    for pledge, times in Counter(hold["pledge"] for hold in charged).items():
        if times > 1:
            yield f"the provider charged pledge {pledge} {times} times"
    if charged:
        amounts = {int(hold["pledge"]): (hold["captured"], hold["currency"]) for hold in charged}
        yield from _differences({r.pledge_id: (r.amount, r.currency) for r in rows if r.state == "succeeded"},
                                {r.pledge_id for r in rows if r.state != "failed"}, amounts)  # fmt: skip


def _differences(
    ours: dict[int, tuple[int, str]], asked: set[int], theirs: dict[int, tuple[int, str]]
) -> Iterator[str]:
    for pledge_id, paid in ours.items():
        if theirs.get(pledge_id) != paid:
            yield f"pledge {pledge_id}: we booked {paid}, the provider {theirs.get(pledge_id)}"
    for pledge_id in theirs.keys() - asked:
        yield f"pledge {pledge_id}: the provider charged what we did not ask for"


@check("I-21 no request reaches the provider before its key is saved")
def every_request_has_its_row() -> Iterator[str]:
    """Each request in the provider's book is an attempt of ours."""
    book = provider_book()
    asked = book.keys() if book else set()
    if asked:
        for key in sorted(asked - set(db.session.scalars(select(Attempt.key)))):
            yield f"the provider got {key}, of which we know nothing"


@check("I-22 a key names pledge, purpose and generation, and generations follow definite failures")
def keys_are_made_by_rule() -> Iterator[str]:
    """The keys of attempts; an earlier generation of the same purpose has ended without success, or has run out."""
    subject = func.coalesce(Attempt.pledge_id, Attempt.refund_id, Attempt.payout_id)
    rows = db.session.execute(
        select(
            Attempt.key, Attempt.purpose, subject, Attempt.generation, Attempt.state, Attempt.started_at,
            Attempt.expires_at,
        ).order_by(Attempt.purpose, subject, Attempt.generation)
    )  # fmt: skip
    earlier: dict[tuple[int, str], tuple[int, str, datetime | None]] = {}
    for key, purpose, subject_id, generation, state, started_at, expires_at in rows:
        if key != f"{purpose}-{subject_id}-{generation}":
            yield f"the key {key} is not that of {purpose} {subject_id}, generation {generation}"
        number, ended, until = earlier.get((subject_id, purpose), (0, "failed", None))
        ran_out = ended == "succeeded" and purpose == Purpose.AUTHORISE and until and until <= started_at
        if generation != number + 1 or not (ended in ("failed", "expired") or ran_out):
            yield f"{key} follows generation {number}, which is {ended}"
        earlier[(subject_id, purpose)] = (generation, str(state), expires_at)


@check("I-23 a decided request stays decided")
def decisions_are_final() -> Iterator[str]:
    """An attempt has the time of its decision exactly when it is decided, and was decided once."""
    wrong = db.session.execute(
        select(Attempt.key, Attempt.state).where(Attempt.state.in_(FINAL) != Attempt.decided_at.is_not(None))
    )
    for key, state in wrong:
        yield f"{key} is {state}, which does not fit the time of its decision"
    twice = db.session.execute(
        select(Event.subject_id, func.count())
        .where(Event.subject == "attempt", Event.kind.in_([f"attempt.{state}" for state in FINAL]))
        .group_by(Event.subject_id)
        .having(func.count() > 1)
    )
    for attempt_id, times in twice:
        yield f"attempt {attempt_id} was decided {times} times"


@check("I-24 a request whose answer is missing is looked up, and after three days a person knows")
def the_missing_are_looked_for() -> Iterator[str]:
    """Each has a next look-up or a case; measured by the last good run of the look-ups none is overdue."""
    forgotten = select(Attempt.key).where(
        Attempt.state.in_(IN_FLIGHT), Attempt.look_up_at.is_(None), Attempt.case_at.is_(None)
    )
    for key in db.session.scalars(forgotten):
        yield f"{key} has no answer, and nobody will ask for it"
    seen = last_good_run("look_up_attempts")
    if seen is None:
        return
    overdue = Attempt.look_up_at < seen - windows.LOOK_UP_WITHIN
    unknown_for_long = and_(
        Attempt.state.in_(UNANSWERED),
        Attempt.started_at < seen - windows.CASE_AFTER - windows.LOOK_UP_WITHIN,
        Attempt.case_at.is_(None),
    )
    rows = db.session.execute(
        select(Attempt.key, overdue).where(Attempt.state.in_(IN_FLIGHT), or_(overdue, unknown_for_long))
    )
    for key, late in rows:
        yield f"{key} was not looked up in time" if late else f"{key} has no answer for days, and no case"


def last_good_run(job: str) -> datetime | None:
    """When a job last ran without an error; None where no clock has run it yet."""
    return db.session.scalar(
        select(func.max(Run.started_at)).where(
            Run.name == job, Run.finished_at.is_not(None), Run.error.is_(None), Run.failed == 0
        )
    )


@check("I-11 a card is charged only for the person who saved it")
def cards_are_their_owners() -> Iterator[str]:
    """No card serves two accounts under one token."""
    shared = db.session.execute(
        select(Mandate.token)
        .group_by(Mandate.gateway, Mandate.token)
        .having(func.count(Mandate.user_id.distinct()) > 1)
    )
    for (token,) in shared:
        yield f"the card {token} belongs to several people"


@check("I-38 each event of a provider is kept once, and is done or given up, never both")
def events_end_once() -> Iterator[str]:
    """The unique name forbids a second row; what was given up has had its five tries."""
    twice = (
        select(InboxEvent.event_id)
        .group_by(InboxEvent.provider, InboxEvent.event_id)
        .having(func.count() > 1)
    )
    for (name,) in db.session.execute(twice):
        yield f"the event {name} is kept more than once"
    both = select(InboxEvent.event_id).where(InboxEvent.done_at.is_not(None), InboxEvent.dead_at.is_not(None))
    for (name,) in db.session.execute(both):
        yield f"the event {name} is done and given up"
