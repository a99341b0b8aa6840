"""What a patient can talk about: treatments, and what they are wanted for."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.i18n import Translated
from clinic.models.clinic import LONGEST_BUFFER, LONGEST_VISIT


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
    # Empty: as the clinic's policy says.
    visit_minutes = models.PositiveSmallIntegerField(
        _("length of a visit (minutes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(LONGEST_VISIT)],
        help_text=_("Leave it empty for what is usual at the clinic."),
    )
    buffer_before_minutes = models.PositiveSmallIntegerField(
        _("free before a visit (minutes)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(LONGEST_BUFFER)],
    )
    buffer_after_minutes = models.PositiveSmallIntegerField(
        _("free after a visit (minutes)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(LONGEST_BUFFER)],
    )
    is_offered = models.BooleanField(_("offered"), default=True)

    name = Translated()
    summary = Translated()
    about = Translated()
    objects = TreatmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("treatment")
        verbose_name_plural = _("treatments")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(visit_minutes__gte=5, visit_minutes__lte=LONGEST_VISIT),
                name="a_treatments_visit_takes_five_minutes_to_eight_hours",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    buffer_before_minutes__lte=LONGEST_BUFFER,
                )
                & models.Q(buffer_after_minutes__lte=LONGEST_BUFFER),
                name="a_treatments_buffer_is_four_hours_at_most",
            ),
        ]

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
