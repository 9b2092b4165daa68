"""Mail through SendGrid's own SDK."""

from dataclasses import dataclass, field
from email.utils import parseaddr

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Content, From, Header, To
from sendgrid.helpers.mail import Mail as Message

from c2b.mailing.mail import Mail, Retry, Undeliverable

TIMEOUT = 15.0  # seconds; the SDK has none of its own
HOST = "https://api.sendgrid.com"
ACCEPTED = 202
HOPELESS = (400, 413)  # this mail is not as it must be; everything else is about us or about the moment


@dataclass(frozen=True)
class SendGrid:
    """One SendGrid account."""

    key: str = field(repr=False)
    sender: str
    host: str = HOST
    timeout: float = TIMEOUT

    def send(self, mail: Mail) -> None:
        """Hand the mail over."""
        sdk = SendGridAPIClient(self.key, host=self.host)
        sdk.client.timeout = self.timeout
        try:
            status = sdk.send(self._message(mail)).status_code
        except HTTPError as refused:
            words = f"SendGrid answered {refused.status_code}: {_body(refused)}"
            raise (Undeliverable if refused.status_code in HOPELESS else Retry)(words) from None
        except OSError as problem:
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
