"""Five languages under addresses of their own: who is led where, and what stays."""

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from flask_babel import Babel, gettext, ngettext

from c2b.accounts.models import User
from c2b.config import load
from c2b.core.db import db
from c2b.core.languages import LANGUAGES, PREFIXES, closest
from c2b.web import pseudo
from c2b.web.pseudo import stretched


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh-SG", "zh-Hans"), ("zh-Hans-HK", "zh-Hans"),
        ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("zh_MO", "zh-Hant"), ("zh-Hant", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"), ("es", "es"), ("es-419", "es"), ("id-ID", "id"), ("in", "id"), ("en-GB", "en"),
        ("fr", None), ("*", None), ("", None), ("x" * 400, None), ("zh-\u202e", None),
    ],
)  # fmt: skip
def test_a_browsers_tag_finds_its_language_by_script(tag: str, code: str | None) -> None:
    assert closest(tag) == code


def test_each_language_has_its_own_address(client: FlaskClient) -> None:
    for code, prefix in PREFIXES.items():
        page = client.get(f"{prefix}/help", headers={"Accept-Language": "fr"})
        assert page.status_code == 200
        assert f'<html lang="{code}"' in page.text
        assert f'<link rel="canonical" href="http://localhost{prefix}/help">' in page.text
        assert f'href="{prefix}/search"' in page.text  # links keep the language
        assert 'href="/static/app.' in page.text  # files have one address
        for other, begins in PREFIXES.items():
            assert f'hreflang="{other}" href="http://localhost{begins}/help"' in page.text
        assert 'hreflang="x-default" href="http://localhost/help"' in page.text


def test_a_newcomer_is_led_to_the_language_of_their_browser(client: FlaskClient) -> None:
    answer = client.get("/help?x=1", headers={"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/zh-hant/help?x=1")
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"Accept-Language", "Cookie"} <= set(answer.vary)
    odd = client.get("/help/a%23b%3Fc?q=%E5%9B%A2%26", headers={"Accept-Language": "es"})
    assert odd.headers["Location"] == "/es/help/a%23b%3Fc?q=%E5%9B%A2%26"
    for header in (
        {},
        {"Accept-Language": "fr, en;q=0.5"},
        {"Accept-Language": "zh", "Accept": "application/json"},
    ):
        assert client.get("/help", headers=header).status_code == 200
    assert client.get("/healthz", headers={"Accept-Language": "es"}).status_code == 200


def test_a_choice_is_kept_and_keeps_the_page(client: FlaskClient) -> None:
    answer = client.get("/language/es?next=/help%3Fx%3D1")
    assert answer.headers["Location"] == "/es/help?x=1"
    assert client.get_cookie("language").value == "es"
    assert client.get("/search", headers={"Accept-Language": "zh"}).headers["Location"] == "/es/search"
    assert client.get("/es/language/en?next=/help").headers["Location"] == "/help"
    assert client.get("/help", headers={"Accept-Language": "zh"}).status_code == 200
    for odd in ("fr", "../x", "%00"):
        assert client.get(f"/language/{odd}?next=//evil.example").status_code in (302, 404)


def test_a_choice_of_somebody_signed_in_is_kept_in_the_account(make, client: FlaskClient, sign_in) -> None:
    shopper = make.user(locale="zh-Hans")
    id_ = shopper.id
    sign_in(client, shopper)
    assert client.get("/help", headers={"Accept-Language": "es"}).headers["Location"] == "/zh-hans/help"
    client.get("/language/id?next=/help")
    assert db.session.get(User, id_).locale == "id"


def test_whoever_is_led_on_stays_in_the_language_of_the_address(client: FlaskClient) -> None:
    assert client.get("/es/me").headers["Location"].startswith("/es/sign-in")
    assert client.post("/es/sign-out").headers["Location"] == "/es/"
    posted = client.post("/sign-in", headers={"Accept-Language": "es"})
    assert posted.status_code == 422  # what is sent is never redirected before it is read
    assert 'lang="es"' in posted.text


def test_an_address_that_only_begins_like_a_language_is_not_found(client: FlaskClient) -> None:
    for path in ("/esx", "/zh-hansa/help", "/es/es/help", "/fr/help"):
        assert client.get(path).status_code == 404
    assert client.get("/zh-hans").status_code == 200


def test_stretched_text_keeps_places_and_markup() -> None:
    long = stretched("<b>%(count)s</b> person is waiting, 100%% {d}")
    assert "<b>%(count)s</b>" in long and "100%% {d}" in long and len(long) >= 45 + 9
    assert long != stretched("") == ""
    app = Flask("stretched")
    babel = Babel(app)
    with app.test_request_context():
        pseudo.install(babel)
        assert render_template_string("{{ _('Help') }}") == gettext("Help") == "Hélpéé"
        assert ngettext("%(num)s day", "%(num)s days", 2).startswith("2 dáýš")
    assert load({"C2B_PSEUDO": "1"}).pseudo is True
    assert set(LANGUAGES) == set(PREFIXES)
