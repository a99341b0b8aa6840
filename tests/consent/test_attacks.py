"""The table of attacks: each done in SQL as the database's owner, and what catches it.

Three records are sealed in an anchored tree, a fourth waits for it. Each attack takes all guards away and
puts them back as they were. The third column is all that verification says, so it also says what does not
catch it. `columns`: the typed columns are not what the signed bytes say. `bytes`: hash or signature.
`tree`: its nodes or heads. `anchor`, `receipt`: what stands outside the database. The rows about texts and
personal values are in attacks_on_values.py. The guards themselves are attacked in test_attacks_on_guards.py,
whole databases in test_attacks_with_backups.py.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.ledger.keys import signing_key
from consent.models import Outcome
from tests.consent.attacker import Attacker, found
from tests.consent.attacks import (
    ACT,
    AHEAD,
    ANCHOR_CUT,
    ANCHOR_ROOT,
    COLUMN,
    ENTRY_GONE,
    FEWER,
    FOREIGN_KEY,
    GUARD,
    HEAD_GONE,
    LEAF_GONE,
    NO_ENTRY,
    NODE,
    NOT_NEWEST,
    NOT_SIGNED,
    RECEIPT,
    ROW_GONE,
    Row,
    record,
    rows_of,
)
from tests.consent.attacks_on_values import ON_VALUES

pytestmark = pytest.mark.one_risk

TABLE: list[Row] = [*ON_VALUES]
attack = rows_of(TABLE)


# --- Bytes -----------------------------------------------------------------------------------


@attack("edit the bytes, recompute the hash", NOT_SIGNED, ACT, NODE, RECEIPT)
def _(one: Attacker) -> None:
    one.rewrite(
        record(one, 0),
        lambda says: says["acts"].reverse() or says["acts"].append("0" * 64) or says["acts"].pop(0),
        None,
    )


@attack("the same, signed by a key of the attacker's", FOREIGN_KEY, NODE, RECEIPT)
def _(one: Attacker) -> None:
    one.rewrite(record(one, 0), lambda says: None, Ed25519PrivateKey.generate())


@attack("the same, signed by the stolen key, row led along", NODE, RECEIPT)
def _(one: Attacker) -> None:
    _backdate(one, 0)


@attack("swap the contents of two entries", NODE, NO_ENTRY, ROW_GONE, COLUMN, NOT_NEWEST)
def _(one: Attacker) -> None:
    hashes = [record(one, place).record_hash for place in (0, 1)]
    one.run(
        "CREATE TEMP TABLE old AS SELECT * FROM consent_ledgerentry WHERE entry_hash = ANY(%s)",
        hashes,
    )
    one.run("UPDATE consent_ledgerentry SET entry_hash = id::text WHERE id IN (SELECT id FROM old)")
    one.run(
        "UPDATE consent_ledgerentry one SET content = old.content, entry_hash = old.entry_hash,"
        " signature = old.signature, written_at = old.written_at"
        " FROM old WHERE one.id <> old.id AND one.id IN (SELECT id FROM old)"
    )


# --- The tree --------------------------------------------------------------------------------


@attack("swap two leaves", NODE)
def _(one: Attacker) -> None:
    one.run(
        "CREATE TEMP TABLE old AS SELECT * FROM consent_treenode WHERE level = 0 AND index IN (1, 2)"
    )
    one.run("DELETE FROM consent_treenode WHERE level = 0 AND index IN (1, 2)")
    one.run(
        "INSERT INTO consent_treenode (level, index, hash, entry_id)"
        " SELECT 0, 3 - index, hash, entry_id FROM old"
    )


@attack("delete a record in the middle", LEAF_GONE, ANCHOR_CUT, RECEIPT)
def _(one: Attacker) -> None:
    one.delete(record(one, 1))


@attack("delete a record in the middle, leave its leaf", ENTRY_GONE, RECEIPT, GUARD)
def _(one: Attacker) -> None:
    one.delete(record(one, 1), from_the_tree=False)


@attack("delete the row of a record, leave its entry", ROW_GONE, NOT_NEWEST)
def _(one: Attacker) -> None:
    one.run("DELETE FROM consent_consentrecord WHERE id = %s", record(one, 0).pk)


@attack("delete the last sealed record", LEAF_GONE, ANCHOR_CUT, RECEIPT)
def _(one: Attacker) -> None:
    one.delete(record(one, 2))


@attack(
    "delete the last sealed record and its nodes, leave the head", FEWER, AHEAD, ANCHOR_CUT, RECEIPT
)
def _(one: Attacker) -> None:
    one.delete(record(one, 2))
    one.run("DELETE FROM consent_treenode WHERE (index + 1) << level > 3")


@attack("delete the last sealed record with its head and nodes", AHEAD, ANCHOR_CUT, RECEIPT)
def _(one: Attacker) -> None:
    one.delete(record(one, 2))
    one.rebuild(None, heads=2)


@attack("delete the last unsealed record", RECEIPT)
def _(one: Attacker) -> None:
    one.delete(record(one, 3))


@attack(
    "rebuild the tree without a record, old signatures", FOREIGN_KEY, AHEAD, ANCHOR_ROOT, RECEIPT
)
def _(one: Attacker) -> None:
    _without_the_middle_one(one, None)


@attack(
    "rebuild it with a key of the attacker's", FOREIGN_KEY, AHEAD, ANCHOR_ROOT, HEAD_GONE, RECEIPT
)
def _(one: Attacker) -> None:
    _without_the_middle_one(one, Ed25519PrivateKey.generate())


@attack("rebuild it with the stolen key", ANCHOR_ROOT, RECEIPT)
def _(one: Attacker) -> None:
    _without_the_middle_one(one, signing_key())


@attack("backdate a record with the stolen key and rebuild", ANCHOR_ROOT, RECEIPT)
def _(one: Attacker) -> None:
    _backdate(one, 0)
    one.rebuild(signing_key())


# --- Inventions ------------------------------------------------------------------------------


@attack("invent a record: a copied signature", NOT_SIGNED)
def _(one: Attacker) -> None:
    one.invent(record(one, 0), None)


@attack("invent a record: signed by the attacker", FOREIGN_KEY)
def _(one: Attacker) -> None:
    one.invent(record(one, 0), Ed25519PrivateKey.generate())


def _without_the_middle_one(one: Attacker, key: Ed25519PrivateKey | None) -> None:
    one.delete(record(one, 1))
    one.rebuild(key)


def _backdate(one: Attacker, place: int) -> None:
    """A record of an hour earlier, in bytes and columns alike, signed by the clinic's own key."""
    chosen = record(one, place)
    hour = "2026-01-01T08:00:00.000000Z"
    new = one.rewrite(chosen, lambda says: says.update(at=hour), signing_key())
    one.run(
        "UPDATE consent_ledgerentry SET written_at = %s, recorded_at = %s WHERE entry_hash = %s",
        hour,
        hour,
        new,
    )
    one.run(
        "UPDATE consent_consentrecord SET sealed_at = %s, recorded_at = %s WHERE record_hash = %s",
        hour,
        hour,
        new,
    )


@pytest.mark.parametrize(
    ("act", "caught_by"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_attack_is_caught(here, act, caught_by):
    untouched = here.verify()
    assert untouched.outcome == Outcome.SOUND, untouched.findings.as_json()
    one = Attacker(here)
    with one.unguarded():
        act(one)
    report = here.verify()
    assert found(report) == caught_by, report.findings.as_json()
    assert report.outcome == Outcome.TAMPERED


def test_a_record_deleted_before_it_was_sealed_leaves_no_trace_but_the_patients_receipt(here):
    one = Attacker(here)
    with one.unguarded():
        one.delete(record(one, 3))
    assert here.verify(receipts=False).outcome == Outcome.SOUND
    assert found(here.verify()) == {RECEIPT}


def test_a_stolen_key_is_caught_by_nothing_inside_the_database(here):
    one = Attacker(here)
    with one.unguarded():
        _without_the_middle_one(one, signing_key())
    assert here.verify(receipts=False, anchors=False).outcome == Outcome.SOUND
    assert found(here.verify(receipts=False)) == {ANCHOR_ROOT}
    assert found(here.verify(anchors=False)) == {RECEIPT}
