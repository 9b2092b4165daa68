"""The quick way of joining reads a form as the form itself does, or leaves it to the form."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import session
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from c2b.campaigns.forms import pledge_form
from c2b.campaigns.pledge_box import typed_values
from c2b.campaigns.quick import Known, known, quick_request
from c2b.core.db import db
from c2b.core.errors import TooBusy
from tests.campaigns.asking import ask

OPTIONS = [{"name": "Colour", "values": ["Red", "Blue"]}]
GOOD = {
    "max": "259", "max_other": "259", "quantity": "2", "tolerance": "0", "region": "CN", "option_0": "Red", "card": "7",
    "address": "", "request_key": "a-key_1", "terms": "a" * 64,
}  # fmt: skip
ODD = st.sampled_from(
    ["", "0", "-1", "1.5", "259.50", "9.999", "1e3", " 3", "٣", "３", "other", "new", "1" * 20, "US", "XX", "Blue",
     "x\x00", "1000001", "9999999", "0007", "b" * 64, "k" * 65]
)  # fmt: skip


@settings(max_examples=150)
@given(changed=st.dictionaries(st.sampled_from(sorted(GOOD)), ODD, max_size=3), yen=st.booleans())
def test_what_it_takes_the_form_takes_with_the_same_values(
    app: Any, changed: dict[str, str], yen: bool
) -> None:
    currency = "JPY" if yen else "CNY"
    sent = {**GOOD, **changed}
    with app.test_request_context("/", method="POST", data=sent):
        session["_user_id"] = "5.1"
        wanted = quick_request(Known(1, currency, OPTIONS, ["CN", "US"]))
        if wanted is None:
            assert changed, "what is plain and good must be taken"
            return
        campaign: Any = SimpleNamespace(currency=currency, options=OPTIONS, regions=["CN", "US"])
        cards = [(wanted.mandate_id or 0, "Visa")]
        addresses = [(wanted.address_id, "Home")] if wanted.address_id else []
        app.config["WTF_CSRF_ENABLED"] = False
        form = pledge_form(campaign, ceilings=[25900], cards=cards, addresses=addresses)
        assert form.validate(), form.errors
        values = typed_values(form)
        assert (wanted.quantity, wanted.tolerance) == (values["quantity"], values.get("tolerance") or 0)
        assert (wanted.ceiling, wanted.options) == (form.ceiling, form.chosen_options)
        assert (wanted.region, wanted.terms) == (values["region"], values["terms"])
        assert wanted.request_key == f"5:{values['request_key']}"


@pytest.mark.usefixtures("frozen")
def test_who_has_to_wait_too_long_is_told_when_to_come_again(
    make: Any, client: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    sign_in(client, shopper)
    wanted = ask(campaign, shopper)
    sent = {**GOOD, "card": str(wanted.mandate_id), "terms": wanted.terms}
    for may_be_done, words in ((False, "Nothing was changed"), (True, "counts only once")):
        error = TooBusy(may_be_done=may_be_done)
        monkeypatch.setattr(
            "c2b.campaigns.combining.Combiner.ask", lambda *_, error=error: (_ for _ in ()).throw(error)
        )
        answer = client.post(f"/c/{campaign.slug}/join", data=sent)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert words in answer.text


@pytest.mark.usefixtures("frozen")
def test_a_session_that_was_ended_places_nothing(make: Any, client: Any, sign_in: Any) -> None:
    campaign, shopper = make.campaign(threshold=5), make.shopper()
    wanted = ask(campaign, shopper)
    sent = {**GOOD, "card": str(wanted.mandate_id), "terms": wanted.terms}
    sign_in(client, shopper)
    shopper.session_version += 1
    answer = client.post(f"/c/{campaign.slug}/join", data=sent)
    assert answer.location == f"/c/{campaign.slug}/join/finish", "as a visitor, who signs in first"
    assert campaign.people == 0


@pytest.mark.usefixtures("frozen")
def test_whoever_asks_for_one_campaign_learns_of_those_that_take_pledges(make: Any) -> None:
    campaigns = [make.campaign(), make.campaign(), make.campaign(state="draft")]
    ids, (*public, draft) = [it.id for it in campaigns], [it.slug for it in campaigns]
    assert known("no-such-campaign") is None
    sent: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    found = [known(slug) for slug in public]
    assert [one.id for one in found if one] == ids[:2]
    assert sent == []
    assert known(draft) is None
