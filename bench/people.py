"""Shoppers who are signed in already: their cookie and the token of a form, made as the product makes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Flask, Response, g, session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from bench.load import AGENT
from c2b.accounts.models import User
from c2b.accounts.views import enter
from c2b.core.db import db


@dataclass(frozen=True)
class SignedIn:
    """Somebody at a browser: send `cookie` with each request, and `token` as csrf_token with each form."""

    user_id: int
    cookie: str
    token: str


def signed_in(app: Flask, ids: Iterable[int]) -> list[SignedIn]:
    """Sessions of these people, as if each had signed in a moment ago (in the application's context)."""
    users = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(list(ids))))}
    return [_session(app, users[id_]) for id_ in ids]


def _session(app: Flask, user: User) -> SignedIn:
    with app.test_request_context(
        "/", headers={"User-Agent": AGENT}, environ_base={"REMOTE_ADDR": "127.0.0.1"}
    ):
        for name in list(
            g
        ):  # it lives as long as the application's context, so that of the last person is there
            g.pop(name)
        enter(user)
        token = generate_csrf()
        answer = Response()
        app.session_interface.save_session(app, session._get_current_object(), answer)  # type: ignore[attr-defined]
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return SignedIn(user.id, cookie, token)
