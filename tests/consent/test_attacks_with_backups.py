"""A whole database put back from a dump: an old one is caught, one of today's verifies anywhere."""

import datetime as dt
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

import bookings.actions
import consent.actions
from clinic import clock
from clinic.embedded import postgres
from clinic.embedded.places import find_place
from consent import ledger, verifying
from consent.actions.entering import content_of
from consent.actions.erasing import Basis
from consent.models import EntryKind, Outcome, Particulars, Verification
from tests import databases, make
from tests.consent.attacker import Attacker, Scene, found
from tests.settings import FOLDER

pytestmark = pytest.mark.one_risk

CUT = "the ledger has fewer entries than were anchored: it was set back, or cut"
RECEIPT = "receipt without entry: the clinic signed it, and the entry is not in the ledger"
BACK = "values stand here again that were erased"
# Of the tests' own databases the locale is PostgreSQL's own C.UTF-8, and the time zone UTC.
ELSEWHERE = {
    "another collation": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'",
    "the system's locale": "LOCALE_PROVIDER libc LOCALE 'C'",
}
HABITS = (
    "timezone = 'Pacific/Apia'",
    "datestyle = 'ISO, DMY'",  # psycopg reads no other than ISO, so nothing of the clinic would run
    "intervalstyle = 'iso_8601'",
    "bytea_output = 'escape'",
    "extra_float_digits = 0",
)


def tool(name: str, *arguments: str) -> None:
    """One of PostgreSQL's programs, of the same version as the server."""
    programs, _major = postgres.find_programs(find_place(FOLDER))
    subprocess.run([programs / name, *arguments], check=True, timeout=120)


def dumped(name: str, folder: Path) -> Path:
    path = folder / "backup"
    tool("pg_dump", "--format=custom", f"--file={path}", databases.url_of(name, owner=True))
    return path


@contextmanager
def restored(backup: Path, test_databases, *, where: str = "") -> Iterator[str]:
    """A new database from a dump, which both of Django's connections lead to."""
    with test_databases.copy_of("template0", options=where) as name:
        for habit in HABITS if where else ():
            test_databases.owner.execute(f"ALTER DATABASE {name} SET {habit}")
        url = databases.url_of(name, owner=True)
        tool("pg_restore", "--exit-on-error", f"--dbname={url}", str(backup))
        yield name


def erase(scene: Scene, place: int) -> None:
    """A patient's values erased by the one function that may, as the application's role."""
    consultation, now = scene.records[place].consultation, clock.now()
    content = content_of(
        kind=EntryKind.ERASURE,
        body={"basis": "asked"},
        consultation=consultation,
        key=ledger.signing_key_id(),
        now=now,
    )
    signed = ledger.sign_hash(ledger.sha256(content))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT erase_particulars(%s, %s, %s, %s)",
            [consultation.pk, content, signed.key_id, signed.signature],
        )


def test_an_old_backup_is_caught_by_the_anchors_and_by_receipts(here, tmp_path, test_databases):
    backup = dumped(here.name, tmp_path)
    here.sealed()
    here.grow()
    assert here.verify().outcome == Outcome.SOUND
    with restored(backup, test_databases):
        assert here.verify(receipts=False, anchors=False).outcome == Outcome.SOUND
        assert found(here.verify(receipts=False)) == {CUT}
        assert found(here.verify(anchors=False)) == {RECEIPT}


def test_a_backup_that_grew_on_is_caught_too(here, tmp_path, test_databases):
    """The clinic works on after the restore: the tree is as large as before, but it is another one."""
    backup = dumped(here.name, tmp_path)
    here.sealed()
    here.grow()
    gone = here.records.pop()
    with restored(backup, test_databases):
        here.sealed()
        here.sealed()
        here.grow()
        assert here.verify(receipts=False, anchors=False).outcome == Outcome.SOUND
        assert found(here.verify(receipts=False)) == {
            "the ledger's first entries are not those that were anchored"
        }
        says = {each.about for each in here.verify(anchors=False).findings.kept}
        assert says == {f"receipt {gone.record_hash[:12]} in {gone.consultation.reference}.eml"}


@pytest.mark.parametrize("where", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_database_restored_under_another_locale_and_time_zone_verifies(
    here, tmp_path, test_databases, where
):
    erase(here, 1)
    here.grow()
    before = here.verify()
    assert before.outcome == Outcome.SOUND
    backup = dumped(here.name, tmp_path)
    with restored(backup, test_databases, where=where) as name:
        own = _locale(name)
        assert own != _locale(here.name)
        after = here.verify()
        assert (after.outcome, after.root) == (Outcome.SOUND, before.root), after.findings.as_json()
        assert after.findings.as_json() == before.findings.as_json()
        assert after.looked_at == before.looked_at


def _locale(name: str) -> tuple[str, ...]:
    with psycopg.connect(databases.url_of(name)) as session:
        row = session.execute(
            "SELECT datlocprovider, datcollate, datlocale, current_setting('timezone'),"
            " current_setting('datestyle') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row
    return row


def test_an_erased_patients_record_verifies_as_erased(here):
    erase(here, 0)
    report = here.verify()
    assert report.outcome == Outcome.SOUND
    assert report.findings.counts == {"erased": 1, "unsealed": 2}
    assert not Particulars.objects.filter(consultation=here.records[0].consultation).exists()


def test_what_the_clinics_own_action_erased_verifies_as_erased(here):
    """The visit cancelled, then everything about the patient taken away, as the desk does it."""
    consultation = here.records[2].consultation
    bookings.actions.cancel(
        consultation=consultation, reason="Asked for it.", now=clock.now(), by_patient=False
    )
    consent.actions.erase(
        consultation=consultation, basis=Basis.ASKED, by=make.staff("lead"), now=clock.now()
    )
    here.grow()
    report = here.verify()
    assert (report.outcome, report.findings.counts) == (Outcome.SOUND, {"erased": 1}), (
        report.findings.as_json()
    )


def test_what_was_erased_cannot_be_added_again(here):
    kept = Particulars.objects.filter(consultation=here.records[0].consultation).first()
    erase(here, 0)
    with pytest.raises(DatabaseError, match="was erased"), transaction.atomic():
        kept.save(force_insert=True)


def test_what_the_owner_adds_again_by_force_is_named(here):
    kept = list(Particulars.objects.filter(consultation=here.records[0].consultation))
    erase(here, 0)
    one = Attacker(here)
    with one.unguarded():
        for each in kept:
            each.save(force_insert=True)
    assert found(here.verify()) == {BACK}


def test_an_erasure_that_is_taken_back_whole_is_caught(here):
    """Values added again and the erasure's entry deleted, sealed as it was: the tree tells."""
    kept = list(Particulars.objects.filter(consultation=here.records[0].consultation))
    erase(here, 0)
    here.grow()
    one = Attacker(here)
    with one.unguarded():
        one.run("DELETE FROM consent_ledgerentry WHERE kind = 'erasure'")
        for each in kept:
            each.save(force_insert=True)
    assert "the entry of this leaf is gone" in found(here.verify())


def test_the_run_is_written_down_once(here):
    report = here.verify()
    row = verifying.note(report, finished_at=clock.now())
    assert (row.outcome, row.size, row.from_size) == ("sound", 4, 0)
    with pytest.raises(DatabaseError), transaction.atomic():
        Verification.objects.update(outcome="sound", started_at=clock.now() - dt.timedelta(1))
