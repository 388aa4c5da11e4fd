"""Mail: handed to a thread, so that how long an answer takes tells nothing about whether a mail was sent.

Without `SMTP_URL` a mail goes to the log instead: that is how the operator of a small studio reads a code. With it
neither an address nor a text is ever logged.
"""

import logging
import queue
import smtplib
import ssl
import threading
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

from engine.settings import SMTP_PORTS, Settings

MOST_WAITING = 500
PATIENCE_S = 20
DRAIN_S = 10

_log = logging.getLogger("studio.mail")


class Mail:
    """Sends what the studio has to say to somebody's mailbox, in order, from one thread that starts when needed."""

    def __init__(self, settings: Settings) -> None:
        self._url = urlsplit(settings.smtp_url.get_secret_value())
        self._sender = settings.mail_from or f"studio@{urlsplit(settings.public_url).hostname or 'localhost'}"
        self._waiting: queue.Queue[EmailMessage | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False

    def send(self, to: str, subject: str, text: str) -> None:
        """Have a mail sent; returns at once. A mail that cannot be sent is noted in the log and given up."""
        if not self._url.scheme:
            _log.warning("No mail server is set (SMTP_URL). To: %s. Subject: %s.\n%s", to, subject, text)
            return
        message = self._message(to, subject, text)
        with self._lock:
            if self._closed:
                _log.error("A mail was given up: the studio is closing.")
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="mail", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            _log.error("A mail was given up: %s are waiting already.", MOST_WAITING)

    def close(self) -> None:
        """Send what waits, for a few seconds at most, and stop."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is None:
            return
        try:
            self._waiting.put(None, timeout=DRAIN_S)
        except queue.Full:
            _log.error("The mail server is too slow; mails that waited were given up.")
            return
        thread.join(DRAIN_S)
        if thread.is_alive():
            _log.error("The mail server is too slow; mails that waited were given up.")

    def _message(self, to: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=parseaddr(self._sender)[1].rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None:
            try:
                self._deliver(message)
            except Exception as problem:  # noqa: BLE001 - whatever it was, the next mail has its turn
                said = f" ({problem.smtp_code})" if isinstance(problem, smtplib.SMTPResponseException) else ""
                _log.error("A mail could not be sent: %s%s.", type(problem).__name__, said)

    def _deliver(self, message: EmailMessage) -> None:
        with self._connected() as server:
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            server.send_message(message)

    def _connected(self) -> smtplib.SMTP:
        host, port = str(self._url.hostname), self._url.port or SMTP_PORTS[self._url.scheme]
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=PATIENCE_S, context=ssl.create_default_context())
        server = smtplib.SMTP(host, port, timeout=PATIENCE_S)
        if self._url.scheme == "smtp+starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server
