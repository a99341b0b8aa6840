"""Handing a screen of the clinic to a patient who has no e-mail address."""

from django.contrib.auth import logout
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext

from bookings.admin.asking import Asked
from bookings.models import NotPossibleNow, Proof, Status
from bookings.road import Road, SeeOther


def is_possible(asked: Asked) -> bool:
    """For an unfinished request of a person whom staff saw, and said so."""
    consultation = asked.consultation
    unfinished = consultation.status in (Status.WAITING, Status.HELD, Status.EXPIRED)
    return unfinished and consultation.proven_by == Proof.IN_PERSON


def refuse_unless_possible(asked: Asked) -> None:
    """The page may be older than what happened since: staff never come on to a patient's own road."""
    if not is_possible(asked):
        raise NotPossibleNow(gettext("This cannot be done now."))


def hand_over(asked: Asked) -> HttpResponse:
    """Signs the staff out and opens the patient's road on this screen, in the patient's language.

    The acts that follow are the patient's own; the history says who handed the screen over.
    """
    logout(asked.request)
    road = Road(asked.request)
    road.begin(asked.consultation)
    with translation.override(asked.consultation.language):
        return SeeOther(road.next_url())
