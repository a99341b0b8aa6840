"""Where the pages of the side effects stand: on the road to a booking, or on the own page of a visit
that is booked and asks again. The pages are the same; who may see them and where they lead is not.
"""

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property

from bookings.models import Consultation
from bookings.own_page import OwnPage
from bookings.road import Road, SeeOther
from bookings.views.turns import out_of_turn, refuse
from clinic.errors import Refused
from clinic.i18n import active_language
from clinic.models import Clinic
from consent import actions
from consent.actions import NoRisksListed, Progress
from consent.circumstances import circumstances_of, is_staff_here


class Walk:
    """One request for one of these pages. `again`: on the own page, for a visit that is booked."""

    def __init__(self, request: HttpRequest, *, again: bool) -> None:
        self.request = request
        self.again = again
        self.road = Road(request)  # keeps what is half-typed on the own page too

    @cached_property
    def found(self) -> Consultation | None:
        """Whose side effects these are, if this browser may see them; the road's once it was looked up."""
        return OwnPage(self.request).open_consultation if self.again else self.road.consultation

    @property
    def consultation(self) -> Consultation:
        assert self.found is not None  # `turn_away` saw to it
        return self.found

    @property
    def is_staff(self) -> bool:
        """Staff may look, and can do nothing here."""
        return is_staff_here(self.request)

    def turn_away(self, page: str, *, keep: str = "") -> HttpResponse | None:
        """Where to go instead when this page's turn has not come; a POST's words are kept as `keep`."""
        if self.again:
            allowed = self.found is not None and actions.is_asked_again(self.found)
            return None if allowed else SeeOther(reverse("mine"))
        if self.road.allows(page):
            return None
        if keep and self.request.method == "POST":
            self.road.keep_typed(self.step(keep), TYPED)
        return out_of_turn(self.road)

    # --- Addresses -------------------------------------------------------------------------------

    def url(self, name: str, *args: int) -> str:
        """The address of one of these pages, here or on the own page."""
        return reverse(f"{name}_again" if self.again else name, args=args)

    @property
    def before(self) -> str:
        """The page before the first side effect."""
        return reverse("mine" if self.again else "when")

    @property
    def check_url(self) -> str:
        return self.url("check")

    def step(self, name: str) -> str:
        """Under which name the half-typed words of a page are kept; another visit has others."""
        return f"{name} {self.consultation.pk}" if self.again else name

    # --- Readings --------------------------------------------------------------------------------

    def open(self, *, now: dt.datetime) -> Progress:
        """The reading that counts in the language of this page, opened if need be; for staff, who only
        look, nothing is opened. Raises NoRisksListed, NotPossibleNow.
        """
        if self.is_staff:
            return self.standing() or actions.glance(
                consultation=self.consultation, language=active_language()
            )
        reading = actions.open_reading(
            consultation=self.consultation,
            language=active_language(),
            now=now,
            **circumstances_of(self.request),
        )
        self.look_again()
        return actions.progress_of(reading=reading)

    def standing(self) -> Progress | None:
        """The reading that takes acts now in the language of this page; opens none."""
        reading = actions.standing_reading(
            consultation=self.consultation, language=active_language()
        )
        return None if reading is None else actions.progress_of(reading=reading)

    def look_again(self) -> None:
        """An action changed the row: the next look reads it anew."""
        self.road.look_again()
        self.__dict__.pop("found", None)

    # --- What every page shows -------------------------------------------------------------------

    def frame(self, page: str, *, now: dt.datetime, answers_form: str = "") -> dict[str, Any]:
        """What the templates need: as on the road, without a step and without a hold on the own page."""
        if not self.again:
            return {**self.road.frame(page, now=now, answers_form=answers_form), "walk": self}
        clinic = Clinic.objects.the_clinic()
        return {
            "walk": self,
            "answers_form": answers_form,
            "consultation": self.consultation,
            "clinic_zone": clinic.zone if clinic else settings.TIME_ZONE,
            "zone": self.consultation.zone_that_counts,
            "now": now,
        }

    def refuse(self, refusal: Refused, *, now: dt.datetime) -> HttpResponse:
        """A page that says why not and how to go on; nothing was stored, what was typed is kept."""
        if not self.again:
            return refuse(self.road, refusal, now=now)
        context = self.frame("risk", now=now)
        context |= {"reason": str(refusal), "next_url": reverse("risks_again")}
        return render(self.request, "bookings/refused.html", context, status=refusal.status)

    def no_list(self, refusal: NoRisksListed, *, now: dt.datetime) -> HttpResponse:
        """There is nothing to acknowledge yet, so nothing can be booked yet."""
        context = {**self.frame("risk", now=now), "notice": str(refusal)}
        return render(self.request, "consent/no_list.html", context)

    def refuse_staff(self, refusal: Refused, *, now: dt.datetime) -> HttpResponse:
        """Nothing was stored: how the patient can act, and how staff step aside."""
        context = {**self.frame("risk", now=now), "reason": str(refusal)}
        return render(self.request, "consent/staff.html", context, status=refusal.status)


TYPED = ("wants_to_talk", "question")  # the tick is never kept: it belongs to the page it was on
