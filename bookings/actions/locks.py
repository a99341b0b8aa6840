"""Who decides about a time first: one queue for each dermatologist, and what the losers are told."""

import contextlib
import datetime as dt
from collections.abc import Iterator

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from bookings.models import Consultation, Status
from clinic.errors import Refused
from clinic.models import Dermatologist, Treatment

# What PostgreSQL says when two people want one time: exclusion, deadlock, serialization, lock.
ONE_TIME_TWO_PEOPLE = {"23P01", "40P01", "40001", "55P03"}


class TimeTaken(Refused):
    """Somebody else has this time, or it is not (or no longer) one that can be booked."""

    code = "slot_taken"


class NotOffered(TimeTaken):
    """A time that cannot be booked by anybody; the sentence says why."""

    code = "time_not_offered"


class OwnVisitThen(TimeTaken):
    """The same person has another visit at that time."""

    code = "own_visit_then"


SOMEBODY_ELSE = _("Somebody else has just taken this time. Please choose another one.")
OWN_VISIT = _("You already have a visit at this time. Please choose another time.")
NOT_FOR_THIS = _(
    "This dermatologist does not see patients about this. Please choose a time from the list."
)
# What a constraint of PostgreSQL's says, where it is more than "somebody else was first".
BY_CONSTRAINT: dict[str, tuple[type[TimeTaken], object]] = {
    "one_visit_at_a_time_for_a_patient": (OwnVisitThen, OWN_VISIT),
    "a_dermatologist_offers_what_the_visit_is_about": (NotOffered, NOT_FOR_THIS),
}


@contextlib.contextmanager
def slot_decided() -> Iterator[None]:
    """One transaction in which a slot is taken; the loser of a race gets TimeTaken, never an error
    of the database's.
    """
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        cause = error.__cause__
        constraint = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
        if constraint in BY_CONSTRAINT:
            refusal, sentence = BY_CONSTRAINT[constraint]
            raise refusal(sentence) from error
        if getattr(cause, "sqlstate", "") in ONE_TIME_TWO_PEOPLE:
            raise TimeTaken(SOMEBODY_ELSE) from error
        raise


def lock_dermatologists(
    *ids: int | None, treatment: Treatment | None = None
) -> dict[int, Dermatologist]:
    """Locks dermatologists' rows, in ascending order, until the transaction ends.

    An exclusion constraint alone never overbooks, but simultaneous inserts can deadlock each other
    for half a minute (measured): this queue comes first. Each row says as `offers_it` whether the
    dermatologist sees patients about the treatment.
    """
    wanted = [pk for pk in ids if pk is not None]
    offer = Dermatologist.treatments.through.objects.filter(
        dermatologist=OuterRef("pk"), treatment=treatment
    )
    rows = Dermatologist.objects.filter(pk__in=wanted).annotate(offers_it=Exists(offer))
    locked = rows.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return {row.pk: row for row in locked}


def lock_consultation(pk: int) -> Consultation:
    """Locks one consultation until the transaction ends; always after its dermatologists."""
    return Consultation.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)


def end_stale_holds(
    dermatologists: list[Dermatologist],
    starts_at: dt.datetime,
    *,
    now: dt.datetime,
    own: Consultation,
) -> None:
    """Frees the slots that nobody holds any longer, so that no constraint keeps them."""
    stale = Consultation.objects.with_hold_run_out(now=now).filter(ends_at__gt=starts_at)
    whose = stale.filter(dermatologist__in=dermatologists)
    if own.patient_id is not None:
        whose |= stale.filter(patient=own.patient_id)
    # One that another device works on just now is left; then the constraint has the last word.
    locked = whose.exclude(pk=own.pk).select_for_update(skip_locked=True, no_key=True, of=("self",))
    for hold in locked:
        hold.move_to(Status.EXPIRED)
        hold.save(update_fields=["status"])
