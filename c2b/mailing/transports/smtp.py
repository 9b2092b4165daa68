"""Mail through any SMTP server. Encrypted wherever the server can; a password never travels in the clear."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from c2b.mailing.composing import address_of, compose
from c2b.mailing.mail import Mail, Retry, Undeliverable

TIMEOUT = 20.0  # seconds for each answer of the server
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

    @property
    def at_once(self) -> int:
        """How many connections a job may have open."""
        return 4

    def send(self, mail: Mail) -> None:
        """Hand the mail over to the server."""
        with self.line() as send:
            send(mail)

    @contextmanager
    def line(self) -> Iterator[Callable[[Mail], None]]:
        """A connection that is kept for mail after mail, and opened again where the server has closed it."""
        kept: list[smtplib.SMTP] = []

        def send(mail: Mail) -> None:
            while True:
                fresh = not kept
                try:
                    if fresh:
                        kept.append(self._connected())
                    self._hand_over(kept[0], mail)
                    return
                except smtplib.SMTPServerDisconnected as problem:
                    kept.clear()
                    if fresh:
                        raise Retry(f"{type(problem).__name__}: {problem}") from None
                except (smtplib.SMTPException, OSError) as problem:
                    while kept:
                        kept.pop().close()
                    raise Retry(f"{type(problem).__name__}: {problem}") from None

        try:
            yield send
        finally:
            for server in kept:
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()

    def _hand_over(self, server: smtplib.SMTP, mail: Mail) -> None:
        message = compose(mail, self.sender)
        try:
            server.sendmail(parseaddr(self.sender)[1], [address_of(mail.to)], message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = next(iter(refused.recipients.values()))
            raise _failure(code, said) from None
        except smtplib.SMTPDataError as refused:
            raise _failure(refused.smtp_code, refused.smtp_error) from None

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


def _failure(code: int, said: bytes | str) -> Retry | Undeliverable:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return (Undeliverable if code >= 500 else Retry)(f"{code} {words}")
