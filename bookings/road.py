"""The patient's road as this browser has come along it: what was answered, and what comes next.

The session keeps the answers that no row holds yet and the number of the one consultation that this
browser is on. Nothing is kept before the first answer. A view makes one `Road(request)`.
"""

import contextlib
import datetime as dt
import ipaddress
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse, translate_url

import bookings.actions
from bookings.models import VISITED, Consultation, Status
from clinic.i18n import Language, active_language
from clinic.models import Clinic

STEPS = 6
STEP_OF = {
    "what": 1,
    "when": 2,
    "other_times": 2,
    "about_you": 3,
    "code": 4,
    "waiting": 4,
    "risk": 5,
    "check": 6,
    "booked": 7,
}
NOT_SURE = "not-sure"  # instead of a treatment: the clinic finds out with the patient
LONGEST_TYPED = 2000  # characters of one half-typed answer that are kept
TRACE_HOLDS = 60  # seconds, in which a second press of one button arrives


class SeeOther(HttpResponseRedirect):
    """After a POST: "now GET that page" (RFC 9110 section 15.4.4), so that a reload sends nothing."""

    status_code = 303


class Road:
    """What this browser answered so far. `answers` were accepted; `typed` was not looked at yet."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    # --- What is kept ------------------------------------------------------------------------

    @property
    def _kept(self) -> dict[str, Any]:
        return self.request.session.get("road", {})

    def _put(self, **changes: Any) -> None:
        self.request.session["road"] = {**self._kept, **changes}

    @property
    def answers(self) -> dict[str, Any]:
        """Accepted answers that no row holds yet: "about", "time", "preferences", "zone"."""
        return self._kept.get("answers", {})

    def keep(self, step: str, answer: Any) -> None:
        """Keeps an accepted answer; None forgets it."""
        answers = {**self.answers, step: answer}
        self._put(answers={key: kept for key, kept in answers.items() if kept is not None})

    def typed(self, step: str) -> dict[str, Any]:
        """What was typed into a page's form and not accepted yet, by field name."""
        return self._kept.get("typed", {}).get(step, {})

    def keep_typed(self, step: str, names: list[str] | tuple[str, ...]) -> dict[str, Any]:
        """Keeps these fields of the POST as they were typed, unvalidated, and gives them back.

        A name that ends in "[]" has several values.
        """
        sent = self.request.POST
        typed: dict[str, Any] = {}
        for name in names:
            if name.endswith("[]"):
                typed[name[:-2]] = [value[:LONGEST_TYPED] for value in sent.getlist(name[:-2])[:50]]
            elif name in sent:
                typed[name] = sent[name][:LONGEST_TYPED]
        self._put(typed={**self._kept.get("typed", {}), step: typed})
        return typed

    def retype(self, step: str, **changes: str) -> None:
        """Changes what stands in a page's form, as the person would."""
        typed = self._kept.get("typed", {})
        self._put(typed={**typed, step: {**typed.get(step, {}), **changes}})

    def forget_typed(self, step: str) -> None:
        """The page was accepted: a row or an answer holds it now."""
        typed = self._kept.get("typed", {})
        if step in typed:
            self._put(typed={key: kept for key, kept in typed.items() if key != step})

    # --- The consultation ----------------------------------------------------------------------

    @cached_property
    def consultation(self) -> Consultation | None:
        """The one that this browser is on."""
        pk = self._kept.get("consultation")
        return Consultation.objects.for_desk().not_erased().filter(pk=pk).first() if pk else None

    def begin(self, consultation: Consultation) -> None:
        """From here on this browser is on that consultation; another one's answers are forgotten.

        The session gets a new key: whoever planted the older one does not come along (fixation).
        """
        if self._kept.get("consultation") not in (None, consultation.pk):
            self.leave()
        self._put(consultation=consultation.pk)
        self.look_again()
        self.request.session.cycle_key()

    def came_by_link(self) -> None:
        """The link to its own page let this browser on to the road; a newer link ends that."""
        assert self.consultation
        self._put(link_serial=self.consultation.link_serial)

    @property
    def link_has_ended(self) -> bool:
        """Whether a newer link was sent than the one that let this browser on to the road."""
        serial = self._kept.get("link_serial")
        return bool(serial and self.consultation and serial != self.consultation.link_serial)

    def leave(self) -> None:
        """Forgets everything on the road; the next request begins from nothing."""
        self.request.session.pop("road", None)
        self.look_again()

    def look_again(self) -> None:
        """An action changed the row: the next look reads it anew."""
        self.__dict__.pop("consultation", None)

    @contextlib.contextmanager
    def one_press_at_a_time(self) -> Iterator[Consultation | None]:
        """Two presses of one button wait for each other; the second is told what the first asked for.

        The first press changed the session's key, and the second still comes with the old one, as
        could a stranger who planted it: the caller lets in only who typed the very same details.
        """
        session = self.request.session
        if session.session_key is None:
            session.create()
        key, answers = str(session.session_key), self.answers
        with transaction.atomic():
            Session.objects.select_for_update().filter(pk=key).first()
            asked = type(session)(key).load().get("road", {}).get("asked")
            known = Consultation.objects.for_desk().not_erased()
            yield known.filter(pk=asked).first() if asked else None
            session.save()
            if session.session_key != key and self.consultation:
                _leave_trace(key, {"answers": answers, "asked": self.consultation.pk})

    # --- Where to go -----------------------------------------------------------------------------

    @property
    def next_page(self) -> str:
        """The name of the page where this person has to be now: the first unanswered question."""
        consultation = self.consultation
        if consultation is None:
            return self._next_question
        if consultation.status == Status.CANCELLED:
            return "start"
        if consultation.status in VISITED:
            return "booked"
        if not consultation.is_proven:
            return "code"
        if consultation.status == Status.WAITING or consultation.treatment_id is None:
            return "waiting"
        return "check" if consultation.has_all_risks_acknowledged else "risk"

    @property
    def _next_question(self) -> str:
        about = self.answers.get("about")
        if not about:
            return "what"
        if "preferences" in self.answers or ("time" in self.answers and about != NOT_SURE):
            return "about_you"
        return "other_times" if about == NOT_SURE else "when"

    def next_url(self) -> str:
        """The address of `next_page`, in the language of this page."""
        page = self.next_page
        if page == "risk" and self.consultation:
            return reverse("risk", args=[self.consultation.risks_acknowledged + 1])
        return reverse(page)

    def allows(self, page: str) -> bool:
        """Whether a page's turn has come: answered pages can be changed until the visit is booked."""
        reached = self.next_page
        if reached in ("start", "booked"):
            return page == reached
        return STEP_OF[page] <= STEP_OF[reached]

    def url_in(self, language: str) -> str:
        """This page in another language, with its filters."""
        return translate_url(self.request.get_full_path(), language)

    @property
    def other_language_url(self) -> str:
        """This page in the language that it is not in."""
        return self.url_in("en" if active_language() == "ar" else "ar")

    def put_aside(
        self, step: str, names: list[str] | tuple[str, ...], *, now: dt.datetime
    ) -> SeeOther | None:
        """Where to go when a form was sent for another language or for more time, not for an answer.

        What was typed is kept, unvalidated, for the page that is shown next. None: it is an answer.
        """
        sent = self.request.POST
        if sent.get("switch_language") in Language.values:
            self.keep_typed(step, names)
            return SeeOther(self.url_in(sent["switch_language"]))
        if "more_time" in sent:
            self.keep_typed(step, names)
            if self.consultation:
                bookings.actions.renew_hold(consultation=self.consultation, now=now)
            return SeeOther(self.request.get_full_path())
        return None

    # --- What every page of the road shows -------------------------------------------------------

    @cached_property
    def clinic(self) -> Clinic | None:
        return Clinic.objects.the_clinic()

    @property
    def clinic_zone(self) -> str:
        """The zone that decides."""
        return self.clinic.zone if self.clinic else settings.TIME_ZONE

    @property
    def zone(self) -> str:
        """The patient's own zone, which is shown beside the clinic's."""
        if self.consultation and "zone" not in self.answers:
            return self.consultation.zone_that_counts
        return self.answers.get("zone") or self.clinic_zone

    def frame(self, page: str, *, now: dt.datetime, answers_form: str = "") -> dict[str, Any]:
        """What base.html and the hold notice need: step, language switch, until when it is held.

        `answers_form` is the id of the page's form ("answers"); pages without one leave it out.
        """
        consultation = self.consultation
        held = (
            consultation is not None
            and consultation.status == Status.HELD
            and not consultation.hold_has_run_out(now=now)
        )
        return {
            "road": self,
            "step": STEP_OF[page] if STEP_OF[page] <= STEPS else None,
            "steps": STEPS,
            "answers_form": answers_form,
            "consultation": consultation,
            "held_until": consultation.hold_expires_at if consultation and held else None,
            "clinic_zone": self.clinic_zone,
            "zone": self.zone,
            "now": now,
        }


def _leave_trace(key: str, road: dict[str, Any]) -> None:
    """Under a session's older key, for a minute: the answers it had, and which request they became."""
    trace = SessionStore()
    trace.set_expiry(TRACE_HOLDS)
    Session.objects.update_or_create(
        pk=key,
        defaults={
            "session_data": trace.encode({"road": road}),
            "expire_date": trace.get_expiry_date(),
        },
    )


def client_ip(request: HttpRequest) -> str | None:
    """The address that the request came from, as far as our own proxies can tell, or None.

    Each of our `TRUSTED_PROXIES` adds one address at the end of X-Forwarded-For; what stands before
    those was written by the sender and is not believed.
    """
    given = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= settings.TRUSTED_PROXIES:
            given = hops[-settings.TRUSTED_PROXIES]
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        return None
