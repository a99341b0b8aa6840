"""Every reason why a time is not offered, in words, with the facts behind it."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from bookings import slots
from bookings.actions import Answer
from bookings.models import Closure, Consultation
from bookings.slots import Because, Reason
from clinic import times
from clinic.admin import comma
from clinic.i18n import active_language
from clinic.templatetags.clinic_pages import clinic_hours, clinic_time, reference

MINUTE = dt.timedelta(minutes=1)
Stretch = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Case:
    """One dermatologist's answer about one moment, and what the reader may know of its causes.

    `visits` are those within the reader's reach, by dermatologist and time.
    """

    answer: Answer
    starts_at: dt.datetime
    now: dt.datetime
    visits: dict[tuple[int | None, Stretch], Consultation] = field(default_factory=dict)
    closures: list[Closure] = field(default_factory=list)

    @property
    def rules(self) -> slots.Rules:
        return self.answer.calendar.rules

    @property
    def day(self) -> dt.date:
        """The day in the clinic's zone."""
        return self.starts_at.astimezone(self.rules.zone).date()


def in_words(case: Case) -> list[str]:
    """Each reason as a sentence; none where the time is free."""
    found = []
    if not case.answer.is_active:
        found.append(gettext("This dermatologist does not see patients now."))
    if not case.answer.offers_it:
        found.append(gettext("This dermatologist does not offer this treatment."))
    return found + [WORDS[because.reason](case, because) for because in case.answer.reasons]


def hours_of_the_day(case: Case) -> str:
    """When the dermatologist has hours that begin on that day, and extra openings: "09:00 to 13:00"."""
    rules, language = case.rules, active_language()
    parts = [
        _from_to(f"{window.starts:%H:%M}", f"{window.ends:%H:%M}")
        for window in sorted(rules.windows_of(case.day), key=lambda window: window.starts)
    ]
    midnight = slots.first_moment(case.day, rules.zone)
    whole = slots.Interval(
        midnight, slots.first_moment(case.day + dt.timedelta(days=1), rules.zone)
    )
    parts += [
        gettext("extra opening: %(hours)s")
        % {
            "hours": times.between_in_words(
                opening.starts_at, opening.ends_at, rules.zone, language, isolated=True
            )
        }
        for opening in rules.openings
        if opening.touches(whole)
    ]
    return comma().join(parts) or gettext("none")


def _from_to(starts: str, ends: str) -> str:
    return gettext("%(from)s to %(to)s") % {
        "from": f"{times.LRI}{starts}{times.PDI}",
        "to": f"{times.LRI}{ends}{times.PDI}",
    }


def minutes(long: dt.timedelta) -> str:
    count = long // MINUTE
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}


# --- One sentence for each reason ---------------------------------------------------------------


def _past(case: Case, because: Because) -> str:
    return gettext("This time has passed.")


def _too_soon(case: Case, because: Because) -> str:
    words = gettext(
        "Online it can be booked until %(notice)s before. At the desk it still can, if nothing else is "
        "in the way."
    )
    return words % {"notice": minutes(case.rules.notice)}


def _too_far(case: Case, because: Because) -> str:
    last = case.rules.horizon(case.now).astimezone(case.rules.zone).date() - dt.timedelta(days=1)
    words = gettext("It is too far ahead: the last day that can be booked now is %(day)s.")
    return words % {"day": times.day_in_words(last, active_language())}


def _outside_hours(case: Case, because: Because) -> str:
    return gettext("It lies outside the hours.")


def _ends_too_late(case: Case, because: Because) -> str:
    rules = case.rules
    if not rules.after:
        words = gettext("The hours end too early for it: the visit takes %(length)s.")
        return words % {"length": minutes(rules.length)}
    words = gettext(
        "The hours end too early for it: the visit takes %(length)s, and %(after)s have to be free "
        "after it."
    )
    return words % {"length": minutes(rules.length), "after": minutes(rules.after)}


def _off_grid(case: Case, because: Because) -> str:
    words = gettext("A visit begins every %(grid)s, counted from the beginning of the hours.")
    return words % {"grid": minutes(case.rules.grid)}


def _closed(case: Case, because: Because) -> str:
    assert because.by
    pk = case.answer.dermatologist.pk
    stretch = (because.by.starts_at, because.by.ends_at)
    of_whom, why = gettext("this dermatologist"), ""
    for closure in case.closures:
        mine = closure.dermatologist_id in (None, pk)
        if mine and stretch == (closure.starts_at, closure.ends_at):
            why = closure.reason
            if closure.dermatologist_id is None:
                of_whom = gettext("the whole clinic")
    zone = case.rules.zone
    return format_html(
        gettext("Closed ({whose}): {starts} to {ends}. {why}"),
        whose=of_whom,
        starts=clinic_time(because.by.starts_at, zone),
        ends=clinic_time(because.by.ends_at, zone),
        why=format_html("<bdi>{}</bdi>", why),
    )


def _which(case: Case, because: Because) -> str:
    """The visit in the way: its time, and its reference for whoever may see it."""
    assert because.by
    hours = clinic_hours(because.by.starts_at, because.by.ends_at, case.rules.zone)
    stretch = (because.by.starts_at, because.by.ends_at)
    visit = case.visits.get((case.answer.dermatologist.pk, stretch))
    if visit is None:
        return hours
    return format_html("{} {}", reference(visit.reference), hours)


def _taken(case: Case, because: Because) -> str:
    return format_html(gettext("It is taken by a visit: {visit}"), visit=_which(case, because))


def _too_close(case: Case, because: Because) -> str:
    """The larger of the two buffers counts."""
    by, rules = because.by, case.rules
    assert isinstance(by, slots.Taken)
    is_before = by.starts_at < case.starts_at
    gap = max(by.after, rules.before) if is_before else max(by.before, rules.after)
    return format_html(
        gettext("It is too close to a visit, {gap} have to be free between them: {visit}"),
        gap=minutes(gap),
        visit=_which(case, because),
    )


def _elsewhere(case: Case, because: Because) -> str:
    assert because.by
    hours = clinic_hours(because.by.starts_at, because.by.ends_at, case.rules.zone)
    return format_html(gettext("The same patient has another visit then: {visit}"), visit=hours)


def _day_full(case: Case, because: Because) -> str:
    zone = case.rules.zone
    taken: Iterable[Any] = case.answer.calendar.taken
    count = sum(times.local_day(visit.starts_at, zone) == case.day for visit in taken)
    words = gettext("The day is full: %(count)s of %(most)s visits.")
    return words % {"count": count, "most": case.rules.most_a_day}


WORDS: dict[Reason, Callable[[Case, Because], str]] = {
    Reason.PAST: _past,
    Reason.TOO_SOON: _too_soon,
    Reason.TOO_FAR: _too_far,
    Reason.OUTSIDE_HOURS: _outside_hours,
    Reason.ENDS_TOO_LATE: _ends_too_late,
    Reason.OFF_GRID: _off_grid,
    Reason.CLOSED: _closed,
    Reason.TAKEN: _taken,
    Reason.ELSEWHERE: _elsewhere,
    Reason.TOO_CLOSE: _too_close,
    Reason.DAY_FULL: _day_full,
}
