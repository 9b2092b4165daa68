"""A whole launch through Stripe: cards, charges, webhooks, the two books; and what must never come near us (I-45)."""

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from c2b.core.db import db, transaction
from c2b.payments.gateway import gateway
from c2b.payments.gateways.stripe import Stripe
from c2b.payments.models import Attempt, InboxEvent, Mandate
from c2b.payments.queries import live_mandates
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState
from jobs import work_inbox
from tests.factories import Make
from tests.orders.conftest import pledges_of, run_jobs
from tests.payments.stripe.fake import KEY, Fake, serve
from tests.payments.stripe.fake_book import PERSON, SECRET
from tests.payments.stripe.peers import GOOD, SECRETS

Launches = Callable[..., Launch]
NUMBER, CODE = "4000056655665556", "canary-cvc-941"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """It is the moment of the story, for us and for Stripe."""
    with time_machine.travel(now) as traveller:
        yield traveller


@pytest.fixture
def shop(app: Flask, clock: time_machine.Traveller) -> Iterator[Fake]:
    """The application with Stripe as its provider."""
    with serve() as fake:
        app.config["C2B"] = replace(
            app.config["C2B"],
            gateway="stripe",
            stripe_api=fake.address,
            stripe_key=KEY,
            stripe_webhook_secrets=GOOD,
        )
        yield fake
        app.extensions.pop("stripe", None)


def use(fake: Fake, pledges: list[tuple[int, str]]) -> None:
    """These pledges are paid with saved cards that do this."""
    with transaction():
        for mandate_id, kind in pledges:
            customer = fake.book.add("cus", "customer")["id"]
            mandate = db.session.get_one(Mandate, mandate_id)
            mandate.gateway = "stripe"
            mandate.token = f"{customer}/{fake.book.card(kind, customer, NUMBER)['id']}"


def deliver(fake: Fake, client: FlaskClient, times: int = 1) -> list[int]:
    """Send every event so far, the newest first."""
    statuses = []
    for event in fake.book.events[::-1] * times:
        body, headers = fake.webhook(event, SECRETS["tomorrow"])
        statuses.append(client.post("/webhooks/stripe", data=body, headers=headers).status_code)
    return statuses


def states(purpose: Purpose) -> Counter[str]:
    """How the requests of this purpose stand."""
    db.session.rollback()
    counted = select(Attempt.state, func.count()).where(Attempt.purpose == purpose).group_by(Attempt.state)
    rows = db.session.execute(counted).all()
    found = Counter({str(state): number for state, number in rows})
    db.session.rollback()
    return found


def test_a_card_is_saved_at_stripe_by_redirect(client: FlaskClient, make: Make, sign_in, shop: Fake) -> None:  # type: ignore[no-untyped-def]
    ann = make.user("Ann")
    sign_in(client, ann)
    there = client.get("/me/cards/add?next=/c/some-thing").location
    assert there.startswith("https://checkout.stripe.test/")
    shop.book.visit(there.rpartition("/")[2], "ok", NUMBER)
    assert client.get("/me/cards/returned").location == "/c/some-thing"
    (mandate,) = live_mandates(ann.id)
    assert (mandate.gateway, mandate.label) == ("stripe", "Visa •••• 5556")


def test_a_form_of_ours_may_end_on_stripes_page(client: FlaskClient, shop: Fake) -> None:
    """A browser holds redirects after a form to the policy of the form's page."""
    assert (
        client.get("/")
        .headers["Content-Security-Policy"]
        .endswith("form-action 'self' https://checkout.stripe.com")
    )


def test_while_stripe_is_silent_people_are_told_so(
    client: FlaskClient, make: Make, sign_in, shop: Fake
) -> None:  # type: ignore[no-untyped-def]
    sign_in(client, make.user("Ann"))
    for trouble in ("drop_before", "too_many:9"):
        shop.script("customer", trouble)
        answer = client.get("/me/cards/add")
        assert answer.status_code == 503
        assert "does not answer" in answer.text
    assert client.get("/me/cards/add").status_code == 302


def test_a_launch_is_charged_and_both_books_say_the_same(
    client: FlaskClient, launch: Launches, now: datetime, shop: Fake, clock: time_machine.Traveller
) -> None:
    it = launch([(2, "ok")] * 5, minimum=1)
    kinds = ["ok", "ok", "insufficient_funds", "needs_confirmation", "ok"]
    use(shop, [(pledge.mandate_id, kind) for pledge, kind in zip(pledges_of(it), kinds, strict=True)])
    shop.script("authorise", "ok", "error_after", "drop_after")
    run_jobs(now)
    assert states(Purpose.AUTHORISE)["unknown"] == 2
    assert isinstance(gateway(), Stripe)
    run_jobs(now + 2 * MINUTE)
    assert states(Purpose.AUTHORISE) == {"succeeded": 3, "failed": 1, "requires_action": 1}

    waiting = db.session.scalars(select(Attempt).where(Attempt.state == AttemptState.REQUIRES_ACTION)).one()
    gateway_address = _confirmed(shop, waiting.reference or "")
    assert gateway_address.startswith("https://hooks.stripe.test/")
    assert set(deliver(shop, client, times=3)) == {200}
    clock.move_to(now + 3 * MINUTE)
    work_inbox.run(now + 3 * MINUTE)
    assert states(Purpose.AUTHORISE) == {"succeeded": 4, "failed": 1}

    end = it.mend_until
    for moment in (end, end + MINUTE, end + 2 * MINUTE):
        clock.move_to(moment)
        run_jobs(moment)
    assert it.state == LaunchState.SELLING
    deliver(shop, client)
    work_inbox.run(end + 3 * MINUTE)
    ours = db.session.execute(
        select(Attempt.key, Attempt.amount, Attempt.fee).where(
            Attempt.purpose == Purpose.CAPTURE, Attempt.state == AttemptState.SUCCEEDED
        )
    ).all()
    db.session.rollback()
    theirs = [(line.key, line.amount, line.fee) for line in gateway().book_lines() if line.kind == "charge"]
    assert sorted(map(tuple, ours)) == sorted(theirs)
    assert len(ours) == 4
    assert len(shop.book.all("charge")) == 4
    assert db.session.scalars(select(InboxEvent.event_id).where(InboxEvent.dead_at.is_not(None))).all() == []


def _confirmed(shop: Fake, payment: str) -> str:
    db.session.rollback()
    address = gateway().confirm_address(payment, "/pay/x/confirmed")
    shop.book.authenticate(payment, True)
    return address


def test_no_card_number_or_secret_comes_near_us(
    client: FlaskClient, launch: Launches, now: datetime, shop: Fake, make: Make, sign_in,  # type: ignore[no-untyped-def]
    clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """I-45: not into our rows, not into a log even at its most talkative, not into a request of ours."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    structlog.configure(
        processors=[lambda _l, _m, event: said.append(repr(event)) or repr(event)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    # A logger that was used before goes on as it was set up then, until it is made to ask again.
    for module in [one for name, one in sys.modules.items() if name.startswith(("c2b.", "jobs."))]:
        vars(getattr(module, "log", module)).pop("bind", None)
    ann = make.user("Ann")
    sign_in(client, ann)
    there = client.get("/me/cards/add").location
    shop.book.visit(there.rpartition("/")[2], "ok", NUMBER)
    client.get("/me/cards/returned")
    it = launch([(2, "ok")] * 4, minimum=1)
    kinds = ["ok", "fraud", "needs_confirmation", "ok"]
    use(shop, [(pledge.mandate_id, kind) for pledge, kind in zip(pledges_of(it), kinds, strict=True)])
    shop.script("authorise", "wrong_amount", "garbage", "error_after", "too_many")
    for moment in (now, now + 2 * MINUTE, it.mend_until, it.mend_until + MINUTE):
        clock.move_to(moment)
        run_jobs(moment)
        deliver(shop, client)
        work_inbox.run(moment + MINUTE)
    structlog.reset_defaults()
    never = [NUMBER, SECRET, *PERSON.values(), *GOOD]
    sent = " ".join(request.raw for request in shop.seen)
    assert "capture" in sent
    out = capfd.readouterr()
    logged = caplog.text + out.out + out.err + " ".join(said)
    assert "gateway_" in logged
    kept = _everything()
    assert "authorise-" in kept
    for place in (sent, logged, kept):
        assert [word for word in [*never, KEY] if word in place] == []
    with transaction():  # and the search can find
        db.session.get_one(Mandate, pledges_of(it)[0].mandate_id).label = f"Visa {NUMBER}"
    assert NUMBER in _everything()


def _everything() -> str:
    """Every value in every table."""
    db.session.rollback()
    words = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            words.extend(
                value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row
            )
    return "\n".join(words)
