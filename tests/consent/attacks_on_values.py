"""The rows of the table of attacks that change texts and personal values, in columns of their own."""

from consent import ledger
from tests.consent.attacker import Attacker
from tests.consent.attacks import (
    ACT,
    BELONGS_TO_NOTHING,
    COLUMN,
    COUNT,
    GUARD,
    LIST_WORDS,
    NOT_NEWEST,
    PUBLISHED,
    TOO_FEW_ACTS,
    VALUE,
    VALUE_GONE,
    WORDS_HASH,
    Row,
    record,
    rows_of,
)

ON_VALUES: list[Row] = []
attack = rows_of(ON_VALUES)


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
