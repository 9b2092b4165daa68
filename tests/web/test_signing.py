"""What we sign is what Flask and Flask-WTF sign themselves: either side opens what the other one made."""

import time

import pytest
from flask import Response, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from c2b.web.signing import RENEWED, Serializer, Sessions

SAID = {"_user_id": "7.1", "_fresh": True, "csrf_token": "a" * 40}
SALT = "wtf-csrf-token"


def test_flask_opens_our_sessions_and_we_open_its(app):
    theirs = SecureCookieSessionInterface().get_signing_serializer(app)
    ours = Sessions().get_signing_serializer(app)
    assert theirs is not None
    assert theirs.loads(ours.dumps(SAID)) == SAID
    assert ours.loads(theirs.dumps(SAID), max_age=60) == SAID
    assert app.session_interface.get_signing_serializer(app) is ours


def test_a_session_signed_with_another_secret_or_too_old_is_refused(app):
    ours = Sessions().get_signing_serializer(app)
    cookie = ours.dumps(SAID)
    with pytest.raises(BadSignature):
        ours.loads(cookie[:-5] + ("A" if cookie[-5] != "A" else "B") + cookie[-4:])
    with pytest.raises(BadSignature):
        Serializer("another secret", Sessions.salt, serializer=Sessions.serializer).loads(cookie)
    with pytest.raises(SignatureExpired):
        ours.loads(cookie, max_age=-1)


def test_flask_wtf_takes_our_tokens_and_we_take_its(app):
    ours = Serializer(str(app.secret_key), SALT)
    with app.test_request_context():
        session["csrf_token"] = "b" * 40
        validate_csrf(ours.dumps("b" * 40))
        assert ours.loads(generate_csrf()) == "b" * 40
    assert URLSafeTimedSerializer(str(app.secret_key), salt=SALT).loads(ours.dumps("c")) == "c"


def test_one_salt_for_one_serializer():
    with pytest.raises(ValueError, match="one salt"):
        Serializer("secret", SALT).make_signer("another")


def test_a_session_that_lasts_is_signed_again_once_an_hour(app, monkeypatch):
    def answer(cookie: str) -> tuple[str, dict]:
        """What a page that only looks at the session says of its cookie."""
        with app.test_request_context(headers={"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={cookie}"}):
            said = Response()
            found = dict(session)
            app.session_interface.save_session(app, session._get_current_object(), said)
            return said.headers.get("Set-Cookie", ""), found

    signs = Sessions().get_signing_serializer(app)
    lasting, passing = SAID | {"_permanent": True}, SAID
    cookies = [signs.dumps(lasting), signs.dumps(passing)]
    assert [answer(cookie) for cookie in cookies] == [("", lasting), ("", passing)]
    later = time.time() + RENEWED + 2
    monkeypatch.setattr(time, "time", lambda: later)
    assert [bool(answer(cookie)[0]) for cookie in cookies] == [True, False]
    again = answer(cookies[0])[0].partition("=")[2].partition(";")[0]
    assert answer(again) == ("", lasting)


@pytest.mark.parametrize("said", [{"csrf_token": "a" * 40}, {"csrf_token": "ab" * 20, "more": "x" * 500}])
def test_short_and_long_are_opened_by_either_side(app, said):
    """Short ones are not compressed, long ones are."""
    theirs = SecureCookieSessionInterface().get_signing_serializer(app)
    ours = Sessions().get_signing_serializer(app)
    signed = ours.dumps(said)
    assert signed.startswith(".") == ("more" in said)
    assert theirs is not None
    assert theirs.loads(signed) == ours.loads(theirs.dumps(said)) == said


def test_what_is_json_already_is_signed_as_it_is(app):
    ours = Sessions().get_signing_serializer(app)
    assert ours.loads(ours.signed(b'{"csrf_token":"abc"}')) == {"csrf_token": "abc"}
    tokens = Serializer(str(app.secret_key), SALT)
    with app.test_request_context():
        session["csrf_token"] = "b" * 40
        validate_csrf(tokens.signed(b'"%b"' % (b"b" * 40)))
