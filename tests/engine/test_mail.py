"""Mail goes out through a real mail server, in the background, and never into the log beside it."""

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engine.accounts.sessions import Visitor
from engine.errors import ConfigError
from engine.mail import Mail
from engine.settings import load_settings
from engine.studio import Studio
from tests.engine.conftest import PASSWORD

SECRET = "p@ss/word"
PATIENCE_S = 60


class Server:
    """A mail server that keeps what it is given; `gate` lets it answer."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.encrypted: list[bool] = []
        self.gate = Event()
        self.gate.set()
        self.asked = Event()
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        import asyncio

        self.asked.set()
        await asyncio.to_thread(self.gate.wait, PATIENCE_S)
        if self.refuses:
            return "554 no such luck"
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 kept"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        self.logins.append((given.login, given.password))
        return AuthResult(success=given.password == SECRET.encode())

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(found.content or b"", policy=policy.default) for found in self.envelopes]  # type: ignore[arg-type, misc]


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What stands in the log, without what the mail server of the test says of itself."""
    return "\n".join(record.getMessage() for record in caplog.records if record.name != "mail.log")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def serve(server: Server) -> Iterator[Callable[..., int]]:
    """Starts the server and returns its port."""
    running: list[Controller] = []

    def start(**options: Any) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        controller = Controller(server, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    server.gate.set()
    for controller in running:
        controller.stop()


@pytest.fixture
def mail_of(clean_environment: pytest.MonkeyPatch) -> Callable[..., Mail]:
    def make(url: str, **variables: str) -> Mail:
        for name, value in ({"SMTP_URL": url} | variables).items():
            clean_environment.setenv(name, value)
        return Mail(load_settings())

    return make


@pytest.fixture
def encryption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for this machine that programs here trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day = timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - day)
        .not_valid_after(datetime.now(UTC) + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key_file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


def test_a_mail_arrives_as_it_was_meant(
    server: Server, serve: Callable[..., int], mail_of: Callable[..., Mail], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mail = mail_of(f"smtp://127.0.0.1:{serve()}", STUDIO_MAIL_FROM="Studio Süd <studio@example.org>")
    mail.send("ada@example.org", "Your code – now", "Your code is 123456\nÜber.\n")
    mail.close()
    [envelope], [message] = server.envelopes, server.mails()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("studio@example.org", ["ada@example.org"])
    assert (message["From"], message["To"]) == ("Studio Süd <studio@example.org>", "ada@example.org")
    assert (message["Subject"], message["Auto-Submitted"]) == ("Your code – now", "auto-generated")
    assert message.get_content().splitlines() == ["Your code is 123456", "Über."]
    assert "123456" not in logged(caplog) and "ada@" not in logged(caplog)


def test_sending_returns_while_the_server_thinks_and_closing_sends_what_waits(
    server: Server, serve: Callable[..., int], mail_of: Callable[..., Mail]
) -> None:
    server.gate.clear()
    mail = mail_of(f"smtp://127.0.0.1:{serve()}")
    for number in range(5):
        mail.send("ada@example.org", f"{number}", "text")
    assert server.asked.wait(PATIENCE_S) and server.envelopes == []
    server.gate.set()
    mail.close()
    assert [message["Subject"] for message in server.mails()] == list("01234")


def test_it_signs_in_and_encrypts_when_the_address_says_so(
    server: Server, serve: Callable[..., int], mail_of: Callable[..., Mail], encryption: ssl.SSLContext
) -> None:
    port = serve(tls_context=encryption, require_starttls=True, authenticator=server.authenticate, auth_required=True)
    mail = mail_of(f"smtp+starttls://us%40er:p%40ss%2Fword@127.0.0.1:{port}")
    mail.send("ada@example.org", "Hello", "text")
    mail.close()
    assert server.logins == [(b"us@er", SECRET.encode())] and server.encrypted == [True]


def test_it_encrypts_from_the_first_byte_when_the_address_says_so(
    server: Server, serve: Callable[..., int], mail_of: Callable[..., Mail], encryption: ssl.SSLContext
) -> None:
    mail = mail_of(f"smtps://127.0.0.1:{serve(ssl_context=encryption)}")
    mail.send("ada@example.org", "Hello", "text")
    mail.close()
    assert len(server.envelopes) == 1  # this server answers nothing that is not encrypted


def test_a_server_that_nobody_vouches_for_gets_neither_mail_nor_password(
    server: Server,
    serve: Callable[..., int],
    mail_of: Callable[..., Mail],
    encryption: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = serve(tls_context=encryption, authenticator=server.authenticate)
    monkeypatch.delenv("SSL_CERT_FILE")
    mail = mail_of(f"smtp+starttls://user:secret@127.0.0.1:{port}")
    mail.send("ada@example.org", "Hello", "text")
    mail.close()
    assert server.logins == [] and server.envelopes == [] and "SSLCertVerificationError" in logged(caplog)


def test_a_failure_is_logged_without_address_and_text_and_the_next_mail_goes_out(
    server: Server, serve: Callable[..., int], mail_of: Callable[..., Mail], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.refuses = True
    server.gate.clear()
    mail = mail_of(f"smtp://127.0.0.1:{serve()}")
    mail.send("ada@example.org", "Hello", "Your code is 123456")
    assert server.asked.wait(PATIENCE_S)
    mail.send("bob@example.org", "Hello", "Your code is 654321")
    server.gate.set()
    mail.close()
    assert logged(caplog).count("A mail could not be sent: SMTPDataError (554).") == 2
    for told in ("123456", "654321", "ada@", "bob@", "no such luck"):
        assert told not in logged(caplog)


def test_without_a_server_the_mail_stands_in_the_log(
    mail_of: Callable[..., Mail], caplog: pytest.LogCaptureFixture
) -> None:
    mail = mail_of("")
    mail.send("ada@example.org", "Your code", "It is 123456")
    mail.close()
    [record] = [found for found in caplog.records if found.name == "studio.mail"]
    assert record.levelno == logging.WARNING and "123456" in record.getMessage()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "http://user:secret@mail.example.org"),
        ("SMTP_URL", "smtp://user:secret@"),
        ("SMTP_URL", "smtp://mail.example.org:70000"),
        ("STUDIO_MAIL_FROM", "secret"),
        ("STUDIO_SIGNUP", "secret"),
        ("STUDIO_SIGNUP", "domains:"),
        ("STUDIO_SIGNUP", "domains:a b"),
        ("STUDIO_TRUSTED_PROXIES", "10.0.0.0/8, secret"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_its_value_is_not(
    clean_environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    clean_environment.setenv(name, value)
    with pytest.raises(ConfigError, match=name) as refused:
        load_settings()
    assert "secret" not in refused.value.message + refused.value.hint


def test_settings_come_in_one_spelling(clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("STUDIO_SIGNUP", "domains:@Example.org, xn--bcher-kva.example")
    clean_environment.setenv("STUDIO_TRUSTED_PROXIES", " 10.1.2.3/8, ::1,")
    settings = load_settings()
    assert settings.signup_domains == ("example.org", "bücher.example")
    assert [str(network) for network in settings.trusted_networks] == ["10.0.0.0/8", "::1/128"]


def test_somebody_signs_up_with_the_code_from_their_mailbox_which_is_in_no_log(
    server: Server,
    serve: Callable[..., int],
    open_with: Callable[..., Studio],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    studio = open_with(SMTP_URL=f"smtp://127.0.0.1:{serve()}")
    studio.joining.sign_up(email="ada@example.org", name="Ada", password=PASSWORD, visitor=Visitor())
    studio.joining.request_reset("ada@example.org", Visitor())
    studio.mail.close()
    code, link = (message.get_content() for message in server.mails())
    digits = code.partition("code is ")[2][:6]
    assert digits.isdigit() and digits not in logged(caplog)
    assert link.partition("token=")[2].split()[0] not in logged(caplog) and "ada@" not in logged(caplog)
    assert studio.joining.verify("ada@example.org", digits, Visitor())
