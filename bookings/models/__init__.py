"""A request, its visit, and the e-mails it is owed."""

from bookings.models.consultation import REFERENCE_LETTERS, Consultation, new_reference
from bookings.models.guarantees import ERASED, LONGEST
from bookings.models.hours import Closure, Opening, Season, Weekday, WeeklyHours
from bookings.models.message import COPIES_AT_MOST, Message
from bookings.models.message_kinds import (
    CODES,
    CODES_FIRST,
    NEEDS_STAFF,
    TO_STAFF,
    Kind,
    MessageState,
    Phase,
)
from bookings.models.offer import Offer
from bookings.models.patient import Patient
from bookings.models.relay import PROBED_EVERY, Relay, Why
from bookings.models.session import TreatmentSession
from bookings.models.status import (
    TAKES_THE_SLOT,
    TRANSITIONS,
    VISITED,
    PartOfDay,
    Proof,
    Status,
)
from clinic.errors import NotPossibleNow

__all__ = [
    "CODES",
    "CODES_FIRST",
    "COPIES_AT_MOST",
    "ERASED",
    "LONGEST",
    "NEEDS_STAFF",
    "PROBED_EVERY",
    "REFERENCE_LETTERS",
    "TAKES_THE_SLOT",
    "TO_STAFF",
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
    "Phase",
    "Proof",
    "Relay",
    "Season",
    "Status",
    "TreatmentSession",
    "Weekday",
    "WeeklyHours",
    "Why",
    "new_reference",
]
