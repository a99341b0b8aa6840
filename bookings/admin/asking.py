"""What a button of a consultation is asked for by its page: whose press it is, and the form to fill."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext

from bookings.admin.forms import (
    AddressForm,
    CancelForm,
    ProveForm,
    RoomForm,
    SessionForm,
    TreatmentForm,
    VoidForm,
)
from bookings.admin.time_forms import DAYS_SHOWN, MoveForm, TimeForm, day_asked_for, free_week
from bookings.admin.why_not import url_about
from bookings.models import Consultation, Status
from clinic.models import Dermatologist


@dataclass(frozen=True)
class Asked:
    """Who presses a button, about which consultation, and when."""

    request: HttpRequest
    consultation: Consultation
    now: dt.datetime

    @property
    def is_today(self) -> bool:
        """Whether the visit is on the clinic's present day."""
        starts_at = self.consultation.starts_at
        zone = timezone.get_current_timezone()
        return starts_at is not None and (
            starts_at.astimezone(zone).date() == self.now.astimezone(zone).date()
        )

    @property
    def has_begun(self) -> bool:
        starts_at = self.consultation.starts_at
        return starts_at is not None and starts_at <= self.now

    @property
    def has_ended(self) -> bool:
        ends_at = self.consultation.ends_at
        return ends_at is not None and ends_at <= self.now


def dermatologist_asked_for(asked: Asked) -> Dermatologist | None:
    """Whose times are shown: the one in the address, else the visit's own or the preferred one."""
    given = asked.request.GET.get("with")
    if given is None:
        return asked.consultation.dermatologist or asked.consultation.preferred_dermatologist
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        return None
    return Dermatologist.objects.filter(pk=int(given)).first()


def time_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    return _with_times(TimeForm(given), asked)


def move_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    return _with_times(MoveForm(given), asked)


def _with_times(form: TimeForm, asked: Asked) -> TimeForm:
    """The free times of the week that the address asks for."""
    day = day_asked_for(asked.request.GET.get("from"), now=asked.now)
    is_held = asked.consultation.status == Status.HELD
    form.offer(
        free_week(
            treatment=asked.consultation.treatment,
            dermatologist=dermatologist_asked_for(asked),
            from_day=day,
            now=asked.now,
            own=asked.consultation if is_held else None,
        )
    )
    return form


def treatment_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    about = asked.consultation
    chosen = f"{about.treatment_id}|{about.concern_id or ''}" if about.treatment_id else ""
    return TreatmentForm(given, initial={"about": chosen})


def room_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    return RoomForm(given, initial={"own_video_room": asked.consultation.own_video_room})


def session_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    return SessionForm(given, initial={"took_place_at": asked.now.replace(second=0, microsecond=0)})


def void_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    form = VoidForm(given)
    field = form.fields["session"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = asked.consultation.sessions.standing()
    return form


def cancel_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    return CancelForm(given)


def prove_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    return ProveForm(given)


def address_form(asked: Asked, given: QueryDict | None) -> forms.Form:
    return AddressForm(given)


def other_times(asked: Asked, form: forms.Form) -> dict[str, Any]:
    """Links to the free times of the week before, of the week after, and of other dermatologists."""
    if not isinstance(form, TimeForm):
        return {}
    about = asked.consultation
    shown = dermatologist_asked_for(asked)
    others = Dermatologist.objects.seeing_patients().offering(about.treatment)
    now = asked.now
    day = day_asked_for(asked.request.GET.get("from"), now=now)
    week = dt.timedelta(days=DAYS_SHOWN)
    earlier = day_asked_for((day - week).isoformat(), now=now)
    later = day_asked_for((day + week).isoformat(), now=now)
    return {
        "why_not_url": url_about(about) if about.treatment_id else "",
        "earlier_url": _times_url(earlier, shown) if earlier < day else "",
        "later_url": _times_url(later, shown) if later > day else "",
        "whose": [
            {
                "name": one or gettext("All dermatologists"),
                "url": _times_url(day, one),
                "is_here": one == shown,
            }
            for one in [None, *others]
        ],
    }


def _times_url(day: dt.date, dermatologist: Dermatologist | None) -> str:
    return "?" + urlencode(
        {"from": day.isoformat(), "with": dermatologist.pk if dermatologist else ""}
    )
