"""A mail server for the demo: takes every e-mail, delivers none, keeps each as a file for the inbox."""

import logging
import os
import signal
import threading
from argparse import ArgumentParser
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Keeper:
    """Writes each message to the folder under the time of its arrival."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{next(self.numbers)}"
        unfinished = self.folder / f"{name}.part"
        try:
            with open(unfinished, "wb", opener=_for_us_only) as file:
                file.write(envelope.original_content or b"")
            unfinished.rename(self.folder / f"{name}.eml")  # the inbox never sees half a message
        except OSError:
            return "452 The disk of the mail catcher is full"
        return "250 Kept"


def _for_us_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Command(BaseCommand):
    help = (
        "Take e-mails over SMTP and keep them for the inbox page. For the demo; delivers nothing."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8025)

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # it would log addresses
        folder: Path = settings.DEMO_MAIL_FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        controller = Controller(Keeper(folder), hostname="127.0.0.1", port=options["port"])
        try:
            controller.start()
        except OSError as error:
            raise CommandError(
                f"Port {options['port']} is taken ({error}). Give another."
            ) from error
        self.stdout.write(
            f"Taking e-mails on 127.0.0.1:{options['port']}, keeping them in {folder}"
        )
        ended.wait()
        controller.stop()
