"""The guidance that follows a treatment session."""

import datetime as dt

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.i18n import Translated
from clinic.models.dermatologist import Dermatologist
from clinic.models.treatments import Treatment

YEAR_IN_HOURS = 366 * 24


class AftercareStepQuerySet(models.QuerySet["AftercareStep"]):
    def live(self) -> "AftercareStepQuerySet":
        """Those of the plans that count now."""
        return self.all()


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
    objects = AftercareStepQuerySet.as_manager()

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
