"""Who may open a page. Every view wears exactly one mark, and a test finds those that wear none."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import abort, current_app, redirect, request, url_for
from flask_login import current_user

from c2b.core.labels import LabelEnum
from c2b.core.text import mark as _l

V = TypeVar("V", bound=Callable[..., Any])


class Role(LabelEnum):
    """What a person may be. Everybody with an account is a shopper."""

    SHOPPER = "shopper", _l("Shopper")
    MERCHANT = "merchant", _l("Merchant")
    REVIEWER = "reviewer", _l("Reviewer")
    OPERATOR = "operator", _l("Operator")


def public(view: V) -> V:
    """Anybody may open this page."""
    view.access = "public"  # type: ignore[attr-defined]  # the mark that the house test reads
    return view


def same_for_visitors(view: V) -> V:
    """Whoever is not signed in sees the same page at this address: it may be kept for a moment."""
    view.shared = True  # type: ignore[attr-defined]
    return view


def requires(*roles: Role) -> Callable[[V], V]:
    """Only a signed-in person with one of these roles may open this page; others are sent to sign in, or refused."""

    def decorate(view: V) -> V:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                back = request.full_path.rstrip("?") if request.method == "GET" else request.referrer
                return redirect(url_for("accounts.sign_in", next=back))
            if not any(current_user.has_role(role) for role in roles):
                abort(403)
            return current_app.ensure_sync(view)(*args, **kwargs)

        guarded.access = roles  # type: ignore[attr-defined]  # the mark that the house test reads
        return guarded  # type: ignore[return-value]  # the same signature as the view

    return decorate
