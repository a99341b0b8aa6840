"""When a dermatologist sees patients: weekly hours, and the times when nobody is there."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Dermatologist


class Weekday(models.IntegerChoices):
    """ISO weekdays less one, as `date.weekday()` counts."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class WeeklyHours(models.Model):
    """One window of one weekday, in the clinic's own clock; a day can have several."""

    dermatologist = models.ForeignKey(
        Dermatologist,
        models.CASCADE,
        related_name="weekly_hours",
        verbose_name=_("dermatologist"),
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("weekly hours")
        verbose_name_plural = _("weekly hours")
        ordering = ["dermatologist", "weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="hours_end_after_start"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="a_week_has_seven_days"),
            models.UniqueConstraint(
                fields=["dermatologist", "weekday", "starts"], name="hours_are_listed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}, {self.ends:%H:%M}"


class ClosureQuerySet(models.QuerySet["Closure"]):
    def touching(self, *, starts_at: dt.datetime, ends_at: dt.datetime) -> "ClosureQuerySet":
        """Those that share a moment with [starts_at, ends_at)."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)

    def of_any(self, dermatologists: "list[Dermatologist]") -> "ClosureQuerySet":
        """Those of these dermatologists, and those of the whole clinic."""
        return self.filter(Q(dermatologist=None) | Q(dermatologist__in=dermatologists))


class Closure(models.Model):
    """A stretch of time without visits, of one dermatologist or of the whole clinic."""

    dermatologist = models.ForeignKey(
        Dermatologist,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="closures",
        verbose_name=_("dermatologist"),
        help_text=_("Leave empty to close the whole clinic."),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=120, blank=True)

    objects = ClosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="a_closure_ends_after_it_starts"
            )
        ]

    def __str__(self) -> str:
        return self.reason or str(_("closed"))
