"""Handing a screen of the clinic to a patient who has no e-mail address."""

from django.contrib.auth import logout
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from bookings.admin.asking import Asked
from bookings.models import Consultation, NotPossibleNow, Proof, Status
from bookings.own_page import OwnPage
from bookings.road import Road, SeeOther


def is_possible(asked: Asked) -> bool:
    """For a person whom staff saw, and said so: of an unfinished request, or a visit that asks again."""
    consultation = asked.consultation
    unfinished = consultation.status in (Status.WAITING, Status.HELD, Status.EXPIRED)
    seen = consultation.proven_by == Proof.IN_PERSON
    return seen and (unfinished or _asks_again(consultation))


def _asks_again(consultation: Consultation) -> bool:
    return consultation.status == Status.CONFIRMED and consultation.asks_again_since is not None


def refuse_unless_possible(asked: Asked) -> None:
    """The page may be older than what happened since: staff never come on to a patient's own road."""
    if not is_possible(asked):
        raise NotPossibleNow(gettext("This cannot be done now."))


def hand_over(asked: Asked) -> HttpResponse:
    """Signs the staff out and opens the patient's road on this screen, in the patient's language; for a
    visit that asks again, the pages of its side effects.

    The acts that follow are the patient's own; the history says who handed the screen over.
    """
    logout(asked.request)
    consultation = asked.consultation
    with translation.override(consultation.language):
        if _asks_again(consultation):
            OwnPage(asked.request).open(consultation, checked=True)
            return SeeOther(reverse("risks_again"))
        road = Road(asked.request)
        road.begin(consultation)
        return SeeOther(road.next_url())
