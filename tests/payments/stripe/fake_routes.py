"""Which requests the fake knows, with the parameters that exist: Stripe refuses any other."""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.payments.stripe.fake_book import Refusal, Thing
from tests.payments.stripe.fake_connect import Connect

MONEY = (
    "payment_method customer amount currency capture_method confirm off_session allowed_payment_method_types"
)
Handler = Callable[..., Thing]
# verb, method, path, the parameters that exist (Stripe refuses any other), what it does
ROUTES: list[tuple[str, str, str, str, Handler]] = [
    ("customer", "POST", "customers", "metadata",
     lambda b, p, a: b.add("cus", "customer", metadata=p.get("metadata", {}))),
    ("setup", "POST", "checkout/sessions", "mode customer allowed_payment_method_types success_url cancel_url metadata",
     lambda b, p, a: open_session(b, p)),
    ("setup_done", "GET", r"checkout/sessions/(\w+)", "expand", lambda b, p, a, n: b.get(n, "checkout.session")),
    ("authorise", "POST", "payment_intents", f"{MONEY} metadata expand", lambda b, p, a: b.authorise(p)),
    ("list", "GET", "payment_intents", "customer created limit starting_after expand",
     lambda b, p, a: page(b, p, "payment_intent", "customer")),
    ("retrieve", "GET", r"payment_intents/(\w+)", "expand", lambda b, p, a, n: b.get(n, "payment_intent")),
    ("confirm", "POST", r"payment_intents/(\w+)/confirm", "payment_method return_url",
     lambda b, p, a, n: b.confirm(n, p)),
    ("capture", "POST", r"payment_intents/(\w+)/capture", "amount_to_capture metadata expand",
     lambda b, p, a, n: b.capture(n, p)),
    ("void", "POST", r"payment_intents/(\w+)/cancel", "cancellation_reason", lambda b, p, a, n: b.cancel(n)),
    ("refund", "POST", "refunds", "payment_intent amount metadata expand", lambda b, p, a: b.refund(p)),
    ("refunds", "GET", "refunds", "payment_intent limit starting_after",
     lambda b, p, a: page(b, p, "refund", "payment_intent")),
    ("dispute", "GET", r"disputes/(\w+)", "expand", lambda b, p, a, n: b.get(n, "dispute")),
    ("answer", "POST", r"disputes/(\w+)", "evidence submit", lambda b, p, a, n: b.update_dispute(n, p)),
    ("payee", "POST", "accounts", "controller capabilities settings metadata", lambda b, p, a: b.open_account(p)),
    ("payee_done", "GET", r"accounts/(\w+)", "", lambda b, p, a, n: b.get(n, "account")),
    ("link", "POST", "account_links", "account type return_url refresh_url", lambda b, p, a: b.link(p)),
    ("payout", "POST", "transfers", "amount currency destination transfer_group metadata",
     lambda b, p, a: b.transfer(p)),
    ("transfers", "GET", "transfers", "transfer_group limit starting_after",
     lambda b, p, a: page(b, p, "transfer", "transfer_group")),
    ("transfer", "GET", r"transfers/(\w+)", "", lambda b, p, a, n: b.get(n, "transfer")),
    ("reverse", "POST", r"transfers/(\w+)/reversals", "metadata", lambda b, p, a, n: b.reverse(n, p)),
    ("bank", "POST", "payouts", "amount currency metadata", lambda b, p, a: b.pay_out(p, a)),
    ("payouts", "GET", "payouts", "limit starting_after created", lambda b, p, a: page(b, p, "payout", account=a)),
    ("book", "GET", "balance_transactions", "limit starting_after created expand",
     lambda b, p, a: page(b, p, "balance_transaction")),
]  # fmt: skip


def open_session(book: Connect, p: Thing) -> Thing:
    """A visit to the hosted page."""
    if p["mode"] != "setup" or p["allowed_payment_method_types"] != ["card"]:
        raise Refusal(400, False, param="mode", message="this fake saves cards only")
    book.get(p["customer"], "customer", param="customer")
    intent = book.add("seti", "setup_intent", status="requires_payment_method", payment_method=None,
                      customer=p["customer"])  # fmt: skip
    visit = book.add(
        "cs", "checkout.session", customer=p["customer"], setup_intent=intent["id"], status="open"
    )
    visit.update(metadata=p["metadata"], url=f"https://checkout.stripe.test/c/{visit['id']}")
    return visit


def page(book: Connect, p: Thing, kind: str, *filters: str, account: str = "") -> Thing:
    """A list, newest first."""
    found = book.all(kind, account)
    for name in {"customer", "payment_intent"} & p.keys():
        book.get(p[name], name, param=name)
    for name in filters:
        found = [thing for thing in found if p.get(name) in (None, thing[name])]
    since = int(p.get("created", {}).get("gte", 0))
    found = [thing for thing in found if thing["created"] >= since]
    if "starting_after" in p:
        found = found[[thing["id"] for thing in found].index(p["starting_after"]) + 1 :]
    limit = int(p.get("limit", 10))
    return {"object": "list", "url": f"/v1/{kind}s", "data": found[:limit], "has_more": len(found) > limit}


def expanded(book: Connect, thing: Any, paths: list[str]) -> Any:
    """A copy in which these ids are the objects that they name."""
    copy: Any = json.loads(json.dumps(thing))
    for path in paths:
        _expand(book, copy, path.split("."))
    return copy


def _expand(book: Connect, thing: Any, path: list[str]) -> None:
    for one in thing if isinstance(thing, list) else [thing]:
        value = one.get(path[0])
        if isinstance(value, str) and value in book.things:
            value = one[path[0]] = json.loads(json.dumps(book.things[value]))
        if value and path[1:]:
            _expand(book, value, path[1:])


def verb_of(method: str, path: str) -> str:
    """What a request asks for."""
    found = (verb for verb, one, pattern, _, _ in ROUTES if one == method and re.fullmatch(pattern, path))
    return next(found, "unknown")
