"""The operators' desk: only theirs, with a reason for every no."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from c2b.campaigns.states import CampaignState, PledgeState
from c2b.core.db import db
from tests.factories import Make

pytestmark = pytest.mark.usefixtures("frozen")

S = CampaignState


def test_only_operators_come_in(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign(S.SUBMITTED)
    paths = ("/ops/moderation", f"/ops/moderation/{campaign.id}")
    for path in paths:
        assert client.get(path).location.startswith("/sign-in")
    for person in (make.shopper(), make.reviewer()):
        sign_in(client, person)
        for path in paths:
            assert client.get(path).status_code == 403
        assert client.post(f"{paths[1]}/approve").status_code == 403
    db.session.refresh(campaign)
    assert campaign.state == S.SUBMITTED


def test_a_wish_is_approved_and_opens(make: Make, client: FlaskClient, sign_in: Any) -> None:
    campaign = make.campaign(S.SUBMITTED, title="Linen apron", summary="For cooks")
    sign_in(client, make.operator())
    assert "Linen apron" in client.get("/ops/moderation").text
    page = client.get(f"/ops/moderation/{campaign.id}").text
    assert "Approve and open" in page
    assert "For cooks" in page
    assert client.post(f"/ops/moderation/{campaign.id}/approve").location == "/ops/moderation"
    db.session.refresh(campaign)
    assert campaign.state == S.OPEN
    assert client.post(f"/ops/moderation/{campaign.id}/approve").status_code == 409


@pytest.mark.parametrize(("verb", "state"), [("reject", S.REJECTED), ("send-back", S.DRAFT)])
def test_a_no_needs_a_reason(
    verb: str, state: CampaignState, make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign = make.campaign(S.SUBMITTED)
    sign_in(client, make.operator())
    url = f"/ops/moderation/{campaign.id}/{verb}"
    for reason in ("", "  ", "no", "x" * 301, "looks\x00 fine to me"):
        answer = client.post(url, data={"reason": reason})
        assert answer.status_code == 422
        assert 'class="errsum"' in answer.text
    assert client.post(url, data={"reason": "Name a size, please."}).status_code == 302
    db.session.refresh(campaign)
    assert campaign.state == state


def test_a_running_campaign_is_called_off_with_a_reason(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign = make.campaign(threshold=50)
    pledge = make.pledge(campaign)
    sign_in(client, make.operator())
    url = f"/ops/moderation/{campaign.id}"
    assert "Call it off" in client.get(url).text
    assert client.post(f"{url}/cancel", data={"reason": "It cannot be sold here."}).status_code == 302
    db.session.refresh(campaign)
    db.session.refresh(pledge)
    assert (campaign.state, pledge.state) == (S.CANCELLED, PledgeState.RELEASED)
    assert "It cannot be sold here." in client.get(f"/c/{campaign.slug}").text
    again = client.post(f"{url}/cancel", data={"reason": "It cannot be sold here."})
    assert again.status_code == 409
    assert "can no longer be cancelled" in again.text


def test_what_is_not_there_is_not_found(make: Make, client: FlaskClient, sign_in: Any) -> None:
    sign_in(client, make.operator())
    assert client.get("/ops/moderation/999999").status_code == 404
    assert client.post("/ops/moderation/999999/approve").status_code == 404
    assert client.post("/ops/moderation/999999/reject", data={"reason": "long enough"}).status_code == 404
