"""Evidence, written once: PostgreSQL refuses UPDATE, DELETE and TRUNCATE on every table here."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bookings.models import Consultation
from clinic.i18n import Language
from consent.models.ledger import LedgerEntry
from consent.models.wording import Risk, RiskList


class Particulars(models.Model):
    """A personal value that evidence refers to only by its salted commitment.

    The one part of the evidence that can lawfully be erased. `commitment` is
    SHA-256(salt || field || 0x00 || value in UTF-8), in hex.
    """

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="particulars")
    field = models.CharField(max_length=30)
    value = models.TextField()
    salt = models.BinaryField(max_length=32)
    commitment = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = _("particulars")
        verbose_name_plural = _("particulars")

    def __str__(self) -> str:
        return self.field


class ReadingQuerySet(models.QuerySet["Reading"]):
    def latest_of(self, consultation: Consultation) -> "Reading | None":
        """The going-through that counts: the newest one."""
        return (
            self.filter(consultation=consultation)
            .select_related("risk_list__treatment")
            .order_by("-id")
            .first()
        )


class ReadBy(models.TextChoices):
    """Who read the words: the patient alone, or somebody who read them out."""

    SELF = "self", _("the patient")
    GUARDIAN = "guardian", _("the guardian of a patient under 18")
    INTERPRETER = "interpreter", _("read out by an interpreter")


class Reading(models.Model):
    """One going-through of one list version in one language.

    A language switch, a changed wording or acknowledging again opens a new one.
    """

    consultation = models.ForeignKey(
        Consultation, models.PROTECT, related_name="readings", verbose_name=_("consultation")
    )
    risk_list = models.ForeignKey(RiskList, models.PROTECT, verbose_name=_("risk list"))
    language = models.CharField(_("language"), max_length=2, choices=Language)
    read_by = models.CharField(_("read by"), max_length=11, choices=ReadBy, default=ReadBy.SELF)
    opened_at = models.DateTimeField(_("opened at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)
    # {"patient_name": commitment, "email": ..., "ip": ..., "user_agent": ..., "zone": ...}
    commitments = models.JSONField(_("commitments"))
    # Why a value is missing, so that none is blank without a reason: {"ip": "not_known", ...}
    absent = models.JSONField(_("why a value is missing"), default=dict)
    is_demo = models.BooleanField(_("demo data"), default=False)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.consultation} {self.pk}"


class Acknowledgement(models.Model):
    """One risk of one reading, acknowledged by one act."""

    reading = models.ForeignKey(
        Reading, models.PROTECT, related_name="acknowledgements", verbose_name=_("reading")
    )
    # Repeated from the reading so that composite foreign keys can hold risk, list and language
    # together: a risk of another treatment, version or language cannot be stored.
    risk_list = models.ForeignKey(RiskList, models.PROTECT, verbose_name=_("risk list"))
    language = models.CharField(_("language"), max_length=2, choices=Language)
    risk = models.ForeignKey(Risk, models.PROTECT, verbose_name=_("risk"))
    words = models.TextField(_("words shown"))
    statement = models.CharField(_("statement acknowledged"), max_length=200)
    words_hash = models.CharField(_("hash of the words"), max_length=64)
    shown_at = models.DateTimeField(_("shown at"))
    acknowledged_at = models.DateTimeField(_("acknowledged at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)
    wants_to_talk = models.BooleanField(_("wants to talk about it"), default=False)
    question_commitment = models.CharField(max_length=64, blank=True)
    # The record holds this act by its salted commitment (consent.ledger.commitment_of_act).
    salt = models.BinaryField(max_length=16)
    carried_from = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name=_("carried over from")
    )

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        ordering = ["reading", "risk__position"]
        constraints = [
            models.UniqueConstraint(
                fields=["reading", "risk"], name="a_risk_is_acknowledged_once_per_reading"
            ),
            models.CheckConstraint(
                name="nothing_is_acknowledged_before_it_is_shown",
                condition=models.Q(acknowledged_at__gte=models.F("shown_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reading} {self.risk_id}"


class ConsentRecordQuerySet(models.QuerySet["ConsentRecord"]):
    def current_of(self, consultation: Consultation) -> "ConsentRecord | None":
        """The newest seal of a consultation, or None before it is sealed."""
        return self.filter(consultation=consultation).order_by("-id").first()


class ConsentRecord(models.Model):
    """The seal on one complete reading; the ledger's entry holds its canonical bytes."""

    consultation = models.ForeignKey(
        Consultation, models.PROTECT, related_name="consent_records", verbose_name=_("consultation")
    )
    reading = models.OneToOneField(
        Reading, models.PROTECT, related_name="record", verbose_name=_("reading")
    )
    declaration = models.CharField(_("declaration"), max_length=300)
    sealed_at = models.DateTimeField(_("sealed at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)
    entry = models.OneToOneField(
        LedgerEntry,
        models.PROTECT,
        to_field="entry_hash",
        db_column="record_hash",
        related_name="record",
        verbose_name=_("hash of the record"),
    )

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.consultation} {self.record_hash[:8]}"

    @property
    def record_hash(self) -> str:
        """SHA-256 of its canonical bytes, in hex: the first part of the patient's receipt."""
        return self.entry_id
