"""What a consultation's page at the desk says while its patient is asked to acknowledge again."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext

from bookings.models import Consultation
from consent import actions
from consent.models import ConsentRecord


def asked_again_notes(request: HttpRequest, consultation: Consultation) -> list[dict[str, Any]]:
    """Why the visit waits, and what the patient or reception can do; no reason that was typed."""
    if not actions.is_asked_again(consultation):
        return []
    record = ConsentRecord.objects.current_of(consultation)
    why = (
        gettext("The patient has withdrawn the acknowledgement of the side effects.")
        if record is not None and actions.withdrawal_of(record)
        else gettext("The wording of a side effect has changed since the patient read it.")
    )
    what = gettext(
        "Before the visit they have to acknowledge them again: on their own page, or on a screen that "
        "you hand over."
    )
    return [{"words": f"{why} {what}"}]
