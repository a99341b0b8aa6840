"""What an e-mail says: the words that the templates choose from, and its subject."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings import calendar, links
from bookings.emails.pens import Pen, one_line
from bookings.links import Purpose
from bookings.models import CODES, Consultation, Kind, Message, MessageState, Status
from bookings.receipts import Receipt, in_groups, signature_letters
from clinic import times
from clinic.context import EMERGENCY_NUMBER
from clinic.models import AftercareStep, Clinic
from clinic.templatetags import clinic_pages

# The template of each kind, and its subject: a day at most, never anything about health.
KINDS = {
    Kind.CODE: ("code", gettext_lazy("Your code")),
    Kind.OFFERED: ("offered", gettext_lazy("A time for your visit has come free")),
    Kind.REQUEST_RECEIVED: ("request_received", gettext_lazy("We have your request")),
    Kind.FINISH: ("finish", gettext_lazy("Please finish your booking")),
    Kind.LINK: ("link", gettext_lazy("The new link to your page")),
    Kind.NEW_ADDRESS: ("new_address", gettext_lazy("Your code")),
    Kind.ADDRESS_CHANGED: ("address_changed", gettext_lazy("Your e-mail address was changed")),
    Kind.CONFIRMED: ("confirmed", gettext_lazy("Your visit is confirmed: %(day)s")),
    Kind.REMINDER_3_DAYS: ("reminder", gettext_lazy("Reminder of your visit: %(day)s")),
    Kind.REMINDER_1_DAY: ("reminder", gettext_lazy("Reminder of your visit: %(day)s")),
    Kind.REMINDER_1_HOUR: ("reminder_1_hour", gettext_lazy("Your visit begins in an hour")),
    Kind.MOVED: ("moved", gettext_lazy("Your visit was moved. It is now on %(day)s")),
    Kind.CANCELLED: ("cancelled", gettext_lazy("Cancelled: your visit on %(day)s")),
    Kind.HOLD_RAN_OUT: ("hold_ran_out", gettext_lazy("Please choose a time again")),
    Kind.ASK_AGAIN: (
        "ask_again",
        gettext_lazy("Before your visit: please look at your page again"),
    ),
    Kind.AFTERCARE: ("aftercare", gettext_lazy("After your visit")),
}
REQUEST_CANCELLED = gettext_lazy("Cancelled: your request")
TIME_OFFERED = gettext_lazy("A time for your visit")
# An e-mail of the last hour that comes late does not say "in an hour" (booked late, or the relay was away).
BEGINS_SOON = gettext_lazy("Your visit begins soon: %(time)s")
NO_HOUR_ANY_MORE = dt.timedelta(minutes=50)
WITH_VISIT = (
    *(Kind.OFFERED, Kind.CONFIRMED, Kind.MOVED, Kind.ASK_AGAIN),
    *(Kind.REMINDER_3_DAYS, Kind.REMINDER_1_DAY, Kind.REMINDER_1_HOUR),
)
# To an address that is not proven, or no longer the patient's.
NAMES_NOBODY = (Kind.NEW_ADDRESS, Kind.ADDRESS_CHANGED)
RECEIPT_PICTURE = "receipt"  # the Content-ID of the QR code (RFC 2392)
WITH_CALENDAR = (Kind.CONFIRMED, Kind.MOVED, Kind.CANCELLED)


def told(message: Message, consultation: Consultation) -> Kind:
    """The kind that the e-mail reads as: who waits to hear what it is about has nothing to finish.

    Only the words differ, not what is owed: the treatment may be set before the e-mail goes out.
    """
    waits = consultation.status == Status.WAITING and consultation.treatment is None
    if message.kind == Kind.FINISH and waits and consultation.is_proven:
        return Kind.LINK
    return Kind(message.kind)


def _is_held(consultation: Consultation, *, now: dt.datetime) -> bool:
    return consultation.status == Status.HELD and not consultation.hold_has_run_out(now=now)


def subject(
    message: Message, consultation: Consultation, clinic: Clinic, *, now: dt.datetime
) -> str:
    if message.brings:
        return one_line(message.brings[0].subject) or str(KINDS[Kind.AFTERCARE][1])
    starts_at, kind = consultation.starts_at, told(message, consultation)
    if starts_at is None or (kind == Kind.CANCELLED and not consultation.confirmed_at):
        return str(REQUEST_CANCELLED if kind == Kind.CANCELLED else KINDS[kind][1])
    if kind == Kind.FINISH and consultation.time_chosen_by_staff:
        return str(TIME_OFFERED if _is_held(consultation, now=now) else KINDS[kind][1])
    if _begins_soon(message, consultation, now=now):
        return str(BEGINS_SOON) % {"time": _clock(consultation, clinic, message.language)}
    day = times.day_in_words(times.local_day(starts_at, clinic.zone), message.language)
    return str(KINDS[kind][1]) % {"day": day}


def _begins_soon(message: Message, consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether the reminder of the last hour comes when less than that is left."""
    starts_at = consultation.starts_at
    last = message.kind == Kind.REMINDER_1_HOUR
    return last and starts_at is not None and starts_at - now < NO_HOUR_ANY_MORE


def _clock(consultation: Consultation, clinic: Clinic, language: str) -> str:
    """The clinic's clock as the first line has it; of which zone, where the patient's shows another."""
    starts_at = consultation.starts_at
    assert starts_at is not None
    clock = times.clock(starts_at, clinic.zone)
    if times.same_clock(starts_at, consultation.zone, clinic.zone):
        return clock
    return f"{clock}, {times.zone_in_words(clinic.zone, starts_at, language)}"


def facts(
    message: Message, consultation: Consultation, clinic: Clinic, *, now: dt.datetime
) -> dict[str, object]:
    """What the templates ask, and what is written with every pen alike."""
    return {
        "language": message.language,
        "sender": one_line(clinic.name),
        "tel": clinic_pages.tel(clinic.phone),
        "consultation": consultation,
        "is_held": _is_held(consultation, now=now),
        "begins_soon": _begins_soon(message, consultation, now=now),
        "needs_time": consultation.status == Status.WAITING and consultation.treatment is not None,
        "has_calendar": calendar.has_calendar(consultation),
        "link": _link(message, consultation),
    }


def words(
    message: Message,
    consultation: Consultation,
    clinic: Clinic,
    pen: Pen,
    *,
    receipt: Receipt | None,
    now: dt.datetime,
) -> dict[str, object]:
    """What every e-mail can say besides; each template says its part of it."""
    words: dict[str, object] = {
        "base": pen.base,
        "clinic_name": pen.name(clinic.name),
        "clinic_address": pen.name(clinic.address),
        "phone": pen.phone(clinic.phone),
        "emergency_number": pen.number(EMERGENCY_NUMBER),
        "details": _details(message, consultation, clinic, pen),
        **_words_of_times(consultation, clinic, pen, now=now),
    }
    if message.kind in CODES:
        words |= _words_of_code(message, consultation, clinic, pen)
    if message.kind == Kind.REMINDER_1_HOUR and consultation.video_room:
        words["room"] = consultation.video_room
        words["page"] = pen.address(calendar.page_url(consultation))
    if receipt:
        words |= _words_of_receipt(receipt, pen)
    if message.kind == Kind.AFTERCARE:
        words |= _words_of_aftercare(message, consultation, clinic, pen)
    return words


def _words_of_times(
    consultation: Consultation, clinic: Clinic, pen: Pen, *, now: dt.datetime
) -> dict[str, object]:
    """When the visit is, and until when what can be done about it."""
    words: dict[str, object] = {}
    if consultation.starts_at is not None:
        words["when"] = pen.time(consultation.starts_at, clinic.zone)
        deadline = consultation.starts_at - clinic.cancel_notice
        words["deadline"] = pen.time(deadline, clinic.zone) if deadline > now else ""
    if consultation.hold_expires_at is not None:
        words["hold_until"] = pen.time(consultation.hold_expires_at, clinic.zone)
    return words


def receipt_in(message: Message, consultation: Consultation) -> Receipt | None:
    """The confirmation brings it; so does word of a move if it is the first that the patient gets."""
    receipt = consultation.own_receipt
    if message.kind == Kind.MOVED and receipt:
        told = consultation.messages.filter(kind=Kind.CONFIRMED, state=MessageState.SENT)
        return None if told.exists() else receipt
    return receipt if message.kind == Kind.CONFIRMED else None


def _words_of_receipt(receipt: Receipt, pen: Pen) -> dict[str, object]:
    """The three parts of a receipt, each in groups, and where it can be checked."""
    return {
        "receipt_title": pen.title(_("Your receipt")),
        "receipt": pen.number(in_groups(receipt.entry_hash)),
        "receipt_signature": pen.number(in_groups(signature_letters(receipt.signature))),
        "receipt_key": pen.number(in_groups(receipt.key_id)),
        "receipt_url": pen.address(receipt.url),
        "receipt_picture": pen.picture(RECEIPT_PICTURE, _("The receipt as a QR code")),
    }


def _link(message: Message, consultation: Consultation) -> str:
    """The one address that the button leads to."""
    if message.kind == Kind.CODE:
        proof = links.token(consultation, Purpose.PROVE)
        return settings.SITE_URL + reverse("prove", args=[proof])
    if message.kind == Kind.NEW_ADDRESS:
        proof = links.token(consultation, Purpose.NEW_ADDRESS)
        return settings.SITE_URL + reverse("new_address_link", args=[proof])
    if message.kind == Kind.REMINDER_1_HOUR and consultation.video_room:
        return consultation.video_room
    if message.kind in (Kind.CANCELLED, Kind.ADDRESS_CHANGED):
        return settings.SITE_URL + reverse("start")
    return calendar.page_url(consultation)


def _words_of_code(
    message: Message, consultation: Consultation, clinic: Clinic, pen: Pen
) -> dict[str, object]:
    """The six digits stand bare, for copying: digits alone keep their order in either direction."""
    assert consultation.code_issued_at is not None
    purpose = Purpose.NEW_CODE if message.kind == Kind.NEW_ADDRESS else Purpose.CODE
    return {
        "code": links.code(consultation, purpose),
        "code_until": pen.time(consultation.code_issued_at + links.CODE_HOLDS, clinic.zone),
    }


def stop_url(consultation: Consultation) -> str:
    """Where the tips can be stopped, in the language of the e-mail."""
    return settings.SITE_URL + reverse("stop_tips", args=[links.token(consultation, Purpose.STOP)])


def _words_of_aftercare(
    message: Message, consultation: Consultation, clinic: Clinic, pen: Pen
) -> dict[str, object]:
    assert message.session is not None
    plan = message.brings[0].plan
    assert plan.reviewed_by is not None and plan.reviewed_at is not None
    approved_on = times.local_day(plan.reviewed_at, clinic.zone)
    visit = times.local_day(message.session.took_place_at, clinic.zone)
    return {
        **words_of_steps(message.brings, pen),
        "visit_day": pen.name(times.day_in_words(visit, message.language)),
        # Where another person reads it than whose session it was.
        "patient": pen.name(consultation.patient_name) if consultation.guardian_name else "",
        "treatment": pen.name(message.session.treatment.name)
        if consultation.names_treatment
        else "",
        "approved_by": pen.name(plan.reviewed_by.name),
        "approved_on": pen.name(times.day_in_words(approved_on, message.language)),
        "version": pen.number(plan.version),
        "stop": pen.link(stop_url(consultation)),
    }


def words_of_steps(steps: Sequence[AftercareStep], pen: Pen) -> dict[str, object]:
    """Each step under its title, in order; the warnings that several share stand once, at the end."""
    advice = [pen.prose(steps[0].body)]
    for step in steps[1:]:
        advice += [pen.heading(step.title), pen.prose(step.body)]
    warnings = [
        pen.urgent(text)
        for part in AftercareStep.OPTIONAL
        for text in dict.fromkeys(getattr(step, part) for step in steps)
        if text
    ]
    title = pen.line(steps[0].title) or KINDS[Kind.AFTERCARE][1]
    return {"title": title, "advice": advice, "warnings": warnings}


def _details(
    message: Message, consultation: Consultation, clinic: Clinic, pen: Pen
) -> list[tuple[str, str]]:
    """The lines under the fact: label and value. Nothing typed before the address is proven."""
    rows = []
    starts_at, doctor = consultation.starts_at, consultation.dermatologist
    if message.kind in WITH_VISIT and starts_at is not None and doctor is not None:
        zone = consultation.zone_that_counts
        if not times.same_clock(starts_at, zone, clinic.zone):
            rows.append((_("Your own time"), pen.time(starts_at, zone)))
        rows.append((_("With"), pen.name(doctor.name)))
        if consultation.names_treatment and consultation.treatment is not None:
            rows.append((_("About"), pen.name(consultation.treatment.name)))
    if consultation.is_proven and message.kind not in NAMES_NOBODY:
        label = _("Name") if message.kind in (Kind.CANCELLED, Kind.AFTERCARE) else _("For")
        rows.append((label, pen.name(consultation.patient_name)))
    rows.append((_("Reference"), pen.reference(consultation.reference)))
    return rows
