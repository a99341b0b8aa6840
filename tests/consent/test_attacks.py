"""The table of attacks: each done in SQL as the database's owner, and what catches it.

Three records are sealed in an anchored tree, a fourth waits for it. Each attack takes all guards away and
puts them back as they were. The third column is all that verification says, so it also says what does not
catch it. `columns`: the typed columns are not what the signed bytes say. `bytes`: hash or signature.
`tree`: its nodes or heads. `anchor`, `receipt`: what stands outside the database. The guards themselves
are attacked in test_attacks_on_guards.py, whole databases in test_attacks_with_backups.py.
"""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent import ledger
from consent.ledger.keys import signing_key
from consent.models import Outcome
from tests.consent.attacker import Attacker, found

pytestmark = pytest.mark.one_risk

# What catches it: the sentences of the findings.
COLUMN = "the column is not what the signed bytes say"
ACT = "the act is not the one in the signed bytes"
LIST_WORDS = "the list says other words than were acknowledged"
WORDS_HASH = "it is not the hash of the words beside it"
HASH = "the bytes do not have the hash that names them"
FORM = "the bytes are not in the canonical form"
NOT_SIGNED = "the clinic's key did not sign it"
FOREIGN_KEY = "no key of the clinic's signed it"
NODE = "the node is not the hash of what stands below it"
LEAF_GONE = "there is no leaf at this place of the tree"
ENTRY_GONE = "the entry of this leaf is gone"
NO_ENTRY = "its entry is not in the ledger"
ROW_GONE = "the record is gone"
FEWER = "the tree has fewer entries than its head"
ANCHOR_CUT = "the ledger has fewer entries than were anchored: it was set back, or cut"
ANCHOR_ROOT = "the ledger's first entries are not those that were anchored"
PUBLISHED = "the list is not what was published"
HEAD_GONE = "the head that was anchored is no longer in the database"
RECEIPT = "receipt without entry: the clinic signed it, and the entry is not in the ledger"
NOT_NEWEST = "the receipt is not of its newest record"
VALUE = "the value is not the one that was committed to"
VALUE_GONE = "the value is gone, and no erasure was entered"
TOO_FEW_ACTS = "the acts are not one for each risk of the list"
BELONGS_TO_NOTHING = "the value belongs to nothing that was signed"
AHEAD = "an anchor says that more entries were kept than there are"
GUARD = "this guard is not as it was shipped, or it is switched off"
COUNT = "the signed bytes count another number of acts"

Attack = Callable[[Attacker], None]
TABLE: list[tuple[str, Attack, set[str]]] = []


def attack(name: str, *caught_by: str) -> Callable[[Attack], Attack]:
    """A row of the table."""

    def note(act: Attack) -> Attack:
        TABLE.append((name, act, set(caught_by)))
        return act

    return note


def record(one: Attacker, place: int):
    return one.scene.records[place]


# --- Texts and values ------------------------------------------------------------------------


@attack("edit the words of an act", ACT, WORDS_HASH)
def _(one: Attacker) -> None:
    one.run(
        "UPDATE consent_acknowledgement SET words = 'Nothing can happen.' WHERE reading_id = %s",
        record(one, 0).reading_id,
    )


@attack("edit the words of an act and their hash", ACT, LIST_WORDS)
def _(one: Attacker) -> None:
    one.run(
        "UPDATE consent_acknowledgement SET words = 'Nothing.', words_hash = %s WHERE reading_id = %s",
        ledger.hash_of_words("Nothing.", "I understand that this can happen"),
        record(one, 0).reading_id,
    )


@attack("edit a published wording", LIST_WORDS, PUBLISHED)
def _(one: Attacker) -> None:
    one.run("UPDATE consent_risk SET what_it_is_en = 'Nothing to worry about.'")


@attack("edit when an act was done", ACT)
def _(one: Attacker) -> None:
    one.run(
        "UPDATE consent_acknowledgement SET acknowledged_at = acknowledged_at + interval '1 s'"
        " WHERE reading_id = %s",
        record(one, 1).reading_id,
    )


@attack("edit whether the patient wanted to talk", ACT)
def _(one: Attacker) -> None:
    one.run(
        "UPDATE consent_acknowledgement SET wants_to_talk = NOT wants_to_talk WHERE reading_id = %s",
        record(one, 1).reading_id,
    )


@attack("edit the language of a reading", COLUMN, LIST_WORDS)
def _(one: Attacker) -> None:
    one.run("UPDATE consent_reading SET language = 'ar' WHERE id = %s", record(one, 0).reading_id)
    one.run(
        "UPDATE consent_acknowledgement SET language = 'ar' WHERE reading_id = %s",
        record(one, 0).reading_id,
    )


@attack("edit the declaration of a record", COLUMN)
def _(one: Attacker) -> None:
    one.run(
        "UPDATE consent_consentrecord SET declaration = 'I consent' WHERE id = %s",
        record(one, 0).pk,
    )


@attack("edit when a record was sealed", COLUMN)
def _(one: Attacker) -> None:
    one.run(
        "UPDATE consent_consentrecord SET sealed_at = sealed_at + interval '1 s' WHERE id = %s",
        record(one, 0).pk,
    )


@attack("delete an act", TOO_FEW_ACTS, COUNT)
def _(one: Attacker) -> None:
    one.run("DELETE FROM consent_acknowledgement WHERE reading_id = %s", record(one, 0).reading_id)


@attack("edit a personal value", VALUE, GUARD)
def _(one: Attacker) -> None:
    one.run(
        "UPDATE consent_particulars SET value = 'Somebody Else' WHERE field = 'patient_name'"
        " AND consultation_id = %s",
        record(one, 0).consultation_id,
    )


@attack("edit a personal value and its commitment", VALUE_GONE, BELONGS_TO_NOTHING)
def _(one: Attacker) -> None:
    salt = b"0123456789abcdef"
    one.run(
        "UPDATE consent_particulars SET value = 'Somebody', salt = %s, commitment = %s"
        " WHERE field = 'patient_name' AND consultation_id = %s",
        salt,
        ledger.commitment("patient_name", "Somebody", salt),
        record(one, 0).consultation_id,
    )


@attack("edit a personal value, its commitment and the reading's", COLUMN)
def _(one: Attacker) -> None:
    salt, key = b"0123456789abcdef", record(one, 0).consultation_id
    made = ledger.commitment("patient_name", "Somebody", salt)
    one.run(
        "UPDATE consent_particulars SET value = 'Somebody', salt = %s, commitment = %s"
        " WHERE field = 'patient_name' AND consultation_id = %s",
        salt,
        made,
        key,
    )
    one.run(
        "UPDATE consent_reading SET commitments = commitments || jsonb_build_object('patient_name',"
        " %s::text) WHERE consultation_id = %s",
        made,
        key,
    )


@attack("delete personal values without an entry", VALUE_GONE)
def _(one: Attacker) -> None:
    one.run(
        "DELETE FROM consent_particulars WHERE consultation_id = %s", record(one, 0).consultation_id
    )


@attack("give a patient another's receipt", NOT_NEWEST)
def _(one: Attacker) -> None:
    one.run(
        "UPDATE bookings_consultation SET receipt = %s WHERE id = %s",
        record(one, 1).record_hash,
        record(one, 0).consultation_id,
    )


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
