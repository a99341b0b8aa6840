"""About you: who comes and how to reach them; here the request comes into being."""

import datetime as dt
from typing import Any, TypeGuard

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

import bookings.actions
from bookings.actions import DetailsRefused, TimeTaken, TooManyRequests
from bookings.forms.people import likely_address
from bookings.forms.road import CHILD, ME, AboutYou
from bookings.forms.times import time_chosen
from bookings.models import Consultation, NotPossibleNow
from bookings.road import NOT_SURE, Road, SeeOther, client_ip
from bookings.views.times import nearest_to, time_gone
from bookings.views.turns import about_asked, out_of_turn, put_error, refuse, treatment_asked
from clinic import clock
from clinic.i18n import active_language
from clinic.models import Dermatologist

ABOUT_YOU = [
    *("visit_for", "patient_name", "guardian_name", "email", "mobile", "language", "zone"),
    *("birth_date_day", "birth_date_month", "birth_date_year", "names_treatment"),
]


@never_cache
def about_you(request: HttpRequest) -> HttpResponse:
    """Who comes, and how to reach them. From here on there is a request, and its time is held."""
    now = clock.now()
    road = Road(request)
    if request.method == "POST":
        if aside := road.put_aside("about_you", ABOUT_YOU, now=now):
            _follow_language(road)
            return aside
        road.keep_typed("about_you", ABOUT_YOU)
    if not road.allows("about_you"):
        return out_of_turn(road)
    if road.consultation is not None and road.consultation.is_proven:
        road.forget_typed("about_you")
        return render(request, "bookings/about_you_fixed.html", road.frame("about_you", now=now))
    form = AboutYou(
        request.POST if request.method == "POST" else None,
        initial=_about_you_so_far(road),
        clinic=road.clinic,
        zone=road.zone,
        now=now,
    )
    if form.is_bound and form.is_valid() and not _looks_mistyped(road, form):
        try:
            return _take_about_you(road, form, now=now)
        except TimeTaken as taken:
            return _time_gone(road, taken, now=now)
        except (DetailsRefused, TooManyRequests) as refusal:
            put_error(form, refusal)
        except NotPossibleNow as refusal:
            return refuse(road, refusal, now=now)
    return render(
        request,
        "bookings/about_you.html",
        road.frame("about_you", now=now, answers_form="answers")
        | {"form": form, "treatment": treatment_asked(road)}
        | _time_on_page(road),
        status=400 if form.is_bound else 200,
    )


def _follow_language(road: Road) -> None:
    """Who switches the page's language means the e-mails too, unless another one was chosen."""
    switched_to = road.request.POST.get("switch_language")
    if switched_to and road.typed("about_you").get("language") == active_language():
        road.retype("about_you", language=switched_to)


def _about_you_so_far(road: Road) -> dict[str, Any]:
    """What was typed, else what the request says, else the language and zone of this page."""
    consultation = road.consultation
    if typed := road.typed("about_you"):
        parts = [typed.get(f"birth_date_{part}", "") for part in ("day", "month", "year")]
        return {**typed, "birth_date": parts}
    if consultation is None:
        return {"language": active_language(), "zone": road.zone, "visit_for": ""}
    names = [
        *("patient_name", "guardian_name", "email", "birth_date", "language", "zone"),
        "names_treatment",
    ]
    return {name: getattr(consultation, name) for name in names} | {
        "mobile": consultation.mobile.as_international,
        "visit_for": CHILD if consultation.guardian_name else ME,
    }


def _looks_mistyped(road: Road, form: AboutYou) -> bool:
    """Asks once whether the likely address was meant; sent again as it is, the address is taken."""
    email = form.cleaned_data["email"]
    likely = likely_address(email)
    if not likely or road.answers.get("sure_of") == email:
        return False
    road.keep("sure_of", email)
    form.add_error(
        "email",
        _(
            "Did you mean %(likely)s? Correct the address, or continue again if it is right as it is."
        )
        % {"likely": likely},
    )
    return True


def _take_about_you(road: Road, form: AboutYou, *, now: dt.datetime) -> HttpResponse:
    """Asks for the consultation, or corrects its details. Sent twice, it is one request."""
    with road.one_press_at_a_time() as asked_just_now:
        consultation = road.consultation
        if consultation is None and _is_the_same(asked_just_now, form.details):
            road.begin(asked_just_now)
        elif consultation is None:
            road.begin(_ask(road, form, now=now))
        elif not consultation.is_proven and _differs(consultation, form.details):
            bookings.actions.change_details(consultation=consultation, now=now, **form.details)
        road.forget_typed("about_you")
        for answered in ("about", "time", "preferences", "zone", "sure_of"):
            road.keep(answered, None)
        road.look_again()
    return SeeOther(road.next_url())


def _ask(road: Road, form: AboutYou, *, now: dt.datetime) -> Consultation:
    treatment, concern = about_asked(road.answers.get("about")) or (None, None)
    if treatment is None and road.answers.get("about") != NOT_SURE:
        road.keep("about", None)
        raise NotPossibleNow(_("The clinic does not offer this treatment now. Choose again."))
    wishes = road.answers.get("preferences")
    if wishes is not None:
        slug = wishes.get("preferred_dermatologist")
        wanted = Dermatologist.objects.seeing_patients().filter(slug=slug).first()
        when: dict[str, Any] = {**wishes, "preferred_dermatologist": wanted}
    else:
        chosen = time_chosen(road.answers.get("time"))
        if chosen is None:
            raise TimeTaken(_("This time cannot be booked. Please choose one from the list."))
        when = chosen
    return bookings.actions.request(
        now=now,
        treatment=treatment,
        concern=concern,
        ip=client_ip(road.request),
        **when,
        **form.details,
    )


def _is_the_same(asked: Consultation | None, details: dict[str, Any]) -> TypeGuard[Consultation]:
    """Whether a first press asked for this already; once it is proven, only its own key opens it."""
    return asked is not None and not asked.is_proven and not _differs(asked, details)


def _differs(consultation: Consultation, details: dict[str, Any]) -> bool:
    details = {**details, "email": details["email"].lower()}
    return any(getattr(consultation, name) != value for name, value in details.items())


def _time_gone(road: Road, taken: TimeTaken, *, now: dt.datetime) -> HttpResponse:
    chosen = time_chosen(road.answers.get("time"))
    road.keep("time", None)
    near = nearest_to(chosen) if chosen else {"wanted": now}
    return time_gone(road, taken, now=now, **near)


def _time_on_page(road: Road) -> dict[str, Any]:
    """The time that was chosen, to be seen while typing."""
    if road.consultation is not None:
        return {
            "chosen_time": road.consultation.starts_at,
            "chosen_dermatologist": road.consultation.dermatologist,
        }
    chosen = time_chosen(road.answers.get("time"))
    if chosen is None:
        return {}
    return {"chosen_dermatologist": chosen["dermatologist"], "chosen_time": chosen["starts_at"]}
