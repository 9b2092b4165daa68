"""The pages of firms: forms keep what was typed, bad files get a sentence, papers stay private."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from c2b.core.db import db
from c2b.core.files import save_picture
from c2b.merchants.models import Merchant, MerchantDocument
from c2b.merchants.states import MerchantState

PDF = b"%PDF-1.7 a licence"
GOOD = {
    "name": "Two Trees Workshop",
    "kind": "factory",
    "licence_number": "91320500x",
    "region": "CN",
    "contact_phone": "+86 512 1234 5678",
    "ships_from": "Suzhou, China",
    "about": "Stools since 1998.",
}


def send(client, url="/sell/apply", files=(), **more):
    data = {**GOOD, **more}
    for name, content, filename in files:
        data[name] = (io.BytesIO(content), filename)
    return client.post(
        url, data={k: v for k, v in data.items() if v is not None}, content_type="multipart/form-data"
    )


@pytest.fixture
def person(make, client, sign_in):
    user = make.user()
    sign_in(client, user)
    return user


def test_a_complete_application_is_kept_with_its_papers(client, person):
    answer = send(client, files=[("licence", PDF, "licence.pdf")])
    assert answer.status_code == 302
    firm = db.session.scalar(select(Merchant))
    assert (firm.state, firm.licence_number) == (MerchantState.APPLIED, "91320500X")
    assert "We are reading your papers" in client.get("/sell/firm").text


WRONG_FIELDS = (
    ("name", "", "Enter the firm"),
    ("name", "x" * 61, "at most 60"),
    ("name", "a\x00b", "cannot be shown"),
    ("kind", None, "Choose what kind"),
    ("kind", "platform", "Not a valid choice"),
    ("licence_number", "12345", "6 to 30"),
    ("licence_number", "1" * 31, "6 to 30"),
    ("contact_phone", "call me", "digits"),
    ("ships_from", "", "leave from"),
    ("about", "y" * 1001, "at most 1000"),
    ("region", "XX", "Not a valid choice"),
)


def test_a_wrong_field_has_its_message_and_the_rest_is_kept(client, person):
    for field, value, words in WRONG_FIELDS:
        answer = send(client, files=[("licence", PDF, "licence.pdf")], **{field: value})
        assert answer.status_code == 422, field
        assert words in answer.text, field
        assert "There is a problem" in answer.text
        assert "licence.pdf" in answer.text, "the good file is kept"
    assert db.session.scalar(select(Merchant)) is None


def test_a_kept_file_is_sent_with_the_mended_form(client, person):
    first = send(client, files=[("licence", PDF, "licence.pdf")], name="")
    token = re.search(r'name="licence-kept" value="([^"]+)"', first.text)[1]
    assert send(client, **{"licence-kept": token}).status_code == 302
    assert db.session.scalar(select(MerchantDocument.name)) == "licence.pdf"


def test_a_made_up_token_names_no_file(client, person):
    answer = send(client, **{"licence-kept": "WyJkb2MvYSIsImEiXQ.xxx"})
    assert answer.status_code == 422
    assert "needs this paper" in answer.text


BAD_FILES = (
    (b"", "licence.pdf", "empty"),
    (b"<svg/>", "licence.svg", "PDF, JPEG or PNG"),
    (b"MZ", "licence.pdf", "PDF, JPEG or PNG"),
    (PDF, "licence.exe", "PDF, JPEG or PNG"),
    (b"\xff\xd8\xff half", "licence.jpg", "not a picture"),
)


def test_a_bad_file_gets_a_sentence(client, person):
    for content, name, words in BAD_FILES:
        answer = send(client, files=[("licence", content, name)])
        assert answer.status_code == 422, name
        assert words in answer.text, name


def test_a_brand_needs_its_authorisation(client, person):
    answer = send(client, kind="brand", files=[("licence", PDF, "licence.pdf")])
    assert answer.status_code == 422
    assert "needs this paper" in answer.text


def test_a_licence_that_another_firm_has_is_said_at_its_field(client, person, make, now):
    make.merchant()
    taken = db.session.scalar(select(Merchant.licence_number))
    answer = send(client, licence_number=taken, files=[("licence", PDF, "licence.pdf")])
    assert answer.status_code == 422
    assert "applied already" in answer.text


def test_papers_are_for_the_firm_and_its_judges_alone(client, person, make, sign_in):
    send(client, files=[("licence", PDF, "licence.pdf")])
    url = f"/sell/papers/{db.session.scalar(select(MerchantDocument.id))}"
    answer = client.get(url)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    other = make.merchant()
    for user, status in (
        (make.user(), 403),
        (db.session.get(type(person), other.staff[0].user_id), 404),
        (make.reviewer(), 200),
        (make.operator(), 200),
    ):
        sign_in(client, user)
        assert client.get(url).status_code == status
    client.post("/sign-out")
    with client.session_transaction() as session:
        session.clear()
    assert client.get(url).status_code == 302


def test_operators_certify_in_the_queue(client, person, make, sign_in):
    send(client, files=[("licence", PDF, "licence.pdf")])
    firm = db.session.scalar(select(Merchant))
    sign_in(client, make.operator())
    assert "Two Trees Workshop" in client.get("/ops/merchants").text
    assert "licence.pdf" in client.get(f"/ops/merchants/{firm.id}").text
    poor = client.post(f"/ops/merchants/{firm.id}/certify", data={"grade": "advanced", "deposit": "4999.99"})
    assert poor.status_code == 422
    assert "at least 5000" in poor.text
    done = client.post(f"/ops/merchants/{firm.id}/certify", data={"grade": "advanced", "deposit": "5000"})
    assert done.status_code == 302
    db.session.expire_all()
    assert db.session.scalar(select(Merchant.state)) == MerchantState.CERTIFIED


def test_declining_needs_a_reason_on_which_the_firm_can_act(client, person, make, sign_in):
    send(client, files=[("licence", PDF, "licence.pdf")])
    firm = db.session.scalar(select(Merchant))
    sign_in(client, make.operator())
    assert client.post(f"/ops/merchants/{firm.id}/refuse", data={"reason": "no"}).status_code == 422
    reason = "The licence has run out; hand in the new one."
    assert client.post(f"/ops/merchants/{firm.id}/refuse", data={"reason": reason}).status_code == 302
    sign_in(client, person)
    assert reason in client.get("/sell/firm").text
    assert reason in client.get("/sell/apply").text


def test_the_queue_is_for_operators(client, make, sign_in):
    make.merchant()
    reviewer, operator = make.reviewer(), make.operator()
    for url in ("/ops/merchants", "/ops/merchants?state=nonsense", "/ops/merchants?state=certified"):
        sign_in(client, reviewer)
        assert client.get(url).status_code == 403
        sign_in(client, operator)
        assert client.get(url).status_code == 200


def test_an_uploaded_picture_is_served_for_ever(client, app):
    out = io.BytesIO()
    Image.new("RGB", (960, 640), "red").save(out, "PNG")
    ref = save_picture(out)
    with app.test_request_context():
        address = app.jinja_env.globals["picture_url"](ref, 480)
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    answer.close()
    assert client.get("/files/480/pic/../../secret").status_code == 404
    assert client.get("/files/480/doc/abc.pdf").status_code == 404
