"""Closing a stretch of time: what is booked in it is shown first, then cancelled with a notice."""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction

from bookings.actions.hours import VisitsBooked
from bookings.actions.locks import lock_dermatologists
from bookings.actions.proof import issue_link
from bookings.actions.visits import cancel
from bookings.models import Closure, Consultation, Status
from clinic.models import Dermatologist


@dataclass(frozen=True)
class Closed:
    """A closure, and what it ended: visits that are cancelled, and holds that are let go."""

    closure: Closure
    visits: list[Consultation]


class VisitsInClosure(VisitsBooked):
    """Visits or holds lie in the time to be closed, and nobody has agreed yet to end just these."""

    def __init__(self, closure: Closure, visits: Collection[Consultation]) -> None:
        super().__init__(visits)
        self.closure = closure

    @property
    def preview(self) -> str:
        """What `close` has to be given as `previewed` to end exactly these."""
        return fingerprint(self.visits)


def fingerprint(visits: Iterable[Consultation]) -> str:
    """Changes with the set of visits, and with the status and the time of each."""
    told = [
        f"{visit.pk} {visit.status} {visit.revision} {visit.starts_at} {visit.dermatologist_id}"
        for visit in visits
    ]
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()


def close(
    *, closure: Closure, now: dt.datetime, cancel_reason: str = "", previewed: str = ""
) -> Closed:
    """Stores a closure, new or changed, and ends what is booked in it: all of it, or nothing.

    Visits are cancelled by the clinic, for this reason. Holds are let go: their patients keep their
    answers and are asked to choose another time (reminders.RULES: HOLD_RAN_OUT, or FINISH for one
    whom reception chose the time for). What has begun is left as it is. Closed already: nothing new.
    Raises VisitsInClosure unless `previewed` is the fingerprint of exactly what is ended.
    """
    with transaction.atomic():
        whose = _whose(closure)
        lock_dermatologists(*whose)
        locked = _booked_in(closure, whose, now=now)
        visits = sorted(locked, key=lambda visit: (visit.starts_at, visit.pk))
        if visits and previewed != fingerprint(visits):
            raise VisitsInClosure(closure, visits)
        if closure.pk is None:  # the button pressed twice: the same closure, once
            closure.pk = _the_same(closure)
        closure.save()
        for visit in visits:
            if visit.status == Status.HELD:
                _let_go(visit, now=now)
            else:
                cancel(consultation=visit, reason=cancel_reason, now=now, by_patient=False)
    return Closed(closure, visits)


def is_told(visit: Consultation) -> bool:
    """Whether an e-mail tells the patient of a visit in a closure; else somebody has to call."""
    return bool(visit.email) and (visit.is_proven or visit.time_chosen_by_staff)


def _whose(closure: Closure) -> list[int]:
    if closure.dermatologist_id is not None:
        return [closure.dermatologist_id]
    return list(Dermatologist.objects.values_list("pk", flat=True))


def _the_same(closure: Closure) -> int | None:
    there = Closure.objects.filter(
        dermatologist=closure.dermatologist_id,
        starts_at=closure.starts_at,
        ends_at=closure.ends_at,
    )
    return there.values_list("pk", flat=True).first()


def _booked_in(closure: Closure, whose: list[int], *, now: dt.datetime) -> Iterable[Consultation]:
    """Visits and holds to come that share a moment with it, locked, in one order for everybody."""
    booked = Consultation.objects.for_desk().taking_a_slot(now=now)
    there = booked.touching(starts_at=closure.starts_at, ends_at=closure.ends_at)
    ahead = there.filter(dermatologist__in=whose, starts_at__gt=now)
    return ahead.order_by("pk").select_for_update(no_key=True, of=("self",))


def _let_go(hold: Consultation, *, now: dt.datetime) -> None:
    """Ends a hold now: whoever is proven is told that the time could not be kept any longer."""
    hold.move_to(Status.EXPIRED)
    hold.hold_expires_at = now
    if hold.time_chosen_by_staff and not hold.is_proven:
        issue_link(hold, now=now)  # they have no other news of it
    hold.save()
