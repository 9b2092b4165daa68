"""Mail through any SMTP server. Encrypted wherever the server can; a password never travels in the clear."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from c2b.mailing.mail import Mail, Retry, Undeliverable

TIMEOUT = 20.0  # seconds for each answer of the server
POLICY = default.clone(max_line_length=998)  # a long address in a header must stay in one piece
PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class Smtp:
    """One server, with an account where it wants one."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False  # from the first byte on (smtps); otherwise by STARTTLS
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    @classmethod
    def from_url(cls, url: str, sender: str) -> "Smtp":
        """From smtp://user:password@host:587 or smtps://…:465."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or PORTS[parts.scheme],
            sender=sender,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=parts.scheme == "smtps",
        )

    def send(self, mail: Mail) -> None:
        """Hand the mail over to the server."""
        message = compose(mail, self.sender)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = next(iter(refused.recipients.values()))
            raise _failure(code, said) from None
        except smtplib.SMTPDataError as refused:
            raise _failure(refused.smtp_code, refused.smtp_error) from None
        except (smtplib.SMTPException, OSError) as problem:
            raise Retry(f"{type(problem).__name__}: {problem}") from None

    def _connected(self) -> smtplib.SMTP:
        if self.tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT, context=self.context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        try:
            self._introduce(server)
        except BaseException:
            server.close()
            raise
        return server

    def _introduce(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if not self.tls and server.has_extn("starttls"):
            server.starttls(context=self.context)
            server.ehlo()
        elif not self.tls and self.user:
            raise Retry("the server offers no encryption, so the password is not sent")
        if self.user:
            server.login(self.user, self.password)


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The mail with its headers, text first, HTML as the better of the two."""
    name, address = parseaddr(sender)
    message = EmailMessage(POLICY)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = Address(display_name=mail.name, addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Message-ID"] = mail.message_id
    message["Date"] = formatdate()
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    for header, value in mail.unsubscribing.items():
        message[header] = value
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _failure(code: int, said: bytes | str) -> Retry | Undeliverable:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return (Undeliverable if code >= 500 else Retry)(f"{code} {words}")
