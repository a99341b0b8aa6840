"""The desk's buttons about a patient's address: proven in person, and changed to another one."""

from django.utils.translation import gettext

from bookings import actions
from bookings.admin.asking import Asked
from bookings.models import Status


def can_be_proven(asked: Asked) -> bool:
    return asked.consultation.status != Status.CANCELLED and not asked.consultation.is_proven


def prove(asked: Asked, *, note: str) -> object:
    return actions.prove_in_person(consultation=asked.consultation, note=note, now=asked.now)


def can_be_changed(asked: Asked) -> bool:
    return asked.consultation.can_change_address


def change(asked: Asked, *, email: str, note: str) -> object:
    """At once where staff have seen the person; else once the patient has proven it."""
    about, now = asked.consultation, asked.now
    if note:
        return actions.change_address_in_person(consultation=about, email=email, note=note, now=now)
    return actions.ask_for_new_address(consultation=about, email=email, now=now, by_staff=True)


def how_it_stands(asked: Asked) -> str:
    """What reception tells the patient."""
    asked.consultation.refresh_from_db(fields=["new_email"])
    if asked.consultation.new_email:
        return gettext(
            "A code and a link are on their way to the new address. It counts once the patient has "
            "used one of them."
        )
    return gettext("E-mails go to the new address now; the links in older e-mails have ended.")
