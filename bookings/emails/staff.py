"""The words of e-mails to staff: in both languages, one below the other, as everybody at the clinic reads one."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from bookings.emails.pens import TEXT, one_line
from bookings.models import Consultation, Message
from clinic.i18n import Language

BETWEEN = "\n\n---\n\n"  # what stands between the two languages


@dataclass(frozen=True)
class Words:
    """The subject and the text of an e-mail to staff."""

    subject: str
    body: str


def in_both(words: Callable[[], Words]) -> Words:
    """What `words` gives in each language."""
    each = []
    for language in Language.values:
        with translation.override(language):
            each.append(words())
    subject = " / ".join(one.subject for one in each)
    return Words(subject[:200], BETWEEN.join(one.body.strip() for one in each) + "\n")


def did_not_arrive(consultation: Consultation, trouble: str) -> Words:
    """Of an e-mail to a patient that came back: the reference alone, and where to look."""
    page = reverse("admin:bookings_consultation_change", args=[consultation.pk])
    reference = TEXT.reference(consultation.reference)

    def words() -> Words:
        says = {"reference": reference, "trouble": _(trouble), "page": settings.SITE_URL + page}
        return Words(
            _("An e-mail did not arrive: %(reference)s") % says,
            _(
                "An e-mail to the patient of consultation %(reference)s did not arrive. %(trouble)s\n\n"
                "Please call the patient, or correct the address. The visit stays as it is.\n\n"
                "%(page)s"
            )
            % says,
        )

    return in_both(words)


def languages(message: Message) -> list[str]:
    """Those that an e-mail to staff is written in."""
    return Language.values[: len(message.body.split(BETWEEN, 1))]


def html(message: Message) -> str:
    """The same words as HTML, each part with its language and direction; line breaks stay."""
    texts = zip(languages(message), message.body.split(BETWEEN, 1), strict=True)
    parts = [
        {"language": language, "rtl": language == Language.ARABIC, "text": text.strip()}
        for language, text in texts
    ]
    context = {"title": one_line(message.subject), "parts": parts}
    return render_to_string("bookings/email/staff.html", context)
