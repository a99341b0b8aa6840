"""A patient of whom everything is known, and every table of the database looked through for them."""

import datetime as dt

from django.contrib.sessions.models import Session
from django.db import connection

import bookings.actions
import consent.actions
from bookings import owing
from bookings.models import Consultation, Message, MessageState
from consent.models import Reading
from tests import make

AT = make.TOMORROW_AT_9
OVER = AT + dt.timedelta(hours=1)
MEANWHILE = dt.timedelta(minutes=40)
NAME, GUARDIAN = "Zubaida Kanari", "Wasim Kanari"
EMAIL = "kanari.zubaida@example.net"
# What a person would look for: in full, or as the tables have it.
CANARIES = {
    "name": NAME,
    "guardian": GUARDIAN,
    "e-mail": EMAIL,
    "mobile": "509876543",
    "birth date": "1987-03-14",
    "address of the device": "203.0.113.77",
    "browser": "KanariBrowser/7",
    "proven note": "Mariam saw Kanari's passport",
    "interpreter": "Nadia Kanari",
    "interpreter's language": "the dialect of the Kanari",
    "wish to talk": "Kanari wants to know first",
    "question": "Kanari asks whether it scars",
    "reason of the withdrawal": "Kanari is not sure any more",
    "video room": "https://video.example.com/kanari",
    "reason of the move": "Kanari is travelling",
    "reason of the cancellation": "Kanari has changed her mind",
    "why a session was voided": "it was Kanari's sister",
    "note of the review": "talked with Kanari",
    "reason of the hold": "Kanari against the clinic",
    "reason for lifting it": "Kanari has settled",
    "why an erasure was refused": "dear Kanari, not yet",
    "typed and not sent": "Kanari was still typing",
}


def known() -> Consultation:
    """A cancelled consultation with a canary in every column that a patient or staff can fill."""
    consultation = make.held(
        patient_name=NAME,
        guardian_name=GUARDIAN,
        email=EMAIL,
        mobile="+971509876543",
        birth_date=dt.date(1987, 3, 14),
        ip="203.0.113.77",
    )
    bookings.actions.prove_in_person(
        consultation=consultation, note=CANARIES["proven note"], now=make.NOW
    )
    reading = _acknowledged(consultation)
    record = consent.actions.seal(consultation=consultation, reading=reading.pk, now=make.NOW)
    bookings.actions.give_own_room(consultation=consultation, own_video_room=CANARIES["video room"])
    huda = make.dermatologist()
    if huda.user is None:
        huda.user = make.staff("huda", group="Dermatologists")
        huda.save(update_fields=["user"])
    consent.actions.review(
        record=record,
        reviewed_by=huda.user,
        decision="needs_talk",
        note=CANARIES["note of the review"],
        now=make.NOW,
    )
    consent.actions.withdraw(
        consultation=consultation,
        record=record.pk,
        language="en",
        reason=CANARIES["reason of the withdrawal"],
        now=make.NOW,
    )
    owing.note_owed(now=make.NOW)
    Message.objects.filter(consultation=consultation).update(
        state=MessageState.GAVE_UP, trouble=f"no mailbox {EMAIL}"
    )
    consultation.refresh_from_db()
    return consultation


def _acknowledged(consultation: Consultation) -> Reading:
    """Each side effect acknowledged by a browser with a name, with a question about the first."""
    reading = consent.actions.open_reading(
        consultation=consultation,
        language="en",
        now=make.NOW,
        ip="203.0.113.77",
        user_agent=CANARIES["browser"],
        read_by="interpreter",
        interpreter_name=CANARIES["interpreter"],
        interpreter_language=CANARIES["interpreter's language"],
    )
    first = reading.risk_list.risks.order_by("position")[0]
    consent.actions.want_to_talk(
        consultation=consultation,
        shown=consent.actions.shown(reading=reading, risk=first, now=make.NOW),
        question=CANARIES["wish to talk"],
        now=make.NOW,
    )
    for number, risk in enumerate(reading.risk_list.risks.order_by("position")):
        consent.actions.acknowledge(
            consultation=consultation,
            shown=consent.actions.shown(reading=reading, risk=risk, now=make.NOW),
            understood=True,
            question="" if number else CANARIES["question"],
            now=make.NOW,
        )
    return reading


def moved_and_cancelled(consultation: Consultation) -> Consultation:
    bookings.actions.move(
        consultation=consultation,
        starts_at=AT + dt.timedelta(hours=2),
        reason=CANARIES["reason of the move"],
        now=make.NOW,
    )
    return bookings.actions.cancel(
        consultation=consultation,
        reason=CANARIES["reason of the cancellation"],
        now=make.NOW,
        by_patient=True,
    )


def tables() -> dict[str, str]:
    """Every table of the database as text: bytes as they are written and, decoded, as they are read."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            found[name] = "\n".join(row for (row,) in cursor.fetchall())
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    found["what sessions hold"] = "\n".join(sessions)
    return found


def where(canary: str) -> list[str]:
    """The tables in which it stands, as text or as the bytes of a text."""
    meant = canary.replace("'", "''"), canary.encode().hex(), canary
    found = (name for name, rows in tables().items() if any(one in rows for one in meant))
    return sorted(found)
