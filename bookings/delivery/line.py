"""The line to the mail relay: one connection for many e-mails, stopped just before each last dot.

A service with an API has no such moment: there the whole call stands for the dot (mail_service.py).
"""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.utils.encoding import punycode
from django.utils.translation import gettext_noop

from bookings.delivery import mail_service
from bookings.delivery.answers import (
    Aborted,
    BadAddress,
    LoginRefused,
    NobodyKnows,
    NotNow,
    NotTaken,
    RefusesUs,
    Unreachable,
    codes,
)
from bookings.delivery.written import as_bytes

SMTP = "django.core.mail.backends.smtp.EmailBackend"
BEFORE_THE_DOT = 25.0  # seconds, from the connection or the first command to the dot
QUIT_TAKES = 2.0
AFTER_THE_DOT = 15.0  # seconds; shorter than what the mark leaves of the lease

# What staff read on the desk; kept in English and translated where it is shown.
NO_ANSWER = gettext_noop("The mail server did not answer.")
NOT_NOW = gettext_noop("The mail server could not take it.")
REFUSED = gettext_noop("The mail server refused it.")


class _Answers:
    """What the relay says, line by line, within the deadline however slowly it drips."""

    def __init__(self, line: "_Dialogue", sock: socket.socket) -> None:
        self.line, self.sock, self.kept = line, sock, b""

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self.kept and len(self.kept) < limit:
            self.line.keep_to_deadline()
            chunk = self.sock.recv(4096)
            if not chunk:
                break
            self.kept += chunk
        end = self.kept.find(b"\n") + 1 or len(self.kept)
        said, self.kept = self.kept[: min(end, limit)], self.kept[min(end, limit) :]
        return said

    def speaks_out_of_turn(self) -> bool:
        """Whether it has hung up, or said something, while it ought to listen."""
        self.sock.settimeout(0)
        try:
            self.kept += self.sock.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        return True

    def close(self) -> None:
        """The socket is closed by who opened it."""


class _Dialogue(smtplib.SMTP):
    """An SMTP dialogue that stops before each last dot, and keeps to deadlines."""

    before_the_dot: Callable[[], None]
    past_the_dot = False
    deadline = 0.0
    file: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        self.until(BEFORE_THE_DOT)
        super().__init__(*args, **options)

    def _get_socket(self, *args: Any) -> socket.socket:
        """The dot is a small packet after a large one: Nagle's algorithm would keep it for 40 ms."""
        sock: socket.socket = super()._get_socket(*args)  # type: ignore[misc]
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def until(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def keep_to_deadline(self) -> None:
        """Raises TimeoutError when it is over; else nothing takes longer than is left of it."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the dialogue takes too long")
        assert self.sock is not None
        self.sock.settimeout(min(left, settings.EMAIL_TIMEOUT))

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Answers(self, self.sock)
        return super().getreply()

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.keep_to_deadline()
        super().send(s)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """The e-mail, then `before_the_dot`, then the dot (RFC 5321 section 4.1.1.4)."""
        self.putcmd("data")
        code, words = self.getreply()
        if code != 354:
            self.rset()  # or the next e-mail would be a "nested MAIL"
            raise smtplib.SMTPDataError(code, words)
        quoted = re.sub(rb"(?m)^\.", b"..", msg)
        self.send(quoted if quoted.endswith(b"\r\n") else quoted + b"\r\n")
        self.before_the_dot()
        if self.file.speaks_out_of_turn():  # then it cannot have it: there is nothing to flag
            raise smtplib.SMTPServerDisconnected("hung up before the dot")
        self.past_the_dot = True
        self.until(AFTER_THE_DOT)
        self.send(b".\r\n")
        return self.getreply()


class _EncryptedDialogue(_Dialogue, smtplib.SMTP_SSL):
    """The same, encrypted from the beginning."""


class _SmtpBackend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _EncryptedDialogue if self.use_ssl else _Dialogue


class Line:
    """One connection to the mail relay, opened when first needed."""

    def __init__(self) -> None:
        self.is_smtp = settings.EMAIL_BACKEND == SMTP
        self.backend: BaseEmailBackend = _SmtpBackend() if self.is_smtp else get_connection()

    def open(self) -> None:
        """Raises Unreachable, LoginRefused."""
        try:
            self.backend.open()
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise LoginRefused(codes(error.smtp_code, error.smtp_error)) from error
        except smtplib.SMTPNotSupportedError as error:  # no AUTH, or no STARTTLS
            self.close()
            raise LoginRefused from error
        except smtplib.SMTPResponseException as error:
            self.close()
            raise Unreachable(codes(error.smtp_code, error.smtp_error)) from error
        except OSError as error:  # SMTPException is one
            self.close()
            raise Unreachable from error

    def send(self, email: EmailMessage, *, sender: str, before_the_dot: Callable[[], None]) -> None:
        """Hands over one e-mail with that envelope sender, once `before_the_dot` let it.

        Raises NotTaken, in one of its forms; Aborted.
        """
        self.open()
        if self.is_smtp:
            self._send_by_smtp(email, sender, before_the_dot)
        else:
            self._send_by_service(email, sender, before_the_dot)

    def close(self) -> None:
        dialogue = getattr(self.backend, "connection", None)
        if isinstance(dialogue, _Dialogue):
            dialogue.until(QUIT_TAKES)
        with suppress(OSError):
            self.backend.close()
        if self.is_smtp:
            self.backend.connection = None  # type: ignore[attr-defined]

    def _send_by_smtp(
        self, email: EmailMessage, sender: str, before_the_dot: Callable[[], None]
    ) -> None:
        dialogue: _Dialogue = self.backend.connection  # type: ignore[attr-defined]
        dialogue.before_the_dot = before_the_dot
        dialogue.past_the_dot = False
        dialogue.until(BEFORE_THE_DOT)
        try:
            to = [_on_the_wire(address) for address in email.recipients()]
            dialogue.sendmail(sender, to, as_bytes(email))
        except Aborted:
            self._hang_up()
            raise
        except smtplib.SMTPRecipientsRefused as error:
            ((code, words),) = error.recipients.values()  # each e-mail has one addressee
            raise self._refused(code, words, to_address=True) from error
        except smtplib.SMTPResponseException as error:  # MAIL, DATA, or the answer to the dot
            raise self._refused(error.smtp_code, error.smtp_error) from error
        except OSError as error:  # SMTPException is one: hung up, silent, too slow
            self._hang_up()
            if dialogue.past_the_dot:
                raise NobodyKnows from error
            raise NotNow(line_is_broken=True) from error
        except BaseException:
            self._hang_up()  # in the middle of an e-mail, no other can follow
            raise

    def _refused(self, code: int, words: bytes | str, *, to_address: bool = False) -> NotTaken:
        """What a refusal means: 5xx for good, 4xx not now (RFC 5321 section 4.2.1), 421 "I hang up"."""
        answer = codes(code, words)
        if code == -1:  # it hung up instead of answering
            self._hang_up()
            return NotNow(answer, line_is_broken=True)
        if code == 421:
            self._hang_up()
        if code < 500:
            return NotNow(answer, line_is_broken=code == 421)
        if code in (530, 534, 535, 538) and not to_address:
            return LoginRefused(answer)
        # X.7.X: security or policy, so it means us and not the mailbox (RFC 3463 section 3.8).
        of_address = to_address and " 5.7." not in answer and code not in (530, 534, 535, 538)
        return BadAddress(answer) if of_address else RefusesUs(answer)

    def _hang_up(self) -> None:
        """Without QUIT: after an e-mail that was begun it would be taken as a part of it."""
        dialogue: _Dialogue | None = self.backend.connection  # type: ignore[attr-defined]
        self.backend.connection = None  # type: ignore[attr-defined]
        if dialogue is not None:
            with suppress(OSError):
                dialogue.close()

    def _send_by_service(
        self, email: EmailMessage, sender: str, before_the_dot: Callable[[], None]
    ) -> None:
        """The whole call stands for the dot (docs/decisions/022)."""
        before_the_dot()
        try:
            mail_service.hand_over(self.backend, email, sender=sender)
        except (AnymailError, OSError) as error:
            raise mail_service.not_taken(error) from error


def _on_the_wire(address: str) -> str:
    """The address with its domain in ASCII (RFC 5891 section 4.4)."""
    mailbox, _at, domain = address.rpartition("@")
    return f"{mailbox}@{punycode(domain)}"
