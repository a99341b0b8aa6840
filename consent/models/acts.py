"""What was done besides acknowledging: a patient's other acts, reviews, and every look by staff."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bookings.models import Consultation
from clinic.i18n import Language
from clinic.models import Dermatologist
from consent.models.evidence import ConsentRecord, Reading
from consent.models.ledger import LedgerEntry
from consent.models.wording import Risk


class ActKind(models.TextChoices):
    """What a patient can do about the risks besides acknowledging one."""

    WANTS_TO_TALK = "wants_to_talk", _("wants to talk first")
    DECLINED = "declined", _("does not want to go on")
    WITHDRAWN = "withdrawn", _("withdrew the acknowledgement")


class PatientActQuerySet(models.QuerySet["PatientAct"]):
    def wishes_of(self, consultation: Consultation) -> "PatientActQuerySet":
        """Every time that the patient wanted to talk about a risk first."""
        return self.filter(consultation=consultation, kind=ActKind.WANTS_TO_TALK)

    def withdrawals_of(self, consultation: Consultation) -> "PatientActQuerySet":
        """Every withdrawal; readings up to an act's own `reading` no longer count."""
        return self.filter(consultation=consultation, kind=ActKind.WITHDRAWN)


class PatientAct(models.Model):
    """One act of a patient's that acknowledges nothing; written once, like every act.

    `reading`: of a wish, the one whose page was shown; of the others, the newest one at that moment.
    """

    kind = models.CharField(_("what"), max_length=13, choices=ActKind)
    consultation = models.ForeignKey(
        Consultation, models.PROTECT, related_name="patient_acts", verbose_name=_("consultation")
    )
    reading = models.ForeignKey(
        Reading, models.PROTECT, null=True, related_name="acts", verbose_name=_("reading")
    )
    risk = models.ForeignKey(Risk, models.PROTECT, null=True, verbose_name=_("risk"))
    record = models.ForeignKey(
        ConsentRecord,
        models.PROTECT,
        null=True,
        related_name="acts",
        verbose_name=_("consent record"),
    )
    language = models.CharField(_("language"), max_length=2, choices=Language)
    statement = models.CharField(_("statement"), max_length=300)  # the button's words
    # Of the question or the reason; the words are among the particulars.
    note_commitment = models.CharField(max_length=64, blank=True)
    acted_at = models.DateTimeField(_("acted at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)
    entry = models.OneToOneField(
        LedgerEntry,
        models.PROTECT,
        null=True,
        related_name="patient_act",
        verbose_name=_("ledger entry"),
    )

    objects = PatientActQuerySet.as_manager()

    class Meta:
        verbose_name = _("act of a patient")
        verbose_name_plural = _("acts of patients")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="an_act_is_about_what_it_is_about",
                condition=Q(
                    kind="wants_to_talk", reading__isnull=False, risk__isnull=False, entry=None
                )
                | Q(kind="declined", entry__isnull=False, record=None)
                | Q(kind="withdrawn", entry__isnull=False, record__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["record"],
                condition=Q(kind="withdrawn"),
                name="a_record_is_withdrawn_once",
            ),
            models.UniqueConstraint(
                fields=["consultation"],
                condition=Q(kind="declined"),
                name="a_request_is_declined_once",
            ),
            models.CheckConstraint(name="an_act_says_what_was_pressed", condition=~Q(statement="")),
        ]

    def __str__(self) -> str:
        return f"{self.consultation} {self.kind}"


class Decision(models.TextChoices):
    """What the dermatologist decided when reading a record."""

    DISCUSSED = "discussed", _("discussed with the patient")
    NEEDS_TALK = "needs_talk", _("to be talked about at the visit")
    COUNTERSIGNED = "countersigned", _("countersigned")


class Review(models.Model):
    """A dermatologist's written look at a consent record; a new look is a new row."""

    record = models.ForeignKey(
        ConsentRecord, models.PROTECT, related_name="reviews", verbose_name=_("consent record")
    )
    dermatologist = models.ForeignKey(
        Dermatologist, models.PROTECT, verbose_name=_("dermatologist")
    )
    licence_number = models.CharField(_("licence number"), max_length=40)  # as it was that day
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("reviewed by")
    )
    decision = models.CharField(_("decision"), max_length=13, choices=Decision)
    note_commitment = models.CharField(max_length=64, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)
    entry = models.OneToOneField(
        LedgerEntry, models.PROTECT, related_name="review", verbose_name=_("ledger entry")
    )

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.record} {self.decision}"


class How(models.TextChoices):
    """What a member of staff did with a record."""

    READ = "read", _("read")
    PRINTED = "printed", _("printed")
    EXPORTED = "exported", _("exported")


class RecordAccess(models.Model):
    """One look of one member of staff at one record: written before anything is shown."""

    record = models.ForeignKey(
        ConsentRecord, models.PROTECT, related_name="accesses", verbose_name=_("consent record")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who")
    )
    how = models.CharField(_("how"), max_length=8, choices=How)
    accessed_at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("look at a record")
        verbose_name_plural = _("looks at records")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.record} {self.how}"
