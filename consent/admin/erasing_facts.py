"""What there is to know before an erasure request is answered: the rule, what goes, what stays, whom to tell."""

import datetime as dt
from typing import Any

from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext

from bookings.admin import columns
from bookings.models import Consultation
from clinic.admin import comma
from clinic.errors import Refused
from clinic.i18n import active_language
from clinic.templatetags.clinic_pages import reference
from consent import actions, retention
from consent.actions import Basis
from consent.models import ConsentRecord, Particulars

Facts = list[tuple[Any, Any]]


def contact(consultation: Consultation) -> Facts:
    """Who asked and how they are reached: for the one who has to tell them, until it is answered."""
    if consultation.is_erased:
        return [(gettext("Patient"), columns.who(consultation))]
    return [
        (gettext("Patient"), columns.who(consultation)),
        (gettext("Phone"), columns.call(consultation)),
        (gettext("E-mail"), columns.write(consultation)),
        (gettext("Language"), consultation.get_language_display()),
    ]


def whether(consultation: Consultation, *, now: dt.datetime) -> Facts:
    """By which rule it is kept and until when, and whether something forbids to erase it now."""
    if consultation.is_erased:
        return [(gettext("Now"), columns.badge("✓", gettext("it is erased already"), "good"))]
    kept = retention.keep_until(consultation)
    try:
        actions.refuse_unless_erasable(consultation, basis=Basis.ASKED, now=now)
    except Refused as refusal:
        verdict = columns.badge("✕", str(refusal), "bad")
    else:
        verdict = columns.badge("✓", gettext("yes: nothing forbids it"), "good")
    return [
        (gettext("Now"), verdict),
        (gettext("Kept as data of"), kept.rule.label),
        (gettext("Counted from"), columns.moment(kept.since)),
        (gettext("Kept until"), columns.moment(kept.until)),
    ]


def what_goes(consultation: Consultation) -> Facts:
    """What an erasure takes away."""
    values = Particulars.objects.filter(consultation=consultation).count()
    mails = consultation.messages.exclude(addressee="").count()
    return [
        (
            gettext("Of the consultation"),
            gettext(
                "name, guardian, date of birth, e-mail, mobile, device, and all reasons and notes"
            ),
        ),
        (gettext("Of the evidence"), gettext("%(count)s values and questions") % {"count": values}),
        (gettext("Of the e-mails"), gettext("%(count)s addresses") % {"count": mails}),
    ]


def what_stays(consultation: Consultation) -> Facts:
    """What an erasure leaves: evidence without a name, and the person's other consultations."""
    records = ConsentRecord.objects.filter(consultation=consultation).count()
    facts: Facts = [
        (
            gettext("Of this consultation"),
            gettext("treatment, times and outcome, under its reference; nobody's name"),
        ),
        (
            gettext("Consent records"),
            gettext("%(count)s, with the words that were read; nobody's name") % {"count": records},
        ),
    ]
    theirs = Consultation.objects.none()
    if consultation.patient is not None:
        theirs = consultation.patient.consultations.exclude(pk=consultation.pk)
    if others := [reference(one.reference) for one in theirs.order_by("pk")]:
        told = gettext("each needs a request of its own; until then their row as a patient stays")
        listed = format_html_join(comma(), "{}", ((one,) for one in others))
        facts.append((gettext("Their other consultations"), format_html("{} ({})", listed, told)))
    return facts


def in_both_languages(consultation: Consultation) -> list[dict[str, str]]:
    """What to tell the patient: in their language, and in the reader's where it is another one."""
    words = []
    for language in dict.fromkeys([consultation.language, active_language()]):
        with translation.override(language):
            told = actions.words_of_the_grant()
        direction = "rtl" if language == "ar" else "ltr"
        words.append({"language": language, "direction": direction, "words": told})
    return words
