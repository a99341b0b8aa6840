"""What is owed at a moment, as tests ask it."""

import datetime as dt

from django.db.models import QuerySet

import bookings.actions
from bookings import owing
from bookings.models import Consultation, Message, MessageState, TreatmentSession

HOUR = dt.timedelta(hours=1)


def owed(now: dt.datetime) -> list[str]:
    """The kinds that are owed and not noted yet."""
    return [row.kind for row in owing.owed(now=now)]


def note(now: dt.datetime) -> list[Message]:
    """Notes what is owed, as every tick does; gives the new rows."""
    before = set(Message.objects.values_list("pk", flat=True))
    owing.note_owed(now=now)
    return list(Message.objects.exclude(pk__in=before).order_by("pk"))


def are_sent(rows: QuerySet[Message], *, now: dt.datetime) -> None:
    """As a sender leaves those that the relay took."""
    rows.update(state=MessageState.SENT, sent_at=now, dot_at=now, copies=1)


def kinds(rows: list[Message]) -> list[str]:
    return sorted(row.kind for row in rows)


def session_of(consultation: Consultation, *, now: dt.datetime | None = None) -> TreatmentSession:
    """A treatment session an hour after the visit began."""
    at = consultation.starts_at + HOUR
    return bookings.actions.record_session(
        consultation=consultation, took_place_at=at, now=now or at, recorded_by=None
    )
