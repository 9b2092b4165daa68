"""The sandbox behind HTTP, in a process and with a book of its own: what a real provider looks like from here."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from c2b.config import Config
from c2b.core.clock import utcnow
from c2b.payments.accounts import account_of
from c2b.payments.gateway import (
    Asked,
    BookLine,
    KeyReused,
    NoAnswer,
    Outcome,
    ProviderDispute,
    ProviderEvent,
    TooMany,
)
from c2b.payments.gateways import lines, webhooks
from c2b.payments.gateways.visits import Pages
from c2b.payments.gateways.wire import pack, unpack

TIMEOUT = 10.0  # seconds, for the whole answer
LARGEST = 4_000_000  # bytes of an answer
T = TypeVar("T")


class RemoteSandbox(Pages):
    """The gateway of tests that kill processes and compare books."""

    name = "sandbox_server"

    def __init__(self, url: str, account: str, secrets: Sequence[str], timeout: float = TIMEOUT) -> None:
        self.url = urlsplit(url)
        self.account = account
        self.secrets = tuple(secrets)
        self.timeout = timeout

    # money ------------------------------------------------------------------------------------------

    def authorise(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._outcome("authorise", asked)

    def capture(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._outcome("capture", asked)

    def void(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._outcome("void", asked)

    def refund(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._outcome("refund", asked)

    def pay_out(self, asked: Asked) -> Outcome:
        """See Gateway."""
        return self._outcome("pay_out", asked)

    def look_up(self, asked: Asked) -> Outcome | None:
        """See Gateway."""
        found = self.call("look_up", asked)
        return _read(Outcome, found) if found is not None else None

    # disputes, payouts that came back, the provider's book ------------------------------------------

    def dispute(self, reference: str) -> ProviderDispute | None:
        """See Gateway."""
        found = self.call("dispute", reference)
        return _read(ProviderDispute, found) if found is not None else None

    def answer_dispute(self, reference: str, words: str) -> None:
        """See Gateway."""
        self.call("answer_dispute", reference, words)

    def payout_returned(self, reference: str) -> str | None:
        """See Gateway."""
        found = self.call("payout_returned", reference)
        return str(found) if found is not None else None

    def book_lines(self, since: datetime | None = None) -> Iterator[BookLine]:
        """See Gateway."""
        last = 0
        while page := [_read(BookLine, line) for line in self.call("lines_page", since, last)]:
            yield from page
            last = lines.number_of(page[-1])

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """See Gateway; what is needed for it is on this side."""
        webhooks.verify(body, headers, self.secrets, utcnow())
        return webhooks.read(body, self.account)

    # the pages --------------------------------------------------------------------------------------

    def open_visit(self, kind: str, who: str, return_url: str) -> str:
        """See Pages."""
        return str(self.call("open_visit", kind, who, return_url))

    def visit(self, reference: str, kind: str = "card") -> Mapping[str, str] | None:
        """See Pages."""
        found: Mapping[str, str] | None = self.call("visit", reference, kind)
        return found

    def choose(self, reference: str, kind: str) -> None:
        """See Pages."""
        self.call("choose", reference, kind)

    def choose_payee(self, reference: str, kind: str) -> None:
        """See Pages."""
        self.call("choose_payee", reference, kind)

    def hold(self, reference: str) -> Mapping[str, object] | None:
        """See Pages."""
        found: Mapping[str, object] | None = self.call("hold", reference)
        return found

    def confirm(self, reference: str, yes: bool) -> None:
        """See Pages."""
        self.call("confirm", reference, yes)

    # the way ----------------------------------------------------------------------------------------

    def call(self, verb: str, *arguments: Any) -> Any:
        """One request; NoAnswer, TooMany or KeyReused as the answer says. Nothing is tried again from here."""
        try:
            status, retry_after, body = self._post(verb, json.dumps(pack(arguments)).encode())
        except (OSError, http.client.HTTPException) as problem:
            raise NoAnswer(f"{verb}: {type(problem).__name__}") from problem
        if status == 429:
            raise TooMany(float(retry_after) if retry_after.replace(".", "", 1).isdigit() else 1.0)
        if status == 409:
            raise KeyReused(verb)
        if status != 200:
            raise NoAnswer(f"{verb}: status {status}")
        try:
            return json.loads(body)
        except ValueError as problem:
            raise NoAnswer(f"{verb}: an answer that makes no sense") from problem

    def _outcome(self, verb: str, asked: Asked) -> Outcome:
        return _read(Outcome, self.call(verb, asked))

    def _post(self, verb: str, body: bytes) -> tuple[int, str, bytes]:
        end = monotonic() + self.timeout
        connection = self._connection()
        try:
            path = f"{self.url.path}/{quote(self.account, safe='')}/{verb}"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()  # a redirect is an answer like any other: it is not followed
            parts, size = [], 0
            while part := response.read1(65_536):
                parts.append(part)
                size += len(part)
                if size > LARGEST or monotonic() > end:
                    raise TimeoutError
            return response.status, response.headers.get("Retry-After", ""), b"".join(parts)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host = self.url.hostname or ""
        if self.url.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, self.url.port, timeout=self.timeout, context=context)
        return http.client.HTTPConnection(host, self.url.port, timeout=self.timeout)


def _read(kind: type[T], value: Any) -> T:
    try:
        return unpack(kind, value)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise NoAnswer("an answer of another form") from problem


def from_config(config: Config) -> RemoteSandbox:
    """The configured server, and this database's account there."""
    return RemoteSandbox(config.sandbox_url, account_of(RemoteSandbox.name), config.sandbox_secrets)
