"""localstripe as the contract suite meets it: somebody else's Stripe, for what it can do.

GAPS is what it cannot, by the name of the contract's test and with the reason; our own fake plays all of it.
"""

import atexit
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.payments.stripe.peers import SECRETS, FakePeer, gateway_at

KEY = "sk_test_local"
NUMBERS = {  # test numbers of Stripe's own documents
    "ok": "4242424242424242",
    "needs_confirmation": "4000002500003155",
    "declined": "4000000000000341",
}
NO_KEYS = "it ignores idempotency keys"
NO_FAULTS = "it answers every request: there is nothing to make it lose one, and no keys to ask again with"
NO_CONNECT = "it has no Connect: neither accounts nor transfers"
NO_DISPUTES = "it has no disputes"
NO_CHECKS = (
    "it does not look: it pays back more than was charged, or what never was, and charges what was let go"
)
GAPS = {
    "test_a_card_is_saved_on_the_providers_own_page": "it has no Checkout; test_local.py saves one by a SetupIntent",
    "test_a_visit_that_never_was_saves_no_card": "it has no Checkout",
    "test_a_bank_account_is_named_on_the_providers_own_page": NO_CONNECT,
    "test_a_hold_charges_nothing_and_says_until_when_it_is_held": "its charges have no capture_before",
    "test_what_is_held_is_charged_once_with_its_fee": "it takes no fee",
    "test_less_than_what_is_held_can_be_charged": "it books the whole, and a refund of the rest",
    "test_what_was_let_go_is_not_charged": NO_CHECKS,
    "test_a_charge_is_paid_back_in_parts_and_never_beyond_its_whole": NO_CHECKS,
    "test_what_was_never_charged_is_not_paid_back": NO_CHECKS,
    "test_a_firm_is_paid": NO_CONNECT,
    "test_a_bank_account_that_is_closed_is_not_paid": NO_CONNECT,
    "test_a_paid_payout_can_come_back_from_the_bank": NO_CONNECT,
    "test_a_decline_names_its_reason": "it knows one decline, card_declined; test_local.py tries that",
    "test_a_payment_waits_for_the_shopper_who_says_yes": "to charge what waits is a 500; test_local.py does the rest",
    "test_the_same_key_has_the_same_answer_and_acts_once": NO_KEYS,
    "test_a_key_with_another_request_is_refused_and_does_nothing": NO_KEYS,
    "test_a_key_that_never_arrived_is_not_found": NO_CONNECT,
    "test_an_answer_that_is_lost_is_found_by_looking": NO_FAULTS,
    "test_a_question_that_is_lost_is_not_found_and_can_be_asked_again": NO_FAULTS,
    "test_too_many_requests_say_when_to_come_again": NO_FAULTS,
    "test_a_dispute_takes_the_charge_away_and_is_answered": NO_DISPUTES,
    "test_a_decided_dispute_gives_the_money_back_to_a_merchant_who_won": NO_DISPUTES,
    "test_a_dispute_that_nobody_opened_is_not_found": NO_DISPUTES,
    "test_the_balance_is_what_happened": NO_CONNECT,
    "test_a_webhook_tells_which_request_was_decided": "it tells of charges, not of holds; test_local.py hears of one",
    "test_a_webhook_tells_of_a_dispute_and_of_its_end": NO_DISPUTES,
    "test_a_webhook_tells_of_a_payout_that_came_back": NO_CONNECT,
}


@cache
def server() -> str:
    """The address of the one localstripe of this test process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.payments.stripe.local_server"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    atexit.register(stop, process)
    assert process.stdout
    return f"http://127.0.0.1:{int(process.stdout.readline())}"


def stop(process: "subprocess.Popen[str]") -> None:
    """End it, and leave no open file behind."""
    process.terminate()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def call(method: str, path: str, **fields: Any) -> Any:
    """A request of its own kind, past our gateway."""
    body = urlencode(fields).encode() if fields else None
    request = Request(server() + path, body, {"Authorization": f"Bearer {KEY}"}, method=method)
    with urlopen(request, timeout=5) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class LocalPeer(FakePeer):
    """localstripe on its port, and a letter box for its webhooks."""

    page = ""

    def __init__(self, box: list[tuple[bytes, dict[str, str]]]) -> None:
        self.gateway = gateway_at(server(), key=KEY)
        self.box = box

    def card(self, kind: str) -> str:
        customer = call("POST", "/v1/customers", name="A shopper")["id"]
        fields = {
            "card[number]": NUMBERS[kind],
            "card[exp_month]": 12,
            "card[exp_year]": 2040,
            "card[cvc]": "314",
        }
        method = call("POST", "/v1/payment_methods", type="card", **fields)["id"]
        call("POST", f"/v1/payment_methods/{method}/attach", customer=customer)
        return f"{customer}/{method}"

    def confirm(self, reference: str, yes: bool) -> None:
        secret = call("GET", f"/v1/payment_intents/{reference}")["client_secret"]
        try:
            call("POST", f"/v1/payment_intents/{reference}/_authenticate", client_secret=secret, success=yes)
        except HTTPError as error:
            error.close()  # nothing waits any more

    def letters(self) -> Sequence[tuple[bytes, dict[str, str]]]:
        """What arrived, once nothing more does."""
        end, seen = time.monotonic() + 5, -1
        while time.monotonic() < end and (not self.box or seen != len(self.box)):
            seen = len(self.box)
            time.sleep(0.1)
        return list(self.box)


@contextmanager
def letter_box() -> Iterator[tuple[str, list[tuple[bytes, dict[str, str]]]]]:
    """An address that takes webhooks, and what it took."""
    box: list[tuple[bytes, dict[str, str]]] = []

    class Door(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            box.append((self.rfile.read(int(self.headers["content-length"])), dict(self.headers)))
            self.send_response(200)
            self.end_headers()

    door = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.server_address[1]}/webhooks/stripe", box
    finally:
        door.shutdown()
        door.server_close()
        thread.join()


@contextmanager
def localstripe(_folder: Path) -> Iterator[LocalPeer]:
    """localstripe with an empty book."""
    with letter_box() as (address, box):
        call("DELETE", "/_config/data")
        call("POST", "/_config/webhooks/shop", url=address, secret=SECRETS["today"])
        yield LocalPeer(box)
