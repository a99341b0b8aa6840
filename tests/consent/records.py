"""Records to be read at the desk, and what was done to them."""

import datetime as dt

from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client

import consent.actions
from bookings.models import Consultation
from consent import ledger
from consent.actions.entering import content_of, enter
from consent.actions.reading import keep_apart, progress_of
from consent.bodies import record_body
from consent.models import ActKind, ConsentRecord, EntryKind, PatientAct, Reading, Risk
from tests import desk, make


def address(record: ConsentRecord, page: str = "change") -> str:
    return desk.url(f"consent_consentrecord_{page}", record.pk)


def page(
    record: ConsentRecord, client: Client | None = None, *, language: str = ""
) -> BeautifulSoup:
    """The record's page as its dermatologist gets it."""
    prefix = f"/{language}" if language else ""
    response = (client or desk.dermatologist()).get(prefix + address(record))
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def text_of(soup) -> str:
    """What stands there, with single spaces."""
    return " ".join(soup.get_text(" ", strip=True).split())


def talking(*, question: str = "Does it hurt?", ip: str = "", **fields) -> ConsentRecord:
    """A record of a patient with a question about each side effect."""
    visit = make.proven(**fields)
    consent.actions.open_reading(
        consultation=visit, language=visit.language, ip=ip, user_agent="Firefox", now=make.NOW
    )
    reading = make.acknowledge_all(visit, wants_to_talk=True, question=question)
    return consent.actions.seal(consultation=visit, reading=reading.pk, now=make.NOW)


def wished(reading: Reading, risk: Risk, *, note: str = "") -> PatientAct:
    """The patient wanted to talk about a risk first."""
    return PatientAct.objects.create(
        kind=ActKind.WANTS_TO_TALK,
        consultation=reading.consultation,
        reading=reading,
        risk=risk,
        language=reading.language,
        statement="I want to talk about this first",
        note_commitment=keep_apart(reading.consultation, "note", note),
        acted_at=make.NOW,
    )


def withdrawn(record: ConsentRecord, *, reason: str = "") -> PatientAct:
    """The patient withdrew a record's acknowledgement."""
    return consent.actions.withdraw(
        consultation=record.consultation,
        record=record.pk,
        language="en",
        reason=reason,
        now=make.NOW,
    )


def acknowledged_again(record: ConsentRecord, *, now: dt.datetime) -> ConsentRecord:
    """A later record of the same consultation, with every act carried over."""
    earlier = record.reading
    reading = Reading.objects.create(
        consultation=record.consultation,
        risk_list=earlier.risk_list,
        language=earlier.language,
        opened_at=now,
        commitments=earlier.commitments,
        absent=earlier.absent,
    )
    for act in earlier.acknowledgements.all():
        act.carried_from_id, act.pk, act.reading, act.salt = (
            act.pk,
            None,
            reading,
            ledger.new_salt(),
        )
        act._state.adding = True
        act.save(force_insert=True)
    acts = [(act.risk.key, act) for act in progress_of(reading=reading).acts.values()]
    body = record_body(record.consultation, reading, acts, declaration=record.declaration)
    return ConsentRecord.objects.create(
        consultation=record.consultation,
        reading=reading,
        declaration=record.declaration,
        sealed_at=now,
        entry=enter(kind=EntryKind.RECORD, body=body, consultation=record.consultation, now=now),
    )


def erased(consultation: Consultation) -> None:
    """The personal values of a consultation erased by the one function that may."""
    content = content_of(
        kind=EntryKind.ERASURE,
        body={"basis": "asked"},
        consultation=consultation,
        key=ledger.signing_key_id(),
        now=make.NOW,
    )
    signed = ledger.sign_hash(ledger.sha256(content))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT erase_particulars(%s, %s, %s, %s)",
            [consultation.pk, content, signed.key_id, signed.signature],
        )
