"""Mail through SendGrid's own SDK."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit
from urllib.request import Request

from python_http_client import Client
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Content, From, Header, To
from sendgrid.helpers.mail import Mail as Message

from c2b.mailing.mail import Mail, Retry, Undeliverable

TIMEOUT = 15.0  # seconds; the SDK has none of its own
HOST = "https://api.sendgrid.com"
ACCEPTED = 202
HOPELESS = (400, 413)  # this mail is not as it must be; everything else is about us or about the moment


class KeptOpen(Client):
    """The SDK's HTTP client on one connection; its own opens one, with all of TLS, for each mail."""

    connection: HTTPConnection

    @classmethod
    def of(cls, client: Client, connection: HTTPConnection) -> "KeptOpen":
        """The same client, on this connection."""
        made = cls(client.host, client.request_headers, client._version, client._url_path)
        made.connection = connection
        return made

    def _build_client(self, name: str | None = None) -> "KeptOpen":
        return self.of(super()._build_client(name), self.connection)

    def _make_request(self, _opener: object, request: Request, timeout: float | None = None) -> HTTPResponse:
        del timeout  # the connection has its own
        headers = dict(request.header_items())
        kept = self.connection.sock is not None
        try:
            answer = self._ask(request, headers)
        except (ConnectionError, HTTPException):
            self.connection.close()
            if not kept:
                raise
            answer = self._ask(request, headers)  # it was closed while nobody used it
        if answer.status >= 400:
            raise HTTPError(answer.status, answer.reason, answer.read(), answer.headers)
        return answer

    def _ask(self, request: Request, headers: dict[str, str]) -> HTTPResponse:
        self.connection.request("POST", request.selector, request.data, headers)
        return self.connection.getresponse()


def _connection(host: str, timeout: float) -> HTTPConnection:
    parts = urlsplit(host)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout)


@dataclass(frozen=True)
class SendGrid:
    """One SendGrid account."""

    key: str = field(repr=False)
    sender: str
    host: str = HOST
    timeout: float = TIMEOUT

    @property
    def at_once(self) -> int:
        """How many connections a job may have open."""
        return 8

    def send(self, mail: Mail) -> None:
        """Hand the mail over."""
        with self.line() as send:
            send(mail)

    @contextmanager
    def line(self) -> Iterator[Callable[[Mail], None]]:
        """The SDK on a connection that is kept for mail after mail."""
        sdk = SendGridAPIClient(self.key, host=self.host)
        sdk.client = KeptOpen.of(sdk.client, _connection(self.host, self.timeout))
        try:
            yield lambda mail: self._hand_over(sdk, mail)
        finally:
            sdk.client.connection.close()

    def _hand_over(self, sdk: SendGridAPIClient, mail: Mail) -> None:
        try:
            status = sdk.send(self._message(mail)).status_code
        except HTTPError as refused:
            words = f"SendGrid answered {refused.status_code}: {_body(refused)}"
            raise (Undeliverable if refused.status_code in HOPELESS else Retry)(words) from None
        except (OSError, HTTPException) as problem:
            sdk.client.connection.close()
            raise Retry(f"SendGrid could not be reached: {problem}") from None
        if status != ACCEPTED:
            raise Retry(f"SendGrid answered {status}")

    def _message(self, mail: Mail) -> Message:
        name, address = parseaddr(self.sender)
        message = Message(
            From(address, name),
            To(mail.to, mail.name),
            mail.subject,
            plain_text_content=Content("text/plain", mail.text),
            html_content=Content("text/html", mail.html),
        )
        for header, value in (
            ("Message-ID", mail.message_id),
            ("Content-Language", mail.language),
            ("Auto-Submitted", "auto-generated"),
            *mail.unsubscribing.items(),
        ):
            message.add_header(Header(header, value))
        return message


def _body(refused: HTTPError) -> str:
    body = refused.body
    return (body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body))[:300]
