"""The clinic: its names, its zone, and the policy that decides what can be booked."""

import datetime as dt
import functools
import zoneinfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from clinic.i18n import Translated

# Looked up once: it reads the whole folder of the zones, some 30 ms each time.
_zones = functools.cache(zoneinfo.available_timezones)


def known_zone(name: str) -> None:
    """Refuses a zone that is not in the IANA database."""
    if name not in _zones():
        raise ValidationError(_("Choose a time zone such as Asia/Dubai."))


def zone_or_clinics(name: str) -> str:
    """The zone, or the clinic's where there is none of that name (any more)."""
    if name in _zones():
        return name
    clinic = Clinic.objects.the_clinic()
    return clinic.zone if clinic else settings.TIME_ZONE


MONTH_IN_MINUTES = 31 * 24 * 60
LONGEST_VISIT = 8 * 60  # minutes
LONGEST_BUFFER = 4 * 60  # minutes


class ClinicQuerySet(models.QuerySet["Clinic"]):
    def the_clinic(self) -> "Clinic | None":
        """The one row, or None before the clinic was set up. In SQL: every page asks for it."""
        return next(iter(self.raw(THE_CLINIC)), None)


class Clinic(models.Model):
    """The clinic: one row. Its zone decides every time; its policy decides what can be booked."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_ar = models.CharField(_("name (Arabic)"), max_length=120)
    address_en = models.CharField(_("address (English)"), max_length=250)
    address_ar = models.CharField(_("address (Arabic)"), max_length=250)
    phone = PhoneNumberField(_("phone"))
    email = models.EmailField(_("e-mail"))
    zone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Dubai", validators=[known_zone]
    )
    visit_minutes = models.PositiveSmallIntegerField(
        _("length of a visit (minutes)"),
        default=20,
        validators=[MinValueValidator(5), MaxValueValidator(LONGEST_VISIT)],
    )
    grid_minutes = models.PositiveSmallIntegerField(
        _("a visit may begin every (minutes)"),
        default=20,
        validators=[MinValueValidator(5), MaxValueValidator(LONGEST_VISIT)],
        help_text=_("Counted from the beginning of the hours."),
    )
    buffer_before_minutes = models.PositiveSmallIntegerField(
        _("free before a visit (minutes)"),
        default=0,
        validators=[MaxValueValidator(LONGEST_BUFFER)],
    )
    buffer_after_minutes = models.PositiveSmallIntegerField(
        _("free after a visit (minutes)"),
        default=0,
        validators=[MaxValueValidator(LONGEST_BUFFER)],
        help_text=_("Between two visits the longer of the two counts; it ends by closing time."),
    )
    min_notice_minutes = models.PositiveIntegerField(
        _("minimum notice (minutes)"),
        default=120,
        validators=[MaxValueValidator(MONTH_IN_MINUTES)],
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("bookable ahead (days)"), default=42, validators=[MaxValueValidator(366)]
    )
    cancel_until_minutes = models.PositiveIntegerField(
        _("move or cancel online until (minutes before)"),
        default=120,
        validators=[MaxValueValidator(MONTH_IN_MINUTES)],
    )
    # 25 years from the last procedure: UAE Federal Law No. 2 of 2019 (health data), article 20.
    keep_treated_years = models.PositiveSmallIntegerField(
        _("data of treated patients is kept for (years)"),
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    keep_others_months = models.PositiveSmallIntegerField(
        _("data of everybody else is kept for (months)"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(1200)],
    )

    name = Translated()
    address = Translated()
    objects = ClinicQuerySet.as_manager()

    class Meta:
        verbose_name = _("clinic")
        verbose_name_plural = _("clinic")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_clinic"),
            models.CheckConstraint(
                condition=models.Q(visit_minutes__gte=5, visit_minutes__lte=LONGEST_VISIT),
                name="a_visit_takes_five_minutes_to_eight_hours",
            ),
            models.CheckConstraint(
                condition=models.Q(grid_minutes__gte=5, grid_minutes__lte=LONGEST_VISIT),
                name="visits_begin_every_five_minutes_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    buffer_before_minutes__lte=LONGEST_BUFFER,
                    buffer_after_minutes__lte=LONGEST_BUFFER,
                ),
                name="a_buffer_is_four_hours_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    min_notice_minutes__lte=MONTH_IN_MINUTES,
                    cancel_until_minutes__lte=MONTH_IN_MINUTES,
                ),
                name="notice_is_a_month_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(horizon_days__lte=366), name="the_horizon_is_a_year_at_most"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zoneinfo(self) -> zoneinfo.ZoneInfo:
        """The clinic's zone, which decides what "10:00 on Tuesday" means."""
        return zoneinfo.ZoneInfo(self.zone)

    @property
    def grid(self) -> dt.timedelta:
        """How far apart the times lie at which a visit may begin."""
        return dt.timedelta(minutes=self.grid_minutes)

    @property
    def min_notice(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.min_notice_minutes)

    @property
    def cancel_notice(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.cancel_until_minutes)


_COLUMNS = ", ".join(str(field.column) for field in Clinic._meta.concrete_fields)
THE_CLINIC = f"SELECT {_COLUMNS} FROM clinic_clinic WHERE id = 1"  # noqa: S608 (our own names)
