"""The nine invariants of a load under a fault, asked of PostgreSQL and of the mail server's log.

Asked in SQL of the tables, not of the code that sent: it could be wrong in the same way.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bookings import links
from bookings.models import Consultation
from tests import databases
from tests.faults import load
from tests.faults.table import Row

SEEN = ("bad_address", "bounced", "unknown", "gave_up")  # states that staff see
MESSAGES = """
SELECT message.id, message.kind, message.state, message.copies, visit.status, visit.reference
FROM bookings_message message JOIN bookings_consultation visit ON visit.id = consultation_id"""
# Visits without the row that they are owed: the confirmation, and the cancellation if they had a time.
NEVER_NOTED = """
SELECT count(*) FROM bookings_consultation visit WHERE confirmed_at <= clinic_now()
AND status IN ('confirmed', 'cancelled') AND NOT EXISTS (
    SELECT FROM bookings_message message WHERE message.consultation_id = visit.id
    AND message.kind IN (visit.status, 'moved'))
AND starts_at > coalesce(cancelled_at, confirmed_at)"""
OVERLAPS = """
SELECT count(*) FROM bookings_consultation one JOIN bookings_consultation two
ON one.id < two.id AND one.dermatologist_id = two.dermatologist_id
AND one.starts_at < two.ends_at AND two.starts_at < one.ends_at
WHERE one.status IN ('held', 'confirmed') AND two.status IN ('held', 'confirmed')"""
# Promised to more than one row, or half of it missing.
BOOKINGS = """
SELECT reference, count(*) OVER (PARTITION BY reference), patient_name <> '' AND email <> ''
    AND starts_at IS NOT NULL AND ends_at IS NOT NULL AND code_issued_at IS NOT NULL
FROM bookings_consultation WHERE reference = ANY(%s)"""


@dataclass
class Outcome:
    """What became of a load. Each field but the last four has to be nothing."""

    lost: list[int] = field(default_factory=list)  # 1
    sent_without_acceptance: list[int] = field(default_factory=list)  # 2
    third_copies: list[int] = field(default_factory=list)  # 3
    unflagged: list[int] = field(default_factory=list)  # 4
    marked_after_the_end: int = 0  # 5
    overdue: float = 0.0  # 6: seconds; the longest that a row was left with its lease over
    overlaps: int = 0  # 7
    not_whole: list[str] = field(default_factory=list)  # 8
    canaries: list[str] = field(default_factory=list)  # 9
    accepted: int = 0
    copies: int = 0
    flagged: int = 0
    may_have_left: int = 0  # past their mark when the visit was cancelled
    states: Counter[str] = field(default_factory=Counter)

    def holds(self, *, overdue_at_most: float = 10.0) -> None:
        """Fails, naming the invariant, unless all nine hold."""
        assert not self.lost, f"1: lost {self.lost[:10]}"
        assert not self.sent_without_acceptance, f"2: {self.sent_without_acceptance[:10]}"
        assert not self.third_copies, f"3: three copies of {self.third_copies[:10]}"
        assert not self.unflagged, f"4: copies without a flag {self.unflagged[:10]}"
        assert self.marked_after_the_end == 0, f"5: {self.marked_after_the_end} marks too late"
        assert self.overdue <= overdue_at_most, f"6: {self.overdue:.1f} s past the lease"
        assert self.overlaps == 0, f"7: {self.overlaps} visits overlap"
        assert not self.not_whole, f"8: {self.not_whole[:10]}"
        assert not self.canaries, f"9: {self.canaries[:10]}"

    def row(self, fault: str, bites: int, besides: str = "") -> Row:
        """Its line of the table."""
        lost = len(self.lost)
        return Row(
            fault, bites, lost, self.copies, self.flagged, self.marked_after_the_end, besides
        )


def outcome(
    database: str,
    *,
    accepted: Counter[int],
    booked: Iterable[str] = (),
    logs: Iterable[Path] = (),
    times: float = 1.0,
) -> Outcome:
    """Of everything in this database, once it has drained.

    `accepted`: copies that the mail server took, by message. `booked`: references that were answered
    with a yes. `times`: how fast the clinic's clock ran.
    """
    found = Outcome(accepted=sum(accepted.values()))
    with psycopg.connect(databases.url_of(database), autocommit=True) as asked:
        for row in asked.execute(MESSAGES).fetchall():
            _look_at(found, *row[:5], taken=accepted[row[0]])
        found.lost += [0] * _one(asked, NEVER_NOTED)
        found.overlaps = _one(asked, OVERLAPS)
        found.not_whole = _not_whole(asked, list(booked))
    with psycopg.connect(databases.url_of(database, owner=True), autocommit=True) as owner:
        found.marked_after_the_end = _one(owner, "SELECT count(*) FROM faults_mark WHERE after_end")
        longest = _one(owner, "SELECT max(overdue) FROM faults_lease") or dt.timedelta()
        found.overdue = max(0.0, longest.total_seconds() / times)
    found.canaries = _canaries(logs)
    return found


def _look_at(
    found: Outcome, pk: int, kind: str, state: str, copies: int, status: str, *, taken: int
) -> None:
    """One message and how many copies of it the mail server took."""
    found.states[state] += 1
    ended = state in ("sent", *SEEN) or (
        state == "dropped" and kind != "cancelled" and (status != "confirmed" or kind == "code")
    )
    if not ended:
        found.lost.append(pk)
    if state == "sent" and not taken:
        found.sent_without_acceptance.append(pk)
    if taken > 2 or copies > 2:
        found.third_copies.append(pk)
    if taken > copies:
        found.unflagged.append(pk)
    found.copies += taken > 1
    found.flagged += copies > 1
    found.may_have_left += bool(copies) and kind == "confirmed" and status == "cancelled"


def _not_whole(asked: psycopg.Connection, booked: list[str]) -> list[str]:
    rows = {reference: rest for reference, *rest in asked.execute(BOOKINGS, [booked]).fetchall()}
    return [each for each in booked if rows.get(each) != [1, True]]


def _canaries(logs: Iterable[Path]) -> list[str]:
    """Names of logs in which a patient's name, address, phone or token stands, and what of it."""
    words = [load.CANARY_NAME.split()[1], load.CANARY_DOMAIN, load.CANARY_PHONE.removeprefix("+")]
    visits = Consultation.objects.order_by("pk")[:50]
    words += [links.token(visit, purpose) for visit in visits for purpose in links.Purpose]
    found = []
    for log in logs:
        text = log.read_text(errors="replace")
        found += [f"{log.name}: {word}" for word in words if word in text]
    return found


def _one(asked: psycopg.Connection, sql: str) -> Any:
    row = asked.execute(sql).fetchone()
    assert row
    return row[0]
