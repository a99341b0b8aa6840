"""The guards as they stand in PostgreSQL, against those that were shipped (guards.txt)."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from consent.verifying.findings import Findings
from consent.verifying.snapshot import Snapshot

SHIPPED = Path(__file__).with_name("guards.txt")
# What is written once; the rest of the evidence is guarded by triggers of its own.
WRITTEN_ONCE = (
    "consent_reading",
    "consent_acknowledgement",
    "consent_consentrecord",
    "consent_review",
    "consent_particulars",
    "consent_patientact",
    "consent_recordaccess",
    "consent_ledgerentry",
    "consent_treenode",
    "consent_treehead",
    "consent_verification",
)
# Each guard is a name and the words whose SHA-256 is in guards.txt.
TRIGGERS = """
    SELECT 'trigger ' || relname || '.' || tgname AS name,
        concat(pg_get_triggerdef(pg_trigger.oid), ' ENABLE ', tgenabled) AS words
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'public' AND relname ~ '^(clinic|bookings|consent)_' AND NOT tgisinternal
"""
FUNCTIONS = """
    SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')' AS name,
        concat_ws(' ', prosrc, prosecdef, proconfig, lanname, provolatile, proisstrict, prokind,
            pg_get_function_result(pg_proc.oid)) AS words,
        prosecdef, proowner
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    JOIN pg_language ON pg_language.oid = prolang
    WHERE nspname = 'public' AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
"""
CONSTRAINTS = """
    SELECT 'constraint ' || relname || '.' || conname AS name,
        pg_get_constraintdef(pg_constraint.oid) || CASE WHEN convalidated THEN '' ELSE ' not validated' END
            || CASE to_jsonb(pg_constraint) ->> 'conenforced' WHEN 'false' THEN ' not enforced' ELSE '' END
            AS words
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'public' AND contype <> 'n'
        AND (relname ~ '^consent_' OR (relname = 'bookings_consultation' AND contype IN ('c', 'x')))
"""
UNIQUE = """
    SELECT 'index ' || relname || '.' || indexrelid::regclass::text AS name,
        pg_get_indexdef(indexrelid) || CASE WHEN indisvalid THEN '' ELSE ' not valid' END AS words
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'public' AND relname ~ '^consent_' AND indisunique
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


# PostgreSQL says `IN ('a', 'b')` in another way after it was dumped and restored: with other casts.
CAST = re.compile(r"::(character varying|timestamp with time zone|[a-z0-9_]+)(\(\d+\))?(\[\])?")
ALONE = re.compile(r"\(('[^']*'|ARRAY\[[^\]]*\])\)")


def standing(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Each guard that there is: its name, and the SHA-256 of what it says."""
    for query in (TRIGGERS, FUNCTIONS, CONSTRAINTS, UNIQUE):
        for row in snapshot.all(query):
            words = row.words if query is FUNCTIONS else in_one_form(row.words)
            yield row.name, hashlib.sha256(words.encode()).hexdigest()


def in_one_form(words: str) -> str:
    """A condition without its casts, and without parentheses around one literal or one array."""
    words = CAST.sub("", words)
    while (simpler := ALONE.sub(r"\1", words)) != words:
        words = simpler
    return words


def shipped() -> dict[str, str]:
    """guards.txt: a line for each guard, its SHA-256 and its name."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def lines(found: dict[str, str]) -> str:
    """The text of guards.txt for these guards."""
    return "".join(f"{found[name]}  {name}\n" for name in sorted(found))


def check(snapshot: Snapshot, findings: Findings) -> int:
    """All of it: triggers, functions, constraints, tables, and who may do what. Gives how many guards."""
    wanted, found = shipped(), dict(standing(snapshot))
    for name in sorted(wanted.keys() - found.keys()):
        findings.tampered(name, "this guard is gone")
    for name in sorted(wanted.keys() & found.keys()):
        if wanted[name] != found[name]:
            findings.tampered(name, "this guard is not as it was shipped, or it is switched off")
    for name in sorted(found.keys() - wanted.keys()):
        if name.startswith("trigger "):
            findings.tampered(name, "this trigger is not one of ours")
    _check_foreign_keys(snapshot, findings)
    _check_tables(snapshot, findings)
    _check_functions(snapshot, set(wanted), findings)
    _check_rights(snapshot, findings)
    return len(wanted)


def _check_foreign_keys(snapshot: Snapshot, findings: Findings) -> None:
    """Foreign keys are held by triggers of PostgreSQL's own, which can be switched off too."""
    for row in snapshot.all(
        "SELECT relname, count(*) AS number FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE tgisinternal AND tgenabled <> 'O' AND relname ~ '^(clinic|bookings|consent)_' GROUP BY relname"
    ):
        findings.tampered(f"foreign keys of {row.relname}", "they are switched off")


def _check_tables(snapshot: Snapshot, findings: Findings) -> None:
    """Evidence stands in plain tables: no view, rule, row filter or child table in their place."""
    rows = snapshot.all(
        "SELECT name, relkind, relpersistence, relrowsecurity, relhasrules, relhassubclass"
        " FROM unnest(%s::text[]) AS name LEFT JOIN pg_class ON relname = name"
        " AND relnamespace = 'public'::regnamespace",
        list(WRITTEN_ONCE),
    )
    for row in rows:
        if row.relkind is None:
            findings.tampered(row.name, "this table is gone")
        elif (row.relkind, row.relpersistence) != ("r", "p") or (
            row.relrowsecurity or row.relhasrules or row.relhassubclass
        ):
            findings.tampered(
                row.name, "this is no plain table any more (a view, rule, row filter or child)"
            )


def _check_functions(snapshot: Snapshot, known: set[str], findings: Findings) -> None:
    """Nobody else's function acts with the rights of the evidence's owner."""
    owner = snapshot.one(
        "SELECT relowner FROM pg_class WHERE oid = 'public.consent_ledgerentry'::regclass"
    )
    for row in snapshot.all(FUNCTIONS):
        if row.name in known and owner and row.proowner != owner.relowner:
            findings.tampered(row.name, "this function has another owner than the evidence")
        elif row.name not in known and row.prosecdef:
            findings.tampered(
                row.name, "this function acts with another's rights, and is not one of ours"
            )


def _check_rights(snapshot: Snapshot, findings: Findings) -> None:
    """The role that the application runs as adds and reads; nobody but the owner can do more."""
    rows = snapshot.all(
        "SELECT relname, relowner = any(roles) AS owns,"
        " has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')"
        "  OR has_any_column_privilege(oid, 'UPDATE') AS changes,"
        " EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee <> relowner AND privilege_type"
        "  IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')) AS others_change"
        " FROM pg_class, (SELECT array_agg(oid) AS roles FROM pg_roles"
        "  WHERE pg_has_role(current_user, oid, 'MEMBER')) AS mine"
        " WHERE relname = ANY(%s) AND relnamespace = 'public'::regnamespace",
        list(WRITTEN_ONCE),
    )
    for row in rows:
        if row.owns:
            findings.tampered(
                row.relname,
                "the application's role owns it, or can act as its owner: no guard holds",
            )
        elif row.changes or row.others_change:
            findings.tampered(
                row.relname, "a role that is not the owner may change it (UPDATE, DELETE, TRUNCATE)"
            )
