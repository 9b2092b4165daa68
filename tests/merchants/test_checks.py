"""Each promise of firms is proven able to fail."""

import pytest
from sqlalchemy import delete, update

from c2b.core.checks import broken_promises
from c2b.core.db import db
from c2b.merchants.models import Merchant, MerchantStaff

pytestmark = pytest.mark.breaks_promises


def test_a_state_without_its_line_in_the_diary_is_found(make):
    firm = make.merchant()
    assert broken_promises("I-28") == []
    db.session.execute(update(Merchant).values(state="suspended"))
    assert broken_promises("I-28") == [
        f"I-28 a merchant's state is what the diary says last: merchant {firm.id} is suspended, "
        "the diary says merchant.certified"
    ]


def test_a_firm_without_an_owner_is_found(make):
    firm = make.merchant()
    assert broken_promises("F-1") == []
    db.session.execute(delete(MerchantStaff))
    assert [problem.endswith(f"merchant {firm.id} has no owner") for problem in broken_promises("F-1")] == [
        True
    ]


def test_a_certified_firm_without_its_deposit_is_found(make):
    make.merchant()
    db.session.execute(update(Merchant).values(deposit=199_999))
    assert len(broken_promises("F-1")) == 1
    db.session.execute(update(Merchant).values(deposit=200_000))
    assert broken_promises("F-1") == []
