"""A refund that the provider refused is paid from our own bank: the word of operators, the books, the comparison."""

import pytest

from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.core.events import history
from c2b.ledger.kinds import AccountKind as A
from c2b.orders.refunding import refund_order
from c2b.payments.models import Refund
from c2b.payments.refunds import send_again
from c2b.payments.states import RefundCause, RefundState
from c2b.settlement import rules
from c2b.settlement.otherwise import pay_otherwise
from c2b.settlement.reconciling import our_facts, reconcile
from tests.aftersale.conftest import minute, sold, told  # noqa: F401  # fixtures
from tests.orders.conftest import eve, launch, sandbox  # noqa: F401  # fixtures
from tests.settlement.conftest import balance


@pytest.fixture
def stuck(sold, now) -> int:  # noqa: F811
    """A refund of 5000 that the provider refused for good."""
    [order] = sold(((1, "refund_fails"),))
    with transaction():
        refund = refund_order(order.id, 5000, RefundCause.GOODWILL, key="x", by=None, now=now)
    minute(now)
    db.session.rollback()
    assert db.session.get_one(Refund, refund.id).state == RefundState.STUCK
    return refund.id


def say(refund: int, by: int, now, way: str = "bank transfer, 4711") -> Refund:
    with transaction():
        return pay_otherwise(refund, way, by=by, now=now)


def test_one_word_ends_the_debt_and_leaves_the_money_at_the_provider_alone(make, stuck, now):
    otto = make.operator("Otto")
    before, moved = balance(A.CLEARING), our_facts()
    fees = balance(A.PLATFORM_FEE)
    refund = say(stuck, otto.id, now)
    assert (refund.state, refund.other_by, refund.paid_at) == (RefundState.PAID, otto.id, now)
    assert balance(A.REFUND_PAYABLE) == 0 and balance(A.CLEARING) == before and our_facts() == moved
    assert balance(A.PLATFORM_FEE) == fees - 5000
    db.session.rollback()
    assert reconcile(now).differences == []
    refund = db.session.get_one(Refund, stuck)
    assert history(refund)[-1].data["way"] == "bank transfer, 4711" and history(refund)[-1].by == otto.id
    assert told("refund_paid") == [refund.shopper_id]
    for again in (
        lambda: say(stuck, make.operator("Olga").id, now),
        lambda: send_again(stuck, by=otto.id, now=now),
    ):
        with pytest.raises(Refused), transaction():
            again()


def test_a_large_one_needs_a_second_operator(make, stuck, now, monkeypatch):
    monkeypatch.setattr(rules, "WITHOUT_APPROVAL", 49)
    otto, olga = make.operator("Otto"), make.operator("Olga")
    assert say(stuck, otto.id, now).state == RefundState.STUCK
    with pytest.raises(Refused, match="somebody else"):
        say(stuck, otto.id, now)
    refund = say(stuck, olga.id, now, way="something else")
    assert (refund.state, refund.other_way) == (RefundState.PAID, "bank transfer, 4711")
    assert (refund.other_first_by, refund.other_by) == (otto.id, olga.id)


def test_asking_again_forgets_the_first_word(make, stuck, now, monkeypatch):
    monkeypatch.setattr(rules, "WITHOUT_APPROVAL", 49)
    say(stuck, make.operator("Otto").id, now)
    with transaction():
        refund = send_again(stuck, by=make.operator("Olga").id, now=now)
    assert (refund.state, refund.other_way, refund.other_first_by) == (RefundState.OWED, None, None)
    with pytest.raises(Refused, match="not stuck"):
        say(stuck, make.operator("Omar").id, now)


def test_nobody_says_it_of_their_own_money(make, stuck, now):
    shopper = db.session.get_one(Refund, stuck).shopper_id
    with pytest.raises(Refused, match="your own money"):
        say(stuck, shopper, now)


@pytest.mark.breaks_promises
def test_a_word_without_a_payment_is_found(stuck):
    from c2b.core.checks import broken_promises

    db.session.get_one(Refund, stuck).other_by = 1
    db.session.commit()
    assert any("although operator 1 said" in line for line in broken_promises())


def test_the_page_asks_how_and_shows_it(client, sign_in, make, stuck):
    sign_in(client, make.operator("Otto"))
    assert "Paid in another way" in client.get(f"/ops/refunds/{stuck}").text
    assert client.post(f"/ops/refunds/{stuck}/otherwise", data={"way": " "}).status_code == 422
    assert client.post(f"/ops/refunds/{stuck}/otherwise", data={"way": "cash, signed"}).status_code == 302
    assert "cash, signed" in client.get(f"/ops/refunds/{stuck}").text
    assert client.post(f"/ops/refunds/{stuck}/otherwise", data={"way": "x"}).status_code == 409
    page = client.post("/ops/refunds/again", data={"row": [stuck, 999]}).text
    assert "0 of 2 done" in page and "not stuck any more" in page
