"""The sandbox as a process of its own: `python -m c2b.payments.gateways.server --book FILE [--port N] …`.

It has its own book, so that books can be compared, and either side can be killed. Scripted faults are real here:
connections are cut, answers hang, bodies are garbage. It says on which port it listens, in one line. For tests and
development only: it believes everybody.
"""

import argparse
import http.client
import json
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from c2b.config import load
from c2b.core.clock import utcnow
from c2b.payments.gateway import Asked, KeyReused, NoAnswer, TooMany
from c2b.payments.gateways.book import Book
from c2b.payments.gateways.sandbox import Sandbox
from c2b.payments.gateways.webhooks import Post
from c2b.payments.gateways.wire import pack, unpack

REQUESTS = ("authorise", "capture", "void", "refund", "pay_out", "look_up")
QUESTIONS = ("dispute", "payout_returned", "lines_page", "visit", "hold", "holds", "keys")
ACTS = ("answer_dispute", "open_visit", "choose", "choose_payee", "confirm")
LEVERS = ("script", "forget_keys", "open_dispute", "decide_dispute", "return_payout", "revoke", "pass_time")
LARGEST = 1_000_000  # bytes of a question


class Server(ThreadingHTTPServer):
    """Listens, one thread for each connection, all on one book."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, book: Book, secrets: Sequence[str], host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.book, self.secrets = book, secrets

    def sandbox(self, account: str) -> Sandbox:
        """This shop's view of the book; clients wait where a script says so."""
        found = Sandbox(self.book, account, self.secrets)
        found.sleep = time.sleep
        return found


class Handler(BaseHTTPRequestHandler):
    """POST /<account>/<verb> with the arguments as a JSON list; the answer is JSON."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        """Answer, or keep silent as the script says."""
        self.close_connection = True
        try:
            account, verb = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")[-2:]]
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST))
            said = act(self.server.sandbox(account), verb, json.loads(body))
        except KeyReused:
            self._answer(409, b"{}")
        except TooMany as wait:
            self._answer(429, b"{}", {"Retry-After": str(wait.retry_after)})
        except NoAnswer as silence:
            self._keep_silent(str(silence))
        except (LookupError, TypeError, ValueError, AttributeError) as problem:
            self._answer(400, json.dumps({"error": str(problem)}).encode())
        else:
            self._answer(200, json.dumps(said).encode())

    def _keep_silent(self, how: str) -> None:
        if how in ("error_before", "error_after", "provider_error"):
            self._answer(500, b'{"error": "something went wrong"}')
        elif how == "garbage":
            self._answer(200, b"<html>\xff\xfe it is not what you think")
        # else the connection is closed without a word

    def _answer(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        for name, value in (headers | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the standard library's
        """Nothing: requests are in the book."""


def act(sandbox: Sandbox, verb: str, arguments: Any) -> Any:
    """One call of the sandbox, from JSON to JSON; ValueError where there is no such verb."""
    if verb not in (*REQUESTS, *QUESTIONS, *ACTS, *LEVERS):
        raise ValueError(f"there is no {verb}")
    if verb in REQUESTS:
        arguments = [unpack(Asked, arguments[0])]
    if verb == "pass_time":
        arguments = [datetime.fromisoformat(arguments[0])]
    if verb == "lines_page" and arguments[0]:
        arguments = [datetime.fromisoformat(arguments[0]), arguments[1]]
    if verb in ("open_dispute", "return_payout"):
        return pack(getattr(sandbox, verb)(*arguments, now=utcnow()))
    if verb == "decide_dispute":
        return sandbox.decide_dispute(arguments[0], won=bool(arguments[1]), now=utcnow())
    return pack(getattr(sandbox, verb)(*arguments))


def post_to(url: str, timeout: float = 10.0) -> Post:
    """Sends webhooks to an address; 0 where nobody answers."""
    parts = urlsplit(url)

    def post(body: bytes, headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request("POST", parts.path or "/", body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    return post


def keep_telling(server: Server, url: str, pause: float = 1.0) -> None:
    """Send the webhooks of all shops in the book, again and again."""
    post = post_to(url)
    while True:
        for row in server.book.read("select distinct account from event where delivered = 0"):
            server.sandbox(row["account"]).deliver_events(post)
        time.sleep(pause)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="The sandbox provider, as a server of its own.")
    parser.add_argument("--book", required=True, help="the SQLite file with its book")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument(
        "--webhooks", default="", help="where events are sent: http://…/webhooks/sandbox_server"
    )
    parser.add_argument(
        "--secret", action="append", default=[], help="signs webhooks; give two to replace one"
    )
    chosen = parser.parse_args(arguments)
    server = Server(Book(chosen.book), chosen.secret or load().sandbox_secrets, chosen.host, chosen.port)
    if chosen.webhooks:
        threading.Thread(target=keep_telling, args=(server, chosen.webhooks), daemon=True).start()
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
