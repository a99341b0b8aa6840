"""A request, its visit, and the e-mails it is owed."""

from bookings.models.consultation import REFERENCE_LETTERS, Consultation, new_reference
from bookings.models.hours import Closure, Weekday, WeeklyHours
from bookings.models.message import Kind, Message, MessageState
from bookings.models.patient import Patient
from bookings.models.session import TreatmentSession
from bookings.models.status import (
    TAKES_THE_SLOT,
    TRANSITIONS,
    VISITED,
    NotPossibleNow,
    PartOfDay,
    Proof,
    Status,
)

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
