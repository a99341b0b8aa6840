"""A treatment session that took place in the clinic; aftercare counts from it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models.consultation import Consultation
from clinic.models import Treatment


class TreatmentSessionQuerySet(models.QuerySet["TreatmentSession"]):
    def standing(self) -> "TreatmentSessionQuerySet":
        """Those that were not voided."""
        return self.filter(voided_at=None)


class TreatmentSession(models.Model):
    """One session, in the clinic, after a consultation. Voided if it was recorded by mistake."""

    consultation = models.ForeignKey(
        Consultation, models.PROTECT, related_name="sessions", verbose_name=_("consultation")
    )
    treatment = models.ForeignKey(Treatment, models.PROTECT, verbose_name=_("treatment"))
    took_place_at = models.DateTimeField(_("took place at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)
    void_reason = models.CharField(_("why it was voided"), max_length=200, blank=True)
    # The transaction that changed it last: the database says so (migration 0012, bookings/looks.py).
    changed_in = models.BigIntegerField(default=0, editable=False)

    objects = TreatmentSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("treatment session")
        verbose_name_plural = _("treatment sessions")
        ordering = ["-took_place_at"]
        indexes = [
            models.Index(
                fields=["took_place_at"], condition=Q(voided_at=None), name="session_took_place"
            ),
            models.Index(fields=["changed_in"], name="session_changed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "took_place_at"],
                condition=Q(voided_at=None),
                name="a_session_is_recorded_once",
            ),
            models.CheckConstraint(
                name="a_voided_session_says_why",
                condition=Q(voided_at=None, void_reason="")
                | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consultation} {self.took_place_at:%Y-%m-%d}"
