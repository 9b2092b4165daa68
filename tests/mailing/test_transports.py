"""SendGrid by its SDK, SMTP with encryption, each against a server of this test."""

import json
import socket
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import sleep

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from c2b.config import load
from c2b.mailing.composing import compose
from c2b.mailing.mail import Mail, Retry, Undeliverable
from c2b.mailing.transports import transport_for
from c2b.mailing.transports.sendgrid import SendGrid
from c2b.mailing.transports.smtp import Smtp

SENDER = "Muster <hello@muster.example>"
MAIL = Mail(
    to="ming@example.org",
    name="小明, “Ming”",
    subject="已成团：珐琅铸铁锅 & lid",
    text="参团“锅”的人够了。\n\nhttps://muster.example/c/pot\n",
    html="<!doctype html><html><body><p>参团</p></body></html>",
    message_id="<0123456789abcdef0123456789abcdef@muster.example>",
    language="zh-Hans",
)


@pytest.fixture
def sendgrid_stub():
    """An HTTP server that answers as told and keeps what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        status, wait, got = 202, 0.0, []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            Handler.got.append((self.path, dict(self.headers), json.loads(body)))
            sleep(Handler.wait)
            self.send_response(Handler.status)
            if Handler.status in (301, 302):
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b'{"errors":[{"message":"because"}]}' if Handler.status >= 400 else b"")

        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Handler.got = []
    yield Handler, SendGrid("SG.secret", SENDER, host=f"http://127.0.0.1:{server.server_port}", timeout=5)
    server.shutdown()
    thread.join()
    server.server_close()


def test_sendgrid_gets_the_whole_mail(sendgrid_stub):
    handler, transport = sendgrid_stub
    transport.send(MAIL)
    [(path, headers, body)] = handler.got
    assert path == "/v3/mail/send"
    assert headers["Authorization"] == "Bearer SG.secret"
    assert body["from"] == {"email": "hello@muster.example", "name": "Muster"}
    assert body["personalizations"][0]["to"][0]["email"] == "ming@example.org"
    assert "小明" in body["personalizations"][0]["to"][0]["name"]
    assert body["subject"] == MAIL.subject
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    assert body["content"][0]["value"] == MAIL.text
    assert body["headers"]["Message-ID"] == MAIL.message_id


@pytest.mark.parametrize(
    ("status", "failure"),
    [(400, Undeliverable), (413, Undeliverable), (401, Retry), (403, Retry), (429, Retry), (500, Retry), (503, Retry),
     (200, Retry), (302, Retry)],
)  # fmt: skip
def test_what_sendgrid_answers_decides_whether_to_try_again(sendgrid_stub, status, failure):
    handler, transport = sendgrid_stub
    handler.status = status
    with pytest.raises(failure) as caught:
        transport.send(MAIL)
    assert "SG.secret" not in str(caught.value)
    assert "SG.secret" not in repr(transport)


def test_sendgrid_is_not_waited_for_forever(sendgrid_stub):
    handler, transport = sendgrid_stub
    handler.wait = 0.5
    with pytest.raises(Retry):
        replace(transport, timeout=0.05).send(MAIL)


def test_a_sendgrid_that_is_not_there_is_tried_again():
    with pytest.raises(Retry):
        SendGrid("key", SENDER, host="http://127.0.0.1:1", timeout=1).send(MAIL)


class Box:
    """What an SMTP server was given; it refuses the addresses in `refuses`."""

    def __init__(self):
        self.got, self.refuses, self.refuses_data = [], {}, ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.refuses_data:
            return self.refuses_data
        self.got.append((session.ssl is not None, session.authenticated, envelope.content))
        return "250 OK"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for localhost, and a context on each side that trusts it."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "both.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    client = ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())
    return server, client


@pytest.fixture
def smtp_server():
    """Start servers; all are stopped at the end."""
    running = []

    def start(**options):
        box = Box()

        def judge(server, session, envelope, mechanism, data):
            good = (data.login, data.password) == (b"us", b"p@ss word")
            return AuthResult(success=good, handled=False)

        with socket.create_server(("localhost", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(box, hostname="localhost", port=port, authenticator=judge, **options)
        controller.start()
        running.append(controller)
        return box, port

    yield start
    for controller in running:
        controller.stop()


def test_smtp_uses_starttls_and_signs_in(smtp_server, certificate):
    server, client = certificate
    box, port = smtp_server(tls_context=server, require_starttls=True, auth_required=True)
    transport = replace(Smtp.from_url(f"smtp://us:p%40ss%20word@localhost:{port}", SENDER), context=client)
    transport.send(MAIL)
    [(encrypted, signed_in, content)] = box.got
    assert encrypted
    assert signed_in
    message = message_from_bytes(content, policy=default)
    assert message["Subject"] == MAIL.subject
    assert message["Message-ID"] == MAIL.message_id
    assert message["To"].addresses[0].addr_spec == "ming@example.org"
    assert message["To"].addresses[0].display_name == MAIL.name
    assert message["From"].addresses[0].display_name == "Muster"
    assert message.get_body(("plain",)).get_content().split() == MAIL.text.split()
    assert message.get_body(("html",)).get_content().strip() == MAIL.html
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_smtps_is_encrypted_from_the_first_byte(smtp_server, certificate):
    server, client = certificate
    box, port = smtp_server(ssl_context=server)
    replace(Smtp.from_url(f"smtps://localhost:{port}", SENDER), context=client).send(MAIL)
    assert len(box.got) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(smtp_server, certificate):
    server, _client = certificate
    box, port = smtp_server(tls_context=server, require_starttls=True)
    with pytest.raises(Retry, match="CERTIFICATE_VERIFY_FAILED"):
        Smtp.from_url(f"smtp://localhost:{port}", SENDER).send(MAIL)
    assert box.got == []


def test_a_password_never_travels_in_the_clear(smtp_server):
    box, port = smtp_server()
    with pytest.raises(Retry, match="no encryption"):
        Smtp.from_url(f"smtp://us:secret@localhost:{port}", SENDER).send(MAIL)
    assert box.got == []


def test_a_plain_server_without_an_account_works(smtp_server):
    box, port = smtp_server()
    Smtp.from_url(f"smtp://localhost:{port}", SENDER).send(MAIL)
    assert len(box.got) == 1


def test_what_the_server_says_decides_whether_to_try_again(smtp_server):
    box, port = smtp_server()
    transport = Smtp.from_url(f"smtp://localhost:{port}", SENDER)
    box.refuses["ming@example.org"] = "550 no such person"
    with pytest.raises(Undeliverable, match="no such person"):
        transport.send(MAIL)
    box.refuses["ming@example.org"] = "450 later"
    with pytest.raises(Retry):
        transport.send(MAIL)
    box.refuses.clear()
    box.refuses_data = "554 not wanted"
    with pytest.raises(Undeliverable):
        transport.send(MAIL)
    box.refuses_data = "451 busy"
    with pytest.raises(Retry):
        transport.send(MAIL)


def test_a_wrong_password_is_our_fault_and_loses_no_mail(smtp_server, certificate):
    server, client = certificate
    _box, port = smtp_server(tls_context=server, require_starttls=True)
    with pytest.raises(Retry):
        replace(Smtp.from_url(f"smtp://us:wrong@localhost:{port}", SENDER), context=client).send(MAIL)


def test_a_server_that_is_not_there_is_tried_again():
    with pytest.raises(Retry):
        Smtp.from_url("smtp://localhost:1", SENDER).send(MAIL)


def test_no_header_can_be_smuggled_in():
    with pytest.raises(ValueError, match=r"linefeed|newline|carriage"):
        compose(replace(MAIL, subject="Hello\r\nBcc: everyone@example.org"), SENDER)


def test_the_setting_names_the_transport():
    base = {"secret_key": "x" * 40}
    assert type(transport_for(load({}, **base))).__name__ == "Mailbox"
    assert type(transport_for(load({}, mail="discard", **base))).__name__ == "Discard"
    made = transport_for(load({}, mail="sendgrid", sendgrid_api_key="SG.x", **base))
    assert isinstance(made, SendGrid)
    made = transport_for(load({}, mail="smtp", smtp_url="smtps://u:p@mail.example.org", **base))
    assert isinstance(made, Smtp)
    assert (made.port, made.tls, made.user) == (465, True, "u")
    assert made.host != "p"
    assert "password" not in repr(made)
