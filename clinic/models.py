"""What the clinic is: its names and policy, its treatments, its dermatologists, its aftercare."""

import datetime as dt
import functools
import zoneinfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from clinic.i18n import Language, Translated

# Looked up once: it reads the whole folder of the zones, some 30 ms each time.
_zones = functools.cache(zoneinfo.available_timezones)


def known_zone(name: str) -> None:
    """Refuses a zone that is not in the IANA database."""
    if name not in _zones():
        raise ValidationError(_("Choose a time zone such as Asia/Dubai."))


MONTH_IN_MINUTES = 31 * 24 * 60
YEAR_IN_HOURS = 366 * 24


class ClinicQuerySet(models.QuerySet["Clinic"]):
    def the_clinic(self) -> "Clinic | None":
        """The one row, or None before the clinic was set up."""
        return self.first()


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
        validators=[MinValueValidator(5), MaxValueValidator(8 * 60)],
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

    name = Translated()
    address = Translated()
    objects = ClinicQuerySet.as_manager()

    class Meta:
        verbose_name = _("clinic")
        verbose_name_plural = _("clinic")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_clinic"),
            models.CheckConstraint(
                condition=models.Q(visit_minutes__gte=5, visit_minutes__lte=8 * 60),
                name="a_visit_takes_five_minutes_to_eight_hours",
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
    def visit_length(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.visit_minutes)

    @property
    def min_notice(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.min_notice_minutes)

    @property
    def cancel_notice(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.cancel_until_minutes)


class TreatmentQuerySet(models.QuerySet["Treatment"]):
    def offered(self) -> "TreatmentQuerySet":
        """What a patient can ask about now."""
        return self.filter(is_offered=True)


class Treatment(models.Model):
    """A treatment that a patient can talk about, such as mesotherapy."""

    slug = models.SlugField(_("short name in addresses"), unique=True)
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_ar = models.CharField(_("name (Arabic)"), max_length=120)
    summary_en = models.CharField(_("summary (English)"), max_length=300)
    summary_ar = models.CharField(_("summary (Arabic)"), max_length=300)
    about_en = models.TextField(_("about (English)"), blank=True)
    about_ar = models.TextField(_("about (Arabic)"), blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    is_offered = models.BooleanField(_("offered"), default=True)

    name = Translated()
    summary = Translated()
    about = Translated()
    objects = TreatmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("treatment")
        verbose_name_plural = _("treatments")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Concern(models.Model):
    """What the patient wants a treatment for; "I am not sure" is one of them."""

    treatment = models.ForeignKey(
        Treatment, models.CASCADE, related_name="concerns", verbose_name=_("treatment")
    )
    slug = models.SlugField(_("short name in addresses"))
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_ar = models.CharField(_("name (Arabic)"), max_length=120)
    position = models.PositiveSmallIntegerField(_("order"), default=1)

    name = Translated()

    class Meta:
        verbose_name = _("concern")
        verbose_name_plural = _("concerns")
        ordering = ["treatment__position", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment", "slug"], name="a_concern_is_listed_once_per_treatment"
            )
        ]

    def __str__(self) -> str:
        return self.name


class DermatologistQuerySet(models.QuerySet["Dermatologist"]):
    def seeing_patients(self) -> "DermatologistQuerySet":
        """Those whose times are offered."""
        return self.filter(is_active=True)

    def offering(self, treatment: Treatment | None) -> "DermatologistQuerySet":
        """Those who talk about this treatment (all of them where none is named yet)."""
        return self.filter(treatments=treatment) if treatment else self


class Dermatologist(models.Model):
    """A dermatologist, who sees patients in a video room."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="dermatologist",
        verbose_name=_("sign-in"),
    )
    slug = models.SlugField(_("short name in addresses"), unique=True)
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_ar = models.CharField(_("name (Arabic)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=120)
    title_ar = models.CharField(_("title (Arabic)"), max_length=120)
    licence_number = models.CharField(_("licence number"), max_length=40, unique=True)
    languages = ArrayField(
        models.CharField(max_length=2, choices=Language), verbose_name=_("languages")
    )
    treatments = models.ManyToManyField(
        Treatment, related_name="dermatologists", verbose_name=_("treatments")
    )
    video_room = models.URLField(_("video room"), validators=[URLValidator(schemes=["https"])])
    is_active = models.BooleanField(_("sees patients"), default=True)

    name = Translated()
    title = Translated()
    objects = DermatologistQuerySet.as_manager()

    class Meta:
        verbose_name = _("dermatologist")
        verbose_name_plural = _("dermatologists")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(video_room__startswith="https://"),
                name="a_video_room_is_reached_by_https",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AftercareStep(models.Model):
    """One e-mail of guidance, a number of hours after a treatment session; icing comes first.

    The words are the clinic's and are general information; who approved which version, and when,
    stands under each text.
    """

    treatment = models.ForeignKey(
        Treatment, models.CASCADE, related_name="aftercare_steps", verbose_name=_("treatment")
    )
    key = models.SlugField(_("short name"))
    position = models.PositiveSmallIntegerField(_("order"))
    hours_after = models.PositiveIntegerField(
        _("hours after the session"), validators=[MaxValueValidator(YEAR_IN_HOURS)]
    )
    subject_en = models.CharField(_("subject (English)"), max_length=120)
    subject_ar = models.CharField(_("subject (Arabic)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=160)
    title_ar = models.CharField(_("title (Arabic)"), max_length=160)
    body_en = models.TextField(_("text (English)"))
    body_ar = models.TextField(_("text (Arabic)"))
    red_flags_en = models.TextField(_("call the same day (English)"), blank=True)
    red_flags_ar = models.TextField(_("call the same day (Arabic)"), blank=True)
    emergency_en = models.TextField(_("emergency (English)"), blank=True)
    emergency_ar = models.TextField(_("emergency (Arabic)"), blank=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    approved_by = models.ForeignKey(
        Dermatologist, models.PROTECT, related_name="+", verbose_name=_("approved by")
    )
    approved_on = models.DateField(_("approved on"))

    subject = Translated()
    title = Translated()
    body = Translated()
    red_flags = Translated()
    emergency = Translated()

    class Meta:
        verbose_name = _("aftercare step")
        verbose_name_plural = _("aftercare steps")
        ordering = ["treatment__position", "hours_after", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment", "key"], name="an_aftercare_step_is_listed_once"
            ),
            models.CheckConstraint(
                condition=models.Q(hours_after__lte=YEAR_IN_HOURS),
                name="aftercare_ends_within_a_year",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def delay(self) -> dt.timedelta:
        """How long after the session this step is due."""
        return dt.timedelta(hours=self.hours_after)
