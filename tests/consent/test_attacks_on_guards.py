"""Attacks on the guards themselves, each done in SQL as the database's owner: verification names each."""

import psycopg
import pytest
from django.db import connections

from consent.models import Outcome
from tests.consent.attacker import Attacker, found

pytestmark = pytest.mark.one_risk

NOT_AS_SHIPPED = "this guard is not as it was shipped, or it is switched off"
GONE = "this guard is gone"
NOT_OURS = "this trigger is not one of ours"
NO_TABLE = "this is no plain table any more (a view, rule, row filter or child)"
MAY_CHANGE = "a role that is not the owner may change it (UPDATE, DELETE, TRUNCATE)"
OWNS = "the application's role owns it, or can act as its owner: no guard holds"
OWNER = "this function has another owner than the evidence"
DEFINER = "this function acts with another's rights, and is not one of ours"

NAME = "refuse_update_or_delete_on_consent_reading"
BACK = f"ALTER TABLE consent_reading ENABLE ALWAYS TRIGGER {NAME}"


def anew(events: str, condition: str = "", function: str = "refuse_to_change_evidence") -> str:
    """The trigger dropped and made again, a little weaker."""
    return (
        f"DROP TRIGGER {NAME} ON consent_reading; CREATE TRIGGER {NAME} BEFORE {events} ON consent_reading"
        f" FOR EACH ROW {condition} EXECUTE FUNCTION {function}(); {BACK}"
    )


def body(
    function: str, words: str, *, options: str = "SET search_path = pg_catalog, pg_temp"
) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql {options}"
        f" AS $$ BEGIN {words} END $$"
    )


WHERE = f"trigger consent_reading.{NAME}"
REFUSE = "function refuse_to_change_evidence()"
ENTRY = "an_entry_is_named_by_the_hash_of_its_bytes"
TABLE = [
    ("drop a trigger", f"DROP TRIGGER {NAME} ON consent_reading", WHERE, GONE),
    ("disable it", f"ALTER TABLE consent_reading DISABLE TRIGGER {NAME}", WHERE, NOT_AS_SHIPPED),
    ("let it fire only in a replica", BACK.replace("ALWAYS", "REPLICA"), WHERE, NOT_AS_SHIPPED),
    ("let it rest in a replica", BACK.replace("ALWAYS ", ""), WHERE, NOT_AS_SHIPPED),
    ("make it fire never", anew("UPDATE OR DELETE", "WHEN (false)"), WHERE, NOT_AS_SHIPPED),
    ("make it fire for deletions only", anew("DELETE"), WHERE, NOT_AS_SHIPPED),
    ("make it fire for one column", anew("UPDATE OF language OR DELETE"), WHERE, NOT_AS_SHIPPED),
    (
        "make it do another thing",
        anew("UPDATE OR DELETE", "", "stamp_recorded_at"),
        WHERE,
        NOT_AS_SHIPPED,
    ),
    (
        "weaken its function",
        body("refuse_to_change_evidence", "RETURN NEW;"),
        REFUSE,
        NOT_AS_SHIPPED,
    ),
    (
        "take its search path away",
        "ALTER FUNCTION refuse_to_change_evidence() RESET search_path",
        REFUSE,
        NOT_AS_SHIPPED,
    ),
    (
        "let the writer say when a row was recorded",
        body("stamp_recorded_at", "RETURN NEW;"),
        "function stamp_recorded_at()",
        NOT_AS_SHIPPED,
    ),
    (
        "let an erasure need no entry",
        body("refuse_to_delete_particulars_without_an_entry", "RETURN OLD;"),
        "function refuse_to_delete_particulars_without_an_entry()",
        NOT_AS_SHIPPED,
    ),
    (
        "stop the clock",
        "CREATE OR REPLACE FUNCTION clinic_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT timestamptz ''2026-01-01'''",
        "function clinic_now()",
        NOT_AS_SHIPPED,
    ),
    (
        "add a trigger that swallows entries",
        body("swallow", "RETURN NULL;")
        + "; CREATE TRIGGER swallow BEFORE INSERT ON consent_ledgerentry"
        " FOR EACH ROW EXECUTE FUNCTION swallow()",
        "trigger consent_ledgerentry.swallow",
        NOT_OURS,
    ),
    (
        "add a rule that swallows them",
        "CREATE RULE swallow AS ON INSERT TO consent_ledgerentry DO INSTEAD NOTHING",
        "consent_ledgerentry",
        NO_TABLE,
    ),
    (
        "hide rows",
        "ALTER TABLE consent_ledgerentry ENABLE ROW LEVEL SECURITY;"
        " CREATE POLICY hidden ON consent_ledgerentry USING (id < 1000)",
        "consent_ledgerentry",
        NO_TABLE,
    ),
    (
        "put a view in a table's place",
        "ALTER TABLE consent_recordaccess RENAME TO hidden;"
        " CREATE VIEW consent_recordaccess AS SELECT * FROM hidden",
        "consent_recordaccess",
        NO_TABLE,
    ),
    (
        "drop a check",
        f"ALTER TABLE consent_ledgerentry DROP CONSTRAINT {ENTRY}",
        f"constraint consent_ledgerentry.{ENTRY}",
        GONE,
    ),
    (
        "weaken a check",
        f"ALTER TABLE consent_ledgerentry DROP CONSTRAINT {ENTRY},"
        f" ADD CONSTRAINT {ENTRY} CHECK (entry_hash <> '')",
        f"constraint consent_ledgerentry.{ENTRY}",
        NOT_AS_SHIPPED,
    ),
    (
        "leave a check unproven",
        f"ALTER TABLE consent_ledgerentry DROP CONSTRAINT {ENTRY},"
        f" ADD CONSTRAINT {ENTRY} CHECK (entry_hash = encode(sha256(content), 'hex')) NOT VALID",
        f"constraint consent_ledgerentry.{ENTRY}",
        NOT_AS_SHIPPED,
    ),
    (
        "let a record be withdrawn twice",
        "DROP INDEX a_record_is_withdrawn_once",
        "index consent_patientact.a_record_is_withdrawn_once",
        GONE,
    ),
    (
        "let the application change evidence",
        "GRANT UPDATE ON consent_reading TO {app}",
        "consent_reading",
        MAY_CHANGE,
    ),
    (
        "let it change one column",
        "GRANT UPDATE (language) ON consent_reading TO {app}",
        "consent_reading",
        MAY_CHANGE,
    ),
    ("let everybody", "GRANT DELETE ON consent_reading TO PUBLIC", "consent_reading", MAY_CHANGE),
    (
        "let it empty evidence",
        "GRANT TRUNCATE ON consent_reading TO {app}",
        "consent_reading",
        MAY_CHANGE,
    ),
    ("give it the table", "ALTER TABLE consent_reading OWNER TO {app}", "consent_reading", OWNS),
    (
        "give it a function of the evidence",
        "ALTER FUNCTION refuse_to_change_evidence() OWNER TO {app}",
        REFUSE,
        OWNER,
    ),
    (
        "add a back door that acts as the owner",
        body("back_door", "RETURN NEW;", options="SECURITY DEFINER"),
        "function back_door()",
        DEFINER,
    ),
]


@pytest.mark.parametrize(
    ("attack", "about", "says"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_change_of_a_guard_is_named(here, attack, about, says):
    assert here.verify().outcome == Outcome.SOUND
    app = connections["default"].settings_dict["USER"]
    one = Attacker(here)
    try:
        one.run(attack.replace("{app}", app))
    except psycopg.errors.InsufficientPrivilege:
        one.as_superuser(attack.replace("{app}", app))
    report = here.verify()
    assert report.outcome == Outcome.TAMPERED
    assert (about, says) in {(each.about, each.says) for each in report.findings.kept}


def test_a_trigger_that_was_taken_away_and_put_back_tells_nothing_but_the_edited_row_does(here):
    one = Attacker(here)
    (definition,) = one.run(
        "SELECT pg_get_triggerdef(oid) AS words FROM pg_trigger WHERE tgname = %s", NAME
    )
    one.run(f"DROP TRIGGER {NAME} ON consent_reading")
    one.run(
        "UPDATE consent_reading SET opened_at = opened_at - interval '1 s' WHERE id = %s",
        here.records[0].reading_id,
    )
    one.run(definition.words)
    one.run(BACK)
    assert found(here.verify()) == {"the column is not what the signed bytes say"}


def test_foreign_keys_that_are_switched_off_are_named(here):
    one = Attacker(here)
    one.as_superuser("ALTER TABLE consent_consentrecord DISABLE TRIGGER ALL")
    assert "they are switched off" in found(here.verify())
