"""A request, its visit, and the e-mails it is owed."""

from bookings.models.consultation import REFERENCE_LETTERS, Consultation, new_reference
from bookings.models.guarantees import ERASED, LONGEST
from bookings.models.hours import Closure, Opening, Season, Weekday, WeeklyHours
from bookings.models.message import Kind, Message, MessageState
from bookings.models.offer import Offer
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
    "ERASED",
    "LONGEST",
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
    "Offer",
    "Opening",
    "PartOfDay",
    "Patient",
    "Proof",
    "Season",
    "Status",
    "TreatmentSession",
    "Weekday",
    "WeeklyHours",
    "new_reference",
]
