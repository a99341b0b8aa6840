"""How bookings/reminders.py says when: a moment of a consultation, and one line of its table."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from bookings.models import Consultation, Kind
from clinic import times
from clinic.models import zone_or_clinics

DAY = dt.timedelta(days=1)
# A day by the patient's clock has 22 to 26 hours: so far off may a question to an index be.
CLOCK_CHANGE = dt.timedelta(hours=2)


@dataclass(frozen=True)
class Moment:
    """One of a consultation's times, and so long after it (before it, where negative).

    `days` are counted by the patient's clock, so that a clock change between moves nothing; `plus` is
    time that passes.
    """

    field: str
    plus: dt.timedelta = dt.timedelta()
    days: int = 0

    @property
    def lies_ahead_when_written(self) -> bool:
        """Whether it comes by itself; any other says when something happened, and comes with its row."""
        return self.field in ("starts_at", "hold_expires_at")

    def of(self, consultation: Consultation) -> dt.datetime:
        """When it is for this consultation (UTC)."""
        return self.at(getattr(consultation, self.field), consultation.zone_that_counts)

    def at(self, time: dt.datetime, zone: str) -> dt.datetime:
        """The same, told the consultation's time and the patient's zone."""
        if self.days:
            time = times.days_later(time, zone_or_clinics(zone), self.days)
        return time + self.plus

    def has_come(self, now: dt.datetime) -> Q:
        """Asked of the bare column, so that an index answers; `of` has the last word."""
        return Q(**{f"{self.field}__lte": now - self._about(-CLOCK_CHANGE)})

    def lies_ahead(self, now: dt.datetime) -> Q:
        """Likewise."""
        return Q(**{f"{self.field}__gt": now - self._about(CLOCK_CHANGE)})

    def has_not_come(self, before: dt.datetime) -> Q:
        """Likewise: it had not come before that moment."""
        return Q(**{f"{self.field}__gte": before - self._about(CLOCK_CHANGE)})

    def _about(self, slack: dt.timedelta) -> dt.timedelta:
        return self.plus + self.days * DAY + (slack if self.days else dt.timedelta())


@dataclass(frozen=True)
class Rule:
    """One line of the table: a consultation in this state is owed this e-mail from `due` to `until`.

    `about` is a word and the column that tells one such e-mail from the next ("visit", "revision").
    """

    kind: Kind
    state: Q
    due: Moment
    until: Moment
    about: tuple[str, str] | tuple[str]
    # By day only, by the patient's clock, unless morning would be too late.
    by_day: bool = False
    # Sent after a cancellation too.
    after_cancel: bool = False
    # A part of the promise for a confirmed visit: staff see when no sender was there in all its time.
    promised: bool = False
    # The moment of a move is not kept: its e-mail is due when the move is first seen.
    due_at_once: bool = False
    # The column with the address.
    to: str = "email"
