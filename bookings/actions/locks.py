"""Who decides about a time first: one queue for each dermatologist, and what the losers are told."""

import contextlib
import datetime as dt
from collections.abc import Iterator

from django.db import DatabaseError, transaction
from django.utils.translation import gettext_lazy as _

from bookings.models import Consultation, NotPossibleNow, Status
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

# By name: a statement that is prepared with * breaks when a migration adds a column.
_COLUMNS = ", ".join(
    f"dermatologist.{field.column}" for field in Dermatologist._meta.concrete_fields
)
LOCK = f"""
SELECT {_COLUMNS}, EXISTS (
    SELECT FROM clinic_dermatologist_treatments offer
    WHERE offer.dermatologist_id = dermatologist.id AND offer.treatment_id = %(treatment)s
) AS offers_it
FROM clinic_dermatologist dermatologist WHERE dermatologist.id = ANY(%(ids)s)
ORDER BY dermatologist.id FOR NO KEY UPDATE OF dermatologist"""  # noqa: S608 (our own names)


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
    asked = {"ids": wanted, "treatment": treatment.pk if treatment else None}
    return {row.pk: row for row in Dermatologist.objects.raw(LOCK, asked)}


def lock_consultation(pk: int) -> Consultation:
    """Locks one consultation until the transaction ends; always after its dermatologists.

    Raises NotPossibleNow for an erased one: nothing is done with it any more.
    """
    locked = Consultation.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    if locked.is_erased:
        raise NotPossibleNow(_("What we knew about this visit is erased. Nothing can be changed."))
    return locked


def end_holds(*ids: int, now: dt.datetime) -> None:
    """Frees the slots of holds that ran out, so that no constraint keeps them.

    One that another device works on just now is left; then the constraint has the last word.
    """
    stale = Consultation.objects.with_hold_run_out(now=now).filter(pk__in=ids)
    for hold in stale.select_for_update(skip_locked=True, no_key=True, of=("self",)):
        hold.move_to(Status.EXPIRED)
        hold.save(update_fields=["status"])
