"""One run of the verification: what is looked at, in which order, and the row that says so."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from consent.actions.anchoring import alarms
from consent.models import Outcome, Verification
from consent.verifying import anchors, guards, publications, runs, saved_receipts, waiting
from consent.verifying.cases import Part, parts_of_all, parts_of_some
from consent.verifying.findings import LATE, Findings, nonsense_is_tampering
from consent.verifying.growth import Growth, frontier_at
from consent.verifying.keys import CannotBegin, Keys
from consent.verifying.lists import Lists
from consent.verifying.snapshot import Place, Row, Snapshot, here
from consent.verifying.working import Team, processes_for

# Told how many units of work there are, and how many are done (consultations and leaves).
Progress = Callable[[int, int], None]


@dataclass
class Report:
    """What a run looked at and found."""

    started_at: dt.datetime
    from_size: int = 0
    size: int = 0
    root: str = ""
    looked_at: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        return self.findings.outcome


def verify(
    *,
    now: dt.datetime,
    since_last: bool = False,
    receipts: Path | None = None,
    anchor_file: Path | None = None,
    processes: int | None = None,
    progress: Progress = lambda total, done: None,
) -> Report:
    """Recomputes everything from the stored bytes, in one snapshot of the database, and changes nothing.

    `since_last`: from the last sound run's signed head on: what was changed before it is not seen, but
    for guards, anchors and receipts. Raises ImproperlyConfigured without a key, CannotBegin, OSError,
    and psycopg.Error where the database cannot be read.
    """
    began, place = time.monotonic(), here()
    with closing(Snapshot(place)) as snapshot:
        report, keys = Report(now), Keys.read(snapshot)
        report.looked_at["guards"] = guards.check(snapshot, report.findings)
        growth = Growth(snapshot, keys, report.findings)
        parts = _begin(growth, report, since_last=since_last)
        team = Team(snapshot, place, keys, processes=processes or processes_for(len(parts)))
        try:
            _run(team, growth, parts, report, progress)
        finally:
            team.end()
        with nonsense_is_tampering(report.findings, "publications and rotations"):
            lists = Lists.read(snapshot)
            publications.check(snapshot, keys, lists, report.findings, report.looked_at)
        with nonsense_is_tampering(report.findings, "verifications"):
            runs.check(snapshot, keys, report.findings)
        anchors.check_places(snapshot, growth.signed_size, report.findings)
        with nonsense_is_tampering(report.findings, "entries that wait for the tree"):
            waiting.check(snapshot, report.findings, now=now, size=growth.signed_size)
    _look_outside(report, place, keys, receipts=receipts, anchor_file=anchor_file)
    report.seconds = time.monotonic() - began
    return report


def _look_outside(
    report: Report, place: Place, keys: Keys, *, receipts: Path | None, anchor_file: Path | None
) -> None:
    """What is kept where the database's owner cannot reach, and whether that is up to date."""
    findings = report.findings
    if anchor_file:
        report.looked_at += anchors.check(anchor_file, place, keys, findings)
    elif own := settings.ANCHOR_FILE:
        report.looked_at += anchors.check_own_file(Path(own), place, keys, findings)
    if receipts is not None:
        report.looked_at += saved_receipts.check(receipts, place, keys, findings)
    with nonsense_is_tampering(findings, "anchors"):
        for alarm in alarms(now=report.started_at):
            if alarm.place != "tree":  # told already, from the snapshot
                findings.add(LATE, f"anchor {alarm.place}", alarm.sentence)


def note(report: Report, *, finished_at: dt.datetime) -> Verification:
    """The row of a run: signed, and written once, like the evidence itself."""
    return runs.written(
        started_at=report.started_at,
        finished_at=finished_at,
        from_size=report.from_size,
        size=report.size,
        root=report.root,
        outcome=report.outcome,
        findings=report.findings.as_json(),
        counts={**report.looked_at, **report.findings.counts},
    )


def _begin(growth: Growth, report: Report, *, since_last: bool) -> list[Part]:
    """Where the tree begins to grow again, and the parts to look at."""
    if not since_last:
        return parts_of_all(growth.snapshot)
    head = _verified_last(growth)
    if head is None:
        raise CannotBegin(
            "There is no earlier sound verification to begin from. Run it with --full."
        )
    frontier = frontier_at(head.size, growth.snapshot)
    if frontier is None or frontier.root() != head.head_root:
        report.findings.tampered(
            f"head of {head.size}, consent_treenode",
            "the nodes of the tree no longer lead to the head that was verified last",
        )
        growth.is_whole = False
    else:
        growth.frontier = frontier
        growth.signed_size = head.size
        report.from_size = head.size
    rows = growth.snapshot.stream(
        "SELECT DISTINCT consultation_id FROM consent_ledgerentry entry"
        " LEFT JOIN consent_treenode leaf ON leaf.entry_id = entry.id"
        " WHERE consultation_id IS NOT NULL AND (leaf.index IS NULL OR leaf.index >= %s)",
        report.from_size,
    )
    return parts_of_some(row.consultation_id for row in rows)


def _verified_last(growth: Growth) -> Row | None:
    """The signed head that the last run of ours ended with, unless it found an offence."""
    past = growth.snapshot.stream(
        "SELECT run.*, head.content AS words, head.key_id AS head_key, head.signature AS head_signature,"
        " head.root AS head_root FROM consent_verification run JOIN consent_treehead head"
        " ON head.size = run.size AND encode(head.root, 'hex') = run.root"
        " WHERE outcome <> 'tampered' ORDER BY run.id DESC"
    )
    with closing(past):
        for run in past:
            is_signed = growth.keys.signed_head(run.head_key, run.head_signature, run.words)
            if is_signed and runs.is_ours(run, growth.keys.trusted):
                return run
    return None


def _run(team: Team, growth: Growth, parts: list[Part], report: Report, progress: Progress) -> None:
    """The tree here, while other processes look at the parts; or one after the other."""
    total = growth.leaves_to_come() + len(parts)
    done = 0

    def tick(number: int) -> None:
        nonlocal done
        done += number
        progress(total, done)

    found = team.begin(parts)
    with nonsense_is_tampering(report.findings, "the tree and its heads"):
        growth.run(tick)
    for findings, looked_at in found:
        report.findings.take_over(findings)
        report.looked_at += looked_at
        tick(1)
    report.size, report.root = growth.frontier.size, growth.frontier.root().hex()
    report.looked_at += growth.looked_at
