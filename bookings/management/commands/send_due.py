"""`manage.py send_due`: sends the e-mails that are due, with or without Celery and Redis beside it."""

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, connection

from bookings import actions, delivery, owing
from clinic import clock

logger = logging.getLogger(__name__)
EVERY = 2.0  # seconds


class Command(BaseCommand):
    help = "Send the e-mails that are due; with --loop again every 2 seconds, until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or Ctrl-C")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["loop"]:
            self.stdout.write(f"{send_once()} sent")
            return
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())  # the round that is on is finished first
        logger.info("looks every %g s for e-mails that are due", EVERY)
        while not ended.is_set():
            try:
                send_once()
            except Error as error:  # the database is away or begins anew: ask again
                logger.warning("no round of sending: %s", type(error).__name__)
                connection.close()
            except (
                Exception
            ) as error:  # the next round begins with other rows; its words are not for a log
                logger.error("a round of sending ended early: %s", type(error).__name__)
            ended.wait(EVERY)


def send_once() -> int:
    """One round; gives how many e-mails were sent."""
    now = clock.now()
    owing.note_owed(now=now)
    actions.tell_of_returned(now=now)
    return delivery.send_due(now=now)
