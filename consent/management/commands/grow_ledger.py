"""`manage.py grow_ledger`: the tree and its anchors, with or without Celery and Redis beside it."""

import logging
import signal
import threading
from argparse import ArgumentParser
from itertools import count
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from clinic import clock
from consent.actions import anchoring, growing

logger = logging.getLogger(__name__)
EVERY = 20.0  # seconds
WHOLE_EVERY = 180  # rounds: an hour


class Command(BaseCommand):
    help = (
        "Take new entries into the ledger's tree, sign its head, and keep heads outside the database; "
        "with --loop again every 20 seconds, until SIGTERM."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or Ctrl-C")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["loop"]:
            taken, kept = one_round(whole=True)
            self.stdout.write(f"{taken} entries taken in, {kept} heads kept")
            return
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())  # the round that is on is finished first
        for round_ in count():
            try:
                one_round(whole=round_ % WHOLE_EVERY == 0)
            except DatabaseError as error:  # the database is away or begins anew: ask again
                logger.warning("no round of the ledger: %s", type(error).__name__)
                connection.close()
            if ended.wait(EVERY):
                return


def one_round(*, whole: bool) -> tuple[int, int]:
    """Grow, then anchor; gives how many entries were taken in and how many heads were kept."""
    taken = growing.grow(now=clock.now(), whole=whole)
    return taken, anchoring.anchor(now=clock.now())
