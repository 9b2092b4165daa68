"""Sessions, and signatures as itsdangerous makes them, with the key derived and the signer made once.

A session is opened by every request that is not answered from what is kept.
"""

import hashlib
import time
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from itsdangerous.url_safe import URLSafeSerializerMixin

RENEWED = 3600  # seconds after which the cookie of a session is written anew, so that it lasts from the last visit on

SHORT = 100  # bytes


class Serializer(URLSafeTimedSerializer):
    """Signs as its parent does; for one secret, as we have only one at a time."""

    def __init__(self, secret: str, salt: str, **more: Any) -> None:
        super().__init__(secret, salt=salt, **more)
        key = super().make_signer(salt).derive_key()
        # A plain function of Python would have hmac go its slow way.
        self._signer = TimestampSigner(key, key_derivation="none", digest_method=hashlib.sha1)

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        """The one signer; another salt has no place here."""
        if salt not in (None, self.salt):
            raise ValueError("this serializer signs with one salt alone")
        return self._signer

    def dump_payload(self, obj: Any) -> bytes:
        """As its parent does, but that a short value is not compressed: it takes longer than to sign it."""
        plain: bytes = super(URLSafeSerializerMixin, self).dump_payload(obj)
        return base64_encode(plain) if len(plain) < SHORT else super().dump_payload(obj)

    def signed(self, plain: bytes) -> str:
        """What `dumps` gives for a short value that is written as JSON already."""
        return self._signer.sign(base64_encode(plain)).decode()


class Session(SecureCookieSession):
    """What a cookie said, and when it was written."""

    since = 0.0  # seconds of the Unix clock


class Sessions(SecureCookieSessionInterface):
    """Flask's own sessions in the same cookies; one that lasts is signed again once an hour, not by every answer."""

    session_class = Session

    def open_session(self, app: Flask, request: Request) -> Session:
        """The session of this request; a new one where there is none, or none that we signed in time."""
        cookie = request.cookies.get(self.get_cookie_name(app))
        if not cookie:
            return Session()
        lasts = int(app.permanent_session_lifetime.total_seconds())
        try:
            said, since = self.get_signing_serializer(app).loads(cookie, max_age=lasts, return_timestamp=True)
        except BadSignature:
            return Session()
        session = Session(said)
        session.since = since.timestamp()
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed. What never changes says nothing of sessions, so that caches share it."""
        if session.modified or not response.cache_control.immutable:
            super().save_session(app, session, response)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether this answer has the session in it: it has changed, or lasts and was not written for an hour."""
        old = session.permanent and time.time() - getattr(session, "since", 0.0) > RENEWED
        return session.modified or old

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:
        """What opens and signs the cookies of this application."""
        return _of_sessions(str(app.secret_key))


@lru_cache(maxsize=8)
def _of_sessions(secret: str) -> Serializer:
    return Serializer(
        secret, Sessions.salt, serializer=Sessions.serializer,
        signer_kwargs={"key_derivation": Sessions.key_derivation},
    )  # fmt: skip


def register(app: Flask) -> None:
    """Keep sessions this way."""
    app.session_interface = Sessions()
