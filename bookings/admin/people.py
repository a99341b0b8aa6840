"""How the desk prints who somebody is and how they are reached; of an erased patient: that they are."""

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from bookings.models import Consultation
from clinic import times
from clinic.i18n import active_language
from clinic.templatetags.clinic_pages import clinic_time, phone, reference, tel

NOTHING = "-"


def erased() -> str:
    """What stands in the place of a name."""
    return format_html('<span class="quiet">{}</span>', gettext("erased"))


def who(consultation: Consultation) -> str:
    """The patient's name, isolated, with the guardian who acts for a child."""
    if consultation.is_erased:
        return erased()
    name = format_html("<bdi>{}</bdi>", consultation.patient_name)
    if not consultation.guardian_name:
        return name
    guardian = format_html("<bdi>{}</bdi>", consultation.guardian_name)
    return format_html(
        '{} <span class="quiet">{} {}</span>', name, gettext("with guardian"), guardian
    )


def who_in_the_list(consultation: Consultation) -> str:
    """The name, and under it the guardian and the reference, each on a line of its own."""
    lines = [reference(consultation.reference)]
    if guardian := consultation.guardian_name:
        lines.insert(0, format_html("{} <bdi>{}</bdi>", gettext("with guardian"), guardian))
    under = format_html_join(" ", '<span class="under">{}</span>', ((line,) for line in lines))
    name = format_html("<bdi>{}</bdi>", consultation.patient_name)
    return format_html("{} {}", erased() if consultation.is_erased else name, under)


def call(consultation: Consultation) -> str:
    """The mobile number, to click and call."""
    if not consultation.mobile:
        return NOTHING
    return format_html(
        '<a class="tel" href="tel:{}">{}</a>', tel(consultation.mobile), phone(consultation.mobile)
    )


def write(consultation: Consultation) -> str:
    """The e-mail address, left to right; a new one that waits for its proof; whether tips are stopped."""
    lines = [format_html('<bdi dir="ltr">{}</bdi>', consultation.email or NOTHING)]
    if consultation.new_email:
        new = format_html('<bdi dir="ltr">{}</bdi>', consultation.new_email)
        lines.append(format_html(gettext("new, not proven yet: {address}"), address=new))
    if consultation.tips_stopped_at is not None:
        zone = timezone.get_current_timezone()
        at = clinic_time(consultation.tips_stopped_at, zone)
        lines.append(format_html(gettext("tips after a session stopped: {moment}"), moment=at))
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))


def birth(consultation: Consultation) -> str:
    """The date of birth in words."""
    if consultation.birth_date is None:
        return NOTHING
    return times.date_in_words(consultation.birth_date, active_language())
