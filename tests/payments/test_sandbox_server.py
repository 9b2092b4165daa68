"""The sandbox as a process of its own: it may be killed, hang, answer nonsense; its book outlives it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from c2b.config import ROOT
from c2b.payments.gateway import NoAnswer
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.remote import RemoteSandbox
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.gateways.server import post_to
from c2b.payments.states import AttemptState as S
from c2b.payments.states import Purpose
from tests.payments.asking import charge, charged, found, held, hold
from tests.payments.peers import GOOD, running_server


@contextmanager
def process(book: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], RemoteSandbox]]:
    """A server in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "c2b.payments.gateways.server",
        "--book",
        str(book),
        "--secret",
        "s",
        *more,
    ]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as server:
        assert server.stdout
        port = int(server.stdout.readline().split()[-1])
        try:
            yield server, RemoteSandbox(f"http://127.0.0.1:{port}", "shop", ("s",))
        finally:
            server.kill()


def test_a_server_that_was_killed_knows_all_that_it_had_answered(tmp_path: Path) -> None:
    book = tmp_path / "book.sqlite3"
    with process(book) as (server, shop):
        payment = charged(shop)
        server.kill()
        server.wait()
        with pytest.raises(NoAnswer):
            found(shop, "c-1", Purpose.CAPTURE, payment=payment)
    far = Sandbox(Book(str(book)), "shop")
    assert [(line.kind, line.key, line.amount) for line in far.book_lines()] == [("charge", "c-1", 500)]
    with process(book) as (_server, shop):
        assert found(shop, "c-1", Purpose.CAPTURE, payment=payment).state == S.SUCCEEDED  # type: ignore[union-attr]
        assert charge(shop, "c-1", payment).state == S.SUCCEEDED
        assert len(list(shop.book_lines())) == 1


def test_a_server_sends_its_webhooks_by_itself(tmp_path: Path) -> None:
    letters: list[tuple[bytes, dict[str, str]]] = []
    came = threading.Event()

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            letters.append((body, dict(self.headers)))
            self.send_response(200)
            self.end_headers()
            came.set()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with (
        serving(Inbox) as address,
        process(tmp_path / "book.sqlite3", "--webhooks", address + "/hook") as (_, shop),
    ):
        held(shop)
        assert came.wait(30)
        assert shop.read_event(*letters[0]).key == "a-1"


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Something that answers, and its address."""
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("word", ["drop_before", "error_before", "drop_after", "error_after", "garbage"])
def test_faults_are_real_on_the_wire(tmp_path: Path, word: str) -> None:
    """The connection is cut, the status is 500, the body is nonsense: for the shop it is one and the same."""
    with running_server(tmp_path) as (_server, url):
        shop = RemoteSandbox(url, "shop", GOOD)
        shop.call("script", "authorise", [word])
        with pytest.raises(NoAnswer):
            hold(shop, "a-1", "tok_ok")
        seen = found(shop, "a-1")
        assert (seen is None) == word.endswith("_before")
        assert hold(shop, "a-1", "tok_ok").state == S.SUCCEEDED
        assert len(shop.call("holds")) == 1


def test_who_asks_one_that_hangs_gives_up_and_finds_out_later(tmp_path: Path) -> None:
    """F-31: the server hangs for a minute, the shop waits a quarter of a second."""
    with running_server(tmp_path) as (_server, url):
        shop = RemoteSandbox(url, "shop", GOOD, timeout=0.25)
        shop.call("script", "authorise", ["hang:60", "delay:0.01"])
        with pytest.raises(NoAnswer):
            hold(shop, "a-1", "tok_ok")
        assert found(shop, "a-1").state == S.SUCCEEDED  # type: ignore[union-attr]


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serving(Elsewhere) as url, pytest.raises(NoAnswer, match="status 307"):
        hold(RemoteSandbox(url, "shop", GOOD), "a-1", "tok_ok")
    assert asked == ["/shop/authorise"]


@pytest.mark.parametrize(
    "answer",
    ["null", "[]", "7", "{}", '{"state": "fine"}',
     json.dumps({"state": "succeeded", "reference": 7, "code": None, "fee": None, "expires_at": None, "amount": "1",
                 "currency": None, "retry_after": None})],
)  # fmt: skip
def test_an_answer_of_another_form_is_no_answer(answer: str) -> None:
    class Nonsense(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serving(Nonsense) as url, pytest.raises(NoAnswer):
        hold(RemoteSandbox(url, "shop", GOOD), "a-1", "tok_ok")


def test_an_address_with_a_certificate_that_nobody_signed_is_not_believed(tmp_path: Path) -> None:
    """It is no TLS at all here; what matters is that the shop does not go on without."""
    with running_server(tmp_path) as (_server, url), pytest.raises(NoAnswer, match="SSLError"):
        hold(RemoteSandbox(url.replace("http:", "https:"), "shop", GOOD), "a-1", "tok_ok")


def test_a_call_that_the_server_does_not_know_or_cannot_read_is_no_answer(tmp_path: Path) -> None:
    with running_server(tmp_path) as (_server, url):
        shop = RemoteSandbox(url, "shop", GOOD)
        for verb, arguments in (
            ("writing", ()),
            ("authorise", ("x",)),
            ("authorise", ()),
            ("script", ("a", ["?"])),
        ):
            with pytest.raises(NoAnswer, match="status 400"):
                shop.call(verb, *arguments)


def test_two_shops_of_one_server_know_nothing_of_each_other(tmp_path: Path) -> None:
    with running_server(tmp_path) as (_server, url):
        one, two = (RemoteSandbox(url, name, GOOD) for name in ("one", "two"))
        held(one)
        assert found(two, "a-1") is None
        assert two.call("keys") == []


def test_a_letter_to_nobody_is_not_taken() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        address = f"http://127.0.0.1:{closed.server_address[1]}/hook"
    assert post_to(address, timeout=1)(b"{}", {}) == 0


def test_every_lever_of_a_test_can_be_pulled_from_afar(tmp_path: Path) -> None:
    with running_server(tmp_path) as (_server, url):
        shop = RemoteSandbox(url, "shop", GOOD)
        payment = charged(shop)
        dispute = shop.call("open_dispute", payment)
        shop.answer_dispute(dispute, "Here it is.")
        shop.call("decide_dispute", dispute, True)
        assert shop.dispute(dispute).state == "won"  # type: ignore[union-attr]
        shop.call("forget_keys")
        shop.call("revoke", "tok_ok")
        assert hold(shop, "a-2", "tok_ok").code == "no_such_card"
        shop.call("pass_time", "2025-06-20T00:00:00+00:00")
        assert set(shop.call("keys")) == {"a-1", "c-1", "a-2"}
