"""A hundred thousand sealed records of four acts each, every one of them signed, to verify against the clock.

Copied from one pattern that went the whole road; hashes, salts and signatures are each record's own, and
the tree grows over them as it does over those of patients.
"""

import contextlib
import datetime as dt
import os
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from clinic import clock
from consent import ledger, verifying
from consent.actions import growing
from consent.actions.entering import VERSION
from consent.bodies import record_body
from tests.bench import rows

RECORDS = int(os.environ.get("BENCH_RECORDS", "100000"))
WITHIN = 60.0  # seconds
FIRST = 1_000  # ids of what is copied begin here
SENT = {"ip": "192.0.2.1", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101"}
AT_ONCE = 5_000  # records for one COPY of each table


def bench() -> list[str]:
    """How long it takes to verify all of it, and to verify what came since."""
    with ledger_of(RECORDS):
        began, spent = time.monotonic(), _processor_time()
        report = verifying.verify(now=clock.now())
        took, spent = time.monotonic() - began, _processor_time() - spent
        if report.outcome != "sound" or report.looked_at["records"] < RECORDS:
            raise SystemExit(f"The bench's ledger is not sound: {report.findings.as_json()[:5]}")
        acts, values = report.looked_at["acts"], report.looked_at["particulars"]
        full = (
            f"Verifying {report.size:,} entries with {acts:,} acts and {values:,} personal values:"
            f" {took:.1f} s ({report.size / took:,.0f} entries/s, {spent:.0f} s of processor time beside"
            f" PostgreSQL's, load {os.getloadavg()[0]:.1f}); target at most {WITHIN:.0f} s:"
            f" {'met' if took <= WITHIN else 'MISSED'}."
        )
        verifying.note(report, finished_at=clock.now())
        began = time.monotonic()
        verifying.verify(now=clock.now(), since_last=True)
        return [full, f"Verifying what came since, nothing: {time.monotonic() - began:.2f} s."]


def _processor_time() -> float:
    """Seconds that this process and those that it started have used."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@contextlib.contextmanager
def ledger_of(records: int) -> Iterator[str]:
    """A database with that many sealed records, for this run alone; its name."""
    template = f"bench_{rows.fingerprint()}_{records}evidence{ledger.signing_key_id()[:8]}"
    name = f"{template}_{os.getpid()}"
    with rows.as_owner("postgres") as owner:
        known = owner.execute("SELECT FROM pg_database WHERE datname = %s", [template]).fetchone()
        if known is None:
            rows.drop(owner, "bench_unfinished")
            rows.create(owner, "bench_unfinished", template="template0")
            rows.make_clinic("bench_unfinished")
            _fill("bench_unfinished", records)
            rename = sql.SQL("ALTER DATABASE bench_unfinished RENAME TO {}")
            owner.execute(rename.format(sql.Identifier(template)))
        rows.create(owner, name, template=template)
        rows.point_at(name)
        try:
            yield name
        finally:
            rows.point_at("postgres")
            rows.drop(owner, name)


def _fill(name: str, records: int) -> None:
    start = "date_trunc('day', now()) - (1 + n) * interval '1 hour'"
    one = rows.of_one(start, "'completed'", first=FIRST)
    with psycopg.connect(rows.url_of(name, owner=True), autocommit=True) as owner:
        rows.multiply(
            owner,
            rows.TABLE,
            records,
            {**one, "outcome_at": start, "patient_id": "first.patient_id"},
        )
        with contextlib.ExitStack() as stack:
            for table in (*Copied.COLUMNS, rows.TABLE):
                stack.enter_context(rows.without_guards(owner, table, records))
            Copied(owner).fill(records)
            owner.execute(
                "UPDATE bookings_consultation one SET receipt = entry_hash, receipt_key = key_id,"
                " receipt_signature = rtrim(translate(encode(signature, 'base64'), E'+/\\n', '-_'), '=')"
                " FROM consent_ledgerentry entry WHERE entry.consultation_id = one.id"
            )
        owner.execute("VACUUM ANALYZE")
    rows.point_at(name)
    while growing.grow(now=clock.now()):
        pass
    rows.point_at("postgres")


class Copied:
    """Rows of evidence like those of the first record, batch by batch."""

    COLUMNS = {
        "consent_reading": "id consultation_id risk_list_id language read_by opened_at recorded_at"
        " commitments absent is_demo",
        "consent_acknowledgement": "reading_id risk_list_id language risk_id words statement words_hash"
        " shown_at acknowledged_at recorded_at wants_to_talk question_commitment salt",
        "consent_particulars": "consultation_id field value salt commitment",
        "consent_ledgerentry": "kind consultation_id content entry_hash key_id signature written_at"
        " recorded_at",
        "consent_consentrecord": "consultation_id reading_id declaration sealed_at recorded_at"
        " record_hash",
    }

    def __init__(self, owner: psycopg.Connection) -> None:
        self.owner, self.key = owner, ledger.signing_key_id()
        cursor = owner.cursor(row_factory=namedtuple_row)

        def read(query: str) -> list[Any]:
            return cursor.execute(query).fetchall()

        self.acts = read(
            "SELECT act.*, risk.key FROM consent_acknowledgement act"
            " JOIN consent_risk risk ON risk.id = risk_id ORDER BY risk.position"
        )
        (self.reading,) = read("SELECT * FROM consent_reading")
        (self.record,) = read("SELECT * FROM consent_consentrecord")
        self.values = [
            (row.field, row.value) for row in read("SELECT field, value FROM consent_particulars")
        ] + list(SENT.items())
        (risk_list,) = read(
            "SELECT list.*, slug FROM consent_risklist list JOIN clinic_treatment treatment"
            f" ON treatment.id = treatment_id WHERE list.id = {self.reading.risk_list_id}"
        )
        self.risk_list = SimpleNamespace(
            treatment=SimpleNamespace(slug=risk_list.slug),
            version=risk_list.version,
            entry_id=risk_list.entry_id,
        )

    def fill(self, records: int) -> None:
        for begin in range(FIRST, FIRST + records, AT_ONCE):
            made: dict[str, list[tuple[Any, ...]]] = {table: [] for table in self.COLUMNS}
            for number in range(begin, min(begin + AT_ONCE, FIRST + records)):
                self._one(number, made)
            for table, columns in self.COLUMNS.items():
                self._copy(table, columns.split(), made[table])
        self.owner.execute(
            "SELECT setval('consent_reading_id_seq', (SELECT max(id) FROM consent_reading))"
        )

    def _copy(self, table: str, columns: list[str], made: list[tuple[Any, ...]]) -> None:
        into = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with self.owner.cursor().copy(into) as copy:
            for row in made:
                copy.write_row(row)

    def _one(self, number: int, made: dict[str, list[tuple[Any, ...]]]) -> None:
        """One record of the consultation with that id; its reading has the same number."""
        now = self.record.sealed_at + dt.timedelta(microseconds=number)
        commitments = {}
        for field, value in self.values:
            salt, words = ledger.new_salt(), f"{value} {number}"
            commitments[field] = ledger.commitment(field, words, salt)
            made["consent_particulars"].append((number, field, words, salt, commitments[field]))
        was = self.reading
        list_id, language, absent = was.risk_list_id, was.language, {}
        made["consent_reading"].append(
            (number, number, list_id, language, was.read_by, now, now, Jsonb(commitments))
            + (Jsonb(absent), was.is_demo)
        )
        salted = [
            each._replace(salt=ledger.new_salt(), shown_at=now, acknowledged_at=now)
            for each in self.acts
        ]
        for act in salted:
            made["consent_acknowledgement"].append(
                (number, list_id, language, act.risk_id, act.words, act.statement, act.words_hash)
                + (now, now, now, act.wants_to_talk, "", act.salt)
            )
        reading = SimpleNamespace(
            **was._asdict()
            | {"pk": number, "opened_at": now, "commitments": commitments, "absent": {}},
            risk_list=self.risk_list,
        )
        body = record_body(
            SimpleNamespace(proven_at=now, proven_by="email_code"),
            reading,
            [(act.key, act) for act in salted],
            declaration=self.record.declaration,
        )
        content = ledger.canonical(
            {"v": VERSION, "entry": "record", "at": ledger.utc(now), "key": self.key}
            | {"consultation": f"{number:08X}"}
            | body
        )
        name = ledger.sha256(content)
        signature = ledger.sign_hash(name).signature
        made["consent_ledgerentry"].append(
            ("record", number, content, name, self.key, signature, now, now)
        )
        made["consent_consentrecord"].append(
            (number, number, self.record.declaration, now, now, name)
        )
