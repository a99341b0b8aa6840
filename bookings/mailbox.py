"""The mailbox of bounces, read by IMAP (RFC 3501) over an encrypted line."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

TIMEOUT = 30.0  # seconds for each step
AT_ONCE = 200  # e-mails in a round
OWN_MACHINE = ("127.0.0.1", "::1", "localhost")


class NotReadable(Exception):
    """The mailbox cannot be read: not there, not ours, or not as it should be. Names no address."""


class Mailbox:
    """An open folder."""

    def __init__(self, line: imaplib.IMAP4) -> None:
        self.line = line

    def unread(self, *, largest: int) -> Iterator[tuple[str, bytes]]:
        """Each e-mail that nobody has read: its number, and its first `largest` bytes."""
        (numbers,) = self._ask("SEARCH", "UNSEEN")
        for number in (numbers or b"").split()[:AT_ONCE]:
            uid = number.decode("ascii")
            found = self._ask("FETCH", uid, f"(BODY.PEEK[]<0.{largest}>)")
            for part in found:
                if isinstance(part, tuple):
                    yield uid, part[1]

    def mark_read(self, uid: str, *, for_people: bool) -> None:
        """Nobody reads it again here; where a person should look at it, it gets a flag."""
        self._ask("STORE", uid, "+FLAGS.SILENT", r"(\Seen \Flagged)" if for_people else r"(\Seen)")

    def _ask(self, *words: str) -> list:
        kind, answer = self.line.uid(*words)
        if kind != "OK":
            raise NotReadable(f"{words[0]}: {kind}")
        return answer


@contextmanager
def opened(url: str) -> Iterator[Mailbox]:
    """The folder that the address names: imaps://user:password@host/folder.

    imap+tls:// turns the encryption on after the first words; imap:// has none, and is for a server on
    the same machine alone. Raises NotReadable, whatever went wrong with the mailbox.
    """
    try:
        line = _line(url)
        try:
            yield Mailbox(line)
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                line.logout()
    except (OSError, imaplib.IMAP4.error) as error:
        raise NotReadable(type(error).__name__) from error


def _line(url: str) -> imaplib.IMAP4:
    where = urlsplit(url)
    host, trusted = where.hostname or "", ssl.create_default_context()
    if where.scheme == "imaps":
        line: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            host, where.port or 993, ssl_context=trusted, timeout=TIMEOUT
        )
    elif where.scheme == "imap+tls" or (where.scheme == "imap" and host in OWN_MACHINE):
        line = imaplib.IMAP4(host, where.port or 143, timeout=TIMEOUT)
    else:
        raise NotReadable("its address must begin with imaps:// or imap+tls://")
    if where.scheme == "imap+tls":
        line.starttls(trusted)
    line.login(unquote(where.username or ""), unquote(where.password or ""))
    folder = unquote(where.path).strip("/") or "INBOX"
    quoted = folder.replace("\\", "\\\\").replace('"', '\\"')
    kind, _answer = line.select(f'"{quoted}"')
    if kind != "OK":
        raise NotReadable("there is no such folder")
    return line
