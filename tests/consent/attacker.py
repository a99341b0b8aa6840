"""An attacker with the password of the database's owner, and the scene that is attacked.

Guards are taken away for an attack and put back as they were, so that they tell nothing afterwards.
"""

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import override_settings
from psycopg.rows import namedtuple_row

from clinic import clock
from consent import ledger, verifying
from consent.actions import anchoring, growing
from consent.ledger import tree
from consent.ledger.keys import key_id_of, public_bytes
from consent.models import ConsentRecord
from consent.verifying import Report
from tests import databases, make

Says = dict[str, Any]


@dataclass
class Scene:
    """Sealed records, each with its receipt, and a tree whose heads are anchored."""

    name: str  # of the database
    folder: Path
    records: list[ConsentRecord]

    @property
    def anchors(self) -> Path:
        return self.folder / "anchors.jsonl"

    @property
    def receipts(self) -> Path:
        return self.folder / "receipts"

    def copied(self, name: str, folder: Path) -> "Scene":
        """The same scene in another database and folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Scene(name, folder, list(self.records))

    def verify(self, *, receipts: bool = True, anchors: bool = True, **options: Any) -> Report:
        """What verify_ledger finds, with or without what stands outside the database."""
        with override_settings(ANCHOR_FILE=str(self.anchors) if anchors else ""):
            return verifying.verify(
                now=clock.now(), receipts=self.receipts if receipts else None, **options
            )

    def sealed(self) -> ConsentRecord:
        """One more record, written at this moment."""
        now = clock.now()
        starts_at = now.replace(hour=6, minute=0, second=0, microsecond=0) + dt.timedelta(
            days=2 + len(self.records)
        )
        record = make.sealed(make.proven(now=now, starts_at=starts_at), now=clock.now())
        self.records.append(record)
        self._save_receipt(record)
        return record

    def grow(self) -> None:
        """The tree takes in what waits, and its head is anchored."""
        growing.grow(now=clock.now())
        anchoring.anchor(now=clock.now())

    def _save_receipt(self, record: ConsentRecord) -> None:
        """The patient's mail as a mail program saves it: in base64, so the code cannot be grepped."""
        entry = record.entry
        receipt = ledger.Receipt(entry.entry_hash, bytes(entry.signature), entry.key_id)
        mail = EmailMessage()
        mail["Subject"] = "Your consultation"
        mail.set_content(f"Your receipt:\n{receipt.code}\n", cte="base64")
        self.receipts.mkdir(exist_ok=True)
        path = self.receipts / f"{record.consultation.reference}.eml"
        path.write_bytes(mail.as_bytes())


def scene(name: str, folder: Path) -> Scene:
    """Three records in the tree, after the publication of what they read."""
    made = Scene(name, folder, [])
    for _record in range(3):
        made.sealed()
        made.grow()
    return made


def found(report: Report) -> set[str]:
    """The sentences of the offences."""
    return {each.says for each in report.findings.kept if each.kind == "tampered"}


class Attacker:
    """A session of the owner's; without the clinic's key, unless it was stolen."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.sql = psycopg.connect(
            databases.url_of(scene.name, owner=True), autocommit=True, row_factory=namedtuple_row
        )

    def run(self, query: str, *values: Any) -> list[Any]:
        cursor = self.sql.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []

    def as_superuser(self, *statements: str) -> None:
        """What not even the owner can do: the server's own superuser (peer authentication)."""
        server = self.sql.info.get_parameters()
        place = {name: server[name] for name in ("host", "port", "dbname") if name in server}
        with psycopg.connect(**place, user="postgres", autocommit=True) as session:
            for statement in statements:
                session.execute(statement)

    def close(self) -> None:
        self.sql.close()

    @contextmanager
    def unguarded(self) -> Iterator[None]:
        """Every trigger off, every check and reference gone; then all of it as it was."""
        tables = self._tables()
        constraints = self.run(
            "SELECT conrelid::regclass::text AS table, conname AS name,"
            " pg_get_constraintdef(oid) AS words FROM pg_constraint WHERE contype IN ('c', 'f')"
            " AND conrelid = ANY(%s::regclass[])",
            tables,
        )
        for table in tables:
            self.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for each in constraints:
            self.run(f'ALTER TABLE {each.table} DROP CONSTRAINT "{each.name}"')
        yield
        for each in constraints:
            add = f'ALTER TABLE {each.table} ADD CONSTRAINT "{each.name}" {each.words}'
            try:
                self.run(add)
            except (
                psycopg.errors.IntegrityError
            ):  # it no longer holds: the nearest to it that can be had
                self.run(f"{add} NOT VALID")
        for trigger in self.run(
            "SELECT tgrelid::regclass::text AS table, tgname AS name FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid = ANY(%s::regclass[])",
            tables,
        ):
            self.run(f'ALTER TABLE {trigger.table} ENABLE ALWAYS TRIGGER "{trigger.name}"')

    def _tables(self) -> list[str]:
        rows = self.run(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname ~ '^consent_|^bookings_consultation$'"
        )
        return [row.relname for row in rows]

    def rewrite(
        self, record: ConsentRecord, change: Callable[[Says], None], key: Ed25519PrivateKey | None
    ) -> str:
        """An entry's bytes changed, its hash recomputed, all that names it led along; perhaps signed."""
        (entry,) = self.run(
            "SELECT * FROM consent_ledgerentry WHERE entry_hash = %s", record.record_hash
        )
        says = json.loads(entry.content)
        change(says)
        key_id, signature = entry.key_id, entry.signature
        if key:
            key_id = says["key"] = key_id_of(public_bytes(key))
        content = ledger.canonical(says)
        new = ledger.sha256(content)
        if key:
            signature = key.sign(bytes.fromhex(new))
        self.run(
            "UPDATE consent_ledgerentry SET content = %s, entry_hash = %s, key_id = %s, signature = %s"
            " WHERE id = %s",
            *(content, new, key_id, signature, entry.id),
        )
        self.run(
            "UPDATE consent_consentrecord SET record_hash = %s WHERE record_hash = %s",
            *(new, entry.entry_hash),
        )
        self.run(
            "UPDATE bookings_consultation SET receipt = %s, receipt_key = %s, receipt_signature = %s"
            " WHERE receipt = %s",
            *(new, key_id, ledger.signature_letters(signature), entry.entry_hash),
        )
        return new

    def delete(self, record: ConsentRecord, *, from_the_tree: bool = True) -> None:
        """A record, its entry, what it sealed, and every trace of it on the consultation."""
        key = record.consultation_id
        self.run(
            "UPDATE bookings_consultation SET status = 'cancelled', cancelled_at = now(), receipt = '', receipt_key = '',"
            " receipt_signature = '' WHERE id = %s",
            key,
        )
        if from_the_tree:
            self.run(
                "DELETE FROM consent_treenode WHERE entry_id IN"
                " (SELECT id FROM consent_ledgerentry WHERE consultation_id = %s)",
                key,
            )
        self.run("DELETE FROM consent_consentrecord WHERE consultation_id = %s", key)
        self.run(
            "DELETE FROM consent_acknowledgement WHERE reading_id IN"
            " (SELECT id FROM consent_reading WHERE consultation_id = %s)",
            key,
        )
        for table in ("consent_reading", "consent_particulars", "consent_ledgerentry"):
            self.run(f"DELETE FROM {table} WHERE consultation_id = %s", key)

    def rebuild(self, key: Ed25519PrivateKey | None, *, heads: int = 3) -> None:
        """The whole tree anew over the entries as they stand, with so many heads of the old sizes."""
        old = {row.size: row for row in self.run("SELECT * FROM consent_treehead ORDER BY size")}
        sizes = list(old)[:heads]
        self.run("DELETE FROM consent_treenode")
        self.run("DELETE FROM consent_treehead")
        frontier = tree.Frontier()
        for entry in self.run("SELECT * FROM consent_ledgerentry ORDER BY id"):
            if frontier.size == max(sizes):
                break
            for level, index, node in frontier.append(tree.leaf_of(entry.entry_hash)):
                self.run(
                    "INSERT INTO consent_treenode (level, index, hash, entry_id) VALUES (%s, %s, %s, %s)",
                    *(level, index, node, None if level else entry.id),
                )
            if frontier.size in sizes:
                self._head(old[frontier.size], frontier.root(), key)

    def _head(self, old: Any, root: bytes, key: Ed25519PrivateKey | None) -> None:
        says = json.loads(old.content) | {"root": root.hex()}
        key_id, signature = old.key_id, old.signature
        if key:
            key_id = says["key"] = key_id_of(public_bytes(key))
        content = ledger.canonical(says)
        if key:
            signature = key.sign(content)
        self.run(
            "INSERT INTO consent_treehead (size, root, content, key_id, signature, signed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            *(old.size, root, content, key_id, signature, old.signed_at),
        )

    def invent(self, pattern: ConsentRecord, key: Ed25519PrivateKey | None) -> None:
        """A second record of a consultation that never read anything again: rows, entry and all."""
        (entry,) = self.run(
            "SELECT * FROM consent_ledgerentry WHERE entry_hash = %s", pattern.record_hash
        )
        says = json.loads(entry.content)
        key_id, signature = entry.key_id, entry.signature
        if key:
            key_id = says["key"] = key_id_of(public_bytes(key))
        (reading,) = self._copy("consent_reading", "id = %s", pattern.reading_id)
        self._copy(
            "consent_acknowledgement", "reading_id = %s", pattern.reading_id, reading_id=reading
        )
        says["reading"] = reading
        content = ledger.canonical(says)
        new = ledger.sha256(content)
        if key:
            signature = key.sign(bytes.fromhex(new))
        self._copy(
            "consent_ledgerentry",
            "id = %s",
            entry.id,
            **{"content": content, "entry_hash": new, "key_id": key_id, "signature": signature},
        )
        self._copy(
            "consent_consentrecord", "id = %s", pattern.pk, reading_id=reading, record_hash=new
        )
        self.run(
            "UPDATE bookings_consultation SET receipt = %s, receipt_key = %s, receipt_signature = %s"
            " WHERE id = %s",
            *(new, key_id, ledger.signature_letters(signature), pattern.consultation_id),
        )

    def _copy(self, table: str, where: str, value: Any, **changed: Any) -> list[int]:
        """Copies of rows with some columns changed; their new ids."""
        columns = [
            row.name
            for row in self.run(
                "SELECT attname AS name FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped AND attname <> 'id'",
                table,
            )
        ]
        given = ", ".join("%s" if column in changed else column for column in columns)
        rows = self.run(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {given} FROM {table} WHERE {where}"
            " RETURNING id",
            *(changed[column] for column in columns if column in changed),
            value,
        )
        return [row.id for row in rows]
