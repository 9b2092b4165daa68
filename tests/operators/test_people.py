"""Roles and accounts: given and taken with a reason, and never so that nobody can run the site."""

import pytest
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.core.access import Role
from c2b.core.db import db


@pytest.fixture(params=["sqlite"])
def database(request):
    """The same on both; what it stands on is tested on both."""
    return request.param


def again(user) -> User:
    return db.session.scalars(
        select(User).where(User.id == user.id).execution_options(populate_existing=True)
    ).one()


def test_a_role_is_given_and_taken_with_a_reason(office, make, otto, diary):
    rita = make.user("Rita")
    assert (
        office.post(
            f"/ops/users/{rita.id}/roles", data={"role": "reviewer", "reason": "New here"}
        ).status_code
        == 302
    )
    assert again(rita).has_role(Role.REVIEWER)
    assert ("user.role_reason", {"role": "reviewer", "taken": False, "reason": "New here"}) in diary()

    taken = office.post(f"/ops/users/{rita.id}/roles/reviewer/take", data={"reviewer-reason": "Left us"})
    assert taken.status_code == 302
    assert not again(rita).has_role(Role.REVIEWER)
    assert diary()[-1] == ("user.role_reason", {"role": "reviewer", "taken": True, "reason": "Left us"})


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "\u202ereversed"])
def test_without_a_good_reason_nothing_happens_and_the_page_says_so(office, make, reason):
    rita = make.user("Rita")
    answer = office.post(f"/ops/users/{rita.id}/roles", data={"role": "reviewer", "reason": reason})
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert not again(rita).has_role(Role.REVIEWER)


@pytest.mark.parametrize("role", ["merchant", "shopper", "king", ""])
def test_other_roles_are_not_given_here(office, make, role):
    rita = make.user("Rita")
    assert office.post(f"/ops/users/{rita.id}/roles", data={"role": role, "reason": "Why"}).status_code == 422
    assert again(rita).roles == {Role.SHOPPER}


def test_what_makes_no_sense_is_refused_in_words_and_what_was_typed_is_kept(office, make):
    rita = make.reviewer("Rita")
    answer = office.post(
        f"/ops/users/{rita.id}/roles", data={"role": "reviewer", "reason": "Twice is better"}
    )
    assert answer.status_code == 409
    assert "Rita has this role already." in answer.text
    assert "Twice is better" in answer.text


def test_an_operator_cannot_take_their_own_role_or_close_their_own_account(office, make, otto):
    make.operator("Another")
    answer = office.post(f"/ops/users/{otto.id}/roles/operator/take", data={"operator-reason": "Tired"})
    assert answer.status_code == 409
    assert office.post(f"/ops/users/{otto.id}/close", data={"close-reason": "Tired"}).status_code == 409
    assert again(otto).is_active
    assert again(otto).has_role(Role.OPERATOR)


def test_a_closed_account_has_no_session_any_more_and_can_be_opened_again(office, make, app, sign_in, diary):
    rita = make.reviewer("Rita")
    hers = app.test_client()
    sign_in(hers, rita)
    assert (
        office.post(f"/ops/users/{rita.id}/close", data={"close-reason": "Lost her phone"}).status_code == 302
    )
    assert not again(rita).is_active
    assert hers.get("/me").status_code == 302
    assert office.post(f"/ops/users/{rita.id}/close", data={"close-reason": "Found it"}).status_code == 302
    assert again(rita).is_active
    assert diary()[-1] == ("user.enable_reason", {"reason": "Found it"})


def test_nobody_is_there_under_an_unknown_number(office):
    assert office.get("/ops/users/999999").status_code == 404
    assert office.post("/ops/users/999999/close", data={"close-reason": "x"}).status_code == 404
