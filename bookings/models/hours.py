"""When a dermatologist sees patients: weekly hours, seasons with their own, and the exceptions."""

import datetime as dt
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from clinic.i18n import Translated
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


class Season(models.Model):
    """Days with hours of their own, such as Ramadan; the first and the last day belong to it.

    A dermatologist with hours for a season has these in it, and no others; one without keeps the
    usual ones.
    """

    name_en = models.CharField(_("name (English)"), max_length=120)
    name_ar = models.CharField(_("name (Arabic)"), max_length=120)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))

    name = Translated()

    class Meta:
        verbose_name = _("season")
        verbose_name_plural = _("seasons")
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="a_season_ends_after_it_begins"
            ),
            ExclusionConstraint(
                name="one_season_at_a_time",
                expressions=[
                    (
                        Func(
                            F("first_day"),
                            F("last_day"),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    )
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WeeklyHours(models.Model):
    """One window of one weekday, in the clinic's own clock; a day can have several.

    One that ends at or before its beginning goes on past midnight and belongs to the day on which it
    begins; 00:00 to 00:00 is a whole day.
    """

    dermatologist = models.ForeignKey(
        Dermatologist,
        models.CASCADE,
        related_name="weekly_hours",
        verbose_name=_("dermatologist"),
    )
    season = models.ForeignKey(
        Season,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="weekly_hours",
        verbose_name=_("season"),
        help_text=_("Leave it empty for the usual hours."),
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("weekly hours")
        verbose_name_plural = _("weekly hours")
        ordering = ["dermatologist", F("season").asc(nulls_first=True), "weekday", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(ends=F("starts")) | Q(starts=dt.time(0)),
                name="hours_last_longer_than_nothing",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="a_week_has_seven_days"),
            models.UniqueConstraint(
                fields=["dermatologist", "season", "weekday", "starts"],
                nulls_distinct=False,
                name="hours_are_listed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}, {self.ends:%H:%M}"


class StretchQuerySet(models.QuerySet[Any]):
    """Stretches of time: closures, and extra openings."""

    def touching(self, *, starts_at: dt.datetime, ends_at: dt.datetime) -> "StretchQuerySet":
        """Those that share a moment with [starts_at, ends_at)."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)

    def of_any(self, dermatologists: "list[Dermatologist]") -> "StretchQuerySet":
        """Those of these dermatologists, and those of the whole clinic."""
        return self.filter(Q(dermatologist=None) | Q(dermatologist__in=dermatologists))


class Closure(models.Model):
    """A stretch of time without visits, of one dermatologist or of the whole clinic.

    A closure beats everything else: an extra opening does not open what is closed.
    """

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

    objects = StretchQuerySet.as_manager()

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


class Opening(models.Model):
    """An extra stretch of time with visits, beside the weekly hours."""

    dermatologist = models.ForeignKey(
        Dermatologist,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="openings",
        verbose_name=_("dermatologist"),
        help_text=_("Leave empty to open for every dermatologist."),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=120, blank=True)

    objects = StretchQuerySet.as_manager()

    class Meta:
        verbose_name = _("extra opening")
        verbose_name_plural = _("extra openings")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="an_opening_ends_after_it_starts"
            )
        ]

    def __str__(self) -> str:
        return self.reason or str(_("extra opening"))
