"""What a payment provider of Stripe's kind keeps in its book, and what each request does to it. Written from its
public documents, for tests; strict where Stripe is strict, so that a wrong request fails here too."""

import itertools
import time
from typing import Any

Thing = dict[str, Any]
DAY = 24 * 3600
HOLD_LASTS = 4 * DAY + 18 * 3600  # a Visa card, without the shopper
DISPUTE_FEE = 1500
DECLINES = {  # what the card does → decline_code
    "declined": "generic_decline",
    "insufficient_funds": "insufficient_funds",
    "lost_card": "lost_card",
    "do_not_honor": "do_not_honor",
    "fraud": "fraudulent",
    "try_again_later": "try_again_later",
}
SECRET = "_secret_canary_77"  # with what ends whatever must never be kept or logged
PERSON = {"name": "Canary Bird", "email": "canary@bird.example", "phone": "+8613800138000"}


class Refusal(Exception):
    """An answer with an error in it. `saved`: whether a repeated key gets it again."""

    def __init__(self, status: int, saved: bool = True, **error: Any) -> None:
        super().__init__(error)
        self.status, self.saved = status, saved
        self.error = {"type": "invalid_request_error", "message": "No.", **error}


def charge_fee(amount: int) -> int:
    """What is kept of each charge."""
    return (amount * 29 + 500) // 1000 + 30


class Book:
    """All objects by their ids, and the events that tell of their changes."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self.owner: dict[str, str] = {}  # the connected account that an object belongs to; "" for ours
        self.kinds: dict[str, str] = {}  # what a payment method or connected account does
        self.events: list[Thing] = []
        self.ahead = 0.0
        self._numbers = itertools.count(1)

    def now(self) -> int:
        """The time at Stripe."""
        return int(time.time() + self.ahead)

    def add(self, prefix: str, kind: str, account: str = "", **fields: Any) -> Thing:
        """A new object."""
        name = f"{prefix}_{next(self._numbers):06d}"
        self.things[name] = {
            "id": name, "object": kind, "created": self.now(), "livemode": False, "metadata": {}, **fields,
        }  # fmt: skip
        self.owner[name] = account
        if kind in ("payment_intent", "setup_intent", "checkout.session"):
            self.things[name]["client_secret"] = name + SECRET
        return self.things[name]

    def get(self, name: str, kind: str, account: str = "", param: str = "id") -> Thing:
        """The object of this name, or the refusal that Stripe answers."""
        thing = self.things.get(name)
        if thing is None or thing["object"] != kind or self.owner[name] != account:
            status = 404 if param in ("id", "intent") else 400
            raise Refusal(
                status, False, code="resource_missing", param=param, message=f"No such {kind}: '{name}'"
            )
        return thing

    def all(self, kind: str, account: str = "") -> list[Thing]:
        """The newest first."""
        found = [t for n, t in self.things.items() if t["object"] == kind and self.owner[n] == account]
        return found[::-1]

    def tell(self, kind: str, thing: Thing, account: str = "") -> None:
        """An event, with the object as it is now."""
        event = {
            "id": f"evt_{next(self._numbers):06d}", "object": "event", "type": kind, "created": self.now(),
            "api_version": "2026-10-28.endive", "livemode": False, "data": {"object": dict(thing)},
        }  # fmt: skip
        self.events.append({**event, "account": account} if account else event)

    def line(self, kind: str, source: Thing, amount: int, fee: int = 0, category: str = "") -> Thing:
        """A line of our balance."""
        return self.add("txn", "balance_transaction", type=kind, reporting_category=category or kind, amount=amount,
                        fee=fee, net=amount - fee, currency=source["currency"], source=source["id"])  # fmt: skip

    def balance(self) -> int:
        """The sum of the book."""
        return sum(line["net"] for line in self.all("balance_transaction"))

    def pass_time(self) -> None:
        """Holds that nobody charged in time are let go."""
        for intent in self.all("payment_intent"):
            charge = self.things.get(intent["latest_charge"] or "")
            if not charge or intent["status"] != "requires_capture":
                continue
            if charge["payment_method_details"]["card"]["capture_before"] <= self.now():
                intent.update(status="canceled", cancellation_reason="automatic", canceled_at=self.now())
                self.tell("payment_intent.canceled", intent)

    # cards ----------------------------------------------------------------------------------------

    def card(self, kind: str, customer: str, number: str = "4242", brand: str = "visa") -> Thing:
        """A card that is saved for a customer and does what its kind says."""
        card = {
            "brand": brand,
            "last4": number[-4:],
            "fingerprint": f"fp{kind}{number[-4:]}",
            "exp_month": 12,
        }
        method = self.add(
            "pm", "payment_method", type="card", customer=customer, card=card, billing_details=PERSON
        )
        self.kinds[method["id"]] = kind
        return method

    def visit(self, session: str, kind: str, number: str = "4242424242424242") -> None:
        """A shopper types a card into the hosted page."""
        visit = self.things[session]
        method = self.card(kind, visit["customer"], number)
        self.things[visit["setup_intent"]].update(status="succeeded", payment_method=method["id"])
        visit["status"] = "complete"

    # payments -------------------------------------------------------------------------------------

    def authorise(self, p: Thing) -> Thing:
        """POST /v1/payment_intents, confirmed at once without the shopper."""
        self.get(p["customer"], "customer", param="customer")
        method = self.get(p["payment_method"], "payment_method", param="payment_method")
        if method["customer"] != p["customer"]:
            raise Refusal(
                400, code="resource_missing", param="payment_method", message="not attached to the customer"
            )
        amount = _positive(p["amount"])
        intent = self.add(
            "pi", "payment_intent", amount=amount, currency=p["currency"], customer=p["customer"],
            payment_method=method["id"], capture_method=p["capture_method"], status="requires_confirmation",
            latest_charge=None, next_action=None, last_payment_error=None, amount_received=0,
            cancellation_reason=None,
        )  # fmt: skip
        intent["metadata"] = p.get("metadata", {})
        self._try(intent, method, present=False)
        return intent

    def _try(self, intent: Thing, method: Thing, *, present: bool) -> None:
        kind = self.kinds[method["id"]]
        if kind == "needs_confirmation" and not present:
            self._decline(intent, method, "authentication_required", "authentication_required")
        if kind == "expired_card":
            self._decline(intent, method, "expired_card", "expired_card")
        if kind in DECLINES:
            self._decline(intent, method, "card_declined", DECLINES[kind])
        self._hold(intent, method)

    def _decline(self, intent: Thing, method: Thing, code: str, decline: str) -> None:
        error = {"type": "card_error", "code": code, "decline_code": decline, "payment_method": dict(method)}
        intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
        self.tell("payment_intent.payment_failed", intent)
        raise Refusal(402, **{**error, "payment_intent": dict(intent)})

    def _hold(self, intent: Thing, method: Thing) -> None:
        card = {**method["card"], "capture_before": self.now() + HOLD_LASTS}
        charge = self.add(
            "ch", "charge", amount=intent["amount"], currency=intent["currency"], payment_intent=intent["id"],
            captured=False, status="succeeded", amount_captured=0, amount_refunded=0, disputed=False,
            payment_method_details={"type": "card", "card": card}, balance_transaction=None,
        )  # fmt: skip
        charge["metadata"] = dict(intent["metadata"])
        intent.update(status="requires_capture", latest_charge=charge["id"], last_payment_error=None)
        self.tell("payment_intent.amount_capturable_updated", intent)

    def confirm(self, name: str, p: Thing) -> Thing:
        """POST …/confirm with the shopper present: the bank's page is next."""
        intent = self.get(name, "payment_intent")
        if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
            raise _unexpected(intent)
        method = self.get(p["payment_method"], "payment_method", param="payment_method")
        intent["payment_method"] = method["id"]
        if self.kinds[method["id"]] == "needs_confirmation":
            step = {"url": f"https://hooks.stripe.test/3ds/{name}", "return_url": p["return_url"]}
            intent.update(
                status="requires_action", next_action={"type": "redirect_to_url", "redirect_to_url": step}
            )
            self.tell("payment_intent.requires_action", intent)
        else:
            self._try(intent, method, present=True)
        return intent

    def authenticate(self, name: str, yes: bool) -> None:
        """The shopper says yes or no on the bank's page."""
        intent = self.things[name]
        if intent["status"] != "requires_action":
            return
        method = self.things[intent["payment_method"]]
        intent["next_action"] = None
        if yes:
            self._hold(intent, method)
            return
        error = {"code": "payment_intent_authentication_failure", "payment_method": dict(method)}
        intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
        self.tell("payment_intent.payment_failed", intent)

    def capture(self, name: str, p: Thing) -> Thing:
        """POST …/capture."""
        intent = self.get(name, "payment_intent")
        if intent["status"] != "requires_capture":
            raise _unexpected(intent)
        amount = _positive(p["amount_to_capture"])
        if amount > intent["amount"]:
            raise Refusal(400, code="amount_too_large", param="amount_to_capture")
        charge = self.things[intent["latest_charge"]]
        if self.kinds[intent["payment_method"]] == "capture_fails":
            raise Refusal(402, type="card_error", code="card_declined", decline_code="capture_refused")
        line = self.line("charge", charge, amount, charge_fee(amount))
        charge.update(captured=True, amount_captured=amount, balance_transaction=line["id"])
        intent["metadata"] = {**intent["metadata"], **p.get("metadata", {})}
        intent.update(status="succeeded", amount_received=amount)
        self.tell("payment_intent.succeeded", intent)
        if self.kinds[intent["payment_method"]] == "disputed":
            self.open_dispute(name)  # see fake_connect.py
        return intent

    def cancel(self, name: str) -> Thing:
        """POST …/cancel."""
        intent = self.get(name, "payment_intent")
        if intent["status"] in ("canceled", "succeeded", "processing"):
            raise _unexpected(intent)
        intent.update(status="canceled", next_action=None, canceled_at=self.now())
        self.tell("payment_intent.canceled", intent)
        return intent

    def refund(self, p: Thing) -> Thing:
        """POST /v1/refunds."""
        intent = self.get(p["payment_intent"], "payment_intent", param="intent")
        charge = self.things.get(intent["latest_charge"] or "", {})
        if not charge.get("captured"):
            raise Refusal(400, code="charge_not_captured", message="nothing was charged")
        if charge["disputed"]:
            raise Refusal(400, code="charge_disputed")
        left, amount = charge["amount_captured"] - charge["amount_refunded"], _positive(p["amount"])
        if left == 0:
            raise Refusal(400, code="charge_already_refunded")
        if amount > left:
            raise Refusal(400, param="amount", message="greater than what is left")
        kind = self.kinds[intent["payment_method"]]
        status = {"refund_fails": "failed", "refund_waits": "pending"}.get(kind, "succeeded")
        refund = self.add("re", "refund", amount=amount, currency=intent["currency"], status=status,
                          payment_intent=intent["id"], charge=charge["id"])  # fmt: skip
        refund["metadata"] = p.get("metadata", {})
        if status == "failed":
            refund["failure_reason"] = "lost_or_stolen_card"
        else:
            charge["amount_refunded"] += amount
            self.line("refund", refund, -amount)
        self.tell("refund.created", refund)
        return refund


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Refusal(400, False, code="parameter_invalid_integer", param="amount")
    return int(text)


def _unexpected(intent: Thing) -> Refusal:
    return Refusal(400, code="payment_intent_unexpected_state", payment_intent=dict(intent))
