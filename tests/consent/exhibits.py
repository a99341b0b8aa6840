"""Sealed records of every sort that can be exported, made by the actions that people use."""

import base64
import datetime as dt
import itertools
import os

from django.db import connection

import consent.actions
from bookings.models import Consultation
from consent import ledger
from consent.actions.entering import content_of
from consent.actions.growing import grow
from consent.ledger import keys
from consent.models import (
    ConsentRecord,
    EntryKind,
    LedgerEntry,
    ReadBy,
)
from tests import make

AT = make.NOW + dt.timedelta(microseconds=123_456)  # a real clock seldom stands at a full second
LATER = make.NOW + dt.timedelta(minutes=5)
_slots = itertools.count()
QUESTION = "Is it safe with my <medicine> & “tea”? 🙂"


def proven(**fields) -> Consultation:
    """A proven request with a time that no other of these has."""
    day, slot = divmod(next(_slots) % (30 * 24), 24)
    starts_at = make.TOMORROW_AT_9 + dt.timedelta(days=day, minutes=20 * slot)
    return make.proven(starts_at=starts_at, **fields)


def english() -> ConsentRecord:
    return make.sealed(proven(language="en"), now=AT)


def arabic() -> ConsentRecord:
    return make.sealed(proven(language="ar", patient_name="ليلى حدّاد"), now=AT)


CHILD = {
    "birth_date": dt.date(2012, 3, 4),
    "guardian_name": "Mona Haddad",
    "patient_name": "Sami Haddad",
}


def guardian() -> ConsentRecord:
    return make.sealed(proven(**CHILD), now=AT)


def interpreter(**fields) -> ConsentRecord:
    """The words were read out to somebody who reads neither language."""
    consultation = proven(language="en", **fields)
    consent.actions.open_reading(
        consultation=consultation,
        language="en",
        read_by=ReadBy.INTERPRETER,
        interpreter_name="Ana Cruz",
        interpreter_language="Tagalog",
        now=AT,
    )
    return make.sealed(consultation, now=AT)


def asking(language: str = "en") -> ConsentRecord:
    consultation = proven(language=language)
    reading = make.acknowledge_all(consultation, now=AT, wants_to_talk=True, question=QUESTION)
    return consent.actions.seal(consultation=consultation, reading=reading.pk, now=AT)


def withdrawn() -> ConsentRecord:
    record = english()
    consent.actions.withdraw(
        consultation=record.consultation,
        record=record.pk,
        language="en",
        reason="I want to think.",
        now=LATER,
    )
    return record


def erased() -> ConsentRecord:
    """Its personal values were lawfully erased; a question was among them."""
    record = asking()
    erase(record.consultation)
    return record


def erase(consultation: Consultation) -> None:
    content = content_of(
        kind=EntryKind.ERASURE,
        body={"basis": "asked", "fields": consultation.particulars.count()},
        consultation=consultation,
        key=ledger.signing_key_id(),
        now=LATER,
    )
    signed = ledger.sign_hash(ledger.sha256(content))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT erase_particulars(%s, %s, %s, %s)",
            [consultation.pk, content, signed.key_id, signed.signature],
        )


def demo() -> ConsentRecord:
    consultation = proven(language="en")
    consultation.is_demo = True
    consultation.save(update_fields=["is_demo"])
    return make.sealed(consultation, now=AT)


def in_the_tree(record: ConsentRecord) -> ConsentRecord:
    """The same record, once everything written so far has been taken into the tree."""
    grow(now=LATER)
    return record


def talked_over(language: str = "en") -> ConsentRecord:
    """A record with questions, under a published list, reviewed by a dermatologist, in the tree."""
    record = asking(language)
    user = make.staff("huda")
    make.dermatologist("huda", user=user)
    consent.actions.review(
        record=record, reviewed_by=user, decision="discussed", note="Talked it over.", now=LATER
    )
    return in_the_tree(record)


SORTS = (english, arabic, guardian, interpreter, asking, withdrawn, erased, demo, talked_over)


def rotate(settings) -> LedgerEntry:
    """The clinic changes its key: from here on the new one signs."""
    old = keys.signing_key()
    settings.LEDGER_KEY = base64.b64encode(os.urandom(32)).decode()
    new = keys.signing_key()
    content = content_of(
        kind=EntryKind.ROTATION,
        body={"from": keys.public_bytes(old).hex(), "to": keys.public_bytes(new).hex()},
        consultation=None,
        key=ledger.signing_key_id(),
        now=LATER,
    )
    entry_hash = ledger.sha256(content)
    return LedgerEntry.objects.create(
        kind=EntryKind.ROTATION,
        content=content,
        entry_hash=entry_hash,
        key_id=ledger.signing_key_id(),
        signature=ledger.sign_hash(entry_hash).signature,
        cosignature=old.sign(bytes.fromhex(entry_hash)),
        written_at=LATER,
    )


def receipt_of(record: ConsentRecord) -> str:
    """The code in the patient's confirmation."""
    entry = record.entry
    return ledger.Receipt(entry.entry_hash, bytes(entry.signature), entry.key_id).code
