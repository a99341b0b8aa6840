"""A request, its visit, and the e-mails it is owed."""

from bookings.models.consultation import (
    REFERENCE_LETTERS,
    TAKES_THE_SLOT,
    TRANSITIONS,
    VISITED,
    Consultation,
    NotPossibleNow,
    PartOfDay,
    Proof,
    Status,
    new_reference,
)
from bookings.models.hours import Closure, Weekday, WeeklyHours
from bookings.models.message import Kind, Message, MessageState
from bookings.models.patient import Patient
from bookings.models.session import TreatmentSession

__all__ = [
    "REFERENCE_LETTERS",
    "TAKES_THE_SLOT",
    "TRANSITIONS",
    "VISITED",
    "Closure",
    "Consultation",
    "Kind",
    "Message",
    "MessageState",
    "NotPossibleNow",
    "PartOfDay",
    "Patient",
    "Proof",
    "Status",
    "TreatmentSession",
    "Weekday",
    "WeeklyHours",
    "new_reference",
]
