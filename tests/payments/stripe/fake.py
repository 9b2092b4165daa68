"""A small Stripe on a port of its own: its keys, its strictness, its troubles. The book is in fake_book.py.

Troubles are asked for by `script(verb, words…)`, one word for each request of that verb: `drop_before`, `drop_after`
(no answer), `error_before`, `error_after` (500, remembered under the key), `too_many:7` (429), `conflict` (409),
`garbage`, `wrong_amount`, `wrong_currency`, `wrong_id`, `hang:0.3`, `ok`.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from tests.payments.stripe.fake_book import DAY, Refusal, Thing
from tests.payments.stripe.fake_connect import Connect
from tests.payments.stripe.fake_routes import ROUTES, expanded, verb_of

KEY = "sk_test_the_fakes_own_key"
SECRET, OLD_SECRET = "whsec_the_new_one", "whsec_the_old_one"


@dataclass
class Seen:
    """One request as it arrived."""

    verb: str
    method: str
    path: str
    params: Thing
    headers: dict[str, str]
    raw: str


@dataclass
class Saved:
    """What a key was answered."""

    what: str
    at: float
    status: int = 0  # 0: still at work
    body: Any = None


@dataclass
class Fake:
    """The server's memory, and the levers that a test pulls."""

    address: str = ""
    book: Connect = field(default_factory=Connect)
    seen: list[Seen] = field(default_factory=list)
    keys: dict[tuple[str, str], Saved] = field(default_factory=dict)
    troubles: dict[str, list[str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def script(self, verb: str, *words: str) -> None:
        """The next requests of this verb meet these troubles."""
        self.troubles[verb] = list(words)

    def skip(self, seconds: float) -> None:
        """Time passes at Stripe."""
        self.book.ahead += seconds
        self.book.pass_time()

    def times(self, verb: str) -> int:
        """How often this was asked."""
        return sum(request.verb == verb for request in self.seen)

    def webhook(
        self, event: Thing, secret: str = SECRET, at: float | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """An event as it would be sent, signed."""
        body = json.dumps(event, indent=2)
        seconds = int(time.time() if at is None else at)
        signature = stripe.WebhookSignature.generate_signature_header(body, secret, seconds)
        return body.encode(), {"Stripe-Signature": signature, "Content-Type": "application/json"}

    def answer(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers; a body of None is a connection that breaks."""
        with self.lock:
            words = self.troubles.get(request.verb)
            word, _, number = (words.pop(0) if words else "ok").partition(":")
            key = (request.headers.get("stripe-account", ""), request.headers.get("idempotency-key", ""))
            early = self._early(request, word, number, key)
            if early:
                return early
            status, body = self._once(request, key, word)
        if word == "hang":
            time.sleep(float(number))
        if word in ("drop_after", "hang"):
            return status, None, {}
        if word == "garbage":
            return 200, "<html>Bad gateway</html>", {}
        return status, body, {}

    def _early(
        self, request: Seen, word: str, number: str, key: tuple[str, str]
    ) -> tuple[int, Any, dict[str, str]] | None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return 401, error(type="invalid_request_error", message="Invalid API Key provided"), {}
        if word == "drop_before":
            return 0, None, {}
        if word == "too_many":
            return 429, error(code="rate_limit"), {"Retry-After": number or "1"}
        if word == "conflict":
            return 409, error(type="idempotency_error", code="idempotency_key_in_use"), {}
        if word == "error_before":
            body = error(type="api_error", message="An error occurred.")
            if key[1]:
                self.keys[key] = Saved(what(request), self.book.now(), 500, body)
            return 500, body, {}
        return None

    def _once(self, request: Seen, key: tuple[str, str], word: str) -> tuple[int, Any]:
        """The same key gets the same answer, for a day."""
        known = self.keys.get(key) if request.method == "POST" and key[1] else None
        if known and known.at > self.book.now() - DAY:
            if known.what != what(request):
                return 400, error(type="idempotency_error", message="other parameters")
            return known.status, known.body
        try:
            status, body, saved = 200, bent(self._do(request), word), True
        except Refusal as refusal:
            status, body, saved = refusal.status, {"error": refusal.error}, refusal.saved
        if word == "error_after":
            status, body = 500, error(type="api_error", message="An error occurred.")
        if request.method == "POST" and key[1] and saved:
            self.keys[key] = Saved(what(request), self.book.now(), status, body)
        return status, body

    def _do(self, request: Seen) -> Thing:
        self.book.pass_time()
        for verb, method, path, allowed, handler in ROUTES:
            match = re.fullmatch(path, request.path)
            if verb == request.verb and method == request.method and match:
                unknown = request.params.keys() - set(allowed.split())
                if unknown:
                    raise Refusal(400, False, code="parameter_unknown", param=min(unknown))
                account = request.headers.get("stripe-account", "")
                done = handler(self.book, request.params, account, *match.groups())
                return expanded(self.book, done, request.params.get("expand", []))
        raise Refusal(404, False, message=f"Unrecognized request URL ({request.method}: /v1/{request.path})")


def bent(thing: Thing, word: str) -> Thing:
    """An answer that is about something else."""
    wrong = {
        "wrong_amount": {name: thing[name] + 1 for name in ("amount", "amount_received") if name in thing},
        "wrong_currency": {"currency": "xxx"},
        "wrong_id": {"id": "pi_elsewhere", "metadata": {}},
    }
    return {**thing, **wrong.get(word, {})}


def error(**fields: Any) -> Thing:
    """A body with an error in it."""
    return {"error": {"type": "invalid_request_error", "message": "No.", **fields}}


def what(request: Seen) -> str:
    """Which request this is, but for its key."""
    return json.dumps([request.method, request.path, request.params], sort_keys=True)


def nested(pairs: list[tuple[str, str]]) -> Thing:
    """`a[b][c]=1`, `expand[0]=x` as dictionaries and lists."""
    tree: Thing = {}
    for name, value in pairs:
        parts = re.findall(r"[^\[\]]+", name)
        at = tree
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        at[parts[-1]] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [_lists(value[name]) for name in sorted(value, key=int)]
    return {name: _lists(inner) for name, inner in value.items()}


@contextmanager
def serve() -> Iterator[Fake]:
    """A fake on a free port, in a thread."""
    fake = Fake()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together: else each answer waits 40 ms for an acknowledgement
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def _any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/v1/")
            params = nested(parse_qsl(raw or parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Seen(verb_of(self.command, path), self.command, path, params, headers, self.path + raw)
            fake.seen.append(request)
            status, body, more = fake.answer(request)
            if body is None:
                self.close_connection = True
                return
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), "Request-Id": "req_1", **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815 — the names that http.server asks for

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    fake.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
