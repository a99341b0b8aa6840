"""The waiting list: a time that can be had is offered to the first patient whom it suits."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import groupby

from bookings.actions.holding import HOLD_FOR_AN_OFFER, hold
from bookings.actions.locks import TimeTaken, lock_consultation, slot_decided
from bookings.actions.taking import Wanted, lock_for
from bookings.actions.times import FreeTime, free_times
from bookings.models import Consultation, PartOfDay, Status
from clinic import times
from clinic.models import Clinic

AT_MOST = 100  # in one round; beat comes again in seconds
# A time so soon that nobody could finish before its hold ends is no offer.
TO_FINISH = dt.timedelta(hours=1)
AFTERNOON, EVENING = dt.time(12), dt.time(17)  # by the clinic's clock


def offer_times(*, now: dt.datetime) -> int:
    """Offers each free time to the proven patient who has waited longest and whom it suits: a hold of
    two hours, and an e-mail. Gives how many were offered.

    Nobody is offered anything in their night, nor the same time twice. Whoever lets an offer run out
    waits no longer; then the next one is offered it.
    """
    clinic = Clinic.objects.the_clinic()
    if clinic is None:
        return 0
    waiting = Consultation.objects.waiting_for_a_time().prefetch_related("offers")
    count = 0
    for treatment, consultations in groupby(waiting, key=lambda one: one.treatment):
        awake = [one for one in consultations if _is_awake(one, now=now)]
        if not awake:
            continue
        notice = clinic.min_notice + TO_FINISH
        free = free_times(treatment=treatment, now=now, notice=notice)
        for consultation in awake:
            if count == AT_MOST:
                return count
            given = _offer_one(consultation, free, clinic=clinic, now=now)
            if given is not None:
                free = [time for time in free if not _overlap(time, given)]
                count += 1
    return count


def _is_awake(consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether the patient is up for as long as the offer holds, by their own clock."""
    until = now + HOLD_FOR_AN_OFFER
    return not any(times.is_quiet(moment, consultation.zone_that_counts) for moment in (now, until))


def _overlap(time: FreeTime, other: FreeTime) -> bool:
    same = time.dermatologist == other.dermatologist
    return same and time.starts_at < other.ends_at and other.starts_at < time.ends_at


def _offer_one(
    consultation: Consultation, free: Iterable[FreeTime], *, clinic: Clinic, now: dt.datetime
) -> FreeTime | None:
    """The first time that suits and can be had, now held for the patient; None if there is none."""
    for time in _suiting(consultation, free, clinic=clinic):
        try:
            return time if _hold_for(consultation, time, clinic=clinic, now=now) else None
        except TimeTaken:
            continue  # somebody was quicker, or the same person has a visit then
    return None


def _suiting(
    consultation: Consultation, free: Iterable[FreeTime], *, clinic: Clinic
) -> Iterator[FreeTime]:
    """Those on the days, in the part of the day and with the dermatologist that were wished for."""
    offered = {(one.dermatologist_id, one.starts_at) for one in consultation.offers.all()}
    whose = consultation.preferred_dermatologist_id
    for time in free:
        local = time.starts_at.astimezone(clinic.zoneinfo)
        if whose not in (None, time.dermatologist.pk):
            continue
        if consultation.preferred_days and local.weekday() not in consultation.preferred_days:
            continue
        if consultation.preferred_part not in (PartOfDay.ANY, part_of_day(local.time())):
            continue
        if (time.dermatologist.pk, time.starts_at) not in offered:
            yield time


def part_of_day(time: dt.time) -> PartOfDay:
    """Morning until noon, afternoon until five, then evening; by the clinic's clock."""
    if time < AFTERNOON:
        return PartOfDay.MORNING
    return PartOfDay.AFTERNOON if time < EVENING else PartOfDay.EVENING


def _hold_for(
    consultation: Consultation, time: FreeTime, *, clinic: Clinic, now: dt.datetime
) -> bool:
    """Holds the time and notes the offer; False if the patient waits no longer. Raises TimeTaken."""
    wanted = Wanted(time.starts_at, time.dermatologist, ends_at=time.ends_at)
    with slot_decided():
        among = lock_for(wanted, consultation, now=now)
        locked = lock_consultation(consultation.pk)
        if locked.status != Status.WAITING or locked.treatment_id != consultation.treatment_id:
            return False
        hold(locked, wanted, among, clinic=clinic, now=now, is_offer=True)
        locked.offers.create(
            dermatologist=time.dermatologist, starts_at=time.starts_at, offered_at=now
        )
        locked.save()
    return True
