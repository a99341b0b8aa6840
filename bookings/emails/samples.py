"""Every e-mail that a patient or staff can get, with sample data and no patient's, for the clinic to look at.

The rows stand in no database. They are written as every e-mail is: `compose(sample.message, ...)`.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from bookings.emails.staff import Words
from bookings.models import Consultation, Kind, Message, Status, TreatmentSession
from bookings.receipts import signature_letters
from clinic import times
from clinic.i18n import Language
from clinic.models import AftercareStep, Clinic, Dermatologist, Treatment

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# No reference has an L, so that no link of a sample opens anything.
REFERENCE = "SAMPLE00"
PATIENT = {"en": "Layla Hassan", "ar": "ليلى حسن"}
BEFORE_THE_VISIT = {
    Kind.REMINDER_3_DAYS: 3 * DAY,
    Kind.REMINDER_1_DAY: DAY,
    Kind.REMINDER_1_HOUR: HOUR,
}
SPECIAL = {
    "unsure": _("without a treatment"),
    "unproven": _("address not proven"),
    "held": _("a time is held"),
    "no_time": _("without a time"),
    "elsewhere": _("patient in another time zone"),
    "named": _("the treatment may be named"),
    "guardian": _("a guardian reads it"),
    "receipt": _("with the receipt"),
    "asks_again": _("risk information is open again"),
    "no_room": _("without a video link"),
    "by_patient": _("by the patient"),
    "on_the_phone": _("by the patient, on the phone"),
    "by_clinic": _("by the clinic"),
    "too_late": _("too late to move it online"),
}
# Each kind, and what is special about the patient's state; SPECIAL says it in words.
VARIANTS: tuple[tuple[Kind, str], ...] = (
    (Kind.CODE, "held unproven"),
    (Kind.NEW_ADDRESS, "confirmed new_address"),
    (Kind.ADDRESS_CHANGED, "confirmed new_address"),
    (Kind.REQUEST_RECEIVED, "waiting"),
    (Kind.REQUEST_RECEIVED, "waiting unsure"),
    (Kind.FINISH, "held by_staff unproven"),
    (Kind.FINISH, "waiting no_time unproven"),
    (Kind.FINISH, "waiting no_time"),
    (Kind.FINISH, "waiting unsure unproven"),
    (Kind.OFFERED, "held"),
    (Kind.OFFERED, "held elsewhere named"),
    (Kind.HOLD_RAN_OUT, "expired"),
    (Kind.HOLD_RAN_OUT, "expired no_time"),
    (Kind.LINK, "confirmed"),
    (Kind.CONFIRMED, "confirmed"),
    (Kind.CONFIRMED, "confirmed receipt"),
    (Kind.CONFIRMED, "confirmed receipt elsewhere named"),
    (Kind.MOVED, "confirmed"),
    (Kind.MOVED, "confirmed receipt elsewhere named"),
    (Kind.REMINDER_3_DAYS, "confirmed"),
    (Kind.REMINDER_3_DAYS, "confirmed asks_again"),
    (Kind.REMINDER_1_DAY, "confirmed elsewhere named"),
    (Kind.REMINDER_1_DAY, "confirmed asks_again elsewhere"),
    (Kind.REMINDER_1_DAY, "confirmed too_late"),
    (Kind.REMINDER_1_HOUR, "confirmed"),
    (Kind.REMINDER_1_HOUR, "confirmed no_room elsewhere named"),
    (Kind.ASK_AGAIN, "confirmed asks_again"),
    (Kind.CANCELLED, "confirmed cancelled by_patient"),
    (Kind.CANCELLED, "confirmed cancelled on_the_phone"),
    (Kind.CANCELLED, "confirmed cancelled by_clinic"),
    (Kind.CANCELLED, "waiting cancelled by_clinic no_time"),
)
# The first e-mail of a plan is shown in each of these states, the others in the first one.
AFTERCARE = ("confirmed", "confirmed named", "confirmed guardian", "confirmed guardian named")


@dataclass(frozen=True)
class Sample:
    """One e-mail to look at, and the moment at which it is sent."""

    key: str
    special: tuple[str, ...]
    message: Message
    now: dt.datetime


def samples(
    language: str,
    clinic: Clinic,
    *,
    now: dt.datetime,
    steps: Iterable[tuple[AftercareStep, ...]],
) -> Iterator[Sample]:
    """Every kind in every state that makes it read otherwise; of the aftercare, the steps of these e-mails."""
    for kind, state in VARIANTS:
        consultation = _consultation(state, language, clinic, now=now)
        at = now
        if consultation.starts_at and kind in BEFORE_THE_VISIT and "too_late" not in state:
            at = consultation.starts_at - BEFORE_THE_VISIT[kind]
        message = _message(kind, consultation, now=at)
        yield Sample(_key(kind, *state.split()), _special(state), message, at)
    for number, together in enumerate(steps):
        for state in AFTERCARE[: 1 if number else None]:
            yield _aftercare(together, state, language, clinic, now=now)


def to_staff(kind: Kind, words: Words, clinic: Clinic, *, now: dt.datetime) -> Sample:
    """An e-mail to staff, which brings its own words."""
    message = Message(
        id=0,
        kind=kind,
        about="sample",
        addressee=clinic.email,
        language=Language.ENGLISH,
        subject=words.subject,
        body=words.body,
    )
    return Sample(_key(kind, "to-staff"), (), message, now)


def _aftercare(
    steps: tuple[AftercareStep, ...], state: str, language: str, clinic: Clinic, *, now: dt.datetime
) -> Sample:
    step, treatment = steps[0], steps[0].plan.treatment
    consultation = _consultation(state, language, clinic, now=now)
    took_place_at = now - step.hours_after * HOUR
    session = TreatmentSession(
        id=0, consultation=consultation, treatment=treatment, took_place_at=took_place_at
    )
    message = _message(Kind.AFTERCARE, consultation, now=now, session=session, step=step)
    message.brings = steps  # read in no database
    key = _key(Kind.AFTERCARE, treatment.slug, step.key, *state.split())
    return Sample(key, (treatment.name, step.title, *_special(state)), message, now)


def _key(kind: Kind, *state: str) -> str:
    return "-".join((kind.value, *state)).replace("_", "-")


def _special(state: str) -> tuple[str, ...]:
    return tuple(str(SPECIAL[word]) for word in state.split() if word in SPECIAL)


def _message(kind: Kind, consultation: Consultation, *, now: dt.datetime, **more: Any) -> Message:
    return Message(
        id=0,
        consultation=consultation,
        kind=kind,
        about=f"{REFERENCE} sample",
        addressee=consultation.email,
        language=consultation.language,
        due_at=now,
        useful_until=now + DAY,
        next_try_at=now,
        **more,
    )


def _consultation(state: str, language: str, clinic: Clinic, *, now: dt.datetime) -> Consultation:
    """A patient's request in this state; `state` names rows of `_states`, the later count."""
    fields: dict[str, Any] = {
        "id": 0,
        "reference": REFERENCE,
        "asked_at": now - HOUR,
        "treatment": Treatment(
            id=0, slug="mesotherapy", name_en="Mesotherapy", name_ar="الميزوثيرابي"
        ),
        "patient_name": PATIENT[language],
        "email": "layla@example.com",
        "language": language,
        "zone": clinic.zone,
        "proven_at": now - HOUR,
        "code_serial": 1,
        "code_issued_at": now,
    }
    states = _states(clinic, now=now)
    for word in state.split():
        fields |= states.get(word, {})
    return Consultation(**fields)


def _states(clinic: Clinic, *, now: dt.datetime) -> dict[str, dict[str, Any]]:
    """What each word of a variant's state means for the consultation's row."""
    starts_at = _ten_o_clock(clinic, now=now)
    time: dict[str, Any] = {"starts_at": starts_at, "ends_at": starts_at + dt.timedelta(minutes=20)}
    time |= {"dermatologist": _dermatologist("https://video.example.com/room")}
    confirmed = time | {"status": Status.CONFIRMED, "confirmed_at": now - HOUR}
    late = {"starts_at": now + HOUR, "ends_at": now + HOUR + dt.timedelta(minutes=20)}
    return {
        "waiting": {"status": Status.WAITING},
        "unsure": {"treatment": None},
        "held": time | {"status": Status.HELD, "hold_expires_at": now + 2 * HOUR},
        "by_staff": {"time_chosen_by_staff": True, "hold_expires_at": now + DAY},
        "expired": time | {"status": Status.EXPIRED, "hold_expires_at": now},
        "no_time": {"starts_at": None, "ends_at": None, "dermatologist": None},
        "unproven": {"proven_at": None},
        "confirmed": confirmed,
        "new_address": {"new_email": "layla.hassan@example.org", "former_email": "l@example.com"},
        "elsewhere": {"zone": "Europe/London" if clinic.zone != "Europe/London" else "Asia/Dubai"},
        "guardian": {"guardian_name": "Mona Hassan"},
        "named": {"names_treatment": True},
        "receipt": _receipt(),
        "asks_again": {"asks_again_since": now - HOUR},
        "no_room": {"dermatologist": _dermatologist("")},
        "too_late": late,
        "cancelled": {"status": Status.CANCELLED, "cancelled_at": now},
        "by_patient": {"cancelled_by_patient": True},
        "on_the_phone": {"cancelled_on_the_phone": True},
    }


def _ten_o_clock(clinic: Clinic, *, now: dt.datetime) -> dt.datetime:
    """A week from now, at ten by the clinic's clock."""
    morning = now.astimezone(clinic.zoneinfo).replace(hour=10, minute=0, second=0, microsecond=0)
    return times.days_later(morning, clinic.zone, 7)


def _dermatologist(video_room: str) -> Dermatologist:
    return Dermatologist(
        id=0, slug="sample", name_en="Dr Huda Salem", name_ar="د. هدى سالم", video_room=video_room
    )


def _receipt() -> dict[str, str]:
    """One that is in nobody's record: the check page says so."""
    letters = hashlib.sha512(REFERENCE.encode()).digest()
    return {
        "receipt": letters[:32].hex(),
        "receipt_signature": signature_letters(letters),
        "receipt_key": letters[32:].hex(),
    }
