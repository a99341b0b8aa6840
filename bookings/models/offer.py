"""A time that the waiting list offered to a patient."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.models.consultation import Consultation
from clinic.models import Dermatologist


class Offer(models.Model):
    """One time, held for one patient who waits; whoever lets it go is not offered the same again."""

    consultation = models.ForeignKey(
        Consultation, models.CASCADE, related_name="offers", verbose_name=_("consultation")
    )
    dermatologist = models.ForeignKey(
        Dermatologist, models.PROTECT, related_name="+", verbose_name=_("dermatologist")
    )
    starts_at = models.DateTimeField(_("starts"))
    offered_at = models.DateTimeField(_("offered at"))

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["-offered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "dermatologist", "starts_at"],
                name="a_time_is_offered_to_a_patient_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.consultation)
