"""What can be asked of a set of consultations, in the words of the clinic."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import models

from bookings.models.guarantees import LONGEST
from bookings.models.status import TAKES_THE_SLOT, Status

if TYPE_CHECKING:
    from bookings.models.consultation import Consultation  # noqa: F401 (named in quotes)


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    def taking_a_slot(self, *, now: dt.datetime) -> "ConsultationQuerySet":
        """Those whose time nobody else can have at `now`; a hold that ran out is none of them."""
        return self.filter(status__in=TAKES_THE_SLOT).exclude(
            status=Status.HELD, hold_expires_at__lte=now
        )

    def touching(self, *, starts_at: dt.datetime, ends_at: dt.datetime) -> "ConsultationQuerySet":
        """Those whose time shares a moment with [starts_at, ends_at).

        None lasts longer than LONGEST (a constraint), so an index finds them without all of the past.
        """
        begin = {"starts_at__gt": starts_at - LONGEST, "starts_at__lt": ends_at}
        return self.filter(**begin, ends_at__gt=starts_at)

    def with_hold_run_out(self, *, now: dt.datetime) -> "ConsultationQuerySet":
        """Held ones whose hold is over."""
        return self.filter(status=Status.HELD, hold_expires_at__lte=now)

    def confirmed(self) -> "ConsultationQuerySet":
        return self.filter(status=Status.CONFIRMED)

    def waiting_for_a_time(self) -> "ConsultationQuerySet":
        """The waiting list: proven, about a treatment, reached by e-mail; by treatment, first come."""
        waiting = self.filter(status=Status.WAITING, proven_at__isnull=False)
        known = waiting.filter(treatment__is_offered=True).exclude(email="")
        return known.select_related("treatment").order_by("treatment", "asked_at", "pk")

    def unproven(self) -> "ConsultationQuerySet":
        """Those whose address nobody has proven yet."""
        return self.filter(proven_at=None)

    def not_erased(self) -> "ConsultationQuerySet":
        """Those of whose patient something is known: the only ones that a patient can reach."""
        return self.filter(erased_at=None)

    def for_desk(self) -> "ConsultationQuerySet":
        """With all that a list row shows, in one query."""
        return self.select_related("treatment", "concern", "dermatologist", "patient")
