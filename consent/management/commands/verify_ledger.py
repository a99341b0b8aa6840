"""`manage.py verify_ledger`: recompute everything, and say what does not agree."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from clinic import clock
from consent import verifying
from consent.models import Outcome
from consent.verifying import Report
from consent.verifying.keys import CannotBegin

EXITS = {Outcome.SOUND: 0, Outcome.TAMPERED: 1, Outcome.LATE: 2}
COULD_NOT_RUN = 3
NOT_OUR_FAULT = (ImproperlyConfigured, CannotBegin, OSError, psycopg.Error, DatabaseError)
WIDTH = 30
NOT_SEEN = (
    "Only what came after entry {from_size} was looked at, with guards and anchors. A change of an older row, "
    "or of personal values, is seen by --full."
)


class Command(BaseCommand):
    """Exit 0: sound (erased, not yet sealed or slow is sound). 1: tampered. 2: late only. 3: could not run."""

    help = "Verify the consent ledger: hashes, signatures, tree, anchors, columns, guards and receipts."

    def add_arguments(self, parser: CommandParser) -> None:
        much = parser.add_mutually_exclusive_group()
        much.add_argument("--full", action="store_true", help="Everything from the first entry on.")
        much.add_argument(
            "--since-last", action="store_true", help="What came after the last sound verification."
        )
        parser.add_argument("--receipts", type=Path, help="A folder of patients' saved receipts.")
        parser.add_argument(
            "--anchors", type=Path, help="The anchors' file (default: ANCHOR_FILE)."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument(
            "--processes", type=int, help="How many at once (default: as many as help)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        bar = Bar(quiet=options["json"] or not sys.stderr.isatty())
        if options["anchors"] and not options["anchors"].is_file():
            raise CommandError(f"There is no file {options['anchors']}.", returncode=COULD_NOT_RUN)
        try:
            report = verifying.verify(
                now=clock.now(),
                since_last=options["since_last"],
                receipts=options["receipts"],
                anchor_file=options["anchors"],
                processes=options["processes"],
                progress=bar.show,
            )
            bar.end()
            verifying.note(report, finished_at=clock.now())
        except NOT_OUR_FAULT as error:
            bar.end()
            raise CommandError(f"Could not run: {error}", returncode=COULD_NOT_RUN) from error
        self.stdout.write(_as_json(report) if options["json"] else _in_words(report))
        if code := EXITS[report.outcome]:
            sys.exit(code)


class Bar:
    """How far it is, on a terminal; nothing where the output goes to a file or a program."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self.began, self.shown_at = quiet, time.monotonic(), 0.0

    def show(self, total: int, done: int) -> None:
        now = time.monotonic()
        if self.quiet or (now - self.shown_at < 0.2 and done < total):
            return
        self.shown_at = now
        part = min(1.0, done / total) if total else 1.0
        rate = done / max(now - self.began, 0.001)
        full = "#" * round(part * WIDTH)
        sys.stderr.write(f"\r[{full:<{WIDTH}}] {part:4.0%}  {rate:,.0f} entries/s ")
        sys.stderr.flush()

    def end(self) -> None:
        if self.shown_at:
            sys.stderr.write("\n")
            self.shown_at = 0.0


def _in_words(report: Report) -> str:
    findings = report.findings
    lines = [str(finding) for finding in findings.in_order()]
    if findings.left_out:
        lines.append(f"... and {findings.left_out:,} more of the same kinds.")
    looked = ", ".join(f"{number:,} {name}" for name, number in sorted(report.looked_at.items()))
    lines.append(f"Looked at {looked} in {report.seconds:.1f} s.")
    if report.from_size:
        lines.append(NOT_SEEN.format(from_size=f"{report.from_size:,}"))
    lines.append(f"Tree of {report.size:,} entries, root {report.root}.")
    counts = ", ".join(f"{number:,} {kind}" for kind, number in findings.counts.items())
    lines.append(f"{report.outcome.upper()}{f' ({counts})' if counts else ''}")
    return "\n".join(lines)


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "outcome": report.outcome,
            "from_size": report.from_size,
            "size": report.size,
            "root": report.root,
            "seconds": round(report.seconds, 3),
            "looked_at": report.looked_at,
            "counts": report.findings.counts,
            "findings": report.findings.as_json(),
            "left_out": report.findings.left_out,
        },
        indent=2,
    )
