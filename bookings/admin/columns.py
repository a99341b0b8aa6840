"""How a consultation's facts are printed on the desk: words first, colour and sign beside them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy

from bookings.admin.people import NOTHING, birth, call, who, who_in_the_list, write
from bookings.models import Consultation, Status
from clinic import times
from clinic.admin import comma
from clinic.i18n import active_language
from clinic.templatetags.clinic_pages import clinic_hours, clinic_time

# A sign for each status, so that nothing is said by colour alone (WCAG 1.4.1).
SIGNS = {
    Status.WAITING: "…",
    Status.HELD: "◔",
    Status.EXPIRED: "○",
    Status.CONFIRMED: "●",
    Status.ARRIVED: "▸",
    Status.COMPLETED: "✓",
    Status.NO_SHOW: "⊘",
    Status.CANCELLED: "✕",
}


def badge(sign: str, words: object, look: str) -> str:
    """Words with a sign that screen readers leave out; the look is a class of admin.css."""
    return format_html(
        '<span class="badge {}"><span aria-hidden="true">{}</span> <bdi>{}</bdi></span>',
        look,
        sign,
        words,
    )


def when(consultation: Consultation) -> str:
    """The visit's time in two short lines; the clinic's zone, which the header names."""
    if consultation.starts_at is None:
        return format_html('<span class="quiet">{}</span>', gettext("no time yet"))
    zone = timezone.get_current_timezone()
    day = times.local_day(consultation.starts_at, zone)
    return format_html(
        '<span class="clock"><bdi dir="ltr">{}</bdi></span> <span class="day">{}</span>',
        times.clock(consultation.starts_at, zone),
        times.day_in_words(day, active_language()).rsplit(" ", 1)[0],
    )


def moment(at: dt.datetime | None) -> str:
    """A moment in words, in the clinic's zone."""
    return clinic_time(at, timezone.get_current_timezone()) if at else NOTHING


def visit(consultation: Consultation) -> str:
    """The visit from its start to its end, in words, in the clinic's zone."""
    if consultation.starts_at is None or consultation.ends_at is None:
        return gettext("no time yet")
    zone = timezone.get_current_timezone()
    return clinic_hours(consultation.starts_at, consultation.ends_at, zone)


def short_facts(consultation: Consultation) -> list[str]:
    """What a page that asks something about a consultation says of it."""
    facts = [who(consultation), visit(consultation), str(consultation.treatment or "")]
    facts += [str(consultation.dermatologist or ""), status(consultation)]
    return [fact for fact in facts if fact]


def patients_time(consultation: Consultation) -> str:
    """The visit in the patient's own zone, where their clock differs."""
    starts_at = consultation.starts_at
    if starts_at is None:
        return NOTHING
    zone = consultation.zone_that_counts
    if times.same_clock(starts_at, zone, timezone.get_current_timezone()):
        return gettext("the same as the clinic's")
    return clinic_time(starts_at, zone)


def risks(consultation: Consultation) -> str:
    """How many of how many side effects are acknowledged; never which, nor any question."""
    of_all = gettext("%(done)s of %(all)s") % {
        "done": consultation.risks_acknowledged,
        "all": consultation.risks_total,
    }
    lines = []
    if consultation.asks_again_since is not None and consultation.status != Status.CANCELLED:
        lines.append(badge("!", gettext("asked again"), "bad"))
    elif consultation.has_all_risks_acknowledged:
        lines.append(badge("✓", of_all, "good"))
    elif consultation.status != Status.CANCELLED:
        some = consultation.risks_acknowledged > 0
        missing = gettext("missing: %(count)s") % {"count": of_all} if some else gettext("missing")
        lines.append(badge("○", missing, "bad"))
    if consultation.wants_to_talk:
        lines.append(badge("?", gettext("wants to talk"), "talk"))
    return format_html_join(" ", "{}", ((line,) for line in lines)) or NOTHING


def status(consultation: Consultation) -> str:
    """The status: word, sign and colour."""
    known = Status(consultation.status)
    return badge(SIGNS[known], known.label, f"status status-{known}")


def proof(consultation: Consultation) -> str:
    """How and when the address was proven."""
    if consultation.proven_at is None:
        return badge("○", gettext("not proven yet"), "bad")
    words = consultation.get_proven_by_display()
    note = consultation.proven_note
    said = format_html("(<bdi>{}</bdi>)", note) if note else ""
    return format_html("{}{}{} {}", words, comma(), moment(consultation.proven_at), said)


def room(consultation: Consultation) -> str:
    """The link to the visit's video room."""
    if not consultation.video_room:
        return NOTHING
    link = format_html(
        '<a href="{0}" rel="noreferrer"><bdi dir="ltr">{0}</bdi></a>', consultation.video_room
    )
    own = gettext("of this visit alone") if consultation.own_video_room else ""
    return format_html("{} {}", link, own)


def preferences(consultation: Consultation) -> str:
    """What a patient without a time said would suit."""
    weekdays = times.WEEKDAYS[active_language()]
    parts = [weekdays[day] for day in consultation.preferred_days]
    parts.append(consultation.get_preferred_part_display())
    if consultation.preferred_dermatologist_id:
        parts.append(str(consultation.preferred_dermatologist))
    return comma().join(parts)


def receipt(consultation: Consultation) -> str:
    """The hash of the sealed record, in groups of eight."""
    code = consultation.receipt
    groups = " ".join(code[at : at + 8] for at in range(0, len(code), 8))
    return format_html('<bdi dir="ltr" class="hash">{}</bdi>', groups) if code else NOTHING


def cancelled(consultation: Consultation) -> str:
    """When, by whom and why it was cancelled."""
    if consultation.cancelled_at is None:
        return NOTHING
    whom = gettext("by the clinic")
    if consultation.cancelled_by_patient:
        whom = gettext("by the patient")
    elif consultation.cancelled_on_the_phone:
        whom = gettext("by the patient, on the phone")
    why = consultation.cancel_reason
    return format_html(
        "{}{}{} {}",
        moment(consultation.cancelled_at),
        comma(),
        whom,
        format_html("(<bdi>{}</bdi>)", why) if why else "",
    )


def moment_of(field: str, heading: object) -> Callable[[Any], str]:
    """A column or fact with one of a row's moments: never am and pm, always with the zone."""

    def fact(row: Any) -> str:
        return moment(getattr(row, field))

    return _headed(fact, field, heading)


def name_of(field: str, heading: object) -> Callable[[Any], str]:
    """A column or fact with the name of what a row points to, and no link to a room of others."""

    def fact(row: Any) -> str:
        return str(getattr(row, field) or NOTHING)

    return _headed(fact, field, heading)


def _headed(fact: Callable[[Any], str], field: str, heading: object) -> Callable[[Any], str]:
    fact.__name__ = field
    fact.short_description = heading  # type: ignore[attr-defined]
    fact.admin_order_field = field  # type: ignore[attr-defined]
    return fact


treatment = name_of("treatment", gettext_lazy("treatment"))
concern = name_of("concern", gettext_lazy("concern"))
dermatologist = name_of("dermatologist", gettext_lazy("dermatologist"))
entered_by = name_of("entered_by", gettext_lazy("entered by"))
asked_at = moment_of("asked_at", gettext_lazy("asked"))
hold_expires_at = moment_of("hold_expires_at", gettext_lazy("held until"))
confirmed_at = moment_of("confirmed_at", gettext_lazy("confirmed"))
outcome_at = moment_of("outcome_at", gettext_lazy("outcome noted"))

# Each column's heading; Django reads it off the function.
HEADINGS: dict[Any, Any] = {
    visit: gettext_lazy("time"),
    when: gettext_lazy("time"),
    patients_time: gettext_lazy("patient's time"),
    who: gettext_lazy("patient"),
    who_in_the_list: gettext_lazy("patient"),
    call: gettext_lazy("phone"),
    write: gettext_lazy("e-mail"),
    risks: gettext_lazy("side effects"),
    status: gettext_lazy("status"),
    proof: gettext_lazy("address proven"),
    room: gettext_lazy("video room"),
    preferences: gettext_lazy("what suits"),
    birth: gettext_lazy("date of birth"),
    receipt: gettext_lazy("receipt"),
    cancelled: gettext_lazy("cancelled"),
}
for _column, _heading in HEADINGS.items():
    _column.short_description = _heading
when.admin_order_field = "starts_at"  # type: ignore[attr-defined]
who_in_the_list.admin_order_field = "patient_name"  # type: ignore[attr-defined]
