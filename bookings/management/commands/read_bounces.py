"""`manage.py read_bounces`: e-mails that came back, from the mail server's pipe or from a mailbox."""

import logging
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from bookings import actions, bounces, mailbox
from bookings.bounces import Report, Says
from clinic import clock

logger = logging.getLogger(__name__)
EVERY = 60.0  # seconds


class Command(BaseCommand):
    help = (
        "Read one e-mail that came back from standard input, as a mail server's pipe gives it (exit "
        "codes of sysexits.h: 0; 65, not understood; 75, try again later). With --imap: those in the "
        "mailbox BOUNCE_IMAP_URL that nobody has read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", default="", help="the address that it came to")
        parser.add_argument("--imap", action="store_true", help="read the mailbox")
        parser.add_argument("--loop", action="store_true", help="again each minute, until SIGTERM")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["imap"]:
            sys.exit(from_pipe(_from_stdin(), sent_to=options["to"]))
        if not settings.BOUNCE_IMAP_URL:
            raise CommandError("Set BOUNCE_IMAP_URL, such as imaps://user:password@host/INBOX.")
        if options["loop"]:
            go_on()
            return
        try:
            self.stdout.write(f"{from_mailbox()} read")
        except mailbox.NotReadable as error:
            raise CommandError(f"The mailbox cannot be read: {error}") from error


def _from_stdin() -> bytes:
    """Its beginning; the rest of a huge one is taken too, for a pipe that breaks counts as a failure."""
    beginning = sys.stdin.buffer.read(bounces.LARGEST)
    while sys.stdin.buffer.read(bounces.LARGEST):
        pass
    return beginning


def from_pipe(raw: bytes, *, sent_to: str = "") -> int:
    """The exit code for one e-mail: whoever brought it keeps it for another time, or does not."""
    try:
        report = note(raw, sent_to=sent_to)
    except DatabaseError as error:
        logger.warning("a bounce could not be noted: %s", type(error).__name__)
        return os.EX_TEMPFAIL
    return os.EX_DATAERR if report.says is Says.NOT_UNDERSTOOD else os.EX_OK


def from_mailbox() -> int:
    """Reads what is unread; gives how many. Each is marked as read after it is noted, never before.

    Raises NotReadable, and DatabaseError: then the rest waits unread.
    """
    count = 0
    with mailbox.opened(settings.BOUNCE_IMAP_URL) as folder:
        for uid, raw in folder.unread(largest=bounces.LARGEST):
            report = note(raw)
            folder.mark_read(uid, for_people=report.says is Says.NOT_UNDERSTOOD)
            count += 1
    return count


def note(raw: bytes, *, sent_to: str = "") -> Report:
    """Reads one e-mail; where it says that one of ours failed for good, that is written down."""
    report = bounces.read(raw, sent_to=sent_to)
    if report.says is Says.FAILED and report.message is not None:
        actions.note_bounce(message=report.message, status=report.status, now=clock.now())
    logger.info("bounce of message %s: %s %s", report.message, report.says.value, report.status)
    return report


def go_on() -> None:
    """Round after round, whatever is away meanwhile, until SIGTERM or Ctrl-C."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())  # the round that is on is finished first
    while not ended.is_set():
        try:
            from_mailbox()
        except (DatabaseError, mailbox.NotReadable) as error:
            logger.warning("bounces were not read: %s", error_in_words(error))
            connection.close()
        ended.wait(EVERY)


def error_in_words(error: Exception) -> str:
    """A database's words may hold values of a row."""
    return str(error) if isinstance(error, mailbox.NotReadable) else type(error).__name__
