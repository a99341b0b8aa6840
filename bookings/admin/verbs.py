"""Every button of a consultation: when it stands there, what it asks, and which action it calls.

There is none that confirms, proves by code or acknowledges: those are the patient's own acts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings import actions
from bookings.admin import addresses, columns, handing_over
from bookings.admin.asking import (
    Asked,
    address_form,
    cancel_form,
    move_form,
    prove_form,
    room_form,
    session_form,
    time_form,
    treatment_form,
    void_form,
)
from bookings.models import Status
from clinic.admin import person

UNFINISHED = (Status.WAITING, Status.HELD, Status.EXPIRED)
ENDED = (Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW)
CHANGE = "bookings.change_consultation"


@dataclass(frozen=True)
class Verb:
    """One thing that staff can do. `done` is kept in the history, and said if `says` has no more."""

    name: str
    label: Any
    done: Any
    is_possible: Callable[[Asked], bool]
    act: Callable[..., object]
    form: Callable[[Asked, QueryDict | None], forms.Form] | None = None
    permission: str = CHANGE
    hurts: bool = False
    is_first: bool = False  # what is mostly wanted, in a stronger colour
    keep: Any = _("Back")
    says: Callable[[Asked], object] | None = None
    then: Callable[[Asked], HttpResponse] | None = None  # where it leads, if not back

    @property
    def asks(self) -> bool:
        """Whether a page comes between the button and the action."""
        return self.form is not None


def _status(*statuses: str) -> Callable[[Asked], bool]:
    return lambda asked: asked.consultation.status in statuses


# --- When a button stands there ----------------------------------------------------------------


def _can_be_undone(asked: Asked) -> bool:
    noted, zone = asked.consultation.outcome_at, timezone.get_current_timezone()
    return (
        asked.consultation.status in ENDED
        and noted is not None
        and noted.astimezone(zone).date() == asked.now.astimezone(zone).date()
    )


def _can_be_offered_a_time(asked: Asked) -> bool:
    return asked.consultation.status in UNFINISHED and asked.consultation.treatment is not None


def _can_be_sent_a_link(asked: Asked) -> bool:
    return bool(asked.consultation.email)


def _has_a_session(asked: Asked) -> bool:
    """In memory, for the page has them already."""
    return any(session.voided_at is None for session in asked.consultation.sessions.all())


# --- What a button does ------------------------------------------------------------------------


def _arrive(asked: Asked) -> object:
    return actions.arrive(consultation=asked.consultation, now=asked.now)


def _complete(asked: Asked) -> object:
    return actions.complete(consultation=asked.consultation, now=asked.now)


def _no_show(asked: Asked) -> object:
    return actions.no_show(consultation=asked.consultation, now=asked.now)


def _undo(asked: Asked) -> object:
    return actions.undo(consultation=asked.consultation, now=asked.now)


def _send_link(asked: Asked) -> object:
    return actions.send_link(consultation=asked.consultation, now=asked.now)


def _move(asked: Asked, *, time: dict[str, Any], reason: str) -> object:
    return actions.move(
        consultation=asked.consultation, now=asked.now, reason=reason, by_staff=True, **time
    )


def _offer_time(asked: Asked, *, time: dict[str, Any]) -> object:
    return actions.choose_time(
        consultation=asked.consultation, now=asked.now, by_staff=True, **time
    )


def _held_until(asked: Asked) -> object:
    asked.consultation.refresh_from_db(fields=["hold_expires_at"])
    words = gettext("The time is held until {until}, and a link to finish is on its way.")
    return format_html(words, until=columns.moment(asked.consultation.hold_expires_at))


def _set_treatment(asked: Asked, *, about: tuple[Any, Any]) -> object:
    return actions.set_treatment(
        consultation=asked.consultation,
        treatment=about[0],
        concern=about[1],
        now=asked.now,
        by_staff=True,
    )


def _cancel(asked: Asked, **given: Any) -> object:
    return actions.cancel(consultation=asked.consultation, now=asked.now, by_patient=False, **given)


def _record_session(asked: Asked, **given: Any) -> object:
    return actions.record_session(
        consultation=asked.consultation, now=asked.now, recorded_by=person(asked.request), **given
    )


def _void_session(asked: Asked, **given: Any) -> object:
    return actions.void_session(now=asked.now, **given)


def _give_own_room(asked: Asked, **given: Any) -> object:
    return actions.give_own_room(consultation=asked.consultation, **given)


VERBS = [
    Verb(
        "arrive",
        _("Arrived"),
        _("Marked as arrived."),
        lambda asked: asked.consultation.status == Status.CONFIRMED and asked.is_today,
        _arrive,
        is_first=True,
    ),
    Verb(
        "complete",
        _("Completed"),
        _("Marked as completed."),
        lambda asked: (
            asked.consultation.status in (Status.CONFIRMED, Status.ARRIVED) and asked.has_begun
        ),
        _complete,
        is_first=True,
    ),
    Verb(
        "no-show",
        _("Did not come"),
        _("Marked as not come."),
        lambda asked: asked.consultation.status == Status.CONFIRMED and asked.has_ended,
        _no_show,
    ),
    Verb("undo", _("Undo"), _("Taken back: the visit is confirmed again."), _can_be_undone, _undo),
    Verb(
        "set-treatment",
        _("Set the treatment"),
        _("The treatment is set, and a link to go on is on its way."),
        _status(*UNFINISHED),
        _set_treatment,
        treatment_form,
    ),
    Verb(
        "offer-time",
        _("Offer a time"),
        _("A time is held, and a link to finish is on its way."),
        _can_be_offered_a_time,
        _offer_time,
        time_form,
        is_first=True,
        says=_held_until,
    ),
    Verb("move", _("Move"), _("The visit is moved."), _status(Status.CONFIRMED), _move, move_form),
    Verb(
        "record-session",
        _("Record a treatment session"),
        _("The treatment session is recorded; its aftercare is on its way."),
        _status(Status.ARRIVED, Status.COMPLETED),
        _record_session,
        session_form,
        permission="bookings.add_treatmentsession",
    ),
    Verb(
        "void-session",
        _("Void a session"),
        _("The treatment session is voided; no more aftercare is owed for it."),
        _has_a_session,
        _void_session,
        void_form,
        permission="bookings.change_treatmentsession",
        hurts=True,
    ),
    Verb(
        "send-link",
        _("Send a new link"),
        _("A new link is on its way; the older ones have ended."),
        _can_be_sent_a_link,
        _send_link,
    ),
    Verb(
        "video-room",
        _("Video room"),
        _("The video room of this visit is changed."),
        _status(Status.HELD, Status.CONFIRMED, Status.ARRIVED),
        _give_own_room,
        room_form,
    ),
    Verb(
        "prove",
        _("Prove in person"),
        _("The person is proven, by the staff's word."),
        addresses.can_be_proven,
        addresses.prove,
        prove_form,
    ),
    Verb(
        "change-address",
        _("Change the e-mail address"),
        _("Another e-mail address is noted."),
        addresses.can_be_changed,
        addresses.change,
        address_form,
        says=addresses.how_it_stands,
    ),
    Verb(
        "hand-over",
        _("Hand over this screen"),
        _("This screen was handed to the patient."),
        handing_over.is_possible,
        handing_over.refuse_unless_possible,
        is_first=True,
        then=handing_over.hand_over,
    ),
    Verb(
        "cancel",
        _("Cancel"),
        _("The consultation is cancelled."),
        _status(*UNFINISHED, Status.CONFIRMED, Status.ARRIVED),
        _cancel,
        cancel_form,
        hurts=True,
        keep=_("Keep it"),
    ),
]
IN_THE_LIST = ("arrive", "complete", "no-show", "undo")
UNDO = {
    Status.ARRIVED: _("Undo: arrived"),
    Status.COMPLETED: _("Undo: completed"),
    Status.NO_SHOW: _("Undo: did not come"),
}


def possible(asked: Asked) -> list[Verb]:
    """The buttons that stand there now, for this person; none for what is erased."""
    if asked.consultation.is_erased:
        return []
    return [
        replace(verb, label=UNDO[Status(asked.consultation.status)])
        if verb.name == "undo"
        else verb
        for verb in VERBS
        if asked.request.user.has_perm(verb.permission) and verb.is_possible(asked)
    ]
