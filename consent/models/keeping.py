"""How long evidence is kept: holds that stop an erasure, and what patients asked to have erased."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models import Consultation


class LegalHold(models.Model):
    """A reason why nothing of a consultation may be erased, until somebody lifts it."""

    consultation = models.ForeignKey(
        Consultation, models.PROTECT, related_name="legal_holds", verbose_name=_("consultation")
    )
    reason = models.CharField(_("reason"), max_length=300)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("placed by")
    )
    placed_at = models.DateTimeField(_("placed at"))
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("lifted by"),
    )
    lifted_at = models.DateTimeField(_("lifted at"), null=True)
    lift_reason = models.CharField(_("reason for lifting it"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation"],
                condition=Q(lifted_at=None),
                name="one_legal_hold_at_a_time",
            ),
            models.CheckConstraint(
                name="who_lifts_a_hold_says_why",
                condition=Q(lifted_at=None, lifted_by=None, lift_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consultation} {self.placed_at:%Y-%m-%d}"


class Answer(models.TextChoices):
    """What the clinic answered to an erasure request."""

    OPEN = "open", _("not answered yet")
    GRANTED = "granted", _("erased")
    REFUSED = "refused", _("refused")


class ErasureRequest(models.Model):
    """A patient asked for their data to be erased; the clinic's answer stands beside it."""

    consultation = models.ForeignKey(
        Consultation,
        models.PROTECT,
        related_name="erasure_requests",
        verbose_name=_("consultation"),
    )
    asked_at = models.DateTimeField(_("asked at"))
    # Nobody: the patient asked on their own page.
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("taken by"),
    )
    answer = models.CharField(_("answer"), max_length=8, choices=Answer, default=Answer.OPEN)
    # Said to the patient: no personal value, for it stays.
    why = models.CharField(_("why"), max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)

    class Meta:
        verbose_name = _("erasure request")
        verbose_name_plural = _("erasure requests")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation"],
                condition=Q(answer="open"),
                name="one_open_erasure_request_at_a_time",
            ),
            models.CheckConstraint(
                name="an_answered_erasure_request_says_when_and_by_whom",
                condition=Q(answer="open", answered_at=None, answered_by=None)
                | (~Q(answer="open") & Q(answered_at__isnull=False, answered_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="a_refused_erasure_request_says_why",
                condition=~Q(answer="refused") | ~Q(why=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consultation} {self.answer}"
