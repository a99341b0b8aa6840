"""How long a time is held for a request (DESIGN section 2), and letting go of it."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.actions.taking import Wanted, take_time
from bookings.models import Consultation, NotPossibleNow, Status
from clinic.models import Clinic, Dermatologist

HOLD = dt.timedelta(minutes=20)
LONGEST_HOLD_AFTER_PROOF = dt.timedelta(minutes=60)
HOLD_FOR_STAFF = dt.timedelta(hours=24)
HOLD_FOR_AN_OFFER = dt.timedelta(hours=2)


def renew_hold(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """Holds the time longer, as every step taken does ("I need more time", WCAG 2.2.1).

    Never longer than the longest hold; a hold that ran out stays so.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.status == Status.HELD and not locked.hold_has_run_out(now=now):
            locked.hold_expires_at = hold_until(locked, clinic=Clinic.objects.the_clinic(), now=now)
            locked.save(update_fields=["hold_expires_at"])
    return locked


def expire_holds(*, now: dt.datetime) -> int:
    """Lets go of every time whose hold ran out; gives how many. Locked rows wait for the next round."""
    with transaction.atomic():
        stale = Consultation.objects.with_hold_run_out(now=now).select_for_update(
            skip_locked=True, no_key=True, of=("self",)
        )
        rows = list(stale)
        for hold in rows:
            hold.move_to(Status.EXPIRED)
            hold.save(update_fields=["status"])
    return len(rows)


def hold_until(
    consultation: Consultation, *, clinic: Clinic | None, now: dt.datetime
) -> dt.datetime:
    """Until when a held time is kept if the patient takes a step at `now`."""
    assert consultation.held_at is not None
    assert consultation.starts_at is not None
    notice = clinic.min_notice if clinic else dt.timedelta()
    if consultation.time_chosen_by_staff:
        return min(consultation.held_at + HOLD_FOR_STAFF, consultation.starts_at)
    if consultation.offered_at is not None:
        return min(consultation.offered_at + HOLD_FOR_AN_OFFER, consultation.starts_at - notice)
    longest = consultation.held_at + HOLD
    if consultation.proven_at is not None:
        longest = max(consultation.held_at, consultation.proven_at) + LONGEST_HOLD_AFTER_PROOF
    return min(now + HOLD, longest, consultation.starts_at - notice)


def hold(
    consultation: Consultation,
    wanted: Wanted,
    among: list[Dermatologist],
    *,
    clinic: Clinic | None,
    now: dt.datetime,
    by_staff: bool = False,
    is_offer: bool = False,
) -> None:
    """Takes a time and holds it, under the locks of `lock_for`. Raises TimeTaken, NotPossibleNow."""
    if consultation.treatment is None:
        raise NotPossibleNow(
            _("The clinic first has to find out with you which treatment you want to talk about.")
        )
    assert clinic  # without one there are no dermatologists
    before = (consultation.dermatologist_id, consultation.starts_at)
    notice = notice_for(by_staff=by_staff)
    take_time(consultation, wanted, among, clinic=clinic, now=now, notice=notice)
    goes_on = consultation.status == Status.HELD and not consultation.hold_has_run_out(now=now)
    same = before == (consultation.dermatologist_id, consultation.starts_at)
    # The same time chosen again stays held as it is; another one before the proof is held no longer.
    if by_staff or not (goes_on and same):
        if by_staff or not goes_on or consultation.is_proven:
            consultation.held_at = now
        consultation.time_chosen_by_staff = by_staff
        consultation.offered_at = now if is_offer else None
    if not same:
        consultation.own_video_room = ""
    if consultation.status != Status.HELD:
        consultation.move_to(Status.HELD)
    consultation.hold_expires_at = hold_until(consultation, clinic=clinic, now=now)


def notice_for(*, by_staff: bool) -> dt.timedelta | None:
    """Staff can book up to the last moment; for patients the clinic's minimum notice applies."""
    return dt.timedelta() if by_staff else None
