"""Firms apply, are certified, declined or suspended, and bring their people."""

import pytest
from sqlalchemy import select

from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.errors import Refused
from c2b.core.outbox import Notice
from c2b.merchants.models import MerchantDocument
from c2b.merchants.operations import add_editor, apply, certify, decline, remove_editor, suspend
from c2b.merchants.queries import counts_by_state, firm_of, staff_ids
from c2b.merchants.rules import MIN_DEPOSIT, Application, Paper
from c2b.merchants.states import DocumentKind, Grade, Kind, MerchantState, Post


def application(**more):
    return Application(
        **{"name": "Two Trees Workshop", "kind": Kind.FACTORY, "licence_number": "91320500X", **more}
    )


PAPER = Paper(DocumentKind.LICENCE, "doc/abc.pdf", "licence.pdf")


def notices(kind):
    return db.session.scalars(select(Notice).where(Notice.kind == kind)).all()


def test_who_applies_becomes_the_owner_and_may_open_the_merchant_pages(make, now):
    person = make.user()
    firm = apply(application(), [PAPER], by=person.id, now=now)
    assert (firm.state, firm.staff[0].post) == (MerchantState.APPLIED, Post.OWNER)
    assert person.has_role(Role.MERCHANT)
    assert firm_of(person.id) is firm
    assert db.session.scalar(select(MerchantDocument.name)) == "licence.pdf"


def test_a_person_without_a_confirmed_address_cannot_apply(make, now):
    with pytest.raises(Refused, match="Confirm your e-mail"):
        apply(application(), by=make.user(confirmed=False).id, now=now)


def test_a_person_has_one_firm(make, now):
    person = make.user()
    apply(application(), by=person.id, now=now)
    with pytest.raises(Refused, match="already"):
        apply(application(licence_number="OTHER-1"), by=person.id, now=now)


def test_one_licence_is_one_firm(make, now):
    apply(application(), by=make.user().id, now=now)
    with pytest.raises(Refused, match="licence number"):
        apply(application(name="Another"), by=make.user().id, now=now)


def test_a_firm_with_a_chinese_name_has_an_address_of_its_own(make, now):
    firm = apply(application(name="双木工坊"), by=make.user().id, now=now)
    assert firm.slug.startswith("firm-")


def test_a_declined_firm_applies_again_with_what_it_mended(make, now):
    person = make.user()
    firm = apply(application(), by=person.id, now=now)
    decline(firm.id, "The licence is not readable.", by=make.operator().id, now=now)
    assert notices("merchant_declined")[0].data["reason"] == "The licence is not readable."
    again = apply(application(name="Two Trees"), [PAPER], by=person.id, now=now)
    assert (again.id, again.state, again.name, again.reason) == (
        firm.id, MerchantState.APPLIED, "Two Trees", None,
    )  # fmt: skip


def test_an_editor_cannot_apply_again_for_the_firm(make, now):
    owner, editor = make.user(), make.user()
    firm = apply(application(), by=owner.id, now=now)
    add_editor(firm.id, editor.email, by=owner.id, now=now)
    decline(firm.id, "The licence is not readable.", by=None, now=now)
    with pytest.raises(Refused, match="owner"):
        apply(application(), by=editor.id, now=now)


@pytest.mark.parametrize("grade", list(Grade))
def test_a_certified_firm_holds_its_deposit_and_its_people_are_told(make, now, grade):
    firm = apply(application(), by=make.user().id, now=now)
    certify(firm.id, grade, by=make.operator().id, now=now)
    assert (firm.state, firm.grade, firm.deposit) == (MerchantState.CERTIFIED, grade, MIN_DEPOSIT[grade])
    assert notices("merchant_certified")[0].data["grade"] == str(grade)


def test_the_deposit_is_asked_for_to_the_last_cent(make, now):
    firm = apply(application(), by=make.user().id, now=now)
    with pytest.raises(Refused, match="deposit"):
        certify(firm.id, Grade.BASIC, deposit=MIN_DEPOSIT[Grade.BASIC] - 1, by=None, now=now)
    certify(firm.id, Grade.BASIC, deposit=MIN_DEPOSIT[Grade.BASIC], by=None, now=now)


def test_nobody_decides_on_a_firm_that_they_belong_to(make, now):
    insider = make.operator()
    firm = apply(application(), by=insider.id, now=now)
    for act in (
        lambda: certify(firm.id, Grade.BASIC, by=insider.id, now=now),
        lambda: decline(firm.id, "Not readable.", by=insider.id, now=now),
        lambda: suspend(firm.id, "Not readable.", by=insider.id, now=now),
    ):
        with pytest.raises(Refused, match="somebody else"):
            act()
    certify(firm.id, Grade.BASIC, by=make.operator().id, now=now)


def test_a_suspended_firm_can_be_certified_again(make, now):
    firm = make.merchant()
    suspend(firm.id, "The goods were not what the sample was.", by=None, now=now)
    assert firm.state == MerchantState.SUSPENDED
    assert len(notices("merchant_suspended")) == 1
    certify(firm.id, Grade.BASIC, by=None, now=now)
    assert (firm.state, firm.reason) == (MerchantState.CERTIFIED, None)


def test_an_owner_brings_and_removes_editors(make, now):
    firm = make.merchant()
    owner, colleague = firm.staff[0].user_id, make.user(email="mei@example.org")
    add_editor(firm.id, " Mei@Example.org ", by=owner, now=now)
    assert staff_ids(firm.id) == [owner, colleague.id]
    assert colleague.has_role(Role.MERCHANT)
    with pytest.raises(Refused, match="owner"):
        remove_editor(firm.id, owner, by=colleague.id, now=now)
    remove_editor(firm.id, colleague.id, by=owner, now=now)
    assert firm_of(colleague.id) is None
    assert not colleague.has_role(Role.MERCHANT)


def test_who_has_no_account_or_another_firm_cannot_be_an_editor(make, now):
    firm, other = make.merchant(), make.merchant()
    owner = firm.staff[0].user_id
    busy = make.user(email="busy@example.org")
    add_editor(other.id, busy.email, by=other.staff[0].user_id, now=now)
    for email, words in (
        ("nobody@example.org", "no confirmed account"),
        (make.user(confirmed=False).email, "no confirmed account"),
        (busy.email, "belongs to a firm already"),
    ):
        with pytest.raises(Refused, match=words):
            add_editor(firm.id, email, by=owner, now=now)


def test_the_owner_cannot_be_removed(make, now):
    firm = make.merchant()
    owner = firm.staff[0].user_id
    with pytest.raises(Refused, match="owner"):
        remove_editor(firm.id, owner, by=owner, now=now)


def test_firms_are_counted_by_state(make, now):
    make.merchant()
    apply(application(), by=make.user().id, now=now)
    counts = counts_by_state()
    assert (
        counts[MerchantState.CERTIFIED],
        counts[MerchantState.APPLIED],
        counts[MerchantState.DECLINED],
    ) == (1, 1, 0)
