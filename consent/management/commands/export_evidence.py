"""`manage.py export_evidence`: the evidence of one consultation's newest record as a file for a stranger."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from clinic import clock
from clinic.errors import Refused
from consent.actions.looking import look
from consent.bundle import bundle_of
from consent.models import ConsentRecord, How


class Command(BaseCommand):
    help = (
        "Write the evidence of a consultation's newest record into a zip file that "
        "verify_evidence.py, which lies in it, can check. Who exports it is written down first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", help="of the consultation, such as K7QM-2F4D")
        parser.add_argument(
            "--to", required=True, type=Path, help="the file; it must not be there yet"
        )
        parser.add_argument("--as", required=True, dest="username", help="the member of staff")
        parser.add_argument(
            "--record", default="", help="an earlier record: its hash begins with this"
        )
        parser.add_argument(
            "--risk", action="append", default=[], metavar="KEY", help="only this one; repeatable"
        )
        parser.add_argument(
            "--without", action="append", default=[], metavar="FIELD", help="leave this value out"
        )
        parser.add_argument(
            "--anchored",
            action="append",
            default=[],
            type=int,
            metavar="SIZE",
            help="prove that the ledger grew from an anchor of so many entries; repeatable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        record = record_of(options["reference"], beginning=options["record"])
        by = User.objects.filter(username=options["username"]).first()
        if by is None:
            raise CommandError(f"Nobody signs in as {options['username']}.")
        if not by.has_perm("consent.view_consentrecord"):
            raise CommandError(f"{by.username} may not read consent records.")
        try:
            with transaction.atomic():  # the row first; then the file
                look(record=record, by=by, how=How.EXPORTED, now=clock.now())
                bundle = bundle_of(
                    record,
                    only=options["risk"],
                    without=options["without"],
                    anchored=options["anchored"],
                )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        write(options["to"], bundle)
        self.stdout.write(f"{options['to']}: {len(bundle):,} bytes, record {record.record_hash}")


def record_of(reference: str, *, beginning: str) -> ConsentRecord:
    """The newest record of a consultation, or the one whose hash begins so. Raises CommandError."""
    records = ConsentRecord.objects.filter(
        consultation__reference=reference.replace("-", "").strip().upper(),
        entry__entry_hash__startswith=beginning.lower(),
    )
    record = records.order_by("-pk").first()
    if record is None:
        raise CommandError(f"There is no consent record of {reference}.")
    return record


def write(path: Path, bundle: bytes) -> None:
    """A new file, for its owner's eyes alone; whole or not at all. Raises CommandError."""
    begun = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(bundle)
            os.link(begun, path)
        finally:
            begun.unlink()
    except FileExistsError as error:
        raise CommandError(f"There is a file already: {path}") from error
    except OSError as error:
        raise CommandError(f"It cannot be written: {path}: {error.strerror}") from error
